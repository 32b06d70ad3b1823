"""Attributes of OME-Zarr label images, 0.4 and 0.5: axes, levels, colours, and a row for each object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from napari_idr.formats.model_json import to_document

from .label_frame import frame_document
from .label_pixels import coarse_size
from .object_facts import object_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, LabelImage

Version = Literal["0.4", "0.5"]

NAMESPACE = "napari-idr"
"""Key of what OME-Zarr has no place for: which image it was, and where the labels lie in it."""
LABEL_VALUE = "label-value"
DESCRIPTION = "the pixel in the middle of those of the finer level"


@dataclass(frozen=True, slots=True)
class LabelLevel:
    """One level of a label image, along its axes."""

    shape: tuple[int, ...]
    scale: tuple[float, ...]
    translation: tuple[float, ...]


def levels_of(image: AnnotatedImage, axes: Sequence[str]) -> tuple[LabelLevel, ...]:
    """Return as many levels as the image has; those of z and t are as long as at the finest."""
    return tuple(_level(image, axes, factor) for factor in image.level_factors)


def _level(image: AnnotatedImage, axes: Sequence[str], factor: float) -> LabelLevel:
    by = [factor if axis in "yx" else 1.0 for axis in axes]
    sizes = [1.0 if spacing is None else spacing.value for spacing in (image.spacing_of(axis) for axis in axes)]
    return LabelLevel(
        tuple(coarse_size(image.size(axis), step) for axis, step in zip(axes, by, strict=True)),
        tuple(size * step for size, step in zip(sizes, by, strict=True)),
        tuple((step - 1) / 2 * size for size, step in zip(sizes, by, strict=True)),
    )


def label_attributes(
    image: AnnotatedImage,
    label: LabelImage,
    objects: Sequence[AnnotatedObject],
    axes: Sequence[str],
    levels: Sequence[LabelLevel],
    version: Version,
    *,
    found: Sequence[int],
    source: bool,
) -> dict[str, Any]:
    """Return the attributes of the group of a label image.

    ``found`` are the values of its pixels; ``source`` says whether it lies in the ``labels`` group of its image, which
    it then names.
    """
    multiscale: dict[str, Any] = {
        "axes": [_axis(image, axis) for axis in axes],
        "name": label.name,
        "type": "nearest",
        "metadata": {"method": "nearest", "version": "1", "description": DESCRIPTION},
        "datasets": [_dataset(number, level) for number, level in enumerate(levels)],
    }
    values = described_values(label, objects, found)
    described: dict[str, Any] = {"version": version, **_colors(label, values), **_properties(objects, values)}
    if source:
        described["source"] = {"image": "../../"}
    noted = {NAMESPACE: {"image": to_document(image), "label_image": frame_document(label)}}
    if version == "0.4":
        return {"multiscales": [multiscale | {"version": version}], "image-label": described, **noted}
    return {"ome": {"version": version, "multiscales": [multiscale], "image-label": described}, **noted}


def group_attributes(names: Sequence[str], version: Version) -> dict[str, Any]:
    """Return the attributes of a ``labels`` group."""
    return {"labels": list(names)} if version == "0.4" else {"ome": {"version": version, "labels": list(names)}}


def _axis(image: AnnotatedImage, axis: str) -> dict[str, str]:
    said = {"name": axis, "type": "time" if axis == "t" else "space"}
    spacing = image.spacing_of(axis)
    return said | ({"unit": spacing.unit} if spacing is not None and spacing.unit else {})


def _dataset(number: int, level: LabelLevel) -> dict[str, Any]:
    transforms: list[dict[str, Any]] = [{"type": "scale", "scale": list(level.scale)}]
    if any(level.translation):
        transforms.append({"type": "translation", "translation": list(level.translation)})
    return {"path": str(number), "coordinateTransformations": transforms}


def _colors(label: LabelImage, values: Sequence[int]) -> dict[str, Any]:
    """Return a colour for every value that is described: checkers want both lists to name the same values."""
    known = dict(label.colors)
    colors = ((value, known.get(value, _color(value))) for value in values)
    listed = [{LABEL_VALUE: value, "rgba": list(color)} for value, color in colors]
    return {"colors": listed} if listed else {}


def _properties(objects: Sequence[AnnotatedObject], values: Sequence[int]) -> dict[str, Any]:
    rows = {one.label.value: object_row(one, (LABEL_VALUE,)) for one in objects if one.label is not None}
    return {"properties": [{LABEL_VALUE: value, **rows.get(value, {})} for value in values]} if rows else {}


def described_values(label: LabelImage, objects: Sequence[AnnotatedObject], found: Sequence[int]) -> list[int]:
    """Return the values that have an object or a colour, all that were found in the pixels where none has."""
    described = (one.label.value for one in objects if one.label is not None)
    return list(dict.fromkeys((*described, *(value for value, _ in label.colors)))) or list(found)


def _color(value: int) -> tuple[int, int, int, int]:
    """Return a colour for a value that has none of its own: always the same, and unlike its neighbours'."""
    hashed = value * 2654435761 % (1 << 32)
    return 64 + hashed % 192, 64 + (hashed >> 8) % 192, 64 + (hashed >> 16) % 192, 255
