"""Chunks of a server that wants a login: the session's end costs a repetition, never a black chunk."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from napari_idr.errors import AccessDenied, SignInNeeded
from napari_idr.remote import login as login_module
from napari_idr.remote.object_store import Access, open_store
from napari_idr.remote.signed_in_store import SignedInStore
from patience import PATIENCE

if TYPE_CHECKING:
    from napari_idr.remote.http import Http
    from repository_server import Served

METADATA, CHUNK, ABSENT = "zarr.json", "0/c/0/0/0/0/0", "0/c/9/9/9/9/9"


@pytest.fixture
def store(http: Http, private: Served, monkeypatch: pytest.MonkeyPatch) -> SignedInStore:
    monkeypatch.setattr("napari_idr.remote.passwords._keyring", lambda: None)
    http.logins.sign_in(private.address, "ada", SecretStr("analytical"))
    images = http.get_json(f"{private.address}api/v0/m/images/", [("limit", "1000")])["data"]
    address = next(one["omero:details"]["externalInfo"]["Lsid"] for one in images if one["Name"] == "embryo-1")
    opened = open_store(address, Access(timeout=PATIENCE, http=http))
    assert isinstance(opened, SignedInStore)
    private.reset()
    return opened


def fetch(store: SignedInStore, key: str) -> bytes | None:
    return asyncio.run(store.fetch(key, None))


def paths(private: Served) -> list[str]:
    return [path if path.startswith("/api") else path.rpartition(".zarr/")[2] for path in private.requests()]


def test_metadata_and_chunks_come_with_the_session(store: SignedInStore, private: Served) -> None:
    assert fetch(store, METADATA)
    assert fetch(store, CHUNK)
    assert fetch(store, ABSENT) is None
    assert paths(private) == [METADATA, CHUNK, ABSENT]


@pytest.mark.parametrize("key", [METADATA, CHUNK])
def test_an_expired_session_is_begun_anew_and_the_chunk_asked_for_again(
    key: str, store: SignedInStore, private: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_module, "BELIEVED_SECONDS", -1.0)
    data = fetch(store, key)
    private.expire()
    private.reset()
    assert fetch(store, key) == data
    assert paths(private) == [key, "/api/v0/login/", "/api/v0/token/", "/api/v0/login/", key]


def test_many_chunks_begin_one_session(store: SignedInStore, private: Served) -> None:
    store._login._confirmed = 0.0
    private.expire()

    async def many() -> list[bytes | None]:
        return await asyncio.gather(*(store.fetch(CHUNK, None) for _ in range(12)))

    found = asyncio.run(many())
    assert found[0] is not None
    assert all(one == found[0] for one in found)
    assert paths(private).count("/api/v0/token/") == 1


def test_refused_with_a_session_is_absent_only_below_metadata_that_were_read(
    store: SignedInStore, private: Served
) -> None:
    private.fail(ABSENT, "status403", 2)
    with pytest.raises(AccessDenied):
        fetch(store, ABSENT)
    fetch(store, METADATA)
    assert fetch(store, ABSENT) is None


def test_a_chunk_of_a_session_that_cannot_be_renewed_is_an_error(
    store: SignedInStore, private: Served, http: Http
) -> None:
    fetch(store, METADATA)
    http.logins._passwords.clear()
    store._login._confirmed = 0.0
    private.expire()
    with pytest.raises(SignInNeeded, match="has ended"):
        fetch(store, CHUNK)


def test_a_login_page_is_no_pixels_and_no_metadata(
    store: SignedInStore, private: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_module, "BELIEVED_SECONDS", -1.0)
    right = [fetch(store, key) for key in (METADATA, CHUNK)]
    for key, data in zip((METADATA, CHUNK), right, strict=True):
        private.expire()
        private.fail(key, "html")
        assert fetch(store, key) == data
