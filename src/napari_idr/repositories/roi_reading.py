"""From what a repository answers about ROIs to the model, the pixels of masks with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_idr.errors import NapariIdrError, ProtocolError
from napari_idr.formats.omero_rois import parse_rois
from napari_idr.model.annotation import Mask, Roi, RoiSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from .base import RoiSource

MOST_MASKS = 400
"""Masks whose pixels are asked for: at 50 ms an answer and four at a time, five seconds."""


def read_rois(
    source: RoiSource,
    image_id: str,
    address: str,
    *,
    plane: tuple[int, int] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> RoiSet:
    """Return the ROIs of an image, or of one plane of it, with the pixels of their masks. May block.

    Parameters
    ----------
    source
        Who is asked.
    image_id
        The image.
    address
        Of the image, for sentences about what could not be read.
    plane
        z and t of the plane; all planes where None.
    is_cancelled
        Looked at between answers.

    Raises
    ------
    Unsupported
        The repository cannot be asked for one plane.
    NapariIdrError
        It could not be asked at all.
    """
    if plane is None:
        answers = source.of_image(image_id, brief=True, is_cancelled=is_cancelled)
    else:
        answers = source.of_plane(image_id, *plane, is_cancelled=is_cancelled)
    return _with_masks(parse_rois(answers, address), source, is_cancelled)


def _with_masks(found: RoiSet, source: RoiSource, is_cancelled: Callable[[], bool] | None) -> RoiSet:
    """Return the same ROIs with the pixels of masks that came without; a mask without pixels stays a box."""
    lacking = [shape for roi in found.rois for shape in roi.shapes if isinstance(shape, Mask) and shape.bits is None]
    if not lacking:
        return found
    known = {mask.id: mask for mask in lacking if mask.id}
    asked = list(known)[:MOST_MASKS]
    filled: dict[str, Mask] = {}
    why = ""
    for identifier, outcome in source.masks(asked, is_cancelled=is_cancelled):
        try:
            filled[identifier] = _filled(known[identifier], outcome)
        except NapariIdrError as error:
            why = why or error.what
    remarks = list(found.remarks)
    if len(filled) < len(asked):
        remarks.append(f"{len(asked) - len(filled)} masks are shown as boxes, as their pixels did not come: {why}.")
    if len(asked) < len(lacking):
        remarks.append(f"{len(lacking) - len(asked)} masks are shown as boxes: the pixels of {MOST_MASKS} are read.")
    return RoiSet(tuple(_replaced(roi, filled) for roi in found.rois), tuple(remarks))


def _filled(mask: Mask, outcome: np.ndarray | NapariIdrError) -> Mask:
    if isinstance(outcome, NapariIdrError):
        raise outcome
    height, width = outcome.shape
    if abs(width - mask.width) >= 1 or abs(height - mask.height) >= 1:
        what = f"The picture of a mask has {width} x {height} pixels, not {mask.width:g} x {mask.height:g}"
        raise ProtocolError(what, f"mask {mask.id}", "it was left out")
    return replace(mask, width=float(width), height=float(height), bits=np.packbits(outcome).tobytes())


def _replaced(roi: Roi, filled: dict[str, Mask]) -> Roi:
    if not any(shape.id in filled for shape in roi.shapes):
        return roi
    return replace(roi, shapes=tuple(filled.get(shape.id, shape) for shape in roi.shapes))
