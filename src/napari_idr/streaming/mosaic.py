"""A plate as one image: a level over the levels of many fields, which may differ and may not be known yet."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_idr.errors import FormatError

from .canvas import PAINTED_AT_ONCE, Beneath, Canvas, enlarged
from .chunks import box_shape
from .field_piece import piece_of
from .level import Level, Pending, Wishes, allocate

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from .chunk_cache import ChunkKey
    from .chunks import Box
    from .field_piece import FieldLevels, MosaicAxes, Piece
    from .mosaic_layout import FieldKey, Layout, Slot

CANVAS_PIXELS = 4 << 20
"""Levels up to this size keep what was painted: an overview of 384 wells costs what arrived, not 384 pastes."""

KEPT_PLANES = 3

KEPT_PIECES = 10_000
"""Geometries of fields: two planes of a plate of 1536 wells with a few fields each."""


class Fields(Protocol):
    """Where a mosaic finds its fields; implemented in ``readers.plate``."""

    def known(self, key: FieldKey) -> FieldLevels | None:
        """Return what is known of a field now, None while nothing is; never waits."""
        ...

    def ask(self, key: FieldKey, complete: bool) -> None:
        """Ask for a field's metadata, for all of them or just enough to show it from afar; never waits."""
        ...

    def holds(self, key: ChunkKey) -> bool:
        """Whether a chunk is in memory."""
        ...

    def wait(self, keys: Sequence[FieldKey]) -> Mapping[FieldKey, FieldLevels]:
        """Return all of the fields' metadata. May block; raises where it could not be read."""
        ...


