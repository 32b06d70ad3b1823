"""Keeps the layers of one viewer filling in: what a slice missed is asked for, what came is drawn."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from psygnal import Signal
from superqt.utils import QSignalDebouncer, QSignalThrottler

from napari_idr.errors import Cancelled, NapariIdrError
from napari_idr.streaming.level import Wishes
from napari_idr.streaming.loader import PREFETCH, Want
from napari_idr.streaming.look_ahead import COARSE_PLANES_AHEAD, Travel, is_flat, ring

from . import napari_seam as seam
from .full_collections import full_collections
from .main_thread import in_main_thread, soon_in_main_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Layer

    from napari_idr.streaming.chunks import Box
    from napari_idr.streaming.level import Level
    from napari_idr.streaming.loader import ChunkLoader

    from .motion import Motion

_log = logging.getLogger(__name__)

FRAME_MS = 33
"""Shortest time between two redraws. Measured: any rate from 5 to 60 per second keeps the window as lively as
napari alone; half of that leaves room for panning."""


SLOWEST_MS = 200
"""Longest time between two redraws while something comes, however slow the graphics are."""

MANY, MANY_MS = 64, 120
"""While so many things are to come each picture shows little more than the last one: so long between two redraws.
Measured with a plate of 384 wells: drawing took as much of the processor as fetching."""

TURN_SECONDS = 0.012
"""A turn of the event loop that has spent so long on redraws leaves the other layers to the next one."""

TURN_MS = 1
"""Between two such turns: the window is drawn, and what the user did meanwhile is answered. With 0 they were one."""

REST_MS = 150
"""A view that rests this long asks for the metadata it lacks: one passed through on the way asks for none."""

LISTEN_MS = 30
"""After that, so long for moves that waited while the window was drawn: where a frame takes longer than a rest, every
view would be taken for one that rests, and what it asks for makes the next frame slower still."""

AGAIN_SECONDS = 0.05
"""What becomes known of a plate within this time is asked for together."""

AHEAD_MS = 150
"""After a redraw, at most so often, what may be looked at next is thought about."""

AHEAD_PART = 0.2
"""Of the memory for pixels that may be filled with what may be looked at next."""

MEMORY_PART = 0.6
"""Of the memory for pixels that views on screen may fill together. Coarser pictures beneath them need a third more;
beyond that, chunks in view would drive each other out and be fetched for ever."""


class LayerStream:
    """One layer: what it lacks now.

    ``budget`` says how many bytes its view may hold; ``on_drawn`` is told when each slice began and whether it
    looked elsewhere, ``on_looked`` that one lacked nothing, ``on_asks`` that metadata are missing, ``on_unpainted``
    that another redraw will show more, ``on_too_much`` once that the view needs more memory than that.
    """

    def __init__(
        self,
        layer: Layer,
        loader: ChunkLoader,
        budget: Callable[[], int],
        on_drawn: Callable[[LayerStream, float, bool], None],
        on_looked: Callable[[], None],
        on_asks: Callable[[], None],
        on_unpainted: Callable[[LayerStream], None],
        on_too_much: Callable[[LayerStream], None],
    ) -> None:
        self._layer = weakref.ref(layer)
        self._loader = loader
        self._budget, self._on_drawn = budget, on_drawn
        self._on_looked, self._on_asks = on_looked, on_asks
        self._on_unpainted, self._on_too_much = on_unpainted, on_too_much
        self._wanted = 0
        self._told_too_much = False
        self._asks: dict[Any, Callable[[], None]] = {}
        self._lock = threading.Lock()
        self._newest = -1
        self._travel = Travel()
        self._seen: list[tuple[Level, Box]] = []
        self._ahead = object()
        """As whom the loader knows what is fetched ahead."""
        self._missing: set[Any] = set()
        """What the newest slice lacks."""
        self._shown: set[Any] = set()
        """What the picture on screen lacks: where slicing is asynchronous, that of an earlier slice."""
        self._coming: dict[int, set[Any]] = {}
        """What slices lack that were made in napari's thread and are not shown yet, by request."""
        self.fit_contrast_when_complete = False
        self.is_redrawn = False
        """While we redraw it ourselves: what napari asks for else may follow in such a redraw."""
        self.hooked = seam.install(layer, self._on_sliced, lambda: not self.is_redrawn and seam.redraws_follow())
        seam.guard_values(layer, self._lacks)
        seam.guard_range(layer, lambda: not self._shown, self._on_contrast_wanted)

    @property
    def layer(self) -> Layer | None:
        """The layer, None once it is gone."""
        return self._layer()

    @property
    def missing(self) -> int:
        """Number of chunks and metadata that the picture on screen still lacks."""
        return len(self._shown)

    @property
    def stands_in(self) -> bool:
        """Whether a large finer picture waits for a redraw of ours."""
        return seam.STANDS_IN in self._missing

    @property
    def to_come(self) -> int:
        """Number of those that are on their way: neither failed nor too much for the memory."""
        return max(0, min(self._wanted - self._loader.failures(self), self.missing))

    def stop(self) -> None:
        """Want nothing any more."""
        self._missing, self._shown, self._coming = set(), set(), {}
        self._asks, self._wanted, self._seen = {}, 0, []
        self._loader.forget(self)
        self._loader.forget(self._ahead)
        self._loader.cache.look(self, ())

    def _on_sliced(self, wishes: Wishes, request: int) -> None:
        full_collections.stir()
        with self._lock:
            if request < self._newest:
                return  # a view that was left is drawn late
            self._newest = request
            self._missing = {*wishes.chunks, *wishes.metadata, *wishes.unpainted}
            if threading.current_thread() is threading.main_thread():
                self._shown, self._coming = self._missing, {}
            else:
                self._coming[request] = self._missing
            self._asks = wishes.metadata
            moved, self._seen = wishes.seen[:1] != self._seen[:1], wishes.seen
            for level, box in wishes.seen[:1]:
                self._travel.note(level, box)
        self._on_drawn(self, wishes.began, moved)
        self._loader.cache.look(self, {*wishes.here, *wishes.chunks})
        wants = _affordable(list(wishes.chunks.values()), self._budget(), wishes.held)
        self._wanted = len(wants) + len(wishes.metadata) + len(wishes.unpainted)
        self._loader.show(self, wants, moved=moved)
        if wants:
            self._loader.forget(self._ahead)  # what is in view has the line to itself
        else:
            self._on_looked()
        if wishes.unpainted:
            self._on_unpainted(self)
        if wishes.metadata:
            self._on_asks()
        if len(wants) < len(wishes.chunks) and not self._told_too_much:
            self._told_too_much = True
            self._on_too_much(self)

    def note_shown(self, request: int) -> bool:
        """Say which slice is on screen; return whether one came that was made in napari's thread. GUI thread only."""
        with self._lock:
            missing = self._coming.get(request)
            if missing is None:
                return False
            self._shown = missing
            self._coming = {other: lacks for other, lacks in self._coming.items() if other > request}
            return True

    def ask(self) -> None:
        """Ask for the metadata that the last picture lacked."""
        for ask in self._asks.values():
            ask()

    @property
    def seen(self) -> tuple[Level, Box] | None:
        """What is on screen: a level and a box of it; None before the first picture."""
        return self._seen[0] if self._seen else None

    def look_again(self) -> None:
        """Want what is in view of what became known since it was drawn, without a picture (loader's thread)."""
        seen = self.seen
        if seen is not None:
            wishes = Wishes()
            seen[0].want(seen[1], wishes)
            with suppress(Cancelled):  # closed meanwhile
                wants = _affordable(list(wishes.chunks.values()), self._budget(), wishes.held)
                self._loader.show(self, wants, moved=False)

    def look_ahead(self) -> None:
        """Have fetched what may be looked at next, once the view itself is complete (loader's thread)."""
        if self._missing:
            return
        wants: dict[Any, Want] = {}
        for rank, (level, box) in enumerate(self._next_boxes()):
            wishes = Wishes()
            level.want(box, wishes)
            for key, want in wishes.chunks.items():
                wants.setdefault(key, Want(want.chunk, (PREFETCH, float(rank), want.priority[2])))
        with suppress(Cancelled):  # closed meanwhile
            self._loader.show(self._ahead, _affordable(list(wants.values()), self._budget_ahead(), 0))

    def _next_boxes(self) -> list[tuple[Level, Box]]:
        """Return what may be looked at next, soonest first: coarse planes, planes as they are seen, the ring."""
        seen = [(level, box) for level, box in self._seen if is_flat(box)]
        if not seen:
            return []
        (level, box), (coarsest, plane) = seen[0], seen[-1]
        found = [(level, ahead) for ahead in self._travel.boxes(level, box)]
        if coarsest is not level:
            coarse = self._travel.boxes(coarsest, plane, COARSE_PLANES_AHEAD)
            found[1:1] = [(coarsest, ahead) for ahead in coarse]
        return [*found, (level, ring(level, box))]

    def _budget_ahead(self) -> int:
        return int(self._budget() * AHEAD_PART / MEMORY_PART)

    def _lacks(self, point: tuple[int, ...]) -> bool:
        layer = self.layer
        if not self._shown or layer is None:
            return False
        if seam.STANDS_IN in self._shown:
            return True
        level = layer.data[layer.data_level] if layer.multiscale else layer.data
        return level.locate(point) in self._shown

    def _on_contrast_wanted(self) -> None:
        self.fit_contrast_when_complete = True


