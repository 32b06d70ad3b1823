"""A box of an image at one of its levels: which pixels these are, and how they are read with progress and cancel."""

from __future__ import annotations

import itertools
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from math import ceil
from typing import TYPE_CHECKING

from .chunks import box_shape, chunk_count, slices
from .level import allocate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    import numpy as np

    from .chunks import Box
    from .level import Level

READERS = 4
"""Pieces read at a time."""

CHECK_SECONDS = 0.1
"""How long it may take until a read that nobody wants any more ends."""

PIECE_CHUNKS = 16
"""Chunks of a piece: with ``READERS``, as many are asked for at once as a host is ever asked for."""

MOST_CHUNKS = 500_000
"""Of one box: more of them are not pixels to compute on but a mistake."""


def box_at_level(box: Box, shape: Sequence[int], level_shape: Sequence[int]) -> Box:
    """Return the pixels of a level that a box of the finest level touches: at least one along each axis.

    Parameters
    ----------
    box
        Half-open, inside the finest level.
    shape, level_shape
        Of the finest level, and of the level wanted.
    """
    found = []
    for (start, stop), fine, coarse in zip(box, shape, level_shape, strict=True):
        first = min(start * coarse // fine, coarse - 1)
        found.append((first, max(first + 1, min(coarse, -(-stop * coarse // fine)))))
    return tuple(found)


def pieces_of(box: Box, chunks: Sequence[int], most: int = PIECE_CHUNKS) -> Iterator[Box]:
    """Yield parts of a box, of at most ``most`` whole chunks each, that fill it without touching a chunk twice."""
    steps: list[int] = []
    for (start, stop), chunk in reversed(list(zip(box, chunks, strict=True))):
        count = ceil(stop / chunk) - start // chunk
        steps.insert(0, max(1, min(most, count)) * chunk)
        most //= max(1, min(most, count))
    cuts = [
        [(max(start, at), min(stop, at + step)) for at in range(start // chunk * chunk, stop, step)]
        for (start, stop), chunk, step in zip(box, chunks, steps, strict=True)
    ]
    yield from itertools.product(*cuts)


def read_boxes(
    wanted: Sequence[tuple[Level, Box]],
    check: Callable[[], None],
    on_progress: Callable[[int, int], None],
) -> list[np.ndarray]:
    """Return the exact pixels of boxes, one array each. May block.

    Parameters
    ----------
    wanted
        Levels, and the box of each.
    check
        Called between pieces; raises in order to stop.
    on_progress
        Told how many chunks of how many have come.

    Raises
    ------
    NapariIdrError
        What ``check`` raised, or why a chunk could not be read; nothing is returned then.
    """
    total = sum(chunk_count(box, level.chunks) for level, box in wanted)
    arrays = [allocate(box, level.dtype) for level, box in wanted]
    todo = (
        (level, piece, array[slices(piece, box)])
        for (level, box), array in zip(wanted, arrays, strict=True)
        for piece in pieces_of(box, level.chunks)
    )
    done = 0
    pool = ThreadPoolExecutor(READERS, thread_name_prefix="napari-idr-box")
    running: set[Future[int]] = set()
    try:
        while True:
            check()
            running |= {pool.submit(_read_piece, *one) for one in itertools.islice(todo, READERS - len(running))}
            if not running:
                return arrays
            finished, running = wait(running, CHECK_SECONDS, FIRST_COMPLETED)
            if finished:
                done += sum(future.result() for future in finished)
                on_progress(done, total)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _read_piece(level: Level, piece: Box, out: np.ndarray) -> int:
    """Read a piece into its place and return how many chunks it had."""
    out[...] = level.read(piece).reshape(box_shape(piece))
    return chunk_count(piece, level.chunks)
