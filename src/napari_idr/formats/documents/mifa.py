"""MIFA, the BioImage Archive's metadata of annotations, as YAML (bia-mifa-models, class ``Annotations``).

The two schemas that are published disagree on ``annotation_type`` at the top: it is written as a list, which both take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_idr.errors import FormatError, NotFound
from napari_idr.formats.model_json import time_text
from napari_idr.model.finding import Finding
from napari_idr.model.submission import ANNOTATION_TYPES

from .submitted_file import SPATIAL, check_files, source_path, sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_idr.model.annotator import Annotator
    from napari_idr.model.submission import Submission

    from .submitted_file import SubmittedFile

LARGEST = 64 << 20
REQUIRED = ("annotation_overview", "annotation_type", "annotation_method")
FILE_REQUIRED = ("annotation_id", "annotation_type", "source_image_id")


def mifa_yaml(submission: Submission, files: Sequence[SubmittedFile]) -> str:
    """Return the document. Raises ``FormatError`` where overview or method are missing, or a file is refused."""
    import yaml

    text: str = yaml.safe_dump(
        mifa_document(submission, files), sort_keys=False, allow_unicode=True, default_flow_style=False, width=100
    )
    return text


def mifa_document(submission: Submission, files: Sequence[SubmittedFile]) -> dict[str, Any]:
    """Return the document as plain values."""
    form = submission.form
    check_files(files)
    overview = form.description or form.title
    if not overview or not form.method:
        what = "MIFA needs an overview and the method of annotation"
        raise FormatError(what, form.title, "fill them in in the export form", key="annotation_method")
    kinds = {kind for file in files for kind in file.annotation_types}
    said: dict[str, Any] = {
        "annotation_overview": overview,
        "annotation_type": [kind for kind in ANNOTATION_TYPES if kind in kinds],
        "annotation_method": form.method,
        "annotation_criteria": form.criteria,
        "annotation_coverage": form.coverage,
        "authors": [_author(person) for person in form.authors if person.name],
        "file_metadata": _files(files),
    }
    return {key: value for key, value in said.items() if value}


def _author(person: Annotator) -> dict[str, Any]:
    first, _, last = person.name.strip().rpartition(" ")
    said = {"author_first_name": first or last, "author_last_name": last, "role": ["data annotation"]}
    return said | ({"orcid_id": f"ORCID:{person.orcid}"} if person.orcid else {})


def _files(files: Sequence[SubmittedFile]) -> list[dict[str, Any]]:
    every = list(sources(files))
    return [
        _file(file, source) for file in files for source in ([source_path(file.image)] if file.image else every[:1])
    ]


def _file(file: SubmittedFile, source: str) -> dict[str, Any]:
    said: dict[str, Any] = {
        "annotation_id": file.path,
        "annotation_type": list(file.annotation_types),
        "source_image_id": source,
        "transformations": file.transformation,
        "spatial_information": "" if file.role == "labels" else SPATIAL,
        "annotation_creation_time": time_text(file.created),
    }
    return {key: value for key, value in said.items() if value}


def read_mifa(path: Path) -> dict[str, Any]:
    """Return a document as plain values.

    Raises ``FormatError`` where it is no YAML mapping, too large, or refers to parts of itself, as bombs do.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        """Takes times as texts, and no aliases."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("aliases are not taken")
            return super().compose_node(parent, index)

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise FormatError("The file is too large", path.name, "split it", rule="at most 64 MB")
        document = yaml.load(data, Loader)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise NotFound("There is no such file", path.name, "check the path for a typing error") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(
            f"It is no YAML ({' '.join(str(error).split())[:120]})", path.name, "write it again"
        ) from error
    if not isinstance(document, dict):
        raise FormatError("It is no MIFA document", path.name, "write it again")
    return document


def check_mifa(path: Path) -> tuple[Finding, ...]:
    """Return what is wrong with a document."""
    try:
        document = read_mifa(path)
    except FormatError as error:
        return (Finding("P22", "error", path.name, str(error)),)
    return tuple(_findings(document, path.name))


def _findings(document: dict[str, Any], file: str) -> Iterator[Finding]:
    for key in REQUIRED:
        if not document.get(key):
            yield Finding("P19", "error", file, f"{key} is missing", "MIFA requires it")
    yield from _type_findings(document.get("annotation_type"), file)
    listed = document.get("file_metadata", [])
    seen: set[str] = set()
    for number, entry in enumerate(listed if isinstance(listed, list) else [listed]):
        where = f"{file}, file_metadata[{number}]"
        if not isinstance(entry, dict) or any(not entry.get(key) for key in FILE_REQUIRED):
            yield Finding("P19", "error", where, f"One of {', '.join(FILE_REQUIRED)} is missing", "MIFA requires it")
            continue
        yield from _type_findings(entry["annotation_type"], where)
        if entry["annotation_id"] in seen:
            yield Finding("P11", "error", where, f"{entry['annotation_id']} is there twice", fix="drop-duplicate")
        seen.add(str(entry["annotation_id"]))


def _type_findings(kinds: Any, where: str) -> Iterator[Finding]:
    if kinds and not isinstance(kinds, list):
        yield Finding("P18", "error", where, "annotation_type is no list", "both of MIFA's schemas refuse it")
        return
    for kind in kinds or []:
        if kind not in ANNOTATION_TYPES:
            yield Finding("P18", "error", where, f"{kind!r} is no type of annotation", "the archive refuses it")
