"""3-D display: each image at the finest level that the graphics card holds, said in one sentence."""

from __future__ import annotations

import weakref
from math import prod
from typing import TYPE_CHECKING, Any

from napari_idr.model.sizes import said_bytes
from napari_idr.streaming.volumes import Room, Volume, card_itemsize, choose_levels, volume_of

from . import napari_seam as seam
from .box_parts import levels_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .viewer_session import ViewerSession

MEMORY_PART = 0.5
"""Of the memory for pixels that the volumes on screen may fill: less than a view may, so that they become complete
beside the coarser levels beneath them."""

MORE = "for more detail draw a box and load it at a finer level"


class Volumes:
    """The volumes of one viewer. GUI thread only.

    Levels are locked when the viewer goes to three dimensions and unlocked when it comes back. A level that the user
    locked stays locked. What does not fit on the card is not drawn at all.
    """

    def __init__(self, session: ViewerSession) -> None:
        self._session = weakref.ref(session)
        self.card_bytes = session.session.settings.graphics_memory_mb << 20
        """Of the graphics card's memory, for all volumes together."""
        self._locked: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._left_alone: weakref.WeakSet[Any] = weakref.WeakSet()
        self._refused: weakref.WeakSet[Any] = weakref.WeakSet()
        self._busy = False
        self._said = ""
        viewer: Any = session.viewer
        viewer.dims.events.ndisplay.connect(self._on_dims)
        viewer.dims.events.order.connect(self._on_dims)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_dims)

    # -- what happens in the viewer

    def _on_inserted(self, event: Any) -> None:
        layer = event.value
        if not _has_pixels(layer):
            return
        for name in ("visible", "data"):
            getattr(layer.events, name).connect(self._on_dims)
        if levels_of(layer):
            seam.refuse_pictures(layer, self._is_too_much)
            if hasattr(layer.events, "locked_data_level"):
                layer.events.locked_data_level.connect(self._on_locked)
        self._decide()

    def _on_dims(self, _event: Any = None) -> None:
        self._decide()

    def _on_locked(self, event: Any) -> None:
        """Leave a layer alone whose level the user chose."""
        if not self._busy:
            self._locked.pop(event.source, None)
            self._left_alone.add(event.source)
            self._decide()

    # -- what is decided

    def _decide(self) -> None:
        session = self._session()
        viewer: Any = session.viewer if session is not None else None
        if session is None or viewer is None or session.is_closed or self._busy:
            return
        self._busy = True
        try:
            if viewer.dims.ndisplay == 3:
                self._go_deep(viewer)
            else:
                self._come_back(viewer)
        finally:
            self._busy = False

    def _come_back(self, viewer: Any) -> None:
        """Unlock what we locked."""
        for layer, level in list(self._locked.items()):
            if layer in viewer.layers and layer.locked_data_level == level:
                layer.locked_data_level = None
        self._locked.clear()
        self._left_alone, self._refused = weakref.WeakSet(), weakref.WeakSet()
        self._say(self._said_of_left_out(viewer))

    def _go_deep(self, viewer: Any) -> None:
        """Lock each volume to the level that fits."""
        shown = [layer for layer in viewer.layers if layer.visible and _has_pixels(layer)]
        free = [layer for layer in shown if self._is_ours_to_choose(viewer, layer)]
        others = [layer for layer in shown if layer not in free and not self._is_left_out(layer)]
        room = self._room(viewer).without(sum(self._drawn(viewer, layer).card_bytes for layer in others))
        layers = [tuple(_volumes(viewer, layer)) for layer in free]
        chosen = choose_levels(layers, room)
        self._refuse([layer for layer, level in zip(free, chosen, strict=True) if level is None])
        found = [(layer, level) for layer, level in zip(free, chosen, strict=True) if level is not None]
        for layer, level in found:
            self._lock(layer, level)
        nbytes = sum(levels[at].card_bytes for levels, at in zip(layers, chosen, strict=True) if at is not None)
        self._say(self._said_of_left_out(viewer) or _sentence(found, nbytes))

    def _is_left_out(self, layer: Any) -> bool:
        """Whether a layer of ours, whose level we do not choose, is not drawn."""
        return bool(levels_of(layer)) and self._is_too_much(layer, 3)

    def _is_ours_to_choose(self, viewer: Any, layer: Any) -> bool:
        """Whether a layer is a volume of several levels, of which the user chose none."""
        if layer in self._left_alone or not layer.multiscale or not levels_of(layer):
            return False
        locked = getattr(layer, "locked_data_level", -1)
        if locked is not None and self._locked.get(layer) != locked:
            return False
        axes = _axes_shown(viewer, layer)
        names = [layer.axis_labels[axis] for axis in axes]
        return len(axes) == 3 and "t" not in names and min(_volumes(viewer, layer)[0].shape) > 1

    def _lock(self, layer: Any, level: int) -> None:
        if self._locked.get(layer) != level or layer.locked_data_level != level:
            self._locked[layer] = level
            layer.locked_data_level = level

    def _refuse(self, layers: Iterable[Any]) -> None:
        before, self._refused = set(self._refused), weakref.WeakSet(layers)
        for layer in before ^ set(self._refused):
            if self._locked.pop(layer, None) is not None:
                layer.locked_data_level = None
            else:
                layer.refresh()

    # -- what fits

    def _room(self, viewer: Any) -> Room:
        session = self._session()
        if session is None:
            return Room(0, 0, 0)
        shown = sum(1 for layer in viewer.layers if layer.visible and levels_of(layer))
        return Room(
            self.card_bytes,
            int(session.session.loader.cache.limit * MEMORY_PART) // max(1, shown),
            seam.longest_volume_side(viewer),
        )

    def _drawn(self, viewer: Any, layer: Any) -> Volume:
        """Return what napari draws of a layer that we do not choose the level of."""
        locked = getattr(layer, "locked_data_level", None)
        return _volumes(viewer, layer)[-1 if locked is None else locked]

    def _is_too_much(self, layer: Any, ndisplay: int) -> bool:
        """Whether a layer is not to be drawn: in any thread that slices."""
        session = self._session()
        viewer: Any = session.viewer if session is not None else None
        if viewer is None or (ndisplay == 2 and getattr(layer, "locked_data_level", None) is None):
            return False
        if ndisplay == 3 and layer in self._refused:
            return True
        volume = self._drawn(viewer, layer)
        too_long = ndisplay == 3 and layer.multiscale and max(volume.shape) > seam.longest_volume_side(viewer)
        return too_long or volume.card_bytes > self.card_bytes

    # -- what is said

    def _said_of_left_out(self, viewer: Any) -> str:
        """Return why a layer is not drawn, empty where all are."""
        for layer in viewer.layers:
            if layer.visible and levels_of(layer) and self._is_too_much(layer, viewer.dims.ndisplay):
                return _too_much(layer.name, self._drawn(viewer, layer), self._room(viewer))
        return ""

    def _say(self, sentence: str) -> None:
        """Say something new, in the dock and the status bar; what does not hold any more is taken from there."""
        session = self._session()
        viewer: Any = session.viewer if session is not None else None
        if session is None or viewer is None or sentence == self._said:
            return
        if sentence:
            session.said.emit(sentence)
        if sentence or viewer.status == self._said:
            viewer.status = sentence or "Ready"
        self._said = sentence


