"""ROIs as OMERO's JSON API has them: a list of ROIs of one or more images. For people who use OMERO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_idr.errors import FormatError
from napari_idr.formats.model_json import json_text, json_value
from napari_idr.formats.omero_rois import parse_rois
from napari_idr.model.annotation_set import AnnotationSet
from napari_idr.model.finding import Loss

from .files import HINT, read_json, told_of, write_json
from .held import held_objects, image_words, losses, naming
from .image_documents import NAMESPACE as IMAGE_NAMESPACE
from .image_documents import image_document, named_image, statements_of
from .omero_shape_fields import SCHEMA, as_read, shape_fields
from .placing import another_image, image_of, uuid_for
from .roi_entries import RoiEntry, entry_of, object_of
from .roi_names import roi_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject
    from napari_idr.model.image import KeyValue

    Record = dict[str, Any]

IMAGE = "napari-idr:image"
"""Key of the id of the image, which OMERO's own answers leave to the question."""


def hold(one: AnnotatedObject, _: AnnotationSet) -> AnnotatedObject | str:
    """Return an object that can be written, or why not."""
    if one.label is not None:
        return "it is part of a label image, which goes into a file of its own"
    return one if one.shapes else "it has no shape"


class OmeroJson:
    """Shapes, points, masks and tracks as ROIs."""

    key = "omero-json"
    title = "OMERO ROI JSON"
    endings = (".omero.json", ".json")
    images_per_file: int | None = None
    reads = True

    def losses(self, sets: Sequence[AnnotationSet]) -> tuple[Loss, ...]:
        """Return which objects are not written here, those of label images, and which images have none."""
        unnamed = [image_words(one.image) for one in sets if not held_objects(one, hold)]
        return losses(sets, hold) + tuple(Loss("", where, "that it was looked at: it has no ROIs") for where in unnamed)

    def write(self, sets: Sequence[AnnotationSet], path: Path) -> tuple[Path, ...]:
        """Write a list of ROIs. Raises ``FormatError`` naming the object."""
        return write_json(path, [record for one in sets for record in _records(one)])

    def read(self, path: Path, image: AnnotatedImage | None = None) -> tuple[AnnotationSet, ...]:
        """Return a set per image of the file; shapes that OMERO itself left broken are told of in ``remarks``."""
        records = read_json(path)
        records = records.get("data") if isinstance(records, dict) else records
        if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
            raise FormatError("It is no list of ROIs", path.name, HINT, rule="OMERO's JSON is a list of objects")
        groups: dict[str, list[tuple[int, Record]]] = {}
        for number, record in enumerate(records):
            groups.setdefault(str(record.get(IMAGE, "")), []).append((number, record))
        if image is not None and len(groups) > 1:
            raise FormatError(f"The file has ROIs of {len(groups)} images", path.name, "open it without an image")
        if image is not None and not groups:
            return (AnnotationSet(image=image),)
        return tuple(_set(name, listed, path, image) for name, listed in groups.items())


def _records(one: AnnotationSet) -> Iterator[Record]:
    objects = held_objects(one, hold)
    names = roi_names(objects)
    said = [(key, json_text(value)) for key, value in image_document(one).items()]
    for number, thing in enumerate(objects):
        with naming(one.image, thing):
            entry = entry_of(thing, names[thing.uuid], thing.shapes, as_read)
            maps = [*([(IMAGE_NAMESPACE, said)] if number == 0 else []), *entry.maps]
            yield {
                "@type": f"{SCHEMA}#ROI",
                "Name": entry.name,
                **({"Description": entry.description} if entry.description else {}),
                "shapes": [shape_fields(shape) for shape in entry.shapes],
                "Annotations": [_annotation(namespace, pairs) for namespace, pairs in maps],
                IMAGE: one.image.image_id or one.image.key,
            }


def _annotation(namespace: str, pairs: Sequence[KeyValue]) -> Record:
    return {"@type": f"{SCHEMA}#MapAnnotation", "Namespace": namespace, "Value": [list(pair) for pair in pairs]}


def _set(name: str, records: list[tuple[int, Record]], path: Path, image: AnnotatedImage | None) -> AnnotationSet:
    maps = [_maps(record) for _, record in records]
    said = {
        key: text for one in maps for namespace, pairs in one if namespace == IMAGE_NAMESPACE for key, text in pairs
    }
    with told_of(path, f"image {name}"):
        document = {key: json_value(text, key) for key, text in said.items()}
        statements = statements_of(document)
    if image is not None and not document and name.isdigit() and image.image_id not in ("", name):
        raise another_image(path, name, image.image_id)
    objects: list[AnnotatedObject] = []
    remarks: list[str] = []
    for (number, record), own in zip(records, maps, strict=True):
        found = _object(record, number, [one for one in own if one[0] != IMAGE_NAMESPACE], path)
        objects += found[0]
        remarks += found[1]
    placed = image_of(named_image(document), path, image)
    return AnnotationSet(
        image=placed, objects=tuple(objects), statements=statements, remarks=tuple(dict.fromkeys(remarks))
    )


def _object(
    record: Record, number: int, maps: list[tuple[str, list[KeyValue]]], path: Path
) -> tuple[list[AnnotatedObject], tuple[str, ...]]:
    identifier = record.get("@id", number)
    known = parse_rois([{**record, "@id": identifier}], path.name)
    with told_of(path, f"[{number}]"):
        entries = [RoiEntry(roi.name, roi.shapes, maps, roi.description) for roi in known.rois if roi.shapes]
        uuid = uuid_for(str(identifier), path, number)
        return [object_of(entry, uuid, as_read) for entry in entries], known.remarks


def _maps(record: Record) -> list[tuple[str, list[KeyValue]]]:
    """Return the map annotations of a ROI, and its tags as pairs; what is neither is passed over."""
    listed = record.get("Annotations")
    maps = []
    for one in listed if isinstance(listed, list) else ():
        if not isinstance(one, dict):
            continue
        value, namespace = one.get("Value"), one.get("Namespace")
        if isinstance(value, str):
            maps.append(("", [("Tag", value)]))
        elif isinstance(value, list):
            pairs = [pair for pair in value if isinstance(pair, list) and [*map(type, pair)] == [str, str]]
            maps.append((namespace if isinstance(namespace, str) else "", [(key, text) for key, text in pairs]))
    return maps


FORMAT = OmeroJson()
