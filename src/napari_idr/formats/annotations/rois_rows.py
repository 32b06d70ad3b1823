"""The table of ROIs: a row per shape, which mostly is a row per object, of as many images as one likes.

Every cell that people read is written for them; what no cell can tell (a transform, the pixels of a mask, the type of a
value) rides along as JSON under ``shape`` and ``details``, and counts as far as the other cells were not changed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_idr.formats.model_json import Document, DocumentError, from_document, json_text, json_value, to_document
from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, AnnotationSet

from . import table_columns, table_shapes
from .files import told_of
from .held import losses, naming
from .image_documents import image_document, image_from, named_image, statements_of
from .kept_shapes import restored
from .placing import another_image, image_of, uuid_for
from .plain_numbers import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_idr.formats.delimited import Row
    from napari_idr.model.annotation import Shape
    from napari_idr.model.finding import Loss

IMAGE_COLUMNS = {
    "source": "repository",
    "accession": "accession",
    "image_id": "image_id",
    "image_address": "address",
    "image_name": "name",
    "dataset_name": "dataset",
    "plate": "plate",
    "well": "well",
    "field": "field",
}
"""Columns that tell the image, and the fields of the model they hold."""
PIXEL_SIZES = {"pixel_size_y_um": "y", "pixel_size_x_um": "x", "pixel_size_z_um": "z"}
MICROMETERS = {
    "micrometer": 1.0,
    "nanometer": 1e-3,
    "millimeter": 1e3,
    "centimeter": 1e4,
    "meter": 1e6,
    "angstrom": 1e-4,
}
EXACT = ("shape", "details", "image")
COLUMNS = (
    "roi_uuid", "roi_name", *IMAGE_COLUMNS, "layer", "class", "shape_index", *table_shapes.COLUMNS,
    *table_shapes.BOUNDS, *PIXEL_SIZES, *table_shapes.LOOKS, "label_image", "label_value", "track_id", "parent_uuid",
    *table_columns.NAMES[table_columns.NAMES.index("phenotype"):],
)  # fmt: skip
NUMBER_COLUMNS = (*table_shapes.BOUNDS, *PIXEL_SIZES, "stroke_width")
"""Columns of numbers that are not whole."""
NEEDED = ("shape_type", "vertices_yx")
NO_OBJECT = "image"
"""The ``shape_type`` of the row of an image without objects."""
LABEL = "label"


def hold(one: AnnotatedObject, _: AnnotationSet) -> AnnotatedObject | str:
    """Return an object as the table holds it: wholly."""
    return one


def table_losses(sets: Sequence[AnnotationSet]) -> tuple[Loss, ...]:
    """Return what the table loses: pixels of label images."""
    return losses(sets, hold)


def rows_of(sets: Sequence[AnnotationSet]) -> tuple[list[str], list[Row]]:
    """Return columns and rows of some sets. Raises ``FormatError`` naming the object that cannot be written."""
    rows = [row for one in sets for row in _rows_of_set(one)]
    features = dict.fromkeys(key for row in rows for key in row if key.startswith(table_columns.FEATURE))
    return [*COLUMNS, *features, *EXACT], rows


def _rows_of_set(one: AnnotationSet) -> Iterator[Row]:
    image = {column: getattr(one.image, field) for column, field in IMAGE_COLUMNS.items()} | _pixel_sizes(one.image)
    rows: list[Row] = []
    tracks = [thing.uuid for thing in one.objects if thing.is_track]
    numbers = {uuid: str(number) for number, uuid in enumerate(tracks, 1)}
    for thing in one.objects:
        with naming(one.image, thing):
            rows += [{**row, **image, "track_id": numbers.get(thing.uuid, "")} for row in _rows(thing)]
    rows = rows or [{**image, "shape_type": NO_OBJECT}]
    rows[0]["image"] = json_text(image_document(one))
    return iter(rows)


def _pixel_sizes(image: AnnotatedImage) -> Row:
    found = {column: image.spacing_of(axis) for column, axis in PIXEL_SIZES.items()}
    known = {column: size for column, size in found.items() if size is not None and size.unit in MICROMETERS}
    return {column: plain(size.value * MICROMETERS[size.unit or ""]) for column, size in known.items()}


def _rows(one: AnnotatedObject) -> list[Row]:
    rows = [_shape_row(shape, number) for number, shape in enumerate(one.shapes)] or [{"shape_type": LABEL}]
    cells = table_columns.object_cells(one)
    rows = [{**row, **cells} for row in rows]
    if not _tell_all(rows[0], one):
        rows[0]["details"] = _json(_document(one))
    return rows


def _shape_row(shape: Shape, number: int) -> Row:
    cells = table_shapes.shape_cells(shape)
    document = None if table_shapes.shape_of(cells) == shape else to_document(shape)
    return {**cells, "shape_index": str(number), "shape": _json(document)}


def _tell_all(row: Row, one: AnnotatedObject) -> bool:
    """Return whether the cells that people read tell all of an object, down to the types of its values."""
    blank = AnnotatedObject(uuid=one.uuid, is_track=one.is_track)
    try:
        told = replace(blank, **table_columns.edits(blank, row))
    except DocumentError:
        return False
    types = [[type(value) for _, value in thing.features] for thing in (told, one)]
    return told == replace(one, shapes=()) and types[0] == types[1]


def _document(one: AnnotatedObject) -> Document:
    return to_document(one, ("shapes",))


def _json(document: Any) -> str:
    return "" if document is None else json_text(document)


# -- reading


def sets_of(
    rows: Sequence[Row], path: Path, image: AnnotatedImage | None, remarks: tuple[str, ...] = ()
) -> tuple[AnnotationSet, ...]:
    """Return the sets of a table, one per image; those of one image where it is read onto that.

    Raises ``FormatError`` naming the row.
    """
    groups: dict[tuple[str, ...], list[tuple[int, Row]]] = {}
    for number, row in enumerate(rows, 2):
        groups.setdefault(tuple(row.get(column, "") for column in IMAGE_COLUMNS), []).append((number, row))
    chosen = list(groups.values())
    if image is not None and len(chosen) > 1:
        chosen = [listed for listed in chosen if _image(listed, path).key == image.key]
        if not chosen:
            raise another_image(path, f"{len(groups)} others", image.key)
        remarks = (*remarks, f"{path.name} tells of {len(groups) - 1} other images too.")
    if image is not None and not chosen:
        return (AnnotationSet(image=image, remarks=remarks),)
    return tuple(_set(listed, path, image, remarks) for listed in chosen)


def _image_json(rows: list[tuple[int, Row]], path: Path) -> Any:
    for number, row in rows:
        if row.get("image"):
            with told_of(path, f"row {number}"):
                return json_value(row["image"], "image")
    return None


def _image(rows: list[tuple[int, Row]], path: Path) -> AnnotatedImage:
    """Return the image that rows are of: by its exact form, or by the columns alone."""
    said = named_image(_image_json(rows, path))
    if said is not None:
        with told_of(path, f"row {rows[0][0]}"):
            return image_from(said)
    cells = {field: rows[0][1].get(column, "") for column, field in IMAGE_COLUMNS.items()}
    cells["address"] = cells["address"] or cells["name"] or path.name
    return AnnotatedImage(**cells)  # type: ignore[arg-type]


def _set(
    rows: list[tuple[int, Row]], path: Path, image: AnnotatedImage | None, remarks: tuple[str, ...]
) -> AnnotationSet:
    found, document = _image(rows, path), _image_json(rows, path)
    names_image = named_image(document) is not None or bool(found.image_id and found.repository)
    placed = image_of(to_document(found), path, image) if names_image or image is None else image
    objects: dict[str, list[tuple[int, Row]]] = {}
    for number, row in rows:
        if row.get("shape_type") != NO_OBJECT:
            objects.setdefault(row.get("roi_uuid") or uuid_for("", path, number), []).append((number, row))
    made = tuple(_object(uuid, listed, path) for uuid, listed in objects.items())
    with told_of(path, f"row {rows[0][0]}"):
        statements = statements_of(document)
    return AnnotationSet(image=placed, objects=made, statements=statements, remarks=remarks)


def _object(uuid: str, rows: list[tuple[int, Row]], path: Path) -> AnnotatedObject:
    number, first = rows[0]
    with told_of(path, f"row {number}"):
        details = first.get("details")
        known = AnnotatedObject(uuid=uuid, is_track=bool(first.get("track_id")))
        if details:
            known = from_document(AnnotatedObject, json_value(details, "details"), "details")
        changes = table_columns.edits(known, {**first, "roi_uuid": uuid})
    ordered = sorted(rows, key=lambda pair: _shape_index(pair[1]))
    shapes = [shape for place, row in ordered for shape in _shapes(row, place, path)]
    return replace(known, **changes, shapes=tuple(shapes))


def _shape_index(row: Row) -> int:
    text = row.get("shape_index", "").partition(".")[0]
    return int(text) if text.isdigit() and len(text) < 10 else 0


def _shapes(row: Row, number: int, path: Path) -> tuple[Any, ...]:
    if row.get("shape_type") == LABEL:
        return ()
    with told_of(path, f"row {number}"):
        shape, kept = table_shapes.shape_of(row), row.get("shape")
        return restored([shape], [json_value(kept, "shape")], table_shapes.as_read) if kept else (shape,)
