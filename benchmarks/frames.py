"""What was on the canvas, frame by frame: which part of which level each layer showed, and a sample of its pixels."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer

SAMPLED = 256
"""Pixels along a side of a sample: fewer than a chunk has at any level, so that no missing chunk slips through."""


@dataclass(frozen=True, eq=False, slots=True)
class Shown:
    """What one layer showed: a window of a level, and every so-manieth pixel of it."""

    channel: int
    level: int
    window: tuple[tuple[int, int], tuple[int, int]]
    """((top, bottom), (left, right)), half-open, in pixels of the level."""
    sample: np.ndarray

    @property
    def place(self) -> tuple[Any, ...]:
        """Which part of which layer is shown."""
        return (self.channel, self.level, self.window)

    def has_pixels(self) -> bool:
        """Whether there is anything of the data to be seen."""
        return bool(self.sample.any())


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """One drawing of the canvas."""

    at: float
    """When it was drawn, by the machine's monotonic clock."""
    step: tuple[int, ...]
    """Where the sliders stood."""
    shown: tuple[Shown, ...]

    @property
    def place(self) -> tuple[Any, ...]:
        """What part of what is shown."""
        return (self.step, *(one.place for one in self.shown))

    def looks_like(self, other: Frame) -> bool:
        """Whether another frame shows the same pixels of the same place."""
        return self.place == other.place and all(
            a.sample is b.sample or np.array_equal(a.sample, b.sample)
            for a, b in zip(self.shown, other.shown, strict=True)
        )


class Frames:
    """Keeps what every drawing of a viewer's canvas showed.

    A layer's slice is looked at before the canvas is drawn, and the time is taken when the drawing has ended in the
    frame buffer: napari slices anew only after that, for the next frame.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._canvas = viewer.window._qt_viewer.canvas  # noqa: SLF001 - nothing public says when it was drawn
        self._samples: dict[Layer, tuple[np.ndarray, np.ndarray]] = {}
        self._step: tuple[int, ...] = ()
        self._seen: tuple[Shown, ...] = ()
        self.kept: list[Frame] = []
        self.still_since = 0.0
        """When the canvas came to look as it does now."""
        drawn = self._drawn = self._canvas._scene_canvas.events.draw  # noqa: SLF001
        drawn.connect(self._before, position="first")
        drawn.disconnect(self._canvas.on_draw)
        drawn.connect(self._after, position="last")
        drawn.connect(self._canvas.on_draw, position="last")

    @property
    def canvas_size(self) -> tuple[int, int]:
        """Height and width of the canvas."""
        width, height = self._canvas._scene_canvas.size  # noqa: SLF001
        return int(height), int(width)

    def forget(self) -> None:
        """Let go of what was drawn so far, but for the last frame."""
        del self.kept[:-1]

    def stop(self) -> None:
        """Keep nothing any more, and let go of all."""
        self._drawn.disconnect(self._before)
        self._drawn.disconnect(self._after)
        self.kept, self._seen, self._samples = [], (), {}

    def _before(self, event: Any = None) -> None:
        images = [layer for layer in self._viewer.layers if layer.visible and hasattr(layer, "data_level")]
        self._step = tuple(self._viewer.dims.current_step)
        self._seen = tuple(
            Shown(channel, layer.data_level if layer.multiscale else 0, window_of(layer), self._sample(layer))
            for channel, layer in enumerate(images)
        )

    def _after(self, event: Any = None) -> None:
        from vispy.gloo import get_current_canvas

        get_current_canvas().context.finish()
        frame = Frame(time.monotonic(), self._step, self._seen)
        if not self.kept or not frame.looks_like(self.kept[-1]):
            self.still_since = frame.at
        self.kept.append(frame)

    def _sample(self, layer: Layer) -> np.ndarray:
        raw = layer._slice.image.raw  # noqa: SLF001 - what is on the canvas is nowhere public
        before = self._samples.get(layer)
        if before is None or before[0] is not raw:
            self._samples[layer] = before = (raw, sample_of(raw))
        return before[1]


def window_of(layer: Layer) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return which part of its level a layer shows."""
    if not layer.multiscale:
        height, width = layer.data.shape[-2:]
        return (0, height), (0, width)
    (top, left), (bottom, right) = layer.corner_pixels[:, -2:]
    return (int(top), int(bottom) + 1), (int(left), int(right) + 1)


def sample_of(pixels: np.ndarray) -> np.ndarray:
    """Return every so-manieth pixel of a picture."""
    pixels = np.asarray(pixels)
    step = tuple(slice(None, None, max(1, size // SAMPLED)) for size in pixels.shape[-2:])
    return pixels[(..., *step)].copy()
