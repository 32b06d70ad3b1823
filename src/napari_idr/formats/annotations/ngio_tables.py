"""ngio's tables: boxes of drawn objects, boxes of labels, and what is said of the objects of label images.

The ``tables`` group of an OME-Zarr image, by itself. Lossy by nature: of what was drawn only the box round it is kept.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_idr.errors import FormatError, NotFound
from napari_idr.model.annotation import Style
from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, AnnotationSet, LabelPlace
from napari_idr.model.finding import Loss

from .label_objects import only_set
from .ngio_rows import INDEX, LABEL, OWN, label_rows, mask_rows, plain_rectangle, region_rows, shapes_of_row
from .ngio_store import NgioTable, read_tables, write_tables
from .object_facts import derived_uuid, object_from_row
from .zarr_groups import open_local_group

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from .ngio_store import Backend
    from .zarr_groups import ZarrFormat

ROIS = "napari_idr_rois"
MASKS = "_ROI_table"
FEATURES = "_features"


class NgioTables:
    """Reads and writes the tables of one image."""

    key = "ngio-tables"
    title = "ngio tables"
    endings = (".tables.zarr",)
    images_per_file: int | None = 1
    reads = True

    def losses(self, sets: Sequence[AnnotationSet]) -> tuple[Loss, ...]:
        """Return which outlines become boxes, and label images, whose pixels are not held."""
        return tuple(loss for one in sets for loss in _losses(one))

    def write(self, sets: Sequence[AnnotationSet], path: Path) -> tuple[Path, ...]:
        """Write a ``tables`` group of OME-Zarr 0.4; see ``base.AnnotationFormat``."""
        write_ngio_tables(path, only_set(sets, self.title))
        return (path,)

    def read(self, path: Path, image: AnnotatedImage | None = None) -> tuple[AnnotationSet, ...]:
        """Return the objects of a ``tables`` group, or of the tables in an image."""
        group = open_local_group(path)
        if image is None:
            what = "Its micrometres cannot be made pixels without the image"
            raise FormatError(what, path.name, "open the image first, and then this file")
        if "tables" not in group.attributes:
            try:
                group = group.group("tables")
            except NotFound as error:
                raise FormatError("It has no tables", path.name, "choose the tables group of an image") from error
        tables, remarks = read_tables(group)
        return (_set(tables, image, path.name, remarks),)


FORMAT = NgioTables()


def write_ngio_tables(folder: Path, one: AnnotationSet, zarr_format: ZarrFormat = 2, backend: Backend = "csv") -> None:
    """Write the tables of a set into a folder that is not there yet. Raises ``FormatError``."""
    drawn = [each for each in one.objects if each.shapes]
    tables = [NgioTable(ROIS, "roi_table", INDEX, "str", tuple(region_rows(drawn, one.image)))] if drawn else []
    for label in one.labels:
        rows = tuple(mask_rows(label, one.image))
        tables.append(NgioTable(label.name + MASKS, "masking_roi_table", LABEL, "int", rows, label.name))
    named = (each.label.image for each in one.objects if each.label is not None)
    for name in dict.fromkeys((*(label.name for label in one.labels), *named)):
        described = [each for each in one.objects if each.label is not None and each.label.image == name]
        rows = tuple(label_rows(described))
        tables.append(NgioTable(name + FEATURES, "feature_table", LABEL, "int", rows, name))
    if not tables:
        raise FormatError("There is no object to write", one.image.name or one.image.address, "draw one first")
    write_tables(folder, tables, zarr_format, backend)


def _losses(one: AnnotationSet) -> Iterator[Loss]:
    where = one.image.name or one.image.address
    for each in one.objects:
        lost = _lost(each)
        if lost:
            yield Loss(each.uuid, f"{where}, {each.name or each.uuid}", lost)
    for label in one.labels:
        yield Loss("", f"{where}, {label.name}", "its pixels: only the box round each value is kept")
    if one.statements:
        yield Loss("", where, "what is said of the image, its well or its study")


def _lost(one: AnnotatedObject) -> str:
    if not one.shapes:
        return "" if one.label is not None else "all of it: it lies nowhere"
    shape = plain_rectangle(one)
    if shape is None:
        return "its outline: it becomes the box round it"
    known = replace(shape, id="", text="", style=Style(), locked=False)
    return "" if known == shape else "the id, text and look of its shape"


def _set(tables: Sequence[NgioTable], image: AnnotatedImage, name: str, remarks: tuple[str, ...]) -> AnnotationSet:
    objects: list[AnnotatedObject] = []
    said = list(remarks)
    described = {table.region for table in tables if table.kind == "feature_table"}
    for table in tables:
        if table.kind == "masking_roi_table" and (table.region in described or not table.region):
            continue
        for row in table.rows:
            one, sentence = _object(table, row, image, name)
            objects.append(one)
            said.extend([sentence] if sentence else [])
    return AnnotationSet(image=image, objects=tuple(objects), remarks=tuple(said))


def _object(table: NgioTable, row: dict[str, Any], image: AnnotatedImage, name: str) -> tuple[AnnotatedObject, str]:
    index = str(row.get(table.index, ""))
    file = f"{name}, {table.name}"
    uuid = derived_uuid(image.key, table.name, index)
    taken = (table.index, *OWN)
    if table.kind == "roi_table":
        shapes = shapes_of_row(row, image, file)
        one, said = object_from_row(row, file, uuid=uuid, taken=taken)
        named = one if one.name or "roi_uuid" in row else replace(one, name=index)
        return replace(named, shapes=shapes), said
    try:
        value = int(float(index))
    except (ValueError, OverflowError) as error:
        raise FormatError("A row names no whole label value", file, "number the rows", key=table.index) from error
    place = LabelPlace(table.region or "labels", value)
    return object_from_row(row, file, label=place, uuid=uuid, taken=taken)
