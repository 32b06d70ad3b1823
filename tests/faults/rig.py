"""What the tests of bad servers share: an image over the embedded server, and a display without a window."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import numpy as np
import zarr
from numcodecs import Blosc
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec

from made_zarr import multiscales, write_group
from napari_idr.errors import NapariIdrError
from napari_idr.model.image import ImageReference
from napari_idr.streaming.level import Wishes

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr.demo.server import EmbeddedServer
    from napari_idr.session import Session
    from napari_idr.streaming.chunks import Box
    from napari_idr.streaming.loader import ChunkLoader
    from napari_idr.streaming.pyramid import ArrayLevel

PATIENCE = 30.0
"""Seconds after which a test that waits for something has failed."""

SHAPE, CHUNK = (96, 80), (16, 16)
"""Of the finest level; the coarser one halves both."""

LAYOUTS: dict[str, dict[str, Any]] = {
    "plain v2": {"zarr_format": 2, "compressors": None},
    "plain": {"zarr_format": 3, "compressors": None},
    "blosc v2": {"zarr_format": 2, "compressors": Blosc("lz4")},
    "blosc": {"zarr_format": 3, "compressors": BloscCodec(cname="lz4")},
    "zstd": {"zarr_format": 3, "compressors": ZstdCodec()},
    "gzip": {"zarr_format": 3, "compressors": GzipCodec()},
    "sharded": {"zarr_format": 3, "compressors": BloscCodec(cname="lz4"), "shards": (48, 80)},
    "sharded plain": {"zarr_format": 3, "compressors": None, "shards": (48, 80)},
    "one chunk per shard": {"zarr_format": 3, "compressors": None, "shards": CHUNK},
}


def noise(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Pixels that no codec makes smaller: what is missing of them shows."""
    return np.random.default_rng(seed).integers(1, 2**16, shape, "uint16")


