"""A server over HTTP(S) as a zarr store, with its failures as our errors."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import obstore
from obstore.exceptions import BaseError, NotSupportedError, PermissionDeniedError, UnauthenticatedError
from obstore.store import HTTPStore
from zarr.abc.store import SuffixByteRequest

from napari_idr.errors import (
    AccessDenied,
    ChunkError,
    NapariIdrError,
    ProtocolError,
    ServerFailure,
    TimedOut,
    Unreachable,
)
from napari_idr.version import VERSION

from .read_only_store import ReadOnlyStore, byte_bounds, byte_limit, is_metadata
from .safe_address import host_of, without_secrets
from .shard_memo import ShardMemo

if TYPE_CHECKING:
    from zarr.abc.store import ByteRequest

    from .object_store import Access

RETRIES = 3
"""Further attempts after a 5xx, a 429 or a failed connection, with back-off from 0.2 to 2 seconds."""

METADATA_ATTEMPTS = 2
"""Attempts at a metadata document whose connection is cut in the middle. Chunks are retried by who fetches them."""


class HttpStore(ReadOnlyStore):
    """Objects below an address, read with GET requests.

    A key that answers 404 is absent. One that answers 403 is absent, too, once some metadata of this store could
    be read: a bucket that forbids listing answers so for absent keys. Every other failure is one of our errors:
    ``AccessDenied``, ``ServerFailure``, ``TimedOut``, ``Unreachable``, ``ChunkError`` (too large),
    ``ProtocolError``.

    Parameters
    ----------
    address
        Quoted address without trailing slash; a query is sent with every request.
    access
        Headers and patience.
    """

    def __init__(self, address: str, access: Access) -> None:
        super().__init__()
        self.address = address
        self._store = _http_store(address, access)
        self._readable = False
        self._ends = ShardMemo()

    def __repr__(self) -> str:
        return f"HttpStore({without_secrets(self.address)!r})"

    async def fetch(self, key: str, byte_range: ByteRequest | None) -> bytes | None:
        """Bytes of an object, None where there is none."""
        if isinstance(byte_range, SuffixByteRequest):
            return await self._ends.get((key, byte_range.suffix), lambda: self._answer(key, byte_range))
        return await self._answer(key, byte_range)

    async def _answer(self, key: str, byte_range: ByteRequest | None) -> bytes | None:
        metadata = is_metadata(key)
        for attempts_left in reversed(range(METADATA_ATTEMPTS if metadata else 1)):
            try:
                data = await self._get(key, byte_range)
                break
            except FileNotFoundError:
                return None
            except PermissionDeniedError as error:
                if self._readable:
                    return None
                raise self._denied(key) from error
            except (BaseError, ValueError) as error:
                failure = self._failure(error, key)
                if not attempts_left or type(failure) is not Unreachable:
                    raise failure from error
        self._readable = self._readable or metadata
        return data

    async def _get(self, key: str, byte_range: ByteRequest | None) -> bytes:
        try:
            answer = await obstore.get_async(self._store, key, options=_options(byte_range))
        except NotSupportedError:
            if byte_range is None:
                raise
            return await self._get_part_of_whole(key, byte_range)
        start, stop = answer.range
        self._check_size(key, stop - start)
        # A bytes-like object: copying it into bytes would cost as much as decoding some chunks.
        return cast("bytes", await answer.bytes_async())

    async def _get_part_of_whole(self, key: str, byte_range: ByteRequest) -> bytes:
        """Part of an object from a server that answers a range request with everything."""
        whole = await self._get(key, None)
        start, stop = byte_bounds(byte_range, len(whole))
        return bytes(memoryview(whole)[start:stop])

    def _check_size(self, key: str, size: int) -> None:
        if size > byte_limit(key):
            what = f"An object of {size:,} bytes is too large to read"
            raise ChunkError(what, self._place(key), "tell the repository")

    def _place(self, key: str) -> str:
        base, _, query = self.address.partition("?")
        return without_secrets(f"{base}/{key}" + (f"?{query}" if query else ""))

    def _denied(self, key: str) -> AccessDenied:
        return AccessDenied(
            f"{host_of(self.address)} does not give access",
            self._place(key),
            "it may be private, or not there: check the address in a browser",
        )

    def _failure(self, error: Exception, key: str) -> NapariIdrError:
        """Our error for one of obstore, whose messages are the only place that says what happened."""
        text, host, place = str(error), host_of(self.address), self._place(key)
        if isinstance(error, UnauthenticatedError):
            return self._denied(key)
        if status := re.search(r"status code: (\d{3})", text):
            return _failed_status(int(status[1]), host, place)
        if "kind: Timeout" in text or "TimedOut" in text:
            return TimedOut(f"{host} did not answer in time", place, "try again, or raise the time-out")
        if "MissingContentLength" in text:
            return ProtocolError(f"{host} does not say how long its answers are", place, "ask who runs the server")
        if isinstance(error, NotSupportedError) or "redirect without LOCATION" in text:
            return ProtocolError(f"{host} gave an answer that cannot be read", place, "check the address")
        return Unreachable(_no_answer(text, host), place, "check the address and that you are online")


def _http_store(address: str, access: Access) -> HTTPStore:
    patience = timedelta(seconds=access.timeout)
    return HTTPStore.from_url(
        address,
        client_options={
            "allow_http": address.startswith("http://"),
            "connect_timeout": min(patience, timedelta(seconds=10)),
            "read_timeout": patience,
            "timeout": timedelta(hours=1),  # a large shard over a slow line may take long: silence is what counts
            "user_agent": f"napari-idr/{VERSION}",
            "default_headers": dict(access.headers),
        },
        retry_config={
            "max_retries": RETRIES,
            "retry_timeout": patience,
            "backoff": {
                "init_backoff": timedelta(seconds=0.2),
                "max_backoff": timedelta(seconds=2),
                "base": 2,
            },
        },
    )


def _options(byte_range: ByteRequest | None) -> Any:
    if byte_range is None:
        return None
    if isinstance(byte_range, SuffixByteRequest):
        return {"range": {"suffix": byte_range.suffix}}
    start = getattr(byte_range, "start", None)
    if start is None:
        return {"range": {"offset": getattr(byte_range, "offset", 0)}}
    return {"range": (start, getattr(byte_range, "end", start))}


def _failed_status(status: int, host: str, place: str) -> NapariIdrError:
    if status == 429:
        return ServerFailure(f"{host} asks us to wait", place, "try again later")
    if status >= 500:
        return ServerFailure(f"{host} failed (status {status})", place, "try again later")
    return ProtocolError(f"{host} refused the request (status {status})", place, "check the address")


def _no_answer(text: str, host: str) -> str:
    if "dns error" in text or "failed to lookup address" in text:
        return f"There is no host {host}"
    if "certificate" in text.lower() or "UnknownIssuer" in text:
        return f"No secure connection to {host} can be made"
    if "refused" in text:
        return f"Nobody answers at {host}"
    return f"The connection to {host} broke off"
