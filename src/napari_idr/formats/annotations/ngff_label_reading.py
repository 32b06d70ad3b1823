"""From OME-Zarr labels, of this program or of others, to an annotation set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from napari_idr.errors import FormatError, NotFound
from napari_idr.formats.ngff import ArrayInfo, dataset_paths, group_kind, parse_image, parse_label_names
from napari_idr.model.annotation_set import (
    AnnotatedImage,
    AnnotatedObject,
    AnnotationSet,
    LabelImage,
    LabelPlace,
    Spacing,
)

from .files import told_of
from .image_documents import image_from
from .label_frame import frame_of
from .label_objects import agreed_image, objects_by_value
from .label_pixels import check_type, is_whole, label_values, original_pixels
from .ngff_label_metadata import LABEL_VALUE, NAMESPACE
from .object_facts import derived_uuid, object_from_row
from .zarr_groups import read_part

if TYPE_CHECKING:
    from collections.abc import Sequence

    import zarr

    from napari_idr.model.image import ImageMetadata

    from .zarr_groups import LocalGroup

IN_MEMORY = 2 << 30
"""Bytes of a label image that are read at once; larger ones stay in their file and are read piece by piece."""


def read_labels(group: LocalGroup, given: AnnotatedImage | None) -> AnnotationSet:
    """Return the set of a group that is a label image, a ``labels`` group or an image with labels.

    Raises
    ------
    FormatError
        Where it is neither, or of another image than ``given``.
    """
    kind = group_kind(group.attributes)
    if kind == "labels":
        return _read_all([group.group(name) for name in parse_label_names(group.attributes)], None, given, group.name)
    if kind != "image":
        raise FormatError("It holds no label image", group.name, "choose a label image, or an image that has labels")
    if _inner(group).get("image-label") is not None:
        return _read_all([group], None, given, group.name)
    try:
        labels = group.group("labels")
    except NotFound as error:
        raise FormatError("The image has no labels", group.name, "open it as an image") from error
    names = parse_label_names(labels.attributes)
    return _read_all([labels.group(name) for name in names], _metadata(group), given, group.name)


def _inner(group: LocalGroup) -> dict[str, Any]:
    inner = group.attributes.get("ome")
    return cast("dict[str, Any]", inner if isinstance(inner, dict) else group.attributes)


def _metadata(group: LocalGroup) -> ImageMetadata:
    arrays = {path: _array(group, path) for path in dataset_paths(group.attributes, address=group.name)}
    infos = [
        ArrayInfo(path, tuple(array.shape), tuple(array.chunks), array.dtype.name)
        for path, array in arrays.items()
        if array is not None
    ]
    return parse_image(group.attributes, infos, address=group.name, name=group.name.rpartition("/")[2])


def _array(group: LocalGroup, path: str) -> zarr.Array[Any] | None:
    try:
        return group.array(path)
    except NotFound:
        return None


def _read_all(
    groups: Sequence[LocalGroup], owner: ImageMetadata | None, given: AnnotatedImage | None, name: str
) -> AnnotationSet:
    if not groups:
        raise FormatError("It lists no label images", name, "tell who made the file", key="labels")
    noted = _noted(groups[0]).get("image")
    if noted is not None:
        with told_of(name, "image"):
            image = stated = image_from(noted)
    else:
        first = owner or _metadata(groups[0])
        image = stated = _stated_image(first, name)
    image = agreed_image(stated, given, name, by_key=noted is not None)
    labels: list[LabelImage] = []
    objects: list[AnnotatedObject] = []
    remarks: list[str] = []
    for group in groups:
        label, found, said = _read_one(group, stated if given is None else image)
        labels.append(label)
        objects.extend(found)
        remarks.extend(said)
    return AnnotationSet(image=image, objects=tuple(objects), labels=tuple(labels), remarks=tuple(remarks))


def _noted(group: LocalGroup) -> dict[str, Any]:
    noted = group.attributes.get(NAMESPACE)
    return noted if isinstance(noted, dict) else {}


def _read_one(group: LocalGroup, image: AnnotatedImage) -> tuple[LabelImage, tuple[AnnotatedObject, ...], list[str]]:
    metadata = _metadata(group)
    level = metadata.levels[0]
    check_type(np.dtype(level.dtype), group.name)
    array = group.array(level.path)
    axes = _sizes(metadata, image, group.name)
    record = _noted(group).get("label_image")
    if record is not None:
        whole = _Whole(array, metadata.axis_names, group.name)
        with told_of(group.name, "label_image"):
            frame = frame_of(record)
        label = frame.with_pixels(lambda *wanted: whole.original(image, wanted))
    else:
        label = LabelImage(
            name=metadata.name,
            axes=tuple(axes),
            pixels=_Whole(array, metadata.axis_names, group.name).pixels(tuple(axes)),
            colors=metadata.label.colors if metadata.label else (),
        )
    objects, remarks = _objects(group, metadata, label, image)
    if not objects and record is None:
        objects = objects_by_value(label_values(label), image, label.name)
        remarks.append(f"{group.name} says nothing of its objects: each of its {len(objects)} values became one.")
    return label, objects, [*metadata.warnings, *remarks]


def _sizes(metadata: ImageMetadata, image: AnnotatedImage, name: str) -> list[str]:
    """Return the axes of a label image that are not on all planes, after a look at how long they are."""
    kept = []
    for axis, size in zip(metadata.axis_names, metadata.levels[0].shape, strict=True):
        if axis not in ("t", "z", "y", "x"):
            if size != 1:
                what = f"It has an axis {axis} of {size}, a label image has t, z, y and x"
                raise FormatError(what, name, "write a label image per channel", key="axes")
            continue
        if size != image.size(axis) and (size != 1 or axis in "yx"):
            what = f"It has {size} pixels along {axis}, the image {image.size(axis)}"
            raise FormatError(what, name, "check which image it belongs to", key=axis)
        if axis in "yx" or size > 1:
            kept.append(axis)
    return kept


class _Whole:
    """The finest level of a label image: read at once where it fits, else left in its file."""

    def __init__(self, array: zarr.Array[Any], axes: tuple[str, ...], name: str) -> None:
        self._array = array
        self._axes = axes
        self._name = name

    def pixels(self, axes: tuple[str, ...]) -> np.ndarray:
        """Return the pixels of the axes named; all others have length 1."""
        if self._array.nbytes > IN_MEMORY and axes == self._axes:
            return cast("np.ndarray", self._array)
        dropped = tuple(number for number, axis in enumerate(self._axes) if axis not in axes)
        return self[tuple(slice(0, size) for size in self._array.shape)].squeeze(dropped)

    def original(
        self, image: AnnotatedImage, wanted: tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...], int]
    ) -> np.ndarray:
        """Return what was labelled, as it was before it was placed on its image."""
        if self._array.nbytes > IN_MEMORY and is_whole(wanted, self._axes, self._array.shape):
            return cast("np.ndarray", self._array)
        return original_pixels(cast("np.ndarray", self), self._axes, image, wanted)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self._array.shape)

    def __getitem__(self, box: tuple[slice, ...]) -> np.ndarray:
        return read_part(self._array, box, self._name)


def _objects(
    group: LocalGroup, metadata: ImageMetadata, label: LabelImage, image: AnnotatedImage
) -> tuple[tuple[AnnotatedObject, ...], list[str]]:
    objects: list[AnnotatedObject] = []
    remarks: list[str] = []
    own = NAMESPACE in group.attributes
    for row in metadata.label.properties if metadata.label else ():
        value = row[LABEL_VALUE]
        if len(row) == 1 and own:
            continue  # only there because the value has a colour
        uuid = derived_uuid(image.key, label.name, value)
        place = LabelPlace(label.name, value)
        one, said = object_from_row(row, group.name, label=place, uuid=uuid, taken=(LABEL_VALUE,))
        objects.append(one)
        remarks.extend([said] if said else [])
    return tuple(objects), remarks


def _stated_image(metadata: ImageMetadata, name: str) -> AnnotatedImage:
    """Return what a file of others says of the image: its sizes and those of its pixels."""
    level = metadata.levels[0]
    sizes = dict(zip(metadata.axis_names, level.shape, strict=True))
    units = {axis.name: axis.unit for axis in metadata.axes}
    x = metadata.axis_names.index("x") if "x" in metadata.axis_names else -1
    return AnnotatedImage(
        address=name,
        name=metadata.name,
        size_x=sizes.get("x", 0),
        size_y=sizes.get("y", 0),
        size_z=sizes.get("z", 1),
        size_c=sizes.get("c", 1),
        size_t=sizes.get("t", 1),
        spacing=tuple(
            (axis, Spacing(scale, units[axis]))
            for axis, scale in zip(metadata.axis_names, level.scale, strict=True)
            if axis in ("x", "y", "z", "t") and (units[axis] or scale != 1.0)
        ),
        level_factors=tuple(one.scale[x] / level.scale[x] for one in metadata.levels),
        source_kind="ome-zarr",
    )
