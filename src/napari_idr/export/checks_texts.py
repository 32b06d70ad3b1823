"""Checks of names, columns and texts: P11, P15, P16 and P23. Pure."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from napari_idr.formats.documents.submitted_file import is_path

from .finding_makers import about_image, about_object, object_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, AnnotationSet
    from napari_idr.model.finding import Finding, Fix

T = TypeVar("T")

LONGEST_CELL = 65_536
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Begun only where a word begins: tried at every letter of a long text, they would take its length squared.
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]+")
_FOLDER = re.compile(r"(?:^|[\s\"'=])(/(?:home|Users|mnt|data|root|tmp|media|Volumes)/\S+|[A-Za-z]:\\\S+|\\\\\w+\\\S+)")
_PATIENT = re.compile(r"(?<![\w'-])[A-Z][A-Z'-]+\^[A-Z][A-Z'-]*(?:\^[A-Z'-]*)*")

RESERVED_COLUMNS = frozenset(
    (
        "roi_uuid roi_name source accession image_id dataset_name plate well field image_name layer shape_type z t c"
        " coord_convention vertices_yx label_value track_id parent_uuid phenotype phenotype_term_name"
        " phenotype_term_accession annotator_orcid created roi label"
    ).split()
)
"""Columns that the tables have already; a column of the user's by the same name would hide one."""


def check_unique(annotations: AnnotationSet) -> Iterator[Finding]:
    """Yield P11: ids, names and label values that two objects of one image share."""
    image, objects = annotations.image, annotations.objects
    named = [one for one in objects if one.name]
    yield from _check_shared(image, "id", [(one.uuid, one) for one in objects], "renumber")
    yield from _check_shared(image, "name", [(one.name, one) for one in named], "rename")
    places = [(one.label.image, one.label.value) for one in objects if one.label is not None]
    for name, value in _twice(places):
        yield about_image("P11", image, f"several objects have the label {value}", part=name, fix="renumber")
    for name in _twice([label.name for label in annotations.labels]):
        yield about_image("P11", image, f"several label images are called {name}", part=name, fix="rename")


def _check_shared(
    image: AnnotatedImage, what: str, said: list[tuple[str, AnnotatedObject]], fix: Fix
) -> Iterator[Finding]:
    """Yield a finding, about the first of them, for each text that several objects have."""
    first = dict(reversed(said))
    for value, count in _twice([value for value, _ in said]).items():
        yield about_object("P11", image, first[value], f"{count} objects have the {what} {value}", fix=fix)


def _twice(values: Iterable[T]) -> dict[T, int]:
    """Return what occurs more than once, and how often."""
    return {value: count for value, count in Counter(values).items() if count > 1}


def check_columns(image: AnnotatedImage, one: AnnotatedObject) -> Iterator[Finding]:
    """Yield P15: columns and cells of an object that no table can hold."""
    names = [name for name, _ in one.features]
    for name in dict.fromkeys(names):
        wrong = _wrong_column(name, names.count(name))
        if wrong:
            yield about_object("P15", image, one, f"the column {name.strip() or '(no name)'} {wrong}", fix="rename")
    for name, value in (*one.features, *one.key_values, ("name", one.name), ("comment", one.comment)):
        if isinstance(value, str) and len(value) > LONGEST_CELL:
            yield about_object("P15", image, one, f"the text of {name} has more than {LONGEST_CELL} characters")
        elif isinstance(value, str) and name == "name" and _CONTROL.search(value):
            yield about_object("P15", image, one, "its name holds a control character", fix="rename")


def _wrong_column(name: str, count: int) -> str:
    if not name.strip():
        return "has no name"
    if name != name.strip():
        return "begins or ends with a space"
    if _CONTROL.search(name):
        return "holds a control character"
    if name in RESERVED_COLUMNS:
        return "is one that the tables have already"
    return "is there twice" if count > 1 else ""


def file_name_fault(path: str) -> str:
    """Return what the BioImage Archive would not accept about a relative path, "" where it accepts it (P16)."""
    if is_path(path):
        return ""
    plain = set(path.split("/")) & {"", ".", ".."}
    return (
        "it is no plain relative path" if plain else "only a-z, A-Z, 0-9 and !-_.*'() may stand in a name, at most 255"
    )


def check_private(image: AnnotatedImage, one: AnnotatedObject) -> Iterator[Finding]:
    """Yield P23: texts that look like a patient's name, an e-mail address or a private folder."""
    for name, text in _texts(one):
        found = private_text(text)
        if found:
            yield about_object("P23", image, one, f"{name} of {object_words(one)} holds {found}", warning=True)


def private_text(text: str) -> str:
    """Return what in a text looks private, in words; "" where nothing does."""
    if _MAIL.search(text):
        return "an e-mail address"
    if _PATIENT.search(text):
        return "what looks like a patient's name"
    return "a folder of a computer" if _FOLDER.search(text) else ""


def _texts(one: AnnotatedObject) -> Iterator[tuple[str, str]]:
    yield "the name", one.name
    yield "the class", one.object_class
    yield "the comment", one.comment
    for name, value in one.key_values:
        yield name, value
    for name, feature in one.features:
        if isinstance(feature, str):
            yield name, feature
    for shape in one.shapes:
        yield "the text", shape.text