class MosaicLevel(Level):
    """One level of a plate: canvas pixels ``factor`` to one, over the levels of its fields.

    Parameters
    ----------
    layout
        Where the fields lie.
    fields
        What is known of them.
    axes
        Axes before y and x, with lengths; a field with fewer planes is empty beyond them.
    factor
        Canvas pixels per pixel of this level, for y and x alike.
    dtype
        Type of the pixels; a field of a type that does not fit is refused when read exactly.
    tile
        Chunk of the fields, (y, x), in pixels of this level: the unit in which napari asks.
    coarser
        The next level of the same mosaic: what a plane of this one begins as.
    """

    def __init__(
        self,
        layout: Layout,
        fields: Fields,
        axes: MosaicAxes,
        factor: float,
        dtype: np.dtype[Any],
        tile: tuple[int, int] = (512, 512),
        coarser: MosaicLevel | None = None,
    ) -> None:
        self.layout, self.fields, self.axes, self.factor = layout, fields, axes, factor
        self.coarser = coarser
        plane = (ceil(layout.height / factor), ceil(layout.width / factor))
        self.shape = (*(length for _, length in axes.leading), *plane)
        self.dtype = np.dtype(dtype)
        self.chunks = (*(1 for _ in axes.leading), *(min(t, s) for t, s in zip(tile, plane, strict=True)))
        self._canvases: OrderedDict[tuple[int, ...], Canvas] = OrderedDict()
        self._pieces: OrderedDict[tuple[FieldKey, Box], tuple[FieldLevels, Piece | None]] = OrderedDict()
        self._wished: dict[FieldKey, _Wished] = {}

    # -- exact

    def begin(self, box: Box) -> Pending:
        """Start an exact read; where it waits for metadata it does so in ``result()``."""
        return _MosaicRead(self, box)

    def pieces(self, box: Box, known: Mapping[FieldKey, FieldLevels]) -> list[Piece]:
        """Return what each field contributes to an exact read of a box."""
        found = []
        for slot in self._slots(box):
            levels = known[slot.key]
            if levels.levels:
                self._check_fits(slot, levels)
                piece = self._piece(slot, levels, box)
                if piece is not None:
                    found.append(piece)
        return found

    def _check_fits(self, slot: Slot, levels: FieldLevels) -> None:
        height, width = levels.extent
        if height > slot.height or width > slot.width:
            what = f"Field {slot.key[1]} of well {slot.key[0]} is larger than its place ({height} x {width} pixels)"
        elif not np.can_cast(levels.levels[0].dtype, self.dtype, "safe"):
            what = f"Field {slot.key[1]} of well {slot.key[0]} holds {levels.levels[0].dtype}, not {self.dtype}"
        else:
            return
        raise FormatError(what, "this view of the plate", "open the plate again, its layout is known better now")

    # -- for display

    def best(self, box: Box, wishes: Wishes) -> np.ndarray:
        """Return what is known of a box; wish for chunks and for the metadata of fields not known yet."""
        canvas = self._canvas(box)
        slots = self._slots(box)
        if canvas is None:
            return self._compose(slots, box, wishes)
        if self.layout.overlaps:
            for slot in slots:  # in file order: painting one has those above it painted again
                self._paint(slots=[slot], box=box, canvas=canvas, wishes=wishes)
        else:
            self._paint(slots, box, canvas, wishes)
        (y0, y1), (x0, x1) = box[-2:]
        return canvas.pixels[..., y0:y1, x0:x1].copy()

    def want(self, box: Box, wishes: Wishes) -> None:
        """Wish for the chunks of a box that are not here, of the fields that are known."""
        whole = self._whole(box) if self._fits_a_canvas(box) else None
        for slot in self._slots(box):
            known = self.fields.known(slot.key)
            if known is not None and known.levels:
                self._wished_of(slot, known, box, whole).renew(wishes, self.fields.holds)

    def _wished_of(self, slot: Slot, known: FieldLevels, box: Box, whole: Box | None) -> _Wished:
        """Return what was wished of a field when the same was looked at before; made anew where that is out of date."""
        kept = self._wished.get(slot.key)
        if kept is not None and kept.known is known and kept.box == box and kept.is_true(self.fields.holds):
            return kept
        lacks = Wishes(distance=self._distance(slot, box))
        piece = self._piece(slot, known, box) if whole is None else self._whole_piece(slot, known, whole)
        if piece is not None:
            piece.level.want(piece.box, lacks)
        made = _Wished(known, box, lacks)
        if whole is not None:  # an overview: every field of the plate, again and again while it fills in
            self._wished[slot.key] = made
        return made

    def locate(self, point: tuple[int, ...]) -> Hashable | None:
        """Return the key of the chunk, or of the field not known yet, that holds a point."""
        box = tuple((place, place + 1) for place in point)
        for slot in reversed(self._slots(box)):
            known = self.fields.known(slot.key)
            if self._lacks_metadata(known):
                return slot.key
            piece = self._piece(slot, known, box) if known is not None and known.levels else None
            if piece is not None:
                take = [0 if positions is None else int(positions[0]) for positions in piece.take]
                starts = [start for start, _ in piece.box]
                return piece.level.locate((*starts[:-2], starts[-2] + take[0], starts[-1] + take[1]))
        return None

    def _canvas(self, box: Box) -> Canvas | None:
        if not self._fits_a_canvas(box):
            return None
        at = tuple(start for start, _ in box[:-2])
        canvas = self._canvases.pop(at, None) or self._new_canvas(at)
        self._canvases[at] = canvas
        while len(self._canvases) > KEPT_PLANES:
            self._canvases.popitem(last=False)
        return canvas

    def _fits_a_canvas(self, box: Box) -> bool:
        return self.shape[-2] * self.shape[-1] <= CANVAS_PIXELS and all(e - s == 1 for s, e in box[:-2])

    def _whole(self, box: Box) -> Box:
        """Return the plane of a box in its whole width and height."""
        return (*box[:-2], (0, self.shape[-2]), (0, self.shape[-1]))

    def _whole_piece(self, slot: Slot, known: FieldLevels, whole: Box) -> Piece | None:
        """Return the geometry of a whole field in one plane, made once per state of knowledge."""
        at = (slot.key, whole[:-2])
        kept = self._pieces.get(at)
        if kept is None or kept[0] is not known:
            kept = self._pieces[at] = (known, self._piece(slot, known, whole))
            while len(self._pieces) > KEPT_PIECES:
                self._pieces.popitem(last=False)
        return kept[1]

    def _new_canvas(self, at: tuple[int, ...]) -> Canvas:
        """Return a plane that begins as the coarser one enlarged, where that is known."""
        shape = (*(1 for _ in at), *self.shape[-2:])
        below = self.coarser
        kept = below._canvases.get(at) if below is not None else None  # noqa: SLF001 - the same class
        ratio = below.factor / self.factor if below is not None else 0.0
        if kept is None or self.layout.overlaps or ratio != int(ratio):
            return Canvas(np.zeros(shape, self.dtype))
        return Canvas(enlarged(kept.pixels, shape), based=True)

    def _paint(self, slots: list[Slot], box: Box, canvas: Canvas, wishes: Wishes) -> None:
        """Paint the first fields of which something came, and note that others are to follow."""
        due: list[tuple[Slot, FieldLevels]] = []
        for slot in slots:
            known = self.fields.known(slot.key)
            if canvas.is_painted(slot.key, known):
                continue
            lacks = canvas.still_lacks(slot.key, known, self._has_come)
            if lacks is not None:
                wishes.add(lacks)
            elif known is None:  # nothing to paint
                wishes.add(self._paint_once(slot, known, box, canvas))
            else:
                due.append((slot, known))
        if len(due) > PAINTED_AT_ONCE:
            due.sort(key=lambda pair: self._distance(pair[0], box))
            wishes.unpainted.update(slot.key for slot, _ in due[PAINTED_AT_ONCE:])
        for slot, known in due[:PAINTED_AT_ONCE]:
            wishes.add(self._paint_once(slot, known, box, canvas))

    def _has_come(self, lacks: Wishes) -> bool:
        return any(self.fields.holds(key) for key in lacks.chunks)

    def _paint_once(self, slot: Slot, known: FieldLevels | None, box: Box, canvas: Canvas) -> Wishes:
        lacks = Wishes(distance=self._distance(slot, box))
        self._ask(slot, known, lacks)
        piece = None
        if known is not None and known.levels:
            piece = self._whole_piece(slot, known, self._whole(box))
        ground = self._ground(slot, self._whole(box))
        if canvas.paint(slot.key, known, piece, ground, lacks) and self.layout.overlaps:
            for above in self._above(slot):
                canvas.forget(above)
        return lacks

    def _above(self, slot: Slot) -> list[Slot]:
        """Return the fields that overlap one and lie above it."""
        near = list(self.layout.touching(slot.y, slot.y + slot.height, slot.x, slot.x + slot.width))
        return near[near.index(slot) + 1 :]

    def _compose(self, slots: list[Slot], box: Box, wishes: Wishes) -> np.ndarray:
        """Return a part of a level too large for a canvas: what is here of each field, else the coarser picture."""
        pieces, others = [], []
        for slot in slots:
            known = self.fields.known(slot.key)
            lacks = Wishes(distance=self._distance(slot, box))
            self._ask(slot, known, lacks)
            piece = self._piece(slot, known, box) if known is not None and known.levels else None
            if piece is not None:
                piece.level.want(piece.box, lacks)
            if piece is not None and (lacks.held or not lacks.chunks):
                pieces.append(piece)
            else:
                others.append((slot, piece))
            wishes.add(lacks)
        out = np.zeros(box_shape(box), self.dtype)
        beneath = self._beneath(box, wishes) if wishes.missing else None
        for slot, piece in others:
            if beneath is not None:
                beneath.fill(out, self._ground(slot, box))
            elif piece is not None:
                pieces.append(piece)
        for piece in pieces:
            out[piece.target] = piece.arrange(piece.level.best(piece.box, wishes), self.dtype)
        return out

    def _beneath(self, box: Box, wishes: Wishes) -> Beneath | None:
        """Return a box as the next coarser level knows it; None where fields do not lie on its grid."""
        below = self.coarser
        if below is None or self.layout.overlaps or not (below.factor / self.factor).is_integer():
            return None
        ratio = int(below.factor / self.factor)
        around = [(s // ratio, min(ceil(e / ratio), n)) for (s, e), n in zip(box[-2:], below.shape[-2:], strict=True)]
        scratch = Wishes()
        picture = below.best((*box[:-2], *around), scratch)
        wishes.unpainted |= scratch.unpainted
        if below.coarser is None:  # where nothing finer is known the coarsest comes first
            wishes.add(scratch)
        (y, _), (x, _) = ((s - a * ratio, a) for (s, _), (a, _) in zip(box[-2:], around, strict=True))
        return Beneath(picture, ratio, (y, x))

    def _lacks_metadata(self, known: FieldLevels | None) -> bool:
        return known is None or not (known.complete or known.reaches(self.factor))

    def _ask(self, slot: Slot, known: FieldLevels | None, wishes: Wishes) -> None:
        if self._lacks_metadata(known):
            wishes.metadata[slot.key] = partial(self.fields.ask, slot.key, known is not None)

    def _distance(self, slot: Slot, box: Box) -> float:
        (y0, y1), (x0, x1) = box[-2:]
        middle = ((y0 + y1) / 2 * self.factor, (x0 + x1) / 2 * self.factor)
        y = (slot.y + slot.height / 2 - middle[0]) / self.layout.pitch[0]
        x = (slot.x + slot.width / 2 - middle[1]) / self.layout.pitch[1]
        return 100 * (y * y + x * x)

    # -- geometry

    def _slots(self, box: Box) -> list[Slot]:
        (y0, y1), (x0, x1) = box[-2:]
        f = self.factor
        return list(self.layout.touching(y0 * f, y1 * f, x0 * f, x1 * f))

    def _ground(self, slot: Slot, box: Box) -> tuple[Any, ...]:
        """Return the place of a field in a box with the gap beside it, where a coarser pixel may reach."""
        sides = zip((slot.y, slot.x), (slot.height, slot.width), box[-2:], strict=True)
        ends = [
            (place, place + ceil(size / self.layout.align) * self.layout.align, s, e) for place, size, (s, e) in sides
        ]
        rect = (
            slice(max(0, ceil(a / self.factor) - s), max(0, min(e, ceil(b / self.factor)) - s)) for a, b, s, e in ends
        )
        return (Ellipsis, *rect)

    def _piece(self, slot: Slot, known: FieldLevels, box: Box) -> Piece | None:
        return piece_of(slot, known, box, self.factor, self.axes)


@dataclass(frozen=True, eq=False, slots=True)
class _Wished:
    """What a look at one field found and lacked."""

    known: FieldLevels
    box: Box
    lacks: Wishes

    def is_true(self, holds: Callable[[ChunkKey], bool]) -> bool:
        """Whether all that was found is there still."""
        return all(map(holds, self.lacks.here))

    def renew(self, wishes: Wishes, holds: Callable[[ChunkKey], bool]) -> None:
        """Wish for what has not come since."""
        wishes.here |= self.lacks.here
        wishes.held += self.lacks.held
        for key, want in self.lacks.chunks.items():
            if holds(key):
                wishes.found(key, want.chunk.array.chunk_nbytes)
            else:
                wishes.chunks[key] = want


@dataclass(frozen=True, slots=True)
class _MosaicRead:
    level: MosaicLevel
    box: Box

    def result(self) -> np.ndarray:
        out = allocate(self.box, self.level.dtype)
        keys = [slot.key for slot in self.level._slots(self.box)]  # noqa: SLF001 - the read half of the level
        pieces = self.level.pieces(self.box, self.level.fields.wait(keys))
        pending = [piece.level.begin(piece.box) for piece in pieces]
        for piece, read in zip(pieces, pending, strict=True):
            out[piece.target] = piece.arrange(read.result(), self.level.dtype)
        return out
