"""Sets of a COCO file, ours or anybody's: each of its images is an image, or a plane of one where we wrote it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from napari_idr.errors import FormatError
from napari_idr.formats.model_json import DocumentError, from_document, json_value
from napari_idr.model.annotation import Mask, Shape
from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, AnnotationSet, LabelPlace

from .coco_shapes import as_read, shapes_of
from .details import KEYS, object_from_details
from .files import HINT, read_json, told_of
from .image_documents import image_from, named_image, statements_of
from .kept_shapes import restored
from .label_masks import label_image
from .placing import another_image, check_sizes, image_of, uuid_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Record = dict[str, Any]

OURS = "napari_idr"


@dataclass(frozen=True, slots=True)
class _Part:
    """One annotation: its shapes, and what it says of its object."""

    uuid: str
    number: int
    category: str
    shapes: tuple[Shape, ...]
    said: dict[str, str]


def read_coco(path: Path, image: AnnotatedImage | None) -> tuple[AnnotationSet, ...]:
    """Return a set per image of a file, or the one of the image it is read onto. Raises ``FormatError``."""
    document = read_json(path)
    if not isinstance(document, dict) or "annotations" not in document or "images" not in document:
        raise FormatError("It is no COCO", path.name, HINT, rule="it has images, annotations and categories")
    images = {one.get("id"): one for one in _records(document, "images", path) if isinstance(one.get("id"), int | str)}
    categories = {one.get("id"): one.get("name") for one in _records(document, "categories", path) if _is_id(one)}
    groups: dict[object, list[tuple[int, Record]]] = {_group(one): [] for one in images.values()}
    for number, record in enumerate(_records(document, "annotations", path)):
        with told_of(path, f"annotations[{number}]"):
            groups[_group(_image_of(record, images))].append((number, record))
    frames = _said(document)
    groups = {number: [] for number in range(len(frames))} | groups
    reader = _Reader(path, images, categories, frames)
    chosen = _chosen(groups, frames, images, path, image)
    return tuple(reader.set(key, groups[key], image) for key in chosen)


def _is_id(record: Record) -> bool:
    return isinstance(record.get("id"), int | str)


def _records(document: Record, key: str, path: Path) -> list[Record]:
    listed = document.get(key, [])
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise FormatError(f"{key} is no list of objects", path.name, HINT, key=key)
    return listed


def _said(document: Record) -> list[Record]:
    said = document.get(OURS)
    listed = said.get("images") if isinstance(said, dict) else None
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _group(image: Record) -> object:
    """Return what tells images apart: the number of one of ours, else the id of one of theirs."""
    number = image.get(OURS)
    return number if type(number) is int and number >= 0 else f"id {image.get('id')}"


def _image_of(record: Record, images: dict[Any, Record]) -> Record:
    identifier = record.get("image_id")
    if not isinstance(identifier, int | str) or identifier not in images:
        raise DocumentError(f"there is no image {identifier!r:.40}")
    return images[identifier]


def _chosen(
    groups: dict[object, Any], frames: list[Record], images: dict[Any, Record], path: Path, image: AnnotatedImage | None
) -> list[object]:
    """Return which images are read: all, or the one that the file is read onto."""
    if image is None or len(groups) == 1:
        return list(groups)
    names = {_group(one): one.get("file_name") for one in images.values()}
    fitting = [key for key in groups if _is_image(key, frames, image) or names.get(key) == image.name]
    if len(fitting) != 1:
        raise another_image(path, f"{len(groups)} images", image.key)
    return fitting


def _is_image(key: object, frames: list[Record], image: AnnotatedImage) -> bool:
    document = named_image(frames[key]) if isinstance(key, int) and key < len(frames) else None
    try:
        return document is not None and image_from(document).key == image.key
    except DocumentError:
        return False


class _Reader:
    """Reads the annotations of a file, image after image."""

    def __init__(self, path: Path, images: dict[Any, Record], categories: dict[Any, Any], frames: list[Record]) -> None:
        self._path, self._images, self._categories, self._frames = path, images, categories, frames

    def set(self, key: object, records: list[tuple[int, Record]], image: AnnotatedImage | None) -> AnnotationSet:
        """Return the set of one image."""
        document = self._frames[key] if isinstance(key, int) and key < len(self._frames) else {}
        placed = image_of(named_image(document), self._path, image)
        if not document:
            placed = self._foreign(key, placed, image)
        parts: dict[str, list[_Part]] = {}
        for number, record in records:
            with told_of(self._path, f"annotations[{number}]"):
                part = self._part(record, number)
            parts.setdefault(part.uuid, []).append(part)
        with told_of(self._path, f"image {key}"):
            masks = [mask for listed in parts.values() for part in listed for mask in _label_masks(part)]
            objects = [one for listed in parts.values() for one in _objects(listed, placed)]
            frames = document.get("labels", [])
            labels = tuple(
                label_image(frame, [(place.value, mask) for place, mask in masks if place.image == frame.get("name")])
                for frame in (frames if isinstance(frames, list) else [])
                if isinstance(frame, dict)
            )
            statements = statements_of(document)
        return AnnotationSet(image=placed, objects=tuple(objects), labels=labels, statements=statements)

    def _foreign(self, key: object, placed: AnnotatedImage, image: AnnotatedImage | None) -> AnnotatedImage:
        """Return the image of an entry that is not ours, by its name and size."""
        entry = next((one for one in self._images.values() if _group(one) == key), {})
        sizes = {"size_x": entry.get("width"), "size_y": entry.get("height")}
        known: dict[str, Any] = {name: size for name, size in sizes.items() if type(size) is int and size > 0}
        if image is not None:
            check_sizes(self._path, known, image)
            return placed
        name = str(entry.get("file_name", "") or self._path.name)
        return replace(placed, name=name, address=name, **known)

    def _part(self, record: Record, number: int) -> _Part:
        entry, own = _image_of(record, self._images), record.get(OURS)
        said = {k: v for k, v in own.items() if isinstance(v, str)} if isinstance(own, dict) else {}
        planes: dict[str, Any] = {axis: entry.get(axis) if type(entry.get(axis)) is int else None for axis in "zt"}
        shapes = tuple(replace(shape, **planes) for shape in shapes_of(record))
        category, first = self._categories.get(record.get("category_id")), said.get("part", "1")
        uuid = said.get("uuid") or uuid_for(str(record.get("id", "")), self._path, number)
        order = int(first) if first.isdigit() and len(first) < 10 else 1
        return _Part(uuid, order, category if isinstance(category, str) else "", shapes, said)


def _label_masks(part: _Part) -> Iterator[tuple[LabelPlace, Mask]]:
    if "label" in part.said:
        place = from_document(LabelPlace, json_value(part.said["label"], "label"), "label")
        for shape in part.shapes:
            if not isinstance(shape, Mask):
                raise DocumentError("pixels of a label image are no mask")
            yield place, shape


def _objects(parts: list[_Part], image: AnnotatedImage) -> Iterator[AnnotatedObject]:
    """Yield the object of some annotations; none for pixels of a label image that nothing is said of."""
    parts = sorted(parts, key=lambda part: part.number)
    first = parts[0]
    is_label = "label" in first.said
    if is_label and "uuid" not in first.said:
        return
    shapes = () if is_label else tuple(shape for part in parts for shape in part.shapes)
    kept = first.said.get("shapes")
    if kept and shapes:
        shapes = restored(shapes, json_value(kept, "shapes"), lambda shape: as_read(shape, image))
    pairs = [(key, text) for key, text in first.said.items() if key in KEYS]
    one = object_from_details(pairs, shapes, uuid=first.uuid)
    yield replace(one, object_class=first.category) if first.category != category_name(one) else one


def category_name(one: AnnotatedObject) -> str:
    """Return the category of an object: its class, else its first phenotype, else "object"."""
    return one.object_class or (one.phenotypes[0].name if one.phenotypes else "object")
