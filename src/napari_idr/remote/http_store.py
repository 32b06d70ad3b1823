"""A server over HTTP(S) as a zarr store, with its failures as our errors."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

import obstore
from obstore.exceptions import BaseError, NotModifiedError, NotSupportedError, PermissionDeniedError
from obstore.store import HTTPStore
from zarr.abc.store import SuffixByteRequest

from napari_idr.errors import AccessDenied, ChunkError, NapariIdrError
from napari_idr.version import VERSION

from .answer import NOT_TO_KEEP, Answer, fresh_seconds, version_of
from .attempts import persistently
from .cache_entry import NO_VERSION
from .obstore_errors import access_denied, busy, from_obstore, status_of
from .read_only_store import ReadOnlyStore, byte_bounds, byte_limit, is_metadata
from .retry_after import seconds_to_wait
from .safe_address import host_of, without_secrets
from .shard_memo import ShardMemo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarr.abc.store import ByteRequest

    from .cache_entry import Version
    from .object_store import Access

USER_AGENT = f"napari-idr/{VERSION}"


class HttpStore(ReadOnlyStore):
    """Objects below an address, read with GET requests.

    A key that answers 404 is absent. One that answers 403 is absent, too, once some metadata of this store could
    be read: a bucket that forbids listing answers so for absent keys. Every other failure is one of our errors:
    ``AccessDenied``, ``ServerFailure``, ``Busy``, ``TimedOut``, ``Unreachable``, ``ChunkError`` (too large, or not
    the bytes that were asked for), ``ProtocolError``.

    A request for pixels is sent once: who reads chunks tries again. A metadata document is asked for as often as
    :func:`persistently` does, and waits where the server says that it is busy.

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
        self._headers = {"User-Agent": USER_AGENT, **dict(access.headers)}
        self._store = _http_store(address, access)
        self.readable = False
        """Whether some metadata could be read."""
        self._ends = ShardMemo()

    def __repr__(self) -> str:
        return f"HttpStore({without_secrets(self.address)!r})"

    async def fetch(self, key: str, byte_range: ByteRequest | None) -> bytes | None:
        """Bytes of an object, None where there is none."""
        if is_metadata(key):
            data = await persistently(lambda: self._answer(key, byte_range), metadata=True)
            self.readable = self.readable or data is not None
            return data
        if isinstance(byte_range, SuffixByteRequest):
            return await self._ends.get((key, byte_range.suffix), lambda: self._answer(key, byte_range))
        return await self._answer(key, byte_range)

    def doubt(self, key: str) -> None:
        """Forget the indexes of shards: one of them may be what is wrong."""
        self._ends = ShardMemo()

    async def _answer(self, key: str, byte_range: ByteRequest | None) -> bytes | None:
        return (await self.ask(key, byte_range)).data

    async def ask(self, key: str, byte_range: ByteRequest | None, known: Version = NO_VERSION) -> Answer:
        """Return what the server says, asked once; nothing but "unchanged" where ``known`` is its present version."""
        try:
            return await self._get(key, byte_range, known)
        except NotModifiedError:
            return Answer(None, known, unchanged=True)
        except FileNotFoundError:
            return Answer(None)
        except PermissionDeniedError as error:
            if self.readable:
                return Answer(None, fresh_for=NOT_TO_KEEP)
            raise self._denied(key) from error
        except (BaseError, ValueError) as error:
            raise await self._failure(error, key) from error

    async def _get(self, key: str, byte_range: ByteRequest | None, known: Version = NO_VERSION) -> Answer:
        try:
            answer = await obstore.get_async(self._store, key, options=_options(byte_range, known))
        except NotSupportedError:
            if byte_range is None:
                raise
            return await self._get_part_of_whole(key, byte_range)
        start, stop = answer.range
        self._check_size(key, stop - start)
        # A bytes-like object: copying it into bytes would cost as much as decoding some chunks.
        data = cast("bytes", await answer.bytes_async())
        self._check_body(key, data, stop - start, answer.attributes)
        return Answer(data, version_of(answer.meta), fresh_seconds(answer.attributes.get("Cache-Control", "")))

    async def _get_part_of_whole(self, key: str, byte_range: ByteRequest) -> Answer:
        """Part of an object from a server that answers a range request with everything."""
        answer = await self._get(key, None)
        whole = answer.data or b""
        start, stop = byte_bounds(byte_range, len(whole))
        return replace(answer, data=bytes(memoryview(whole)[start:stop]))

    def _check_size(self, key: str, size: int) -> None:
        if size > byte_limit(key):
            what = f"An object of {size:,} bytes is too large to read"
            raise ChunkError(what, self._place(key), "tell the repository")

    def _check_body(self, key: str, data: bytes, size: int, attributes: Mapping[Any, str]) -> None:
        """Refuse what obstore lets pass: a part whose length is not that of its range, a page in place of pixels."""
        host, place = host_of(self.address), self._place(key)
        if len(data) != size:
            raise ChunkError(f"{host} sent {len(data):,} bytes and called them {size:,}", place, "try again")
        if is_metadata(key) or "html" not in attributes.get("Content-Type", "").lower():
            return
        if bytes(memoryview(data)[:64]).lstrip()[:1] == b"<":
            raise ChunkError(f"{host} sent a web page in place of pixels", place, "check the address in a browser")

    def _place(self, key: str) -> str:
        return without_secrets(self.url(key))

    def url(self, key: str) -> str:
        """Address of an object, secrets included."""
        base, _, query = self.address.partition("?")
        return f"{base}/{key}" + (f"?{query}" if query else "")

    def _denied(self, key: str) -> AccessDenied:
        return access_denied(host_of(self.address), self._place(key))

    async def _failure(self, error: Exception, key: str) -> NapariIdrError:
        """Our error for one of obstore."""
        host, place = host_of(self.address), self._place(key)
        status = status_of(error)
        if status in (429, 503):
            return busy(status, host, place, await seconds_to_wait(self.url(quote(key)), self._headers))
        return from_obstore(error, host, place)


def _http_store(address: str, access: Access) -> HTTPStore:
    patience = timedelta(seconds=access.timeout)
    return HTTPStore.from_url(
        address,
        client_options={
            "allow_http": address.startswith("http://"),
            "connect_timeout": min(patience, timedelta(seconds=10)),
            "read_timeout": patience,
            "timeout": timedelta(hours=1),  # a large shard over a slow line may take long: silence is what counts
            "user_agent": USER_AGENT,
            "default_headers": dict(access.headers),
        },
        retry_config={"max_retries": 0},  # it would not wait as long as a busy server asks, and not tell us either
    )


def _options(byte_range: ByteRequest | None, known: Version) -> Any:
    options: dict[str, Any] = {}
    if known.e_tag:
        options["if_none_match"] = known.e_tag
    elif known.modified:
        options["if_modified_since"] = datetime.fromtimestamp(known.modified, UTC)
    if isinstance(byte_range, SuffixByteRequest):
        options["range"] = {"suffix": byte_range.suffix}
    elif byte_range is not None:
        start = getattr(byte_range, "start", None)
        offset = {"offset": getattr(byte_range, "offset", 0)}
        options["range"] = offset if start is None else (start, getattr(byte_range, "end", start))
    return options or None
