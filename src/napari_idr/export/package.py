"""A submission as a folder that an archive can load: written beside its place, read back, then moved there.

The same submission gives the same bytes. Nothing is written where anything is already.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from napari_idr.errors import Cancelled, FormatError
from napari_idr.formats.beside import beside, check_place

from . import checksums
from .documents import Documents, write_documents
from .file_making import MadeFile, make_file
from .layout import package_name
from .manifest import NAME as MANIFEST
from .manifest import manifest, write_json
from .planned_files import planned_files
from .readme import NAME as README
from .readme import readme
from .region_files import copy_regions, refusal
from .report import report_as_json

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from napari_idr.model.annotation_set import Status
    from napari_idr.model.finding import Loss
    from napari_idr.model.submission import Submission, Target

    from .planned_files import PlannedFile
    from .region_files import RegionFile
    from .report import Report

PREFLIGHT = "preflight.json"


@dataclass(slots=True)
class Progress:
    """How far writing is, and whether it goes on."""

    total: int = 0
    done: int = 0
    on_progress: Callable[[int, int, str], None] = lambda done, total, what: None
    is_cancelled: Callable[[], bool] = lambda: False

    def step(self, what: str) -> None:
        """Say what comes next. Raises ``Cancelled`` where it was stopped."""
        if self.is_cancelled():
            raise Cancelled("Writing the package was stopped", what, "nothing was left behind")
        self.on_progress(self.done, self.total, what)
        self.done += 1


@dataclass(frozen=True, slots=True)
class WrittenPackage:
    """A package that is there."""

    folder: Path
    files: tuple[str, ...]
    """Relative paths, checksums aside."""
    losses: tuple[tuple[str, Loss], ...] = field(default=())
    """Which file cannot hold what; the table of all objects holds everything but the pixels of labels."""


def chosen(submission: Submission, statuses: Collection[Status]) -> Submission:
    """Return a submission with the objects of some statuses only, and the images that still have any."""
    sets = [each.with_objects(one for one in each.objects if one.status in statuses) for each in submission.sets]
    return replace(submission, sets=tuple(one for one in sets if one.objects or one.statements))


def write_package(
    submission: Submission,
    target: Target,
    report: Report,
    parent: Path,
    progress: Progress | None = None,
    regions: Sequence[RegionFile] = (),
) -> WrittenPackage:
    """Write a submission as a new folder in another one, and return what was written.

    Parameters
    ----------
    submission
        What is written.
    target
        For whom: the other archive's tables are left out.
    report
        Of the checks; it must pass.
    parent
        Folder in which the package's folder is made.
    progress
        Is told how far it is.
    regions
        Saved parts of images that go along: only those that somebody asked for, and whose licence allows it.

    Raises
    ------
    FormatError
        The checks do not pass, a licence does not allow a region, or a file did not read back the same.
    AddressError
        There is a folder of that name already.
    Cancelled
        It was stopped; nothing is left.
    """
    progress = progress or Progress()
    if not report.passes:
        count = len(report.errors) + len(report.open_warnings)
        what = f"The submission has {count} findings that need to be mended or acknowledged"
        raise FormatError(what, submission.form.title, "look at the findings first")
    reason = refusal(regions)
    if reason:
        raise FormatError(reason.rstrip("."), submission.form.title, "leave the saved regions out")
    folder = parent / package_name(submission.form)
    check_place(folder)
    with beside(folder) as place:
        place.mkdir()
        files = planned_files(submission, parquet=find_spec("pyarrow") is not None)
        progress.total = len(files) + len(regions) + 3
        made = [_made(file, place, progress) for file in files]
        losses = [(one.path, loss) for one in made for loss in one.losses]
        findings = [finding for one in made for finding in one.findings]
        if findings:
            first = findings[0]
            raise FormatError(f"The package did not read back the same: {first.what}", first.where, "tell us")
        roles = {file.path: file.role for file in files}
        roles |= copy_regions(regions, place, progress.step)
        _write_rest(submission, target, report, files, roles, place, progress)
        written = tuple(sorted(path.relative_to(place).as_posix() for path in checksums.files_below(place)))
    return WrittenPackage(folder, written, tuple(losses))


def _made(file: PlannedFile, folder: Path, progress: Progress) -> MadeFile:
    progress.step(file.path)
    return make_file(file, folder)


def _write_rest(
    submission: Submission,
    target: Target,
    report: Report,
    files: list[PlannedFile],
    roles: dict[str, str],
    folder: Path,
    progress: Progress,
) -> None:
    """Write tables and documents about the files, what the package says of itself, and the checksums."""
    progress.step("tables of the archives")
    roles = roles | write_documents(Documents(submission, target, tuple(files), folder))
    write_json(folder / PREFLIGHT, report_as_json(report))
    roles[PREFLIGHT] = "preflight"
    progress.step("README and checksums")
    text = readme(submission, target, report, {**roles, MANIFEST: "manifest"})
    (folder / README).write_text(text, encoding="utf-8", newline="\n")
    roles[README] = "readme"
    write_json(folder / MANIFEST, manifest(submission, target, report, roles, folder))
    checksums.write_checksums(folder)
    progress.step("done")
