"""OME-Zarr images: multiscales, omero and image-label metadata, together with the arrays' shapes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

from napari_idr.model.image import ImageMetadata, LevelInfo

from .ngff_axes import Dimensions, dimension_names, parse_axes
from .ngff_display import parse_channels, parse_default, parse_label
from .ngff_document import check_version, relative_path, root
from .ngff_transforms import LevelSource, level_transforms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_idr.model.image import Axis, Channel

    from .ngff_document import Place

RULE_DATASETS = '"multiscales" metadata: datasets lists the arrays, finest first'
RULE_MULTISCALES = '"multiscales" metadata: a list with at least one image'
RULE_DIMENSIONS = '"multiscales" metadata: all datasets have the same number of dimensions'
RULE_DTYPE = '"multiscales" metadata: the levels are one image, of one data type'

PRIMARIES = ["FF0000", "00FF00", "0000FF"]
SAMPLE_AXES = frozenset({"c", "s", "rgb", "rgba", "samples"})


@dataclass(frozen=True, slots=True)
class ArrayInfo:
    """What an array's own metadata say."""

    path: str
    """Relative to the image group."""
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    """The unit of reading: inner chunks where it is sharded."""
    dtype: str
    """numpy's name without byte order."""
    dimension_names: tuple[str | None, ...] = ()


def dataset_paths(attributes: Mapping[str, Any], *, address: str) -> tuple[str, ...]:
    """Paths of the arrays an image lists, relative to its group, finest first.

    Raises
    ------
    FormatError
        Where there is no image, or a path leads out of the group.
    """
    multiscale = _multiscale(root(attributes, address))
    return tuple(dict.fromkeys(_path(dataset) for dataset in _datasets(multiscale)))


def parse_image(
    attributes: Mapping[str, Any], arrays: Sequence[ArrayInfo], *, address: str, name: str = ""
) -> ImageMetadata:
    """Metadata of an image, its levels finest first.

    Parameters
    ----------
    attributes
        Of the image's group.
    arrays
        Those of its arrays that exist, in any order.
    address
        Of the image's group.
    name
        Used where the file gives none.

    Raises
    ------
    FormatError
        Where something cannot be placed without guessing.
    """
    document = root(attributes, address)
    multiscale = _multiscale(document)
    sources, infos = _levels(multiscale, arrays)
    shape = sources[0].shape
    axes = parse_axes(multiscale, Dimensions(len(shape), dimension_names(attributes, infos[0].dimension_names)))
    metadata = ImageMetadata(
        name=multiscale["name"].text or document["omero"]["name"].text or name,
        address=address,
        source_kind="ome-zarr",
        source_version=multiscale.version,
        axes=axes,
        levels=_level_infos(multiscale, sources, infos, axes),
        label=parse_label(document["image-label"]),
    )
    channel_axis = metadata.channel_axis
    channels = parse_channels(document["omero"], None if channel_axis is None else shape[channel_axis])
    return replace(
        metadata,
        channels=channels,
        default_t=parse_default(document["omero"]["rdefs"]["defaultT"], _size(metadata, "t")),
        default_z=parse_default(document["omero"]["rdefs"]["defaultZ"], _size(metadata, "z")),
        rgb=_is_rgb(document, axes, metadata.levels[0], channels),
        warnings=document.warnings.sentences(),
    )


def _size(metadata: ImageMetadata, axis: str) -> int:
    index = metadata.axis_index(axis)
    return 1 if index is None else metadata.levels[0].shape[index]


def _multiscale(document: Place) -> Place:
    """First image of a group: the specification's choice where there are several and none is asked for by name."""
    place = document["multiscales"]
    if place.absent:
        raise place.refuse("This is no OME-Zarr image: it has no multiscales", RULE_MULTISCALES)
    entries = place.items()
    if not entries or not entries[0].is_object:
        raise place.refuse("The list of images is empty or no list of objects", RULE_MULTISCALES)
    multiscale = entries[0]
    check_version(document["version"], "multiscales")
    check_version(multiscale["version"], "multiscales")
    version = document["version"].text or multiscale["version"].text or _version_by_content(multiscale)
    multiscale = multiscale.with_version(version[:20])
    _check_version_fits(multiscale)
    return multiscale


def _version_by_content(multiscale: Place) -> str:
    """Version of a file that names none: by what it holds that earlier versions do not have."""
    if multiscale.key.startswith("ome"):
        return "0.5"
    axes = multiscale["axes"].items()
    if axes and all(isinstance(axis.value, str) for axis in axes):
        return "0.3"
    datasets = multiscale["datasets"].items()
    has_transforms = any(not dataset["coordinateTransformations"].absent for dataset in datasets)
    return "0.4" if axes or has_transforms else "0.1"


