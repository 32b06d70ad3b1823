"""GeoJSON in QuPath's dialect, one file per image: a feature per object, or one per shape where there are several."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from napari_idr.errors import FormatError
from napari_idr.formats.model_json import LARGEST, DocumentError, json_text, json_value
from napari_idr.model.annotation import Mask, Shape, Style
from napari_idr.model.annotation_set import AnnotationSet

from .details import KEYS, details_of, object_from_details
from .files import HINT, read_json, told_of, write_json
from .geojson_geometry import GeometryReader, geometry_of
from .held import held_objects, losses, naming, only
from .image_documents import image_document, named_image, statements_of
from .kept_shapes import kept_documents, restored
from .outlines import untransformed
from .placing import image_of, uuid_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject
    from napari_idr.model.finding import Loss

    Feature = dict[str, Any]

OURS = "napari-idr"
MOST_FEATURES = 1_000_000


def hold(one: AnnotatedObject, _: AnnotationSet) -> AnnotatedObject | str:
    """Return an object as GeoJSON holds it, or why not: it has neither transforms nor turned ellipses nor pixels."""
    if one.label is not None or any(isinstance(shape, Mask) for shape in one.shapes):
        return "its pixels have no place here, export the label image or the masks too"
    return replace(one, shapes=tuple(map(untransformed, one.shapes))) if one.shapes else "it has no shape"


class GeoJson:
    """Shapes and points as features."""

    key = "geojson"
    title = "GeoJSON (QuPath)"
    endings = (".geojson",)
    images_per_file: int | None = 1
    reads = True

    def losses(self, sets: Sequence[AnnotationSet]) -> tuple[Loss, ...]:
        """Return what becomes a polygon, and which objects have pixels."""
        return losses(sets, hold)

    def write(self, sets: Sequence[AnnotationSet], path: Path) -> tuple[Path, ...]:
        """Write the features of one image. Raises ``FormatError`` naming the object."""
        one = only(sets, path)
        features: list[Feature] = []
        for thing in held_objects(one, hold):
            with naming(one.image, thing):
                features += _features(thing)
        return write_json(path, {"type": "FeatureCollection", OURS: image_document(one), "features": features})

    def read(self, path: Path, image: AnnotatedImage | None = None) -> tuple[AnnotationSet, ...]:
        """Return the set of a file: a collection of features, a list of them, or one. Raises ``FormatError``."""
        document = read_json(path)
        features = _feature_list(document, path)
        said = document.get(OURS) if isinstance(document, dict) else None
        parts: dict[str, list[_Part]] = {}
        remarks: list[str] = []
        for number, feature in enumerate(features):
            with told_of(path, f"features[{number}]"):
                part = _read_feature(feature, path, number, remarks)
            parts.setdefault(part.uuid, []).append(part)
        objects = []
        for uuid, listed in parts.items():
            with told_of(path, f"the feature {uuid}"):
                objects.append(_object(uuid, listed))
        with told_of(path, OURS):
            statements = statements_of(said)
        placed = image_of(named_image(said), path, image)
        told = tuple(dict.fromkeys(remarks))
        return (AnnotationSet(image=placed, objects=tuple(objects), statements=statements, remarks=told),)


# -- writing


def _features(one: AnnotatedObject) -> Iterator[Feature]:
    kept = kept_documents(one.shapes, as_read)
    details = dict(details_of(one, without={"name"}))
    if kept:
        details["shapes"] = json_text(kept)
    for number, shape in enumerate(one.shapes):
        metadata = details if number == 0 else {"uuid": one.uuid}
        part = {"part": f"{number + 1}/{len(one.shapes)}"} if len(one.shapes) > 1 else {}
        yield {
            "type": "Feature",
            "id": feature_id(one.uuid, number),
            "geometry": geometry_of(shape),
            "properties": _properties(one, shape, number) | {"metadata": _planes(shape) | metadata | part},
        }


def feature_id(uuid: str, number: int) -> str:
    """Return the id of a feature: the object's own for its first shape, which QuPath needs to be a UUID."""
    try:
        first = UUID(uuid)
    except ValueError:
        first = uuid5(UUID(int=0), uuid)
    return str(first if number == 0 else uuid5(first, str(number)))


def _planes(shape: Shape) -> dict[str, str]:
    """Return which planes stand for all: GeoJSON says 0 for them."""
    planes = {"allZ": shape.z, "allT": shape.t}
    return {key: "true" for key, number in planes.items() if number is None}


def _properties(one: AnnotatedObject, shape: Shape, number: int) -> dict[str, Any]:
    properties: dict[str, Any] = {"objectType": "annotation"}
    color = [*shape.style.stroke[:3]] if shape.style.stroke else None
    if one.name:
        properties["name"] = one.name
    if color:
        properties["color"] = color
    if _class_name(one):
        properties["classification"] = {"name": _class_name(one), **({"color": color} if color else {})}
    properties["isLocked"] = shape.locked
    measured = _measurements(one)
    return properties | ({"measurements": measured} if measured and number == 0 else {})


