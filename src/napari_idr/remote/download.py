"""Large files over HTTP onto a disk: gone on with where they broke off, checked, and put in place when complete."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from urllib3.exceptions import HTTPError as Urllib3Error

from napari_idr.errors import Cancelled, ChunkError, ProtocolError, Unsupported
from napari_idr.model.sizes import said_bytes

from .http_errors import check_answer, from_exception
from .safe_address import host_of, without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .http import Http

PIECE = 1 << 18
SPARE = 64 << 20
"""Bytes of the disk that a download leaves free."""
DIGESTS = {"sha-256": "sha256", "sha-512": "sha512", "md5": "md5", "sha": "sha1"}
"""Names of RFC 9530 and RFC 3230, and hashlib's."""
REFUSED = 416
PARTIAL = 206


@dataclass(frozen=True, slots=True)
class _Part:
    """What an earlier try left."""

    size: int = 0
    version: str = ""
    """Strong ETag or date of the file it is a part of; without one it cannot be gone on with."""


def download(
    http: Http,
    address: str,
    target: Path,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
    checksum: str = "",
) -> Path:
    """Download a file and return its path. May block for long.

    Parameters
    ----------
    http
        Whose connections are used.
    address, target
        From where, and onto which file; a file of that name is replaced once the new one is complete.
    on_progress
        Told bytes that are there and bytes in all (0 where the server does not say), in the calling thread.
    is_cancelled
        Whether to stop; what has come stays, and the next call goes on with it.
    checksum
        Like ``sha256:…`` in hexadecimal; that of the server (``Repr-Digest``, ``Digest``, ``Content-MD5``) where empty.

    Raises
    ------
    Cancelled
        Somebody stopped it.
    ChunkError
        It is not what the checksum or the length says; nothing is kept.
    Unsupported
        The disk is full.
    NapariIdrError
        What ``Http`` raises; what has come stays.
    OSError
        The file cannot be written.
    """
    part, facts = (target.with_name(f".{target.name}.{end}") for end in ("part", "part.json"))
    known = _known(part, facts)
    try:
        with http.opened(address, _resuming(known)) as response:
            if response.status_code == REFUSED and known.size:  # the part is whole, or of a file that is another now
                _forget(part, facts)
                return download(
                    http, address, target, on_progress=on_progress, is_cancelled=is_cancelled, checksum=checksum
                )
            check_answer(response, b"")
            start, total = _span(response, part)
            _check_room(target.parent, total - start)
            facts.write_text(json.dumps({"version": _version(response)}), encoding="utf-8")
            done = _receive(response, part, start, total, on_progress, is_cancelled)
            wanted = checksum or _digest(response)
    except (requests.RequestException, Urllib3Error) as error:
        raise from_exception(error, address) from error
    except OSError as error:
        raise _on_disk(error, target) from error
    if total and done != total:
        raise ChunkError(f"{target.name} broke off after {said_bytes(done)}", host_of(address), "try again to go on")
    if wanted and not _matches(part, wanted):
        _forget(part, facts)
        what = f"{target.name} is not what its checksum says"
        raise ChunkError(what, without_secrets(address), "download it again")
    os.replace(part, target)
    facts.unlink(missing_ok=True)
    return target


def _known(part: Path, facts: Path) -> _Part:
    """Return what an earlier try left, nothing where it does not say of what it is a part."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        version = json.loads(facts.read_text(encoding="utf-8"))["version"]
        if isinstance(version, str) and version:
            return _Part(part.stat().st_size, version)
    return _Part()


def _resuming(known: _Part) -> dict[str, str]:
    """Return the headers that ask for the rest, unless the file has changed meanwhile."""
    headers = {"Accept-Encoding": "identity"}
    return headers | ({"Range": f"bytes={known.size}-", "If-Range": known.version} if known.size else {})


def _version(response: requests.Response) -> str:
    """Return what a part can be gone on with by (RFC 9110 section 13.1.5): never a weak ETag."""
    tag = response.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified", "") if not tag else ""


def _span(response: requests.Response, part: Path) -> tuple[int, int]:
    """Return from which byte on the answer goes, and the bytes in all (0 where it does not say)."""
    if response.status_code != PARTIAL:
        length = response.headers.get("Content-Length", "")
        return 0, int(length) if length.isdecimal() and "Content-Encoding" not in response.headers else 0
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("Content-Range", "").strip())
    if match is None or int(match[1]) > part.stat().st_size:
        where = without_secrets(response.url)
        raise ProtocolError("The server sent another part of the file than was asked for", where, "try again")
    return int(match[1]), int(match[2])


def _receive(
    response: requests.Response,
    part: Path,
    start: int,
    total: int,
    on_progress: Callable[[int, int], None] | None,
    is_cancelled: Callable[[], bool] | None,
) -> int:
    """Write what comes behind what is there; return the bytes that are there then."""
    done = start
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        file.truncate()
        for piece in _pieces(response):
            if is_cancelled is not None and is_cancelled():
                raise Cancelled("The download was stopped", part.name, "it goes on where it was when started again")
            file.write(piece)
            done += len(piece)
            if total and done > total:
                raise ProtocolError("The server sent more than it said", without_secrets(response.url), "try again")
            if on_progress is not None:
                on_progress(done, total)
    return done


def _pieces(response: requests.Response) -> Iterator[bytes]:
    while piece := response.raw.read1(PIECE, decode_content=True):
        yield piece


def _digest(response: requests.Response) -> str:
    """Return the checksum of the whole file that the server names, "" where it names none that we know."""
    for header in ("Repr-Digest", "Digest"):
        for name, value in re.findall(r"([\w-]+)=:?([A-Za-z0-9+/=]+):?", response.headers.get(header, "")):
            if name.lower() in DIGESTS:
                with suppress(ValueError):
                    return f"{DIGESTS[name.lower()]}:{base64.b64decode(value, validate=True).hex()}"
    plain = response.headers.get("Content-MD5", "")
    with suppress(ValueError):
        return (
            f"md5:{base64.b64decode(plain, validate=True).hex()}" if plain and response.status_code != PARTIAL else ""
        )
    return ""


def _matches(part: Path, checksum: str) -> bool:
    name, _, wanted = checksum.lower().partition(":")
    digest: Any = hashlib.new(name, usedforsecurity=False)
    with part.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return bool(digest.hexdigest() == wanted)


def _check_room(folder: Path, wanted: int) -> None:
    free = shutil.disk_usage(folder).free
    if wanted + SPARE > free:
        what = f"There is not enough room: {said_bytes(wanted)} to come, {said_bytes(free)} free"
        raise Unsupported(what, str(folder), "choose another disk")


def _on_disk(error: OSError, target: Path) -> Exception:
    if error.errno == errno.ENOSPC:
        return Unsupported("The disk is full", str(target.parent), "make room and start again: it goes on where it was")
    return error


def _forget(*files: Path) -> None:
    for file in files:
        file.unlink(missing_ok=True)
