"""A server's store that is asked with somebody's session; nothing of it is kept on disk."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_idr.errors import AccessDenied, ChunkError, NapariIdrError, SignInNeeded

from .attempts import persistently
from .http_store import HttpStore
from .read_only_store import ReadOnlyStore, is_metadata
from .safe_address import host_of

if TYPE_CHECKING:
    from zarr.abc.store import ByteRequest

    from .login import Login
    from .object_store import Access


class SignedInStore(ReadOnlyStore):
    """Objects of a server below the address of a login.

    An answer that says that the session has ended is asked for once more in a new one. Only where the session is there
    all the same does 403 mean that a key is absent, as it does for ``HttpStore``: an absent chunk would be drawn black.

    Parameters
    ----------
    address
        Quoted address without trailing slash.
    access
        Headers and patience.
    login
        Whose session is used.
    """

    def __init__(self, address: str, access: Access, login: Login) -> None:
        super().__init__()
        self.address, self._access, self._login = address, access, login
        self._store: HttpStore | None = None
        self._cookies = ""
        self._readable = False

    def __repr__(self) -> str:
        return f"SignedInStore({self.address!r})"

    async def fetch(self, key: str, byte_range: ByteRequest | None) -> bytes | None:
        """Bytes of an object, None where there is none."""
        await asyncio.to_thread(self._login.prepare)
        turn = self._login.turn
        try:
            return await self._fetch(key, byte_range)
        except (AccessDenied, ChunkError) as error:
            if not await asyncio.to_thread(self._login.has_ended, turn, error):
                if isinstance(error, AccessDenied) and self._readable:
                    return None
                raise
        await asyncio.to_thread(self._login.renew, turn)
        return await self._fetch(key, byte_range)

    def doubt(self, key: str) -> None:
        """Forget what the store remembers of shards."""
        if self._store is not None:
            self._store.doubt(key)

    async def _fetch(self, key: str, byte_range: ByteRequest | None) -> bytes | None:
        store = self._current()
        if not is_metadata(key):
            return await store.fetch(key, byte_range)
        # not store.fetch: once that has read metadata, it takes 403 for "absent"
        answer = await persistently(lambda: store.ask(key, byte_range), metadata=True)
        if answer.data is not None:
            if bytes(memoryview(answer.data)[:64]).lstrip()[:1] == b"<":
                raise self._page()
            self._readable = True
        return answer.data

    def _current(self) -> HttpStore:
        """Return a store that sends the cookies of now."""
        cookies = self._login.cookies()
        if self._store is None or cookies != self._cookies:
            headers = (*self._access.headers, ("Cookie", cookies))
            self._store, self._cookies = HttpStore(self.address, replace(self._access, headers=headers)), cookies
        return self._store

    def _page(self) -> NapariIdrError:
        return SignInNeeded(f"{host_of(self.address)} sent a web page in place of data", self.address, "sign in again")
