"""OME-Zarr 0.1 to 0.5: from a store to metadata and one zarr array per level.

Everything here is asynchronous and costs a known number of requests; where a group's metadata are consolidated,
what they hold costs none.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from napari_idr.errors import FormatError, NotFound, ProtocolError
from napari_idr.formats.ngff import (
    ArrayInfo,
    WellMetadata,
    dataset_paths,
    parse_image,
    parse_label_names,
    parse_plate,
    parse_series,
    parse_well_metadata,
)
from napari_idr.model.image import CollectionMetadata
from napari_idr.remote.object_store import child_address, last_part, shown_address

from .zarr_group import Group, open_group

if TYPE_CHECKING:
    from zarr import AsyncArray

    from napari_idr.model.image import FieldInfo, ImageMetadata, PlateMetadata, WellInfo

__all__ = [
    "Group",
    "ImageArrays",
    "open_group",
    "read_collection",
    "read_image",
    "read_label",
    "read_plate",
    "read_well",
    "read_well_metadata",
    "with_fields",
]

WELLS_AT_ONCE = 16
"""Wells whose metadata are asked for at once: what object stores take to begin with."""

SERIES_AT_ONCE = 8
"""Images of a collection without a list that are looked for at once."""

MOST_SERIES = 100_000


@dataclass(frozen=True, slots=True)
class ImageArrays:
    """An image: what it says of itself, and one array per level in the same order, finest first."""

    metadata: ImageMetadata
    arrays: tuple[AsyncArray[Any], ...]


async def read_image(group: Group, *, labels: bool = True) -> ImageArrays:
    """Image of a group: one request per level and one for the list of labels, all at once.

    Parameters
    ----------
    group
        The image's group.
    labels
        Whether to ask which label images there are.

    Raises
    ------
    FormatError
        Where something cannot be placed without guessing.
    NapariIdrError
        Where the store cannot be read.
    """
    paths = dataset_paths(group.attributes, address=group.address)
    (names, warnings), *found = await asyncio.gather(
        _label_names(group, wanted=labels), *(_array_if_there(group, path) for path in paths)
    )
    arrays = {path: array for path, array in zip(paths, found, strict=True) if array is not None}
    infos = [_array_info(path, array) for path, array in arrays.items()]
    metadata = parse_image(group.attributes, infos, address=group.address, name=last_part(group.address))
    metadata = replace(metadata, labels=names, warnings=metadata.warnings + warnings)
    return ImageArrays(metadata, tuple(arrays[level.path] for level in metadata.levels))


async def _array_if_there(group: Group, path: str) -> AsyncArray[Any] | None:
    try:
        return await group.array(path)
    except NotFound:
        return None


def _array_info(path: str, array: AsyncArray[Any]) -> ArrayInfo:
    names = getattr(array.metadata, "dimension_names", None) or ()
    return ArrayInfo(
        path=path,
        shape=tuple(int(size) for size in array.shape),
        chunks=tuple(int(size) for size in array.chunks),
        dtype=array.dtype.name,
        dimension_names=tuple(names),
    )


async def _label_names(group: Group, *, wanted: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Paths of the label images below ``labels``, and a warning where the list cannot be read."""
    if not wanted or group.is_known_absent("labels"):
        return (), ()
    try:
        return parse_label_names((await group.group("labels")).attributes), ()
    except NotFound:
        return (), ()
    except (FormatError, ProtocolError) as error:
        return (), (f"The list of label images was ignored: {error}",)


async def read_label(group: Group, name: str) -> ImageArrays:
    """Label image of an image, by its path below ``labels``: one request, then one per level at once.

    Raises
    ------
    NotFound
        Where there is no such label image.
    FormatError
        Where its pixels are not whole numbers, or something cannot be placed without guessing.
    """
    label = await group.group(f"labels/{name}")
    image = await read_image(label, labels=False)
    for level in image.metadata.levels:
        if not level.dtype.startswith(("int", "uint", "bool")):
            raise FormatError(
                f"The label image holds {level.dtype}, not whole numbers",
                shown_address(label.address),
                "tell who made the file",
                key=level.path,
                rule="OME-Zarr, labels: only integer values",
            )
    return image


async def read_plate(group: Group) -> PlateMetadata:
    """Plate of a group, without any further request.

    Raises
    ------
    FormatError
        Where rows, columns or the place of a well cannot be told.
    """
    return parse_plate(group.attributes, address=group.address)


async def read_well(group: Group) -> tuple[FieldInfo, ...]:
    """Fields of a well, in file order, without any further request.

    Raises
    ------
    FormatError
        Where it is no well.
    """
    return read_well_metadata(group).fields


def read_well_metadata(group: Group) -> WellMetadata:
    """Fields of a well and what its metadata get wrong; raises as ``read_well``."""
    return parse_well_metadata(group.attributes, address=group.address)


async def with_fields(group: Group, plate: PlateMetadata) -> PlateMetadata:
    """Plate whose wells know their fields: one request per well, sixteen at once.

    A well whose group is missing has no fields; what wells get wrong is said once for all of them.

    Raises
    ------
    FormatError
        Where a well is none.
    """
    turn = asyncio.Semaphore(WELLS_AT_ONCE)

    async def read(well: WellInfo) -> WellMetadata:
        async with turn:
            try:
                return read_well_metadata(await group.group(well.path))
            except NotFound:
                return WellMetadata((), (f"{well.path}: the well is listed but missing.",))

    read_wells = await asyncio.gather(*(read(well) for well in plate.wells))
    wells = tuple(replace(well, fields=found.fields) for well, found in zip(plate.wells, read_wells, strict=True))
    said = {sentence.rpartition(": ")[2]: sentence for found in reversed(read_wells) for sentence in found.warnings}
    return replace(plate, wells=wells, warnings=plate.warnings + tuple(said.values()))


async def read_collection(group: Group) -> CollectionMetadata:
    """Images of a ``bioformats2raw.layout`` collection, by the list in its ``OME`` group or else by looking.

    One request where there is a list; else groups ``0``, ``1``, … are asked for, eight at once, until one is absent.

    Raises
    ------
    NotFound
        Where it holds no image.
    """
    paths = await _listed_series(group)
    images = [(path, child_address(group.address, path)) for path in paths] or await _found_series(group)
    if not images:
        raise NotFound("The collection holds no images", shown_address(group.address), "the file may be incomplete")
    name = last_part(group.address)
    return CollectionMetadata(name, group.address, tuple(images))


async def _listed_series(group: Group) -> tuple[str, ...]:
    if not group.is_known_absent("OME"):
        try:
            return parse_series((await group.group("OME")).attributes)
        except (NotFound, FormatError):
            pass
    return ()


async def _found_series(group: Group) -> list[tuple[str, str]]:
    images: list[tuple[str, str]] = []
    for start in range(0, MOST_SERIES, SERIES_AT_ONCE):
        asked = (group.group(str(index)) for index in range(start, start + SERIES_AT_ONCE))
        for answer in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(answer, NotFound):
                return images
            if isinstance(answer, BaseException):
                raise answer
            images.append((_image_name(answer), answer.address))
    return images


def _image_name(group: Group) -> str:
    """Name of an image by its own metadata, else the last part of its path."""
    attributes = group.attributes.get("ome", group.attributes)
    try:
        return str(attributes["multiscales"][0]["name"] or "") or group.path.rpartition("/")[2]
    except (KeyError, IndexError, TypeError):
        return group.path.rpartition("/")[2]
