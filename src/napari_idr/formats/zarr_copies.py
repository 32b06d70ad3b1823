"""Where copies of the IDR's images as OME-Zarr lie that its servers do not name: lists and names of folders. Pure."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_ROWS = 10_000
STUDY_NAME = re.compile(r"(?P<study>idr[0-9]{4})-[^/]*/(screen|experiment)(?P<letter>[A-Za-z])", re.IGNORECASE)
ZARR_DOCUMENT = re.compile(r"/(\.zattrs|\.zgroup|zarr\.json|OME/METADATA\.ome\.xml)$")


def listed_copies(table: str, number: str, *, plate: bool = False) -> list[str]:
    """Return the addresses that the list of curated samples has for an image or plate, the newest version first.

    A plate and an image may have the same number: rows that count wells are plates.
    """
    found: list[tuple[str, str]] = []
    rows = csv.DictReader(io.StringIO(table))
    for _, row in zip(range(MOST_ROWS), rows, strict=False):
        address = (row.get("File Path") or "").strip()
        name = unquote(urlsplit(address).path).rstrip("/").rsplit("/", 1)[-1]
        is_plate = bool((row.get("Wells") or "").strip())
        meant = name in (f"{number}.zarr", f"{number}.ome.zarr")
        if not plate and not is_plate:
            meant |= (row.get("Representative Image ID") or "").strip() == number
        if meant and is_plate == plate and address.startswith(("https://", "http://")):
            found.append((row.get("OME-NGFF version") or "", address.rstrip("/")))
    return [address for _, address in sorted(found, key=lambda pair: pair[0], reverse=True)]


def short_label(container: str) -> str:
    """Return the folder that a screen or experiment has in the object store: ``idr0062A``, "" where it has none."""
    match = STUDY_NAME.match(container)
    return f"{match['study'].lower()}{match['letter'].upper()}" if match else ""


def guessed_copies(store: str, number: str, label: str, *, plate: bool = False) -> list[str]:
    """Return where an image or plate may lie, newest version first; ``store`` ends with a slash."""
    study = label[:7]
    in_study = [f"v0.5/{folder}/{number}.{end}" for folder in (label, study) for end in ("ome.zarr", "zarr")]
    in_study += [f"v0.4/{label}/{number}.zarr", f"v0.3/{label}/{number}.zarr"]
    flat = [f"v0.1/plates/{number}.zarr"] if plate else [f"v0.{minor}/{number}.zarr" for minor in (3, 2, 1)]
    return [f"{store}{path}" for path in [*(in_study if label else ()), *flat]]


def client_copies(document: Any) -> list[str]:
    """Return the OME-Zarr groups among the client paths of ``/image/<id>/download_urls/``."""
    paths = document.get("client_paths") if isinstance(document, dict) else None
    found = dict.fromkeys(_groups(paths if isinstance(paths, list) else []))
    return list(found)


def _groups(paths: list[Any]) -> Iterator[str]:
    for path in paths[:MOST_ROWS]:
        if isinstance(path, str) and re.match(r"https?://[^/\s]+/\S", path) and ZARR_DOCUMENT.search(path):
            yield ZARR_DOCUMENT.sub("", path)
