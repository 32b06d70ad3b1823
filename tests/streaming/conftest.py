"""Loaders that are closed at the end of a test, and leave no thread behind."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from napari_idr.streaming.loader import ChunkLoader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def our_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("napari-idr")}


@pytest.fixture
def make_loader() -> Iterator[Callable[..., ChunkLoader]]:
    before = our_threads()
    made: list[ChunkLoader] = []

    def make(cache_bytes: int = 1 << 24, concurrency: int = 4) -> ChunkLoader:
        made.append(ChunkLoader(cache_bytes, concurrency))
        return made[-1]

    yield make
    for loader in made:
        loader.close()
    assert our_threads() <= before


@pytest.fixture
def loader(make_loader: Callable[..., ChunkLoader]) -> ChunkLoader:
    return make_loader()


@pytest.fixture
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody wants is cancelled at once."""
    monkeypatch.setattr("napari_idr.streaming.loader.GRACE_SECONDS", 0.0)


@pytest.fixture
def long_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody wants lives longer than any test."""
    monkeypatch.setattr("napari_idr.streaming.loader.GRACE_SECONDS", 600.0)
