"""All of a label image but its pixels, as a record that rides along in formats that have no place for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_idr.formats.model_json import Document, DocumentError, from_document, to_document
from napari_idr.model.annotation_set import LabelImage

if TYPE_CHECKING:
    from collections.abc import Callable

    Pixels = Callable[[tuple[str, ...], tuple[int, ...], tuple[int, ...], int], np.ndarray]
    """Gives pixels by axes, shape, first pixel and level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFrame:
    """A label image without its pixels."""

    name: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: str = ""
    origin: tuple[int, ...] = ()
    colors: tuple[tuple[int, tuple[int, int, int, int]], ...] = ()
    level: int = 0

    def with_pixels(self, pixels: Pixels) -> LabelImage:
        """Return the label image."""
        found = pixels(self.axes, self.shape, self.origin or (0,) * len(self.axes), self.level)
        return LabelImage(
            name=self.name, axes=self.axes, pixels=found, origin=self.origin, colors=self.colors, level=self.level
        )


def frame_document(image: LabelImage) -> Document:
    """Return the record of a label image."""
    return to_document(
        LabelFrame(
            name=image.name,
            axes=image.axes,
            shape=tuple(int(size) for size in image.pixels.shape),
            dtype=np.dtype(image.pixels.dtype).name,
            origin=image.origin,
            colors=image.colors,
            level=image.level,
        )
    )


def frame_of(document: object) -> LabelFrame:
    """Return what a record says. Raises ``DocumentError``, also where it does not fit itself."""
    frame = from_document(LabelFrame, document, "label image")
    in_order = tuple(axis for axis in "tzyx" if axis in frame.axes)
    fits = frame.axes == in_order and frame.axes[-2:] == ("y", "x")
    fits = fits and {len(frame.shape), len(frame.origin or frame.axes)} == {len(frame.axes)}
    if not fits or not frame.name or min(*frame.shape, *frame.origin, frame.level) < 0:
        raise DocumentError(f"the label image {frame.name[:80]!r} has a name, axes or sizes that do not fit")
    if not all(0 <= part <= 255 for _, color in frame.colors for part in color):
        raise DocumentError(f"a colour of the label image {frame.name[:80]!r} is none")
    return frame