def _check_version_fits(multiscale: Place) -> None:
    axes = multiscale["axes"].items()
    if multiscale.version in ("0.1", "0.2", "0.3") and any(axis.is_object for axis in axes):
        multiscale["version"].warn(
            "the version is older than what the file holds; it was read as 0.4",
            '"axes" metadata: axes are objects from 0.4 on',
        )


def _datasets(multiscale: Place) -> tuple[Place, ...]:
    place = multiscale["datasets"]
    datasets = place.items()
    if not datasets:
        raise place.refuse("The image lists no arrays", RULE_DATASETS)
    return datasets


def _path(dataset: Place) -> str:
    if not dataset.is_object:
        raise dataset.refuse("The dataset is no object", RULE_DATASETS)
    return relative_path(dataset["path"], "multiscales")


def _levels(multiscale: Place, arrays: Sequence[ArrayInfo]) -> tuple[list[LevelSource], list[ArrayInfo]]:
    """Datasets that have an array, each once, largest first, and their arrays."""
    by_path = {info.path: info for info in arrays}
    levels: dict[str, tuple[LevelSource, ArrayInfo]] = {}
    for index, dataset in enumerate(_datasets(multiscale)):
        path = _path(dataset)
        info = by_path.get(path)
        if info is None:
            _check_missing(dataset["path"], is_finest=index == 0)
        elif path in levels:
            dataset["path"].warn("an array is listed twice", RULE_DATASETS)
        else:
            levels[path] = (LevelSource(dataset, path, info.shape), info)
    pairs = list(levels.values())
    _check_arrays(pairs)
    ordered = sorted(pairs, key=lambda pair: -prod(pair[0].shape))
    if ordered != pairs:
        multiscale["datasets"].warn("the levels are not listed finest first and were sorted", RULE_DATASETS)
    return [source for source, _ in ordered], [info for _, info in ordered]


def _check_missing(path: Place, *, is_finest: bool) -> None:
    if is_finest:
        raise path.refuse("The array of the finest level does not exist", RULE_DATASETS)
    path.warn("the array of a level does not exist; the level was left out", RULE_DATASETS)


def _check_arrays(pairs: Sequence[tuple[LevelSource, ArrayInfo]]) -> None:
    finest = pairs[0][1]
    for source, info in pairs:
        place = source.dataset["path"]
        if len(info.shape) != len(finest.shape):
            raise place.refuse(
                f"The array has {len(info.shape)} dimensions, that of the finest level {len(finest.shape)}",
                RULE_DIMENSIONS,
            )
        if 0 in info.shape:
            raise place.refuse("The array holds no pixels: an axis has length 0", RULE_DATASETS)
        if info.dtype != finest.dtype:
            place.warn("the array has another data type than that of the finest level", RULE_DTYPE)


def _level_infos(
    multiscale: Place, sources: Sequence[LevelSource], infos: Sequence[ArrayInfo], axes: tuple[Axis, ...]
) -> tuple[LevelInfo, ...]:
    transforms = level_transforms(multiscale, sources, axes)
    return tuple(
        LevelInfo(
            path=info.path,
            shape=info.shape,
            chunks=info.chunks,
            dtype=info.dtype,
            scale=tuple(size if size is not None else 1.0 for size in transform.scale),
            translation=transform.translation,
        )
        for info, transform in zip(infos, transforms, strict=True)
    )


def _is_rgb(document: Place, axes: tuple[Axis, ...], level: LevelInfo, channels: tuple[Channel, ...]) -> bool:
    """Whether one axis holds the samples of one colour picture.

    OME-Zarr has no word for it, and three uint8 channels coloured red, green and blue may as well be three stains.
    So either the samples lie side by side (a last axis of 3 or 4 channels, 8 or 16 bits, not declared greyscale and
    not given other colours than red, green and blue), or the file says of three channels of 8 bits that they *are*
    Red, Green and Blue: by their names and their colours. Others are shown as channels.
    """
    if document["omero"]["rdefs"]["model"].value == "greyscale":
        return False
    colors = [channel.color for channel in channels[:3]]
    last = axes[-1]
    if last.type != "space" and last.name.lower() in SAMPLE_AXES:
        side_by_side = level.shape[-1] in (3, 4) and level.dtype in ("uint8", "uint16")
        return side_by_side and colors in ([None] * 3, PRIMARIES)
    names = [channel.name.lower() for channel in channels]
    return level.dtype == "uint8" and colors == PRIMARIES and names in (["red", "green", "blue"], ["r", "g", "b"])
