"""The samples of the embedded repository, over a network of chosen slowness."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari_idr.model.catalog import Node
    from napari_idr.session import Session

SAMPLES = {
    "plate": ("idr9901", "knockdown-1"),
    "slide": ("idr9902", "colon-section-1"),
    "time-lapse": ("idr9903", "embryo-1"),
}
"""Accession of the embedded repository's study, and name of the plate or image in it."""


@contextmanager
def shaped_repository() -> Iterator[tuple[str, Callable[[int, int], None]]]:
    """Run the embedded repository; yields its address, and a function that sets latency (ms) and Mbit/s."""
    from napari_idr.embedded import EmbeddedRepository

    repository = EmbeddedRepository()
    base = repository.start()

    def shape(latency: int, bandwidth: int) -> None:
        query = f"latency={latency}&bandwidth={bandwidth}"
        urlopen(Request(f"{base}__shape?{query}", method="POST"), timeout=10).close()

    try:
        yield base, shape
    finally:
        repository.stop()


def sample_addresses(base: str) -> dict[str, str]:
    """Return the address of each sample by what it is. Raises ``LookupError`` where one is not there."""
    from napari_idr.session import Session

    with Session() as session:
        studies = session.children(session.add_repository(base).root()).nodes
        return {
            case: find(session, [node for node in studies if node.accession == study], name).address
            for case, (study, name) in SAMPLES.items()
        }


def find(session: Session, nodes: Sequence[Node], name: str) -> Node:
    """Return the plate or image of a name, by walking down the catalogue."""
    for node in nodes:
        if node.kind in ("plate", "image"):
            if node.name == name:
                return node
        else:
            with suppress(LookupError):
                return find(session, session.children(node).nodes, name)
    raise LookupError(f"the embedded repository has no {name}")
