"""What can be shown without a network: a tiny plate in the package, and the embedded repository's three data sets.

Their addresses (``idr-demo://plate``) open like any other; what they point at is found when they are opened.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

from napari_idr.errors import AddressError, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.model.catalog import Node
    from napari_idr.model.image import ImageReference, PlateReference
    from napari_idr.session import Session

SCHEME = "idr-demo://"
STUDIES = {"plate": "idr9901", "slide": "idr9902", "movie": "idr9903"}
"""Accessions of the embedded repository's studies, by the name of their sample."""

TINY = "tiny"
PAGE = re.compile(r"(image|plate|well|dataset|project|screen)/([0-9]{1,18})")
"""Anything in the embedded repository by its id there, which is the same on every computer."""


def is_sample(address: str) -> bool:
    """Whether an address names a sample."""
    return address.strip().lower().startswith(SCHEME)


def locate_sample(address: str, session: Session, start_embedded: Callable[[], str]) -> str | Node:
    """Return what a sample's address stands for: a file in the package, or a node of the embedded repository.

    Parameters
    ----------
    address
        ``idr-demo://tiny``, ``idr-demo://plate``, ``idr-demo://slide``, ``idr-demo://movie``, or by kind and id
        ``idr-demo://image/100097``.
    session
        Knows the embedded repository once it was started.
    start_embedded
        Starts the embedded repository (blocks) and returns its address.

    Raises
    ------
    AddressError
        There is no such sample.
    """
    name = address.strip().lower().removeprefix(SCHEME).strip("/")
    if name == TINY:
        return str(files("napari_idr") / "data" / "tiny-plate.ozx")
    page = PAGE.fullmatch(name)
    if page is not None:
        return f"{start_embedded()}webclient/?show={page[1]}-{page[2]}"
    if name not in STUDIES:
        raise AddressError("There is no such sample", address, f"choose {', '.join((TINY, *STUDIES))}")
    return first_openable(session, start_embedded(), STUDIES[name])


def sample_of(reference: ImageReference | PlateReference | None) -> str:
    """Return the sample's address of something in the embedded repository, "" where it is none."""
    accession = reference.accession if reference is not None else ""
    return next((f"{SCHEME}{name}" for name, study in STUDIES.items() if accession.startswith(study)), "")


def sample_page(address: str, embedded_address: str) -> str:
    """Return the address by which a page of the embedded repository opens on any computer; others as they are."""
    page = re.fullmatch(r"webclient/\?show=([a-z]+)-([0-9]+)", address.removeprefix(embedded_address))
    is_ours = bool(embedded_address) and address.startswith(embedded_address)
    return f"{SCHEME}{page[1]}/{page[2]}" if is_ours and page is not None else address


def first_openable(session: Session, repository_address: str, accession: str) -> Node:
    """Return the first plate or image of a study, by walking down the repository's catalogue."""
    node = session.add_repository(repository_address).root()
    children = session.children(node).nodes
    chosen = [child for child in children if accession in (child.accession, child.name[: len(accession)])]
    while chosen:
        node = chosen[0]
        if node.kind in ("plate", "image"):
            return node
        chosen = list(session.children(node, limit=1).nodes)
    raise NotFound(f"The study {accession} has nothing to open", repository_address, "start the demonstration again")
