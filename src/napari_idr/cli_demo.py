"""The demonstration without a window: the same path from the embedded repository to pixels, in words."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_idr.cli_serve import draw_progress
from napari_idr.embedded import EmbeddedRepository
from napari_idr.errors import NotFound
from napari_idr.model.image import ImageReference
from napari_idr.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_idr.model.catalog import Node, PlateGrid


@contextmanager
def embedded_repository() -> Iterator[str]:
    """Run the embedded repository for a while; yields its address."""
    embedded = EmbeddedRepository()
    try:
        yield embedded.start(draw_progress if sys.stderr.isatty() else None)
    finally:
        embedded.stop()


def walk_through(say: Callable[[str], None]) -> None:
    """Start the embedded repository, walk to its first plate and read pixels; ``say`` gets a line per step."""
    start = time.perf_counter()
    with embedded_repository() as address, Session() as session:
        for step in _steps(session, address):
            say(f"{time.perf_counter() - start:6.2f} s  {step}")


def _steps(session: Session, address: str) -> Iterator[str]:
    """Yield what was done, step by step."""
    repository = session.add_repository(address)
    yield f"the embedded repository answers at {address}"
    studies = session.children(repository.root()).nodes
    yield f"it lists {', '.join(node.name for node in studies)}"
    plate = _first_plate(session, repository.root())
    grid = session.plate_grid(plate)
    yield f"plate {plate.name}: {_size(grid)}, {len(grid.cells)} wells with images, {plate.address}"
    pictures = session.thumbnails(plate.repository, [cell.image_id for cell in grid.cells])
    yield f"{len(pictures)} thumbnails are here"
    yield f"the plate's pixels are at {session.reference(plate).source}"
    name = grid.cells[0].name
    first = session.resolve(f"{address}webclient/?show=image-{grid.cells[0].image_id}")
    reference = session.reference(first)
    assert isinstance(reference, ImageReference)
    image = session.open_image(reference)
    coarsest = image.levels[-1]
    pixels = coarsest.read(tuple((0, size) for size in coarsest.shape))
    yield f"first pixels of {name}: {'×'.join(map(str, pixels.shape))} {pixels.dtype}, largest {pixels.max()}"


def _first_plate(session: Session, root: Node) -> Node:
    """Return the first plate below a repository, depth first."""
    waiting = [root]
    while waiting:
        node = waiting.pop(0)
        if node.kind == "plate":
            return node
        if node.kind in ("repository", "study", "screen"):
            waiting[:0] = session.children(node).nodes
    raise NotFound("There is no plate", root.address, "start it with a folder that holds one")


def _size(grid: PlateGrid) -> str:
    return f"{len(grid.row_labels)} rows, {len(grid.column_labels)} columns"
