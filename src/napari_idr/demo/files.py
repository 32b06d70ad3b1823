"""The OME-Zarr files as an object store gives them: byte ranges, strong ETags, 404 and no listings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

SMALL = 1 << 20
"""Bytes that are read at once in the event loop: a chunk comes from the page cache in less than a thread hop."""
MISSING = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>"
)


class ZarrFiles:
    """Answers for the files below a folder, but for what lies in those that are ``hidden`` from whoever asks."""

    def __init__(self, root: Path, hidden: frozenset[str] = frozenset()) -> None:
        self.root, self._hidden = root.resolve(), tuple(f"{path}/" for path in hidden)

    async def answer(self, request: Request) -> Response:
        """GET or HEAD of one file."""
        return await self.give(request, request.path_params["path"])

    async def give(self, request: Request, relative: str) -> Response:
        """Answer a request with a file, by its path below the folder."""
        if relative.startswith(self._hidden):
            return Response(status_code=403)
        path = self.locate(relative)
        if path is None:
            return Response(MISSING, 404, media_type="application/xml")
        status = path.stat()
        tag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
        headers = {"etag": tag, "accept-ranges": "bytes"}
        known = [one.strip() for one in request.headers.get("if-none-match", "").split(",")]
        if tag in known or "*" in known:
            return Response(status_code=304, headers=headers)
        span = parse_range(request.headers.get("range", ""), status.st_size)
        if span is None:
            return Response(status_code=416, headers=headers | {"content-range": f"bytes */{status.st_size}"})
        return await self._send(request, path, span, status.st_size, headers)

    def locate(self, relative: str) -> Path | None:
        """Return the file of a relative path, None where there is none below the folder."""
        if "\\" in relative or "\0" in relative or ".." in relative.split("/"):
            return None
        try:
            path = (self.root / relative.lstrip("/")).resolve()
            return path if path.is_relative_to(self.root) and path.is_file() else None
        except OSError:  # a name too long for the file system
            return None

    async def _send(self, request: Request, path: Path, span: range, size: int, headers: dict[str, str]) -> Response:
        partial = len(span) != size
        if partial:
            headers = headers | {"content-range": f"bytes {span.start}-{span.stop - 1}/{size}"}
        code = 206 if partial else 200
        kind = "application/json" if path.name.startswith((".z", "zarr.json")) else "application/octet-stream"
        if request.method == "HEAD":
            return Response(None, code, headers | {"content-length": str(len(span))}, kind)
        body = _read(path, span) if len(span) <= SMALL else await run_in_threadpool(_read, path, span)
        return Response(body, code, headers, kind)


def parse_range(header: str, size: int) -> range | None:
    """Return the bytes a ``Range`` header asks for; all of them without one, None where it cannot be satisfied.

    One range only (``a-b``, ``a-``, ``-n``); anything else is answered in full, as RFC 9110 section 14.2 allows.
    """
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header.strip())
    if match is None or match.group(1, 2) == ("", ""):
        return range(size)
    first, last = match.groups()
    if not first:
        span = range(max(0, size - int(last)), size)
    else:
        span = range(int(first), min(int(last) + 1, size) if last else size)
    return span if len(span) else None


def _read(path: Path, span: range) -> bytes:
    with path.open("rb") as file:
        file.seek(span.start)
        return file.read(len(span))
