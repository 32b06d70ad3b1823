"""Keeps the layers of one viewer filling in: what a slice missed is asked for, what came is drawn."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from psygnal import Signal
from superqt.utils import QSignalDebouncer, QSignalThrottler, ensure_main_thread

from . import napari_seam as seam

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Layer

    from napari_idr.streaming.level import Wishes
    from napari_idr.streaming.loader import ChunkLoader, Want

_log = logging.getLogger(__name__)

FRAME_MS = 33
"""Shortest time between two redraws. Measured: any rate from 5 to 60 per second keeps the window as lively as
napari alone; half of that leaves room for panning."""


REST_MS = 150
"""A view that rests this long asks for the metadata it lacks: one passed through on the way asks for none."""


class LayerStream:
    """One layer: what it lacks now."""

    def __init__(self, layer: Layer, loader: ChunkLoader, on_asks: Callable[[], None]) -> None:
        self._layer = weakref.ref(layer)
        self._loader = loader
        self._on_asks = on_asks
        self._asks: dict[Any, Callable[[], None]] = {}
        self._lock = threading.Lock()
        self._newest = -1
        self._missing: set[Any] = set()
        self.fit_contrast_when_complete = False
        self.hooked = seam.install(layer, self._on_sliced)
        seam.guard_values(layer, self._lacks)
        seam.guard_range(layer, lambda: not self._missing, self._on_contrast_wanted)

    @property
    def layer(self) -> Layer | None:
        """The layer, None once it is gone."""
        return self._layer()

    @property
    def missing(self) -> int:
        """Number of chunks and metadata that the picture on screen still lacks."""
        return len(self._missing)

    def stop(self) -> None:
        """Want nothing any more."""
        self._missing, self._asks = set(), {}
        self._loader.forget(self)

    def _on_sliced(self, wishes: Wishes, request: int) -> None:
        with self._lock:
            if request < self._newest:
                return  # a view that was left is drawn late
            self._newest = request
            self._missing = {*wishes.chunks, *wishes.metadata}
            self._asks = wishes.metadata
        self._loader.show(self, _affordable(list(wishes.chunks.values()), self._loader.cache.limit // 2))
        if wishes.metadata:
            self._on_asks()

    def ask(self) -> None:
        """Ask for the metadata that the last picture lacked."""
        for ask in self._asks.values():
            ask()

    def _lacks(self, point: tuple[int, ...]) -> bool:
        layer = self.layer
        if not self._missing or layer is None:
            return False
        level = layer.data[layer.data_level] if layer.multiscale else layer.data
        return level.locate(point) in self._missing

    def _on_contrast_wanted(self) -> None:
        self.fit_contrast_when_complete = True


def _affordable(wants: list[Want], most_bytes: int) -> list[Want]:
    """Return the most pressing wants that fit into memory together; a whole slide at full size does not."""
    wants.sort(key=lambda want: want.priority)
    taken: list[Want] = []
    total = 0
    for want in wants:
        total += want.chunk.array.chunk_nbytes
        if total > most_bytes and taken:
            break
        taken.append(want)
    return taken


class Streams:
    """All streamed layers of one viewer, redrawn together, at most once per frame, only where something came."""

    progress = Signal(int, int)
    """Things missing in the current view, and chunks in flight; emitted in the GUI thread after each redraw."""
    failed = Signal(str, Exception)
    """Name of a layer, and why part of it stays coarse; emitted in the GUI thread, once per view."""

    def __init__(self, loader: ChunkLoader) -> None:
        self._loader = loader
        self._streams: weakref.WeakKeyDictionary[Layer, LayerStream] = weakref.WeakKeyDictionary()
        self._dirty: set[LayerStream] = set()
        self._later: dict[str, Callable[[], None]] = {}
        self._lock = threading.Lock()
        self._posted = False
        self._throttler = QSignalThrottler()
        self._throttler.setTimeout(FRAME_MS)
        self._throttler.triggered.connect(self._redraw)
        self._rest = QSignalDebouncer()
        self._rest.setTimeout(REST_MS)
        self._rest.triggered.connect(self._ask)
        loader.arrived.connect(self._on_arrived)
        loader.failed.connect(self._on_failed)

    def watch(self, layer: Layer) -> LayerStream:
        """Have a layer of ours drawn from what is known. GUI thread only."""
        known = self._streams.get(layer)
        if known is not None:
            return known
        stream = self._streams[layer] = LayerStream(layer, self._loader, self._on_asks)
        layer.events.visible.connect(self._on_visible)
        layer.events.data.connect(self._on_data)
        if not stream.hooked:
            _log.warning("This napari cannot draw while data come: %s is read completely first.", layer.name)
        return stream

    def stream_of(self, layer: Layer) -> LayerStream | None:
        """Return the stream of a layer, None where it is not ours."""
        return self._streams.get(layer)

    def forget(self, layer: Layer) -> None:
        """Stop streaming into a layer that was removed."""
        stream = self._streams.pop(layer, None)
        if stream is not None:
            stream.stop()
            self._tell()

    def touch(self, layers: list[Layer]) -> None:
        """Draw layers again soon, because more is known of them. From any thread."""
        self._on_arrived(frozenset(stream for layer in layers if (stream := self._streams.get(layer))))

    def later(self, name: str, function: Callable[[], None]) -> None:
        """Call something in the GUI thread with the next redraw, once however often it was asked for."""
        with self._lock:
            self._later[name] = function
            if self._posted:
                return
            self._posted = True
        _in_main_thread(self._throttle)

    @property
    def missing(self) -> int:
        """Number of things that the pictures on screen still lack."""
        return sum(stream.missing for stream in list(self._streams.values()))

    def close(self) -> None:
        """Stop everything. GUI thread only."""
        self._loader.arrived.disconnect(self._on_arrived)
        self._loader.failed.disconnect(self._on_failed)
        for stream in list(self._streams.values()):
            stream.stop()
        for timer in (self._throttler, self._rest):
            timer.cancel()
            timer.deleteLater()

    # -- from the loader's thread

    def _on_arrived(self, viewers: frozenset[Any]) -> None:
        with self._lock:
            self._dirty.update(viewer for viewer in viewers if isinstance(viewer, LayerStream))
            if self._posted or not self._dirty:
                return
            self._posted = True
        _in_main_thread(self._throttle)

    def _on_failed(self, viewer: Any, error: Exception) -> None:
        if isinstance(viewer, LayerStream):
            _in_main_thread(self._tell_failure, viewer, error)

    def _on_asks(self) -> None:
        _in_main_thread(self._rest.throttle)

    # -- in the GUI thread

    def _ask(self) -> None:
        for stream in list(self._streams.values()):
            stream.ask()

    def _throttle(self) -> None:
        with self._lock:
            self._posted = False
        self._throttler.throttle()

    def _redraw(self) -> None:
        started = time.perf_counter()
        with self._lock:
            dirty, self._dirty = self._dirty, set()
            later, self._later = self._later, {}
        for function in later.values():
            function()
        for stream in dirty:
            self._redraw_one(stream)
        took = (time.perf_counter() - started) * 1000
        self._throttler.setTimeout(max(FRAME_MS, int(2 * took)))
        self._tell()

    def _redraw_one(self, stream: LayerStream) -> None:
        layer = stream.layer
        if layer is None or layer not in self._streams or not layer.visible:
            return
        layer.refresh(extent=False, thumbnail=False, highlight=False)
        if not stream.missing:
            layer.refresh(extent=False, data_displayed=False, highlight=False)  # its thumbnail, once
        if stream.fit_contrast_when_complete and not stream.missing:
            stream.fit_contrast_when_complete = False
            layer.reset_contrast_limits("slice")

    def _on_visible(self, event: Any) -> None:
        stream = self._streams.get(event.source)
        if stream is not None and not event.source.visible:
            stream.stop()
            self._tell()

    def _on_data(self, event: Any) -> None:
        layer = event.source
        if seam.holds_levels(layer):
            seam.forget_snapshot(layer)

    def _tell(self) -> None:
        self.progress.emit(self.missing, self._loader.in_flight())

    def _tell_failure(self, stream: LayerStream, error: Exception) -> None:
        layer = stream.layer
        if layer is not None:
            self.failed.emit(layer.name, error)


def _in_main_thread(function: Any, *arguments: Any) -> None:
    ensure_main_thread(function, await_return=False)(*arguments)
