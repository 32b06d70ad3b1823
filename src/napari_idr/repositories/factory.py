"""Which repository an address belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .addresses import IDR
from .idr import IdrRepository
from .ome_zarr import OmeZarrRepository
from .omero import OmeroRepository

if TYPE_CHECKING:
    from napari_idr.remote.http import Http

    from .addresses import Recognised
    from .base import Repository
    from .ome_zarr import MetadataReader


def repository_at(found: Recognised, http: Http, read: MetadataReader) -> Repository:
    """Return a repository for a recognised address; nothing is asked of it yet.

    The IDR and servers on this computer (the embedded repository) are grouped into studies.
    """
    if found.scheme in ("ome-zarr", "tiff"):
        return OmeZarrRepository(found.base, read)
    if found.base == IDR:
        return IdrRepository(http)
    host = urlsplit(found.base).netloc.rpartition("@")[2]
    if (urlsplit(found.base).hostname or "") in ("127.0.0.1", "localhost", "::1"):
        return IdrRepository(http, found.base, host, f"On this computer ({host})")
    return OmeroRepository(http, found.base)