def _has_pixels(layer: Any) -> bool:
    from napari.layers import Image, Labels

    return isinstance(layer, Image | Labels)


def _axes_shown(viewer: Any, layer: Any) -> list[int]:
    """Return the axes of a layer that the viewer shows, in the viewer's order."""
    offset = viewer.dims.ndim - layer.ndim
    return [axis - offset for axis in viewer.dims.displayed if axis >= offset]


def _volumes(viewer: Any, layer: Any) -> list[Volume]:
    """Return the levels of any layer as volumes (or planes), finest first."""
    axes = _axes_shown(viewer, layer)
    card = _card_bytes(layer)
    levels = list(layer.data) if layer.multiscale else [layer.data]
    chunks = [getattr(level, "chunks", level.shape) for level in levels]
    return [
        volume_of(level.shape, chunk if levels_of(layer) else level.shape, axes, level.dtype, card)
        for level, chunk in zip(levels, chunks, strict=True)
    ]


def _card_bytes(layer: Any) -> int:
    """Return the bytes of a pixel on the graphics card."""
    if hasattr(layer, "contrast_limits"):
        samples = prod(layer.data[0].shape[layer.ndim :]) if layer.multiscale else prod(layer.data.shape[layer.ndim :])
        return card_itemsize(layer.dtype) * samples
    colors = getattr(layer.colormap, "color_dict", None) or layer.colormap.colors
    return 1 if len(colors) < 1 << 8 else 2 if len(colors) < 1 << 16 else 4


def _sentence(found: list[tuple[Any, int]], nbytes: int) -> str:
    """Return what is shown in 3-D, in one sentence; empty where nothing is."""
    if not found:
        return ""
    levels = sorted({(level, len(layer.data)) for layer, level in found})
    if all(level == 0 for level, _ in levels):
        return f"Showing the finest level in 3-D, {said_bytes(nbytes)}."
    if len(levels) == 1:
        level, count = levels[0]
        return f"Showing level {level} of {count} in 3-D, {said_bytes(nbytes)}; {MORE}."
    return f"Showing levels {levels[0][0]} to {levels[-1][0]} in 3-D, {said_bytes(nbytes)} together; {MORE}."


def _too_much(name: str, volume: Volume, room: Room) -> str:
    """Return why something is not drawn, and what to do."""
    if max(volume.shape) > room.side:
        why = f"it is longer than the {room.side:,} pixels that the graphics card takes in 3-D"
    elif volume.card_bytes > room.card_bytes:
        why = (
            f"it needs {said_bytes(volume.card_bytes)}, more than the {said_bytes(room.card_bytes)} of graphics memory"
        )
    elif volume.memory_bytes > room.memory_bytes:
        why = f"its chunks need {said_bytes(volume.memory_bytes)}, too much for the memory for pixels"
    else:
        why = f"there is no room for its {said_bytes(volume.card_bytes)} beside what else is shown"
    return f"{name} is not drawn: {why}; draw a box in 2-D and load it, or raise the limit in the preferences."
