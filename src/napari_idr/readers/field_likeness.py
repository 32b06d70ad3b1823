"""What is told of a field by its likeness to another, while only its coarsest array is known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_idr.formats.ngff import ArrayInfo, parse_image

if TYPE_CHECKING:
    from napari_idr.model.image import ImageMetadata
    from napari_idr.remote.chunk_fetcher import ZarrChunks

    from .ome_zarr import Group


def inferred(template: ImageMetadata, coarsest: ZarrChunks, group: Group | None, address: str) -> ImageMetadata:
    """Return the metadata of a field of which only the coarsest array is known, by likeness to another field."""
    last = template.levels[-1]
    arrays = [
        ArrayInfo(
            level.path,
            tuple(
                max(1, round(size * fine / coarse))
                for size, fine, coarse in zip(coarsest.shape, level.shape, last.shape, strict=True)
            ),
            level.chunks,
            str(coarsest.dtype),
        )
        for level in template.levels[:-1]
    ]
    arrays.append(ArrayInfo(last.path, coarsest.shape, coarsest.chunks, str(coarsest.dtype)))
    if group is not None:
        return parse_image(group.attributes, arrays, address=address)
    levels = tuple(
        replace(level, shape=array.shape, dtype=array.dtype)
        for level, array in zip(template.levels, arrays, strict=True)
    )
    return replace(template, address=address, levels=levels)
