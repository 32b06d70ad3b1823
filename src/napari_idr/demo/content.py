"""The embedded repository's own content: painted on first start, kept in the user's cache folder.

Deterministic: the same version paints the same pixels on every machine. Complete or absent: it is painted
beside its place and moved there when everything is written.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from .content_catalogue import CATALOGUE_NAME, MOVIE_PATH, PLATE_PATH, SLIDE_PATH, content_catalogue
from .movie_content import MovieShape, write_movie
from .plate_content import PlateShape, write_plate
from .slide_content import SlideShape, write_slide
from .writer import write_json

FOLDER_NAME = "demonstration-3"
"""Changes whenever the painted content changes."""
ABANDONED = 3600.0
"""Seconds after which half-painted content of a process that died is removed."""

Progress = Callable[[int, int, str], None]
"""Called with steps done, steps in all, and what is being painted; from any thread."""


@dataclass(frozen=True, slots=True)
class ContentSize:
    """How much content is painted."""

    plate: PlateShape = field(default_factory=PlateShape)
    slide: SlideShape = field(default_factory=SlideShape)
    movie: MovieShape = field(default_factory=MovieShape)

    @classmethod
    def small(cls) -> ContentSize:
        """Return the same structure in a second or two, for tests: 3 x 4 wells of 128 pixels and the like."""
        return cls(
            PlateShape(rows=3, columns=4, side=128, levels=3),
            SlideShape(side=1024, chunk=128, tile=256),
            MovieShape(times=3, planes=4, side=64, nuclei=6),
        )

    @property
    def steps(self) -> int:
        """Number of progress steps."""
        tiles = (self.slide.side // self.slide.tile) ** 2
        return self.plate.rows * self.plate.columns * self.plate.fields + tiles + self.movie.times


def ensure_content(
    folder: Path | None = None, on_progress: Progress | None = None, *, size: ContentSize | None = None
) -> Path:
    """Return the folder of the demonstration content, painting it first where it is not there yet.

    Parameters
    ----------
    folder
        Folder to keep it in; the user's cache folder where None.
    on_progress
        Told of every step. May raise to stop: nothing half-painted is left.
    size
        How much to paint; only what is painted now, content already there is returned as it is.
    """
    parent = folder if folder is not None else _cache_folder()
    root = parent / FOLDER_NAME
    if (root / CATALOGUE_NAME).is_file():
        return root
    parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(parent)
    building = Path(tempfile.mkdtemp(prefix=f".{FOLDER_NAME}-", dir=parent))
    try:
        paint_content(building, size or ContentSize(), on_progress)
        _move(building, root)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return root


def paint_content(root: Path, size: ContentSize, on_progress: Progress | None = None) -> None:
    """Paint plate, time-lapse and slide into ``root`` and write their catalogue."""
    steps = _Steps(size.steps, on_progress)
    treatments = write_plate(root / PLATE_PATH, size.plate, lambda: steps.advance("Painting the plate"))
    write_movie(root / MOVIE_PATH, size.movie, lambda: steps.advance("Painting the time-lapse"))
    write_slide(root / SLIDE_PATH, size.slide, lambda: steps.advance("Painting the slide"))
    write_json(root / CATALOGUE_NAME, content_catalogue(treatments, size.plate, size.slide, size.movie))
    steps.finish("Ready")


class _Steps:
    """Counts steps of several threads and tells of each."""

    def __init__(self, total: int, on_progress: Progress | None) -> None:
        self._total, self._on_progress = total, on_progress
        self._done = 0
        self._lock = threading.Lock()

    def advance(self, what: str) -> None:
        with self._lock:
            self._done = min(self._done + 1, self._total)
            if self._on_progress:
                self._on_progress(self._done, self._total, what)

    def finish(self, what: str) -> None:
        if self._on_progress:
            self._on_progress(self._total, self._total, what)


def _cache_folder() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("napari-idr", appauthor=False)


def _move(building: Path, root: Path) -> None:
    """Put finished content in its place; if another process was first, its content is as good as ours."""
    try:
        os.rename(building, root)
    except OSError:
        if not (root / CATALOGUE_NAME).is_file():
            raise


def _remove_abandoned(parent: Path) -> None:
    for left in parent.glob(f".{FOLDER_NAME}-*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > ABANDONED:
                shutil.rmtree(left, ignore_errors=True)
