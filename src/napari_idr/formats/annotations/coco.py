"""COCO (instances): areas of objects per plane, polygons as vertices and pixels as run lengths. For machine learning.

A plane of an image is an image of COCO; where an object lies on all planes, its ``z`` or ``t`` is null.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_idr.formats.model_json import json_text, to_document
from napari_idr.model.annotation import Ellipse, Mask, Polygon, Rectangle, Shape
from napari_idr.model.annotation_set import AnnotatedObject, LabelPlace

from .coco_reading import OURS, category_name, read_coco
from .coco_shapes import as_read, is_whole, segmentation_of
from .details import details_of, text_of
from .files import write_json
from .held import held_objects, losses, naming
from .image_documents import image_document
from .kept_shapes import kept_documents
from .label_frame import frame_document
from .label_masks import all_masks, values_of
from .outlines import as_polygon, untransformed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet
    from napari_idr.model.finding import Loss

    from .held import Hold

    Record = dict[str, Any]


def holding(sets: Sequence[AnnotationSet]) -> Hold:
    """Return what tells what COCO holds of the objects of some sets: areas; ellipses become polygons."""
    values = {(id(one), image.name): values_of(image) for one in sets for image in one.labels}

    def hold(one: AnnotatedObject, whole: AnnotationSet) -> AnnotatedObject | str:
        if one.label is not None:
            is_there = one.label.value in values.get((id(whole), one.label.image), ())
            return one if is_there else "its value is not in its label image"
        if not one.shapes or not all(map(_is_area, one.shapes)):
            return "COCO holds areas only, no points, lines, texts or turned masks"
        return replace(one, shapes=tuple(map(_held_shape, one.shapes)))

    return hold


def _is_area(shape: Shape) -> bool:
    return is_whole(shape) if isinstance(shape, Mask) else isinstance(shape, Rectangle | Ellipse | Polygon)


def _held_shape(shape: Shape) -> Shape:
    return as_polygon(shape) if isinstance(shape, Ellipse) else untransformed(shape)


class Coco:
    """Areas as instances."""

    key = "coco"
    title = "COCO"
    endings = (".coco.json",)
    images_per_file: int | None = None
    reads = True

    def losses(self, sets: Sequence[AnnotationSet]) -> tuple[Loss, ...]:
        """Return what becomes a polygon, and which objects are no areas."""
        return losses(sets, holding(sets), labels=True)

    def write(self, sets: Sequence[AnnotationSet], path: Path) -> tuple[Path, ...]:
        """Write the instances of all images. Raises ``FormatError`` naming the object."""
        writer = _Writer()
        for number, one in enumerate(sets):
            writer.add(one, number)
        return write_json(path, writer.document)

    def read(self, path: Path, image: AnnotatedImage | None = None) -> tuple[AnnotationSet, ...]:
        """Return a set per image; pixels are masks, or the label images they were. Raises ``FormatError``."""
        return read_coco(path, image)


class _Writer:
    """Builds the document, counting images, categories and annotations from 1."""

    def __init__(self) -> None:
        self._planes: dict[tuple[int, int | None, int | None], int] = {}
        self._categories: dict[str, int] = {}
        self.document: dict[str, Any] = {
            "info": {"description": "annotations made with napari-idr"},
            OURS: {"images": []},
            "images": [],
            "annotations": [],
            "categories": [],
        }

    def add(self, one: AnnotationSet, number: int) -> None:
        """Add the objects and label images of a set."""
        frames = [frame_document(image) for image in one.labels]
        self.document[OURS]["images"].append(image_document(one) | ({"labels": frames} if frames else {}))
        masks = all_masks(one)
        for thing in held_objects(one, holding([one])):
            label = thing.label
            shapes = thing.shapes if label is None else masks.pop((label.image, label.value), ())
            details = dict(details_of(thing))
            kept = kept_documents(shapes, lambda shape: as_read(shape, one.image)) if label is None else []
            if kept:
                details["shapes"] = json_text(kept)
            with naming(one.image, thing):
                self._add_shapes(one, number, thing, shapes, details)
        for (name, value), listed in masks.items():
            bare = AnnotatedObject(uuid="", name=f"{name} {value}", label=LabelPlace(name, value))
            with naming(one.image, bare):
                self._add_shapes(one, number, bare, listed, {"label": text_of(to_document(bare.label))})

    def _add_shapes(
        self, one: AnnotationSet, number: int, thing: AnnotatedObject, shapes: Sequence[Shape], details: dict[str, str]
    ) -> None:
        always = {key: details[key] for key in ("uuid", "label") if key in details}
        for index, shape in enumerate(shapes):
            segmentation, area, box = segmentation_of(shape, one.image)
            record: Record = {
                "id": len(self.document["annotations"]) + 1,
                "image_id": self._plane(one, number, shape),
                "category_id": self._category(category_name(thing)),
                "segmentation": segmentation,
                "area": area,
                "bbox": box,
                "iscrowd": int(isinstance(segmentation, dict)),
                OURS: {**(details if index == 0 else always), "part": str(index + 1)},
            }
            self.document["annotations"].append(record)

    def _plane(self, one: AnnotationSet, number: int, shape: Shape) -> int:
        key = (number, shape.z, shape.t)
        if key not in self._planes:
            self._planes[key] = len(self._planes) + 1
            place = "&".join(
                f"{axis}={'all' if index is None else index}" for axis, index in zip("zt", key[1:], strict=True)
            )
            name = one.image.name or one.image.address
            record = {"id": self._planes[key], "file_name": f"{name}#{place}", "width": one.image.size_x}
            self.document["images"].append(
                {**record, "height": one.image.size_y, "z": shape.z, "t": shape.t, OURS: number}
            )
        return self._planes[key]

    def _category(self, name: str) -> int:
        if name not in self._categories:
            self._categories[name] = len(self._categories) + 1
            self.document["categories"].append({"id": self._categories[name], "name": name, "supercategory": ""})
        return self._categories[name]


FORMAT = Coco()
