"""Exact pixels to a file: ``.npy``, ``.ome.tif`` or ``.ome.zarr``, complete or not there at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_idr.errors import AddressError
from napari_idr.formats.beside import beside, check_place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_idr.model.image import ImageMetadata
    from napari_idr.model.saved_region import SavedRegion

Kind = Literal["npy", "tiff", "zarr"]

SUFFIXES: dict[str, Kind] = {".npy": "npy", ".ome.tif": "tiff", ".ome.tiff": "tiff", ".ome.zarr": "zarr"}


def check_output(path: Path) -> Kind:
    """Return what kind of file a path asks for; nothing is written.

    Raises
    ------
    AddressError
        For any other suffix, where a folder of that name exists, or where there is no folder to write into.
    """
    kind = next((kind for suffix, kind in SUFFIXES.items() if path.name.lower().endswith(suffix)), None)
    if kind is None:
        raise AddressError(
            "Pixels cannot be written as this", str(path), "end the name with .npy, .ome.tif or .ome.zarr"
        )
    check_place(path)
    return kind


def write_pixels(
    path: Path,
    pixels: np.ndarray,
    metadata: ImageMetadata,
    level: int,
    origin: tuple[int, ...] = (),
    source: SavedRegion | None = None,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Write a box of pixels of one level with its axes, pixel sizes, channel names and place. May block.

    It is written beside its place and then moved there, so that it is never there in part.

    Parameters
    ----------
    path
        As ``check_output`` wants it.
    pixels
        In the axis order of ``metadata``; an axis read at one index has length 1.
    metadata
        Of the image they come from.
    level
        Which of its levels they come from.
    origin
        First pixel of the box along each axis; empty for the whole level.
    source
        Which image they are a part of, and its licence: noted in the file, but for ``.npy``, which has no place for it.
    check
        Called before the file is moved to its place; raises in order to leave nothing.

    Raises
    ------
    AddressError
        See ``check_output``.
    Unsupported
        OME-TIFF has no place for such an axis or type of pixels.
    NapariIdrError
        The disk is full or may not be written to.
    """
    kind = check_output(path)
    start = origin or (0,) * pixels.ndim
    with beside(path) as draft:
        if kind == "npy":
            with draft.open("wb") as file:
                np.save(file, pixels, allow_pickle=False)
        elif kind == "tiff":
            from .write_tiff import write_ome_tiff

            write_ome_tiff(draft, pixels, metadata, level, start, source)
        else:
            from .write_zarr import write_ome_zarr

            write_ome_zarr(draft, pixels, metadata, level, start, source)
        check()
