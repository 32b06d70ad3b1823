"""The samples of the embedded repository, over a network of chosen slowness."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STUDIES = {"plate": "idr9901", "slide": "idr9902", "time-lapse": "idr9903"}
"""Accessions of the embedded repository's studies."""


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
    """Return the address of each sample by what it is."""
    from napari_idr.layers.samples import first_openable
    from napari_idr.session import Session

    with Session() as session:
        return {case: first_openable(session, base, study).address for case, study in STUDIES.items()}
