"""From what OMERO says of an image's place to the address of its OME-Zarr. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

OLD_HOST, NEW_HOST = "uk1s3.embassy.ebi.ac.uk", "livingobjects.ebi.ac.uk"
OLD_BUCKET, NEW_BUCKET = "bia-integrator-data", "bioimaging-integrator-data"


def public_address(lsid: str | None) -> str | None:
    """Return the http(s) address that ``externalInfo.Lsid`` stands for, None where there is none in it.

    ``s3://host/bucket/key?anonymous=true`` is read over https, as the IDR's own pages do; a path on the
    server's disk, or any other scheme, leads nowhere from here.
    """
    if not lsid or len(lsid) > 4096 or not lsid.isprintable():
        return None
    try:
        parts = urlsplit(lsid.strip())
        host = parts.hostname
    except ValueError:
        return None
    scheme = {"s3": "https", "https": "https", "http": "http"}.get(parts.scheme.lower())
    if scheme is None or not host or not parts.path.strip("/"):
        return None
    if parts.scheme.lower() == "s3" and "." not in host:
        return f"s3://{host}{parts.path}".rstrip("/")
    return f"{scheme}://{parts.netloc}{parts.path}".rstrip("/")


def moved_addresses(source: str) -> list[str]:
    """Return where data of the IDR's former object store may lie today, none for other addresses.

    The bucket of the BioImage Archive was renamed on the way.
    """
    if urlsplit(source).hostname != OLD_HOST:
        return []
    moved = source.replace(OLD_HOST, NEW_HOST, 1)
    renamed = moved.replace(f"{NEW_HOST}/{OLD_BUCKET}/", f"{NEW_HOST}/{NEW_BUCKET}/", 1)
    return list(dict.fromkeys((renamed, moved)))


def plate_address(field_address: str) -> str | None:
    """Return the plate of a field ``…/plate.zarr/Row/Column/field``, None where the address is not of that form."""
    base, *steps = field_address.rsplit("/", 3)
    if len(steps) != 3 or "://" not in base or base.endswith(":/"):
        return None
    row, column, field = steps
    if not all(re.fullmatch(r"[A-Za-z0-9]+", step) for step in (row, column)) or ".zarr" in field:
        return None
    return base if urlsplit(base).path.strip("/") else None