def _affordable(wants: list[Want], budget: int, held: int) -> list[Want]:
    """Return the most pressing wants that fit into memory beside what the view holds; a whole slide does not.

    A first large chunk may take what is meant for coarser pictures, too.
    """
    wants.sort(key=lambda want: want.priority)
    taken: list[Want] = []
    for want in wants:
        room = budget if taken or held else budget / MEMORY_PART
        held += want.chunk.array.chunk_nbytes
        if held > room:
            break
        taken.append(want)
    return taken


class Streams:
    """All streamed layers of one viewer, redrawn together, at most once per frame, only where something came."""

    progress = Signal(int, int)
    """Things to come in the current view, and chunks in flight; emitted in the GUI thread after each redraw."""
    failed = Signal(str, Exception)
    """Name of a layer, and why part of it stays coarse; emitted in the GUI thread, once per view."""

    def __init__(self, loader: ChunkLoader, motion: Motion) -> None:
        self._loader = loader
        self._streams: weakref.WeakKeyDictionary[Layer, LayerStream] = weakref.WeakKeyDictionary()
        self._dirty: dict[LayerStream, float] = {}
        """Whose picture lacks what came, and when the last of it came."""
        self._due: dict[LayerStream, float] = {}
        """Those of them that are being redrawn, a few per turn of the event loop."""
        self._turning = self._closed = False
        self._moves = 0
        """Number of slices that looked elsewhere than the one before."""
        self._again: frozenset[LayerStream] = frozenset()
        self._later: dict[str, Callable[[], None]] = {}
        self._lock = threading.Lock()
        self._posted = False
        self._drawn = 0.0
        """When the last redraw began."""
        self._is_slow = False
        """Whether it took longer than a turn of the event loop should."""
        self.motion = motion
        self._throttler = QSignalThrottler()
        self._throttler.setTimeout(FRAME_MS)
        self._throttler.triggered.connect(self._redraw)
        self._rest = QSignalDebouncer()
        self._rest.setTimeout(REST_MS)
        self._rest.triggered.connect(self._listen)
        self._ahead = QSignalThrottler()
        self._ahead.setTimeout(AHEAD_MS)
        self._ahead.triggered.connect(self._look_ahead)
        loader.arrived.connect(self._on_arrived)
        loader.failed.connect(self._on_failed)

    def watch(self, layer: Layer) -> LayerStream:
        """Have a layer of ours drawn from what is known. GUI thread only."""
        known = self._streams.get(layer)
        if known is not None:
            return known
        stream = self._streams[layer] = LayerStream(
            layer,
            self._loader,
            self._budget,
            self._on_sliced,
            self._on_looked,
            self._on_asks,
            self._on_unpainted,
            self._on_too_much,
        )
        layer.events.visible.connect(self._on_visible)
        layer.events.data.connect(self._on_data)
        layer.events.set_data.connect(self._on_shown)
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
        """Draw layers again soon, because more is known of them. From any thread.

        What they lack is asked for at once, however busy the window is.
        """
        streams = frozenset(stream for layer in layers if (stream := self._streams.get(layer)) and layer.visible)
        self._on_arrived(streams)
        with self._lock:
            asks, self._again = not self._again, self._again | streams
        if asks and streams:
            self._loader.soon(self._look_again)

    def later(self, name: str, function: Callable[[], None]) -> None:
        """Call something in the GUI thread with the next redraw, once however often it was asked for."""
        with self._lock:
            self._later[name] = function
            if self._posted:
                return
            self._posted = True
        in_main_thread(self._throttle)

    @property
    def missing(self) -> int:
        """Number of things that the pictures on screen still lack."""
        return sum(stream.missing for stream in list(self._streams.values()))

    def close(self) -> None:
        """Stop everything. GUI thread only."""
        self._closed = True
        self._loader.arrived.disconnect(self._on_arrived)
        self._loader.failed.disconnect(self._on_failed)
        full_collections.release()
        for stream in list(self._streams.values()):
            stream.stop()
        for timer in (self._throttler, self._rest, self._ahead):
            with suppress(RuntimeError):  # Qt went first: the program is ending
                timer.cancel()
                timer.deleteLater()

    def _look_ahead(self) -> None:
        for stream in list(self._streams.values()):
            layer = stream.layer
            if layer is not None and layer.visible:
                self._loader.soon(stream.look_ahead)

    # -- from the loader's thread

    def _look_again(self) -> None:
        """Let wells gather for a moment: each look costs as much as there are fields in view."""
        self._loader.in_seconds(AGAIN_SECONDS, self._look_again_now)

    def _look_again_now(self) -> None:
        with self._lock:
            streams, self._again = self._again, frozenset()
        for stream in streams:
            stream.look_again()

    def _on_arrived(self, viewers: frozenset[Any]) -> None:
        full_collections.stir()
        with self._lock:
            now = time.perf_counter()
            self._dirty.update({viewer: now for viewer in viewers if isinstance(viewer, LayerStream)})
            if self._posted or not self._dirty:
                return
            self._posted = True
        soon_in_main_thread(self._throttle)

    def _on_failed(self, viewer: Any, error: Exception) -> None:
        if isinstance(viewer, LayerStream):
            in_main_thread(self._tell_failure, viewer, error)

    def _on_too_much(self, stream: LayerStream) -> None:
        limit = self._loader.cache.limit
        layer = stream.layer
        error = NapariIdrError(
            f"More is in view than the {limit >> 20} MB of memory for pixels hold",
            layer.name if layer is not None else "this view",
            "zoom in, hide layers, or raise it in the preferences",
        )
        in_main_thread(self._tell_failure, stream, error)

    def _budget(self) -> int:
        layers = [stream.layer for stream in list(self._streams.values())]
        shown = sum(1 for layer in layers if layer is not None and layer.visible)
        return int(self._loader.cache.limit * MEMORY_PART) // max(1, shown)

    def _on_sliced(self, stream: LayerStream, began: float, moved: bool) -> None:
        """Drop a redraw that napari made needless: a view that moves is drawn anew with all that came before."""
        with self._lock:
            self._moves += moved
            for waiting in (self._dirty, self._due):
                if waiting.get(stream, began) < began:
                    del waiting[stream]

    def _on_unpainted(self, stream: LayerStream) -> None:
        self._on_arrived(frozenset((stream,)))

    def _on_looked(self) -> None:
        soon_in_main_thread(self._ahead.throttle)

    def _on_asks(self) -> None:
        in_main_thread(self._rest.throttle)

    # -- in the GUI thread

    def _listen(self) -> None:
        seam.call_later(LISTEN_MS, partial(self._ask, self._moves))

    def _ask(self, moves: int) -> None:
        """Ask for metadata, where nothing moved since that many moves: else the next view asks for its own."""
        if moves == self._moves and not self._closed:
            for stream in list(self._streams.values()):
                stream.ask()

    def _throttle(self) -> None:
        with self._lock:
            self._posted = False
        self._throttler.throttle()
        if not self._loader.in_flight() and time.perf_counter() - self._drawn > FRAME_MS / 1000:
            self._throttler.flush()  # nothing more comes: this is the picture somebody waits for

    def _redraw(self) -> None:
        """Begin a redraw, in a turn of its own: napari may just have drawn the window in this one."""
        if not self._turning:
            self._turning = True
            seam.call_later(TURN_MS, partial(self._turn, None))

    def _turn(self, began: float | None) -> None:
        """Redraw layers for a moment; the others of this round follow in the next turns."""
        if self._closed:
            return
        now = self._drawn = time.perf_counter()
        try:
            if began is None:
                self._take_due()
            while (stream := self._next_due()) is not None:
                self._redraw_one(stream)
                if time.perf_counter() - now > TURN_SECONDS:
                    self._is_slow = True
                    break
            self._tell()
        finally:  # whoever listens to a layer and fails does not keep the others from being drawn
            if self._due:
                seam.call_later(TURN_MS, partial(self._turn, began or now))
            else:
                seam.call_later(0, partial(self._pace, began or now))  # comes round when the window is drawn

    def _take_due(self) -> None:
        """Do what was left for this redraw, and take what came until now.

        Where a redraw takes long, nothing while the camera moves: beside the frames themselves it would stop them.
        """
        with self._lock:
            is_slow = self._is_slow or any(stream.stands_in for stream in self._dirty)
            if not (is_slow and self.motion.lasts):
                self._due, self._dirty, self._is_slow = self._dirty, {}, False
            later, self._later = self._later, {}
        for function in later.values():
            function()

    def _next_due(self) -> LayerStream | None:
        with self._lock:
            stream = next(iter(self._due), None)
            self._due.pop(stream, None)  # type: ignore[arg-type]
            return stream

    def _pace(self, started: float) -> None:
        """Leave the window as much time for itself as the last redraw took."""
        self._turning = False
        took = (time.perf_counter() - started) * 1000
        with suppress(RuntimeError):  # closed meanwhile
            shortest = FRAME_MS if self._to_come() < MANY else MANY_MS
            self._throttler.setTimeout(min(SLOWEST_MS, max(shortest, int(2 * took))))
            if self._dirty or self._later:  # what came meanwhile
                self._throttler.throttle()

    def _redraw_one(self, stream: LayerStream) -> None:
        layer = stream.layer
        if layer is None or layer not in self._streams or not layer.visible:
            return
        stream.is_redrawn = True
        try:
            layer.refresh(extent=False, thumbnail=False, highlight=False)
        finally:
            stream.is_redrawn = False
        if layer.loaded and not stream.missing:  # once: what napari slices in its own thread brings its thumbnail
            seam.refresh_thumbnail(layer)

    def _on_shown(self, event: Any) -> None:
        """Do what waited for a complete picture: in this turn, or in a later one where slicing is asynchronous."""
        layer = event.source
        stream = self._streams.get(layer)
        if stream is None or self._closed:
            return
        is_later = stream.note_shown(seam.shown_request(layer))
        if stream.fit_contrast_when_complete and not stream.missing:
            stream.fit_contrast_when_complete = False
            layer.reset_contrast_limits("slice")
        if is_later:
            self._tell()

    def _on_visible(self, event: Any) -> None:
        stream = self._streams.get(event.source)
        if stream is not None and not event.source.visible:
            stream.stop()
            self._tell()

    def _on_data(self, event: Any) -> None:
        layer = event.source
        if seam.holds_levels(layer):
            seam.forget_snapshot(layer)

    def _to_come(self) -> int:
        return sum(stream.to_come for stream in list(self._streams.values()))

    def _tell(self) -> None:
        self.progress.emit(self._to_come(), self._loader.in_flight())

    def _tell_failure(self, stream: LayerStream, error: Exception) -> None:
        layer = stream.layer
        if layer is not None:
            self.failed.emit(layer.name, error)
