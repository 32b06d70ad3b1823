"""Any package or single file, also one that somebody edited by hand: what an archive would find wrong with it.

A package is checked as it was when it was written: checksums, every file by itself, every object, and whether all
files say the same as the table of all objects.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from napari_idr.errors import FormatError, NotFound
from napari_idr.formats.documents.ro_crate_check import check_ro_crate
from napari_idr.model.annotator import Annotator
from napari_idr.model.submission import Submission, SubmissionForm

from . import checksums
from .checks_texts import file_name_fault
from .compare import compare_file
from .documents import CRATE, CRATE_FILES
from .file_check import check_file
from .finding_makers import about_all
from .layout import stems
from .manifest import NAME as MANIFEST
from .package import PREFLIGHT
from .planned_files import planned_files
from .preflight import Preflight
from .readme import NAME as README
from .region_files import REGIONS
from .report import Acknowledgement, Report, sorted_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet
    from napari_idr.model.finding import Finding
    from napari_idr.model.submission import Target

    from .checks_terms import KnownTerms
    from .file_check import FileCheck
    from .planned_files import PlannedFile

ALL_OBJECTS = "annotations/tables/rois.csv"
OWN_DOCUMENTS = frozenset({MANIFEST, PREFLIGHT, CRATE, CRATE_FILES, README, checksums.NAME})
"""What is no file of annotations."""
LONGEST_JSON = 256 << 20


def check_path(
    path: Path,
    known: KnownTerms,
    *,
    on_progress: Callable[[str], None] = lambda name: None,
) -> Report:
    """Return what is wrong with a package or file. Changes nothing, asks no server; may block.

    Raises ``NotFound`` where there is nothing at the path.
    """
    if not path.exists():
        raise NotFound("There is nothing to check", path.name, "check the path")
    if path.is_dir() and not _is_one_file(path):
        return _PackageCheck(path, known, on_progress).report()
    checked = check_file(path, path.name, known)
    findings = list(checked.findings)
    if not checked.is_known:
        findings.append(about_all("P22", path.name, "it is no annotation file that is known here"))
    findings += check_sets(checked.sets, known)
    return Report(sorted_findings(findings))


def _is_one_file(folder: Path) -> bool:
    """Return whether a folder is one OME-Zarr."""
    return any((folder / name).is_file() for name in (".zattrs", ".zgroup", "zarr.json"))


def check_sets(sets: Iterable[AnnotationSet], known: KnownTerms, target: Target = "both") -> list[Finding]:
    """Return what is wrong with objects and label images, forms aside."""
    listed = [one for one in sets if one.objects or one.labels]
    without_form = Preflight(target, known).check(Submission(form=SubmissionForm(), sets=tuple(listed)))
    found = [one for one in without_form.findings if one.where != "the form"]
    sized = {one.image.key for one in listed if one.image.size_x}
    return [
        one for one in found if not one.image or one.image in sized or one.id not in ("P02", "P03", "P05", "P14", "P25")
    ]


class _PackageCheck:
    """Checks one folder."""

    def __init__(self, folder: Path, known: KnownTerms, on_progress: Callable[[str], None]) -> None:
        self._folder, self._known, self._on_progress = folder, known, on_progress
        self._found: list[Finding] = []
        self._checked: dict[str, FileCheck] = {}
        self._digest = cache(lambda name: checksums.sha256_of(folder / name))

    def report(self) -> Report:
        """Return all findings, and who said yes to which warning when it was written."""
        names = [path.relative_to(self._folder).as_posix() for path in checksums.files_below(self._folder)]
        self._found += self._check_links()
        self._found += [about_all("P16", name, fault) for name in names if (fault := file_name_fault(name))]
        self._found += self._check_checksums(names)
        stated = self._json(MANIFEST)
        self._found += self._check_manifest(stated, names)
        if ALL_OBJECTS in names:
            self._check_file(ALL_OBJECTS)
        images = self._images()
        for name in names:
            is_pixels = name.startswith(f"{REGIONS}/")
            if name not in OWN_DOCUMENTS and name not in self._checked and not is_pixels:
                self._check_file(name, _image_of(name, images))
        if CRATE in names:
            self._found += check_ro_crate(self._folder)
        self._found += self._check_contents(names, _target(stated))
        return Report(sorted_findings(_once(self._found)), tuple(_acknowledged(self._json(PREFLIGHT))))

    def _check_file(self, name: str, image: AnnotatedImage | None = None) -> None:
        self._on_progress(name)
        self._checked[name] = check_file(self._folder / name, name, self._known, image)
        self._found += self._checked[name].findings

    def _images(self) -> dict[str, AnnotatedImage]:
        """Return the images that the table of all objects knows, by what the names of their files begin with."""
        table = self._checked.get(ALL_OBJECTS)
        images = {one.image.key: one.image for one in table.sets} if table is not None else {}
        return {stem: images[key] for key, stem in stems(list(images.values())).items()}

    def _check_links(self) -> Iterator[Finding]:
        for path in self._folder.rglob("*"):
            if path.is_symlink():
                yield about_all("P16", path.relative_to(self._folder).as_posix(), "it is a link, not a file")

    def _check_checksums(self, names: list[str]) -> Iterator[Finding]:
        path = self._folder / checksums.NAME
        if not path.is_file():
            yield about_all("P22", checksums.NAME, "the package has no list of checksums")
            return
        try:
            listed = checksums.read_checksums(path)
        except FormatError as error:
            yield about_all("P22", checksums.NAME, str(error))
            return
        for name in sorted(set(listed) - set(names)):
            yield about_all("P22", name, "it is listed and not there")
        for name in sorted(set(names) - set(listed) - {checksums.NAME}):
            yield about_all("P22", name, "it is there and not listed")
        for name in sorted(set(listed) & set(names)):
            if self._digest(name) != listed[name]:
                yield about_all("P22", name, "it was changed after the package was written (another checksum)")

    def _json(self, name: str) -> dict[str, Any]:
        """Return an object of JSON; an empty one, and a finding, where it cannot be read."""
        path = self._folder / name
        if not path.is_file():
            return {}
        try:
            if path.stat().st_size > LONGEST_JSON:
                raise ValueError("it is too long")
            found = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            self._found.append(about_all("P22", name, f"it is no valid JSON: {str(error)[:80]}"))
            return {}
        return found if isinstance(found, dict) else {}

    def _check_manifest(self, stated: Mapping[str, Any], names: list[str]) -> Iterator[Finding]:
        if not stated:
            return
        if stated.get("schema") != "napari-idr/package/1":
            yield about_all("P22", MANIFEST, f"its schema is {stated.get('schema')!r}, not napari-idr/package/1")
        files = stated.get("files")
        for one in files if isinstance(files, list) else []:
            name = one.get("path") if isinstance(one, dict) else None
            if name not in names:
                yield about_all("P22", MANIFEST, f"it lists {name}, which is not there")
            elif self._digest(name) != one.get("sha256"):
                yield about_all("P22", MANIFEST, f"it states another checksum of {name}")

    def _check_contents(self, names: list[str], target: Target) -> Iterator[Finding]:
        """Yield what is wrong with the objects, and where files do not say the same of them."""
        sets = self._sets()
        yield from check_sets(sets, self._known, target)
        if ALL_OBJECTS not in names or not self._checked[ALL_OBJECTS].sets:
            return
        submission = Submission(form=SubmissionForm(), sets=tuple(sets))
        for file in planned_files(submission, parquet="annotations/tables/rois.parquet" in names):
            yield from self._compare(file, names)

    def _sets(self) -> list[AnnotationSet]:
        """Return what the package holds: the table of all objects with the label images, else what each file holds."""
        labels: defaultdict[str, dict[str, AnnotationSet]] = defaultdict(dict)
        for name, checked in self._checked.items():
            if "/labels/" in f"/{name}":
                for one in checked.sets:
                    for image in one.labels:
                        labels[one.image.key].setdefault(image.name, replace(one, labels=(image,)))
        table = self._checked.get(ALL_OBJECTS)
        if table is None or not table.sets:
            return [one for name, checked in self._checked.items() for one in checked.sets]
        return [
            replace(one, labels=tuple(part.labels[0] for part in labels[one.image.key].values())) for one in table.sets
        ]

    def _compare(self, file: PlannedFile, names: list[str]) -> Iterator[Finding]:
        from napari_idr.formats.annotations.registry import format_of_key

        if file.path not in names:
            yield about_all("P22", file.path, "the package should have this file, by its table of objects")
            return
        back = self._checked[file.path]
        if back.sets and not back.findings:
            lossy = {loss.uuid for loss in format_of_key(file.format).losses(file.sets)}
            yield from compare_file(file, back.sets, lossy)


def _image_of(name: str, images: Mapping[str, AnnotatedImage]) -> AnnotatedImage | None:
    """Return the image that a file is about by its name, None where it says none."""
    file = name.rpartition("/")[2]
    return next((image for stem, image in images.items() if file.startswith((f"{stem}.", f"{stem}__"))), None)


def _target(stated: Mapping[str, Any]) -> Target:
    """Return for whom a package was written; for both archives where it does not say."""
    targets: tuple[Target, ...] = ("idr", "bia", "both")
    return next((one for one in targets if one == stated.get("target")), "both")


def _once(findings: Iterable[Finding]) -> list[Finding]:
    return list(dict.fromkeys(findings))


def _acknowledged(preflight: Mapping[str, Any]) -> Iterator[Acknowledgement]:
    """Yield who said yes to which warning, as a package tells it."""
    checks = preflight.get("checks")
    for one in checks if isinstance(checks, list) else []:
        said = one.get("acknowledged") if isinstance(one, dict) else None
        if not isinstance(said, dict):
            continue
        try:
            at = datetime.fromisoformat(str(said.get("at")))
        except ValueError:
            continue
        key = tuple(str(one.get(name, "")) for name in ("id", "image", "object", "what"))
        by = Annotator(str(said.get("by", "")), str(said.get("orcid", "")))
        yield Acknowledgement((key[0], key[1], key[2], key[3]), by, at)