def write_image(folder: Path, layout: str = "plain v2") -> tuple[np.ndarray, np.ndarray]:
    """Write an image of two levels of noise, and return their pixels."""
    options = LAYOUTS[layout]
    levels = noise(SHAPE), noise(tuple(size // 2 for size in SHAPE), 1)
    image = {"multiscales": multiscales("yx", [[1, 1], [2, 2]])}
    zarr_format = options["zarr_format"]
    write_group(folder, image if zarr_format == 2 else {"ome": {"version": "0.5", **image}}, zarr_format=zarr_format)
    for name, pixels in enumerate(levels):
        array = zarr.create_array(
            store=str(folder / str(name)),
            shape=pixels.shape,
            dtype=pixels.dtype,
            chunks=CHUNK,
            chunk_key_encoding={"name": "v2" if zarr_format == 2 else "default", "separator": "/"},
            **options,
        )
        array[...] = pixels
    return levels


class Control:
    """What goes wrong at an embedded server, and what it was asked."""

    def __init__(self, address: str) -> None:
        self.address = address

    def fail(self, match: str, kind: str, times: int = 1_000_000, **more: object) -> None:
        """Let matching requests go wrong; ``every`` and ``retry_after`` as the server takes them."""
        self._ask(f"__fault?{urlencode({'match': match, 'kind': kind, 'times': times, **more})}", "POST")

    def mend(self) -> None:
        """Let nothing go wrong any more."""
        self._ask("__fault", "DELETE")

    def shape(self, *, latency: float) -> None:
        """Let every request wait some milliseconds."""
        self._ask(f"__shape?latency={latency}", "POST")

    def forget(self) -> None:
        """Forget what was asked."""
        self._ask("__requests", "DELETE")

    def log(self, match: str = "") -> list[dict[str, Any]]:
        """Requests since, whose path contains a text, in order of arrival."""
        requests = json.loads(self._ask("__requests", "GET"))["requests"]
        return [one for one in requests if match in one["path"]]

    def _ask(self, path: str, method: str) -> bytes:
        with urllib.request.urlopen(urllib.request.Request(self.address + path, method=method)) as answer:
            return bytes(answer.read())


def open_levels(session: Session, address: str) -> tuple[ArrayLevel, ...]:
    """Open the image at an address; its levels, finest first."""
    reference = ImageReference(repository="", accession="", image_id="", source=address)
    return session.open_image(reference).levels  # type: ignore[return-value]


class Display:
    """Looks at a level as a layer does: best known at once, again when something arrived."""

    def __init__(self, level: ArrayLevel) -> None:
        self.level, self.loader = level, level.loader
        self.box: Box = tuple((0, size) for size in level.shape)
        self.failed: list[Exception] = []
        self.draws = 0
        self._news = threading.Event()
        self.loader.arrived.connect(self._on_arrived)
        self.loader.failed.connect(self._on_failed)

    def _on_arrived(self, viewers: frozenset[object]) -> None:
        if self in viewers:
            self._news.set()

    def _on_failed(self, viewer: object, error: Exception) -> None:
        if viewer is self:
            self.failed.append(error)
            self._news.set()

    def draw(self) -> tuple[np.ndarray, int]:
        """Draw what is known, ask for the rest; the picture, and how much is missing."""
        self._news.clear()
        wishes = Wishes()
        picture = self.level.best(self.box, wishes)
        self.loader.show(self, list(wishes.chunks.values()))
        self.draws += 1
        return picture, wishes.missing

    def look(self, *box: tuple[int, int]) -> None:
        """Move to another part of the level, and draw it once."""
        self.box = tuple(box)
        self.draw()

    def rest(self) -> np.ndarray:
        """Draw whenever something arrived, until nothing is missing, and return the picture."""
        ends = time.monotonic() + PATIENCE
        while True:
            picture, missing = self.draw()
            if not missing:
                return picture
            assert self._news.wait(ends - time.monotonic()), f"{missing} chunks never came, failed: {self.failed[-1:]}"

    def rest_until_failed(self) -> None:
        """Draw whenever something arrived, until what is missing has failed."""
        ends = time.monotonic() + PATIENCE
        while not self.loader.failures(self) or self.draw()[1] > self.loader.failures(self):
            assert self._news.wait(ends - time.monotonic()), "nothing failed"

    def close(self) -> None:
        """Want nothing any more."""
        self.loader.forget(self)
        self.loader.arrived.disconnect(self._on_arrived)
        self.loader.failed.disconnect(self._on_failed)


@dataclass
class Scene:
    """An image behind a server that can be made to fail, opened in a session."""

    control: Control
    session: Session
    server: EmbeddedServer
    folder: Path
    """What it serves."""
    address: str
    truth: tuple[np.ndarray, ...]
    levels: tuple[ArrayLevel, ...]

    @property
    def loader(self) -> ChunkLoader:
        return self.session.loader

    def chunk_count(self) -> int:
        """Chunks of the finest level."""
        return self.levels[0].array.count(tuple((0, size) for size in SHAPE))

    def wait_until_idle(self) -> None:
        """Wait until nothing is on its way: who asks for what is about to fail gets its failure."""
        ends = time.monotonic() + PATIENCE
        while self.loader.in_flight():
            assert time.monotonic() < ends, "something is on its way for ever"

    def check_caches(self) -> int:
        """Fail where the cache holds a wrong chunk; return how many it holds."""
        held = 0
        for level, truth in zip(self.levels, self.truth, strict=True):
            for index in level.array.indices(tuple((0, size) for size in level.shape)):
                chunk = self.loader.cache.get(level.array.key(index))
                if chunk is not None:
                    held += 1
                    part = tuple(slice(start, stop) for start, stop in level.array.box(index))
                    assert np.array_equal(chunk, truth[part]), f"wrong pixels are kept for chunk {index}"
        return held

    def read_right_or_fail(self, level: int = 0) -> NapariIdrError | None:
        """Read a level exactly: right, or an error of the family, which is returned."""
        try:
            pixels = np.asarray(self.levels[level])
        except NapariIdrError as error:
            return error
        assert np.array_equal(pixels, self.truth[level])
        return None
