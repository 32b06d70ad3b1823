"""What is told of a field by its likeness to another, while only its coarsest array is known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_idr.errors import FormatError
from napari_idr.formats.ngff import ArrayInfo, parse_image

from .plate_shape import pixel_sizes

if TYPE_CHECKING:
    from napari_idr.model.image import ImageMetadata
    from napari_idr.remote.chunk_fetcher import ZarrChunks

    from .ome_zarr import Group

LARGEST_RATIO = 1e4
"""Between pixels of two fields of one plate: beyond it one of the pixel sizes is wrong, and no canvas holds both."""


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


def check_placeable(field: ImageMetadata, template: ImageMetadata | None) -> None:
    """Check that a field can lie beside another on one canvas.

    Raises
    ------
    FormatError
        It has no axes y and x, or pixels of an absurd size.
    """
    missing = [name for name in ("y", "x") if field.axis_index(name) is None]
    if missing:
        raise FormatError(
            f"A field of a plate has no axis {' and no axis '.join(missing)}",
            field.address,
            "open it by itself",
            key="multiscales[0].axes",
        )
    for relative in pixel_sizes(field, template or field)[0]:
        if not 1 / LARGEST_RATIO < relative < LARGEST_RATIO:
            raise FormatError(
                f"The pixels of a field are {relative:.3g} times as large as those of the first",
                field.address,
                "open it by itself",
                key="multiscales[0].datasets",
            )