# -- reading


@dataclass(frozen=True, slots=True)
class _Part:
    """One feature: the shapes it has, and what it says of its object."""

    uuid: str
    number: int
    shapes: tuple[Shape, ...]
    properties: dict[str, Any]
    metadata: dict[str, str]


def as_read(shape: Shape) -> Shape:
    """Return what any reader gets from a shape that was written: outline, first plane, colour without alpha."""
    (found,) = GeometryReader().shapes(geometry_of(shape))
    looks = _looks({"color": [*shape.style.stroke[:3]] if shape.style.stroke else None, "isLocked": shape.locked})
    return replace(found, **looks)


def _feature_list(document: object, path: Path) -> list[Any]:
    features = document
    if isinstance(document, dict):
        features = [document] if document.get("type") == "Feature" else document.get("features")
    if not isinstance(features, list) or len(features) > MOST_FEATURES:
        raise FormatError("It is no GeoJSON of features", path.name, HINT, rule="a FeatureCollection has features")
    return features


def _read_feature(feature: object, path: Path, number: int, remarks: list[str]) -> _Part:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise DocumentError("it is no feature")
    properties, reader = feature.get("properties") or {}, GeometryReader()
    if not isinstance(properties, dict):
        raise DocumentError("its properties are no object")
    metadata = _texts(properties.get("metadata"))
    shapes = tuple(replace(shape, **_looks(properties)) for shape in reader.shapes(feature.get("geometry")))
    remarks += reader.remarks
    uuid = metadata.get("uuid") or uuid_for(str(feature.get("id", "")), path, number)
    first = metadata.get("part", "1/1").partition("/")[0]
    return _Part(uuid, int(first) if first.isdigit() and len(first) < 10 else 1, shapes, properties, metadata)


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {key: one if isinstance(one, str) else json.dumps(one) for key, one in value.items()}


def _looks(properties: dict[str, Any]) -> dict[str, Any]:
    color = properties.get("color")
    if isinstance(color, list) and len(color) in (3, 4) and all(type(n) is int and 0 <= n < 256 for n in color):
        stroke = (color[0], color[1], color[2], color[3] if len(color) == 4 else 255)
        return {"style": Style(stroke=stroke), "locked": properties.get("isLocked") is True}
    return {"locked": properties.get("isLocked") is True}


def _object(uuid: str, parts: list[_Part]) -> AnnotatedObject:
    parts = sorted(parts, key=lambda part: part.number)
    first = parts[0]
    shapes = tuple(shape for part in parts for shape in part.shapes)
    kept = first.metadata.get("shapes")
    if kept:
        shapes = restored(shapes, json_value(kept, "shapes"), as_read)
    else:
        shapes = tuple(_all_planes(shape, part.metadata) for part in parts for shape in part.shapes)
    metadata = {key: text for key, text in first.metadata.items() if key not in ("part", "allZ", "allT", "shapes")}
    is_ours = "uuid" in metadata
    ours = {key: text for key, text in metadata.items() if is_ours and key in KEYS}
    others = tuple((key, text) for key, text in metadata.items() if key not in ours)
    known = {"key_values": others} if others else {}
    return _as_edited(object_from_details(list(ours.items()), shapes, uuid=uuid, **known), first.properties)


def _as_edited(one: AnnotatedObject, properties: dict[str, Any]) -> AnnotatedObject:
    """Return an object with what QuPath's own fields say, where that is not what we wrote."""
    name, measured = properties.get("name"), properties.get("measurements")
    if isinstance(name, str):
        one = replace(one, name=name)
    classification = properties.get("classification")
    said = classification.get("name") if isinstance(classification, dict) else None
    if isinstance(said, str) and said != _class_name(one):
        one = replace(one, object_class=said)
    if isinstance(measured, dict) and measured != _measurements(one):
        values = {key: value for key, value in measured.items() if type(value) in (int, float)}
        one = replace(one, features=tuple((dict(one.features) | values).items()))
    return one


def _class_name(one: AnnotatedObject) -> str:
    return one.object_class or (one.phenotypes[0].name if one.phenotypes else "")


def _measurements(one: AnnotatedObject) -> dict[str, float]:
    """Return the features that are numbers, as QuPath measures."""
    return {key: value for key, value in one.features if isinstance(value, int | float) and _is_measure(value)}


def _is_measure(value: float) -> bool:
    return not isinstance(value, bool) and abs(value) <= LARGEST


def _all_planes(shape: Shape, metadata: dict[str, str]) -> Shape:
    every: dict[str, Any] = {axis: None for axis, key in (("z", "allZ"), ("t", "allT")) if metadata.get(key) == "true"}
    return replace(shape, **every) if every else shape


FORMAT = GeoJson()
