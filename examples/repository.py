"""What the examples stand on: the repository whose address is on the command line, else the embedded one."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import napari_idr
from napari_idr.embedded import EmbeddedRepository

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.model.catalog import Node


@contextmanager
def repository() -> Iterator[str]:
    """Yield the address of a repository, and stop it afterwards if it was started here."""
    if len(sys.argv) > 1:
        yield sys.argv[1]
        return
    embedded = EmbeddedRepository()
    try:
        yield embedded.start()
    finally:
        embedded.stop()


def walk(address: str) -> Iterator[Node]:
    """Yield what lies below an address, down to plates and images."""
    for node in napari_idr.list_children(address):
        yield node
        if node.kind not in ("plate", "image"):
            yield from walk(node.address)


def first(address: str, kind: str) -> Node:
    """Return the first plate, or the first image, below an address."""
    return next(node for node in walk(address) if node.kind == kind)
