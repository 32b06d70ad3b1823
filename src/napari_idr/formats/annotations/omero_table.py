"""CSV for ``omero metadata populate``: a row per ROI of an image, by its name, with what is said of it, and features.

The first row is ``# header`` with the type of each column (s text, d number, l whole number, b yes or no), so that a
missing number or an "NA" does not turn a column into another type.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from napari_idr.errors import FormatError
from napari_idr.formats.delimited import read_table, table_text
from napari_idr.formats.ome_xml import xml_text
from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet
from napari_idr.model.finding import Loss

from .label_objects import only_set
from .object_facts import FEATURE, derived_uuid, object_from_row, object_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotatedObject

NAME = "Roi Name"
SPECIAL = frozenset(
    f"{first}{second}".strip()
    for first in ("image", "dataset", "plate", "well", "roi", "shape", "project", "screen")
    for second in ("", "name", "id")
)
"""Names, without spaces and underscores, that the loader takes for links to objects of OMERO."""
HEADER = "# header "


class OmeroTable:
    """Writes and reads the table of one image; where the objects lie is in the ROI file beside it."""

    key = "omero-table"
    title = "OMERO.tables CSV"
    endings = (".omero_table.csv",)
    images_per_file: int | None = 1
    reads = True

    def losses(self, sets: Sequence[AnnotationSet]) -> tuple[Loss, ...]:
        """Return all objects: none of their places is held, nor are label images."""
        return tuple(
            Loss(one.uuid, f"{each.image.name or each.image.address}, {one.name or one.uuid}", "where it lies")
            for each in sets
            for one in each.objects
        ) + tuple(
            Loss("", f"{each.image.name or each.image.address}", "label images, and what is said of the image")
            for each in sets
            if each.labels or each.statements
        )

    def write(self, sets: Sequence[AnnotationSet], path: Path) -> tuple[Path, ...]:
        """Write the table of one set; see ``base.AnnotationFormat``."""
        path.write_text(omero_table_text(only_set(sets, self.title)), encoding="utf-8", newline="")
        return (path,)

    def read(self, path: Path, image: AnnotatedImage | None = None) -> tuple[AnnotationSet, ...]:
        """Return objects without a place, for others to be joined with by uuid or name."""
        if image is None:
            raise FormatError("It does not say which image it is of", path.name, "open the image first")
        table = read_table(path, comment=HEADER)
        objects, remarks = [], list(table.remarks)
        for row in table.rows:
            one, said = _object(row, image, path.name)
            objects.append(one)
            remarks.extend([said] if said else [])
        return (AnnotationSet(image=image, objects=tuple(objects), remarks=tuple(remarks)),)


FORMAT = OmeroTable()


def omero_table_text(one: AnnotationSet) -> str:
    """Return the table of a set.

    Raises ``FormatError`` where two objects have one name: the name is how a row finds its ROI.
    """
    names = roi_names(one.objects)
    rows = [{NAME: names[each.uuid], **_row(each)} for each in one.objects]
    columns = list(dict.fromkeys((NAME, *(column for row in rows for column in row))))
    kinds = {column: _kind([row[column] for row in rows if column in row]) for column in columns}
    texts = [{column: _cell(value) for column, value in row.items()} for row in rows]
    header = HEADER + ",".join(_holes(kinds[column], column, rows) for column in columns) + "\n"
    return header + table_text(columns, texts)


def roi_names(objects: Sequence[AnnotatedObject]) -> dict[str, str]:
    """Return the name of the ROI of each object by uuid: its own, or its uuid where it has none.

    Raises ``FormatError`` where two have one name.
    """
    names = {one.uuid: xml_text(one.name) or one.uuid for one in objects}
    double = [name for name, count in Counter(names.values()).items() if count > 1]
    if double:
        raise FormatError(f"Two objects are named {min(double)!r}", "", "give each object of an image its own name")
    return names


def _row(one: AnnotatedObject) -> dict[str, Any]:
    row = object_row(one, _special_names(name for name, _ in one.features))
    row.pop("name", None)
    return row


def _special_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return the features that would be taken for links, and have to be named otherwise."""
    plain = (name.removeprefix(FEATURE) for name in names)
    return tuple(name for name in plain if name.lower().replace(" ", "").replace("_", "") in SPECIAL)


def _object(row: Mapping[str, str], image: AnnotatedImage, file: str) -> tuple[AnnotatedObject, str]:
    name = row.get(NAME, "")
    named = {} if name == row.get("roi_uuid") else {"name": name}
    facts = {**named, **{column: text for column, text in row.items() if column != NAME}}
    uuid = derived_uuid(image.key, NAME, name)
    return object_from_row(facts, file, uuid=uuid, taken=_special_names(row))


def _kind(values: Sequence[Any]) -> str:
    kinds = {type(value) for value in values}
    if kinds == {bool}:
        return "b"
    if kinds == {int} and all(abs(value) < 1 << 63 for value in values):
        return "l"
    return "d" if kinds and kinds <= {int, float} else "s"


def _holes(kind: str, column: str, rows: Sequence[dict[str, Any]]) -> str:
    """Return the type that a column is declared as: one of numbers with a hole in it has to be of texts."""
    return "s" if kind != "s" and any(column not in row for row in rows) else kind


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else ""
    return json.dumps(value, allow_nan=False, sort_keys=True) if isinstance(value, dict) else str(value)
