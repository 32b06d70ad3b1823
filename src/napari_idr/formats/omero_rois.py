"""ROIs of OMERO's JSON API (omero-marshal, schema OME 2016-06) -> ``model.annotation``. Pure.

A shape that cannot be understood is left out and said, never guessed; one whose colour or width cannot be
understood is drawn as a viewer draws it by default.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from napari_idr.errors import NapariIdrError
from napari_idr.model.annotation import Roi, RoiSet, Shape

from .json_record import JsonRecord
from .omero_shapes import LONGEST_TEXT, parse_shape, short_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_idr.model.image import KeyValue

MOST_SHAPES = 200_000
"""Shapes of an image that are read; ten times what the largest published images have."""


def parse_rois(answers: Iterable[object], address: str) -> RoiSet:
    """Return the ROIs of an image with all shapes that can be understood, and sentences about the others.

    Parameters
    ----------
    answers
        Objects of the JSON API, as they came.
    address
        Where they came from, for the sentences.
    """
    reader = _Reader(address)
    rois = tuple(reader.rois(answers))
    return RoiSet(rois, tuple(reader.remarks()))


class _Reader:
    """Reads ROIs, and remembers what it had to leave out."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._left_out: Counter[str] = Counter()
        self._count = 0

    def rois(self, answers: Iterable[object]) -> Iterator[Roi]:
        for answer in answers:
            try:
                record = JsonRecord.of(answer, "ROI", self._address)
                identifier, shapes = record.identifier(), record.items("shapes")
            except NapariIdrError as error:
                self._left_out[f"a ROI could not be read ({_reason(error)})"] += 1
                continue
            found = tuple(self._shapes(shapes))
            yield Roi(
                identifier, found, short_text(record, "Name"), short_text(record, "Description"), _key_values(record)
            )

    def remarks(self) -> Iterator[str]:
        for why, count in self._left_out.most_common(5):
            times = f" {count} times" if count > 1 else ""
            yield f"Something was left out{times}: {why}."

    def _shapes(self, values: list[Any]) -> Iterator[Shape]:
        for value in values:
            if self._count >= MOST_SHAPES:
                self._left_out[f"there are more than {MOST_SHAPES} shapes"] += 1
                continue
            try:
                shape = parse_shape(JsonRecord.of(value, "shape", self._address))
            except NapariIdrError as error:
                self._left_out[f"a shape could not be read ({_reason(error)})"] += 1
                continue
            self._count += 1
            yield shape


def _reason(error: NapariIdrError) -> str:
    return error.what[:1].lower() + error.what[1:160]


def _key_values(record: JsonRecord) -> tuple[KeyValue, ...]:
    """Return what map annotations and tags say of a ROI, where the server sends them along."""
    annotations = record.fields.get("Annotations")
    found: list[KeyValue] = []
    for one in annotations if isinstance(annotations, list) else ():
        value = one.get("Value") if isinstance(one, dict) else None
        if isinstance(value, str):
            found.append(("Tag", value[:LONGEST_TEXT]))
        for pair in value if isinstance(value, list) else ():
            if isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair):
                found.append((pair[0][:LONGEST_TEXT], pair[1][:LONGEST_TEXT]))
    return tuple(found)
