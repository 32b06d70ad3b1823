"""From a reference to pixels: the only place that branches on the kind of source."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from napari_idr.errors import FormatError
from napari_idr.formats.ngff import group_kind
from napari_idr.model.image import CollectionMetadata, ImageReference
from napari_idr.remote.chunk_fetcher import ZarrChunks
from napari_idr.remote.object_store import Access, child_address, last_part, open_store, split_archive
from napari_idr.streaming.chunks import ChunkedArray
from napari_idr.streaming.pyramid import Pyramid, array_levels

from . import ome_zarr
from .plate import PlateLabels, PlateMosaic, open_labels, open_mosaic
from .rendered_tiles import is_rendered, read_rendered

if TYPE_CHECKING:
    from napari_idr.model.image import ImageMetadata, PlateMetadata, PlateReference
    from napari_idr.streaming.loader import ChunkLoader

__all__ = ["PlateLabels", "PlateMosaic", "is_tiff", "open_labels", "open_plate", "open_pyramid", "read_metadata"]


async def read_metadata(
    address: str, access: Access, *, fields: bool = False
) -> ImageMetadata | PlateMetadata | CollectionMetadata:
    """Return what is at an address, from its metadata alone.

    Parameters
    ----------
    address
        OME-Zarr group (folder, zip, http, s3), TIFF file, or ``imgData`` of an image that a server renders.
    access
        Headers and time-outs.
    fields
        Also list the fields of every well of a plate: one request per well.

    Raises
    ------
    NapariIdrError
        It could not be read, or is not an image, a plate or a collection.
    """
    if is_tiff(address):
        from .tiff import read_tiff

        return (await asyncio.to_thread(read_tiff, address)).metadata
    if is_rendered(address):
        return (await read_rendered(address, access)).metadata
    group = await _group_at(address, access)
    kind = group_kind(group.attributes)
    if kind == "plate":
        plate = await ome_zarr.read_plate(group)
        return await ome_zarr.with_fields(group, plate) if fields else plate
    if kind == "well":
        return await _well_as_collection(group)
    if kind == "collection":
        return await ome_zarr.read_collection(group)
    return (await ome_zarr.read_image(group)).metadata


async def open_pyramid(
    reference: ImageReference, access: Access, loader: ChunkLoader, *, label: str = ""
) -> Pyramid[ImageMetadata]:
    """Open one image, or one of its label images, as levels. Runs on the loader's loop.

    Raises
    ------
    NapariIdrError
        It could not be read, or is not an image.
    """
    arrays = await _image_arrays(reference.source, access, label)
    sources = [
        ZarrChunks(array, child_address(arrays.metadata.address, level.path))
        for array, level in zip(arrays.arrays, arrays.metadata.levels, strict=True)
    ]
    return Pyramid(array_levels([ChunkedArray(source) for source in sources], loader), arrays.metadata)


async def open_plate(reference: PlateReference, access: Access, loader: ChunkLoader) -> PlateMosaic:
    """Open one acquisition of a plate as a mosaic. Runs on the loader's loop.

    Raises
    ------
    NapariIdrError
        It could not be read, or is not a plate.
    """
    group = await _group_at(reference.source, access)
    return await open_mosaic(group, reference, loader)


def is_tiff(address: str) -> bool:
    """Whether an address names a TIFF file."""
    return address.lower().endswith((".tif", ".tiff"))


async def _group_at(address: str, access: Access) -> ome_zarr.Group:
    archive, inside = split_archive(address)
    return await ome_zarr.open_group(open_store(archive, access), archive, inside)


async def _image_arrays(source: str, access: Access, label: str) -> ome_zarr.ImageArrays:
    if is_tiff(source):
        from .tiff import read_tiff

        if label:
            raise FormatError("A TIFF has no label images", source, "leave out the label")
        return await asyncio.to_thread(read_tiff, source)
    if is_rendered(source):
        if label:
            raise FormatError("A rendered image has no label images", source, "leave out the label")
        return await read_rendered(source, access)
    group = await _group_at(source, access)
    return await ome_zarr.read_label(group, label) if label else await ome_zarr.read_image(group)


async def _well_as_collection(group: ome_zarr.Group) -> CollectionMetadata:
    fields = await ome_zarr.read_well(group)
    images = tuple((field.path, child_address(group.address, field.path)) for field in fields)
    return CollectionMetadata(last_part(group.address), group.address, images)
