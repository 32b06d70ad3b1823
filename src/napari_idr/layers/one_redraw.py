"""A step that changes data, planes, colours and the camera at once is drawn once, in the turn in which it is made."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from . import napari_seam as seam

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

REST_MS = 400
"""After a step, small pictures in the list of layers follow: nobody looks at them who steps on."""


class OneRedraw:
    """Holds back what napari draws of some layers until a step is complete. GUI thread only.

    napari slices a layer for each thing that is set on it, and learns of a camera that was moved only after it has
    painted the old picture at the new place. Measured with three channels and software OpenGL: five slices and two
    paintings for each step, where one of each does.
    """

    def __init__(self) -> None:
        self._stack: ExitStack | None = None
        self._held: dict[Any, bool] = {}
        """Layers that are held back, and whether they have to be sliced anew."""
        self._steps = 0

    @contextmanager
    def step(self, viewer: Any, layers: Sequence[Any]) -> Iterator[None]:
        """Draw what happens inside once, at the end; a step within a step is part of it."""
        if self._stack is not None:
            self.hold(layers)
            yield
            return
        point = tuple(viewer.dims.point)
        self._held = {}
        try:
            with ExitStack() as self._stack:
                self.hold(layers)
                yield
        finally:
            self._stack = None
            held, self._held = self._held, {}
        moved = tuple(viewer.dims.point) != point
        drawn = {layer: moved or changed for layer, changed in held.items() if layer in viewer.layers}
        _draw(viewer, drawn)
        self._steps += 1
        seam.call_later(REST_MS, partial(self._on_rest, self._steps, [one for one in drawn if drawn[one]]))

    def _on_rest(self, steps: int, layers: Sequence[Any]) -> None:
        for layer in layers if steps == self._steps else ():
            if layer.visible:
                seam.refresh_thumbnail(layer)

    def hold(self, layers: Sequence[Any]) -> None:
        """Hold further layers back, in a step."""
        for layer in layers:
            if self._stack is not None and layer not in self._held:
                self._held[layer] = False
                self._stack.enter_context(seam.without_refresh(layer))

    def recoloured(self, layer: Any) -> None:
        """Have what changed its colours be drawn at the end of the step; outside a step napari has drawn it."""
        if self._stack is not None:
            self.changed(layer)

    def changed(self, layer: Any) -> None:
        """Have a layer be sliced anew at the end of the step; outside a step, now."""
        if self._stack is None:
            layer.refresh(extent=False, thumbnail=False, highlight=False)
            return
        self.hold([layer])
        self._held[layer] = True


def _draw(viewer: Any, layers: dict[Any, bool]) -> None:
    """Have layers take the part that the camera shows, and slice those that changed and were not sliced for that."""
    sliced: list[Any] = []

    def note(event: Any) -> None:
        sliced.append(event.source)

    parts = {layer: _forget_part(layer) for layer, has_changed in layers.items() if has_changed}
    for layer in layers:
        layer.events.set_data.connect(note)
    try:
        seam.follow_camera(viewer)
    finally:
        for layer in layers:
            layer.events.set_data.disconnect(note)
    for layer, part in parts.items():
        if part is not None and np.array_equal(layer.corner_pixels, _nowhere(layer)):
            layer.corner_pixels = part  # the camera shows nothing of it
        if layer.visible and layer not in sliced:
            layer.refresh(extent=False, thumbnail=False, highlight=False)


def _forget_part(layer: Any) -> np.ndarray | None:
    """Have napari take what the camera shows now, and no more; return which part of a level a layer showed.

    It keeps to a larger part that it has read, also where in the next plane more than what is in view would have to be.
    """
    if not getattr(layer, "multiscale", False) or not hasattr(layer, "corner_pixels"):
        return None
    before: np.ndarray = np.array(layer.corner_pixels)
    layer.corner_pixels = _nowhere(layer)
    return before


def _nowhere(layer: Any) -> np.ndarray:
    """Return a part of a layer that holds no pixel, so that any other is larger."""
    return np.array([layer.level_shapes[0][: layer.ndim], [0] * layer.ndim])
