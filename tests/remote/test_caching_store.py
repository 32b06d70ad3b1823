"""A store that keeps what it read: asks nothing while that is fresh, only whether it changed after, nothing offline."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from zarr.abc.store import RangeByteRequest, SuffixByteRequest

from napari_idr.errors import AccessDenied, ChunkError, NotFound, Offline, ServerFailure, Unreachable
from napari_idr.remote import caching_store
from napari_idr.remote.cache_entry import DAY
from napari_idr.remote.caching_store import CachingStore
from napari_idr.remote.disk_cache import DiskCache
from napari_idr.remote.http_store import HttpStore
from napari_idr.remote.network_state import NetworkState
from napari_idr.remote.object_store import Access, open_store
from versioned_server import VersionedServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zarr.abc.store import ByteRequest, Store

    from versioned_server import Says

OLD, NEW = b"old pixels", b"new pixels"
RANGE, END = RangeByteRequest(2, 6), SuffixByteRequest(4)


class Clock:
    """The time of day, that a test may let pass."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead, now = 0.0, time.time
        monkeypatch.setattr(time, "time", lambda: now() + self.ahead)

    def pass_days(self, days: float) -> None:
        self.ahead += days * DAY


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def server() -> Iterator[VersionedServer]:
    with VersionedServer({"i.zarr/0/0": OLD, "i.zarr/0/1": OLD, "i.zarr/.zattrs": b"{}"}) as running:
        yield running


class Sessions:
    """Stores over one server and one cache folder, each as another session would open it."""

    def __init__(self, server: VersionedServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.cache, self.network = DiskCache(folder, 1 << 30), NetworkState()
        self._store: Store = self._open()

    def _open(self, timeout: float = 2.0) -> Store:
        access = Access(timeout=timeout, cache=self.cache, network=self.network)
        return open_store(f"{self.server.address}/i.zarr", access)

    def next(self, timeout: float = 2.0) -> None:
        self.cache.close()
        self.cache, self.network = DiskCache(self.folder, 1 << 30), NetworkState()
        self._store = self._open(timeout)

    @property
    def store(self) -> CachingStore:
        assert isinstance(self._store, CachingStore)
        return self._store

    def get(self, key: str, byte_range: ByteRequest | None = None) -> bytes | None:
        buffer = asyncio.run(self._store.get(key, byte_range=byte_range))
        return None if buffer is None else buffer.to_bytes()

    def asked(self) -> list[tuple[str, int]]:
        return [(path.removeprefix("i.zarr/"), status) for path, status in self.server.take_asked()]


@pytest.fixture
def sessions(server: VersionedServer, tmp_path: Path, clock: Clock) -> Iterator[Sessions]:
    opened = Sessions(server, tmp_path / "answers")
    yield opened
    opened.cache.close()


ALL = [("0/0", None), ("0/0", RANGE), ("0/0", END), (".zattrs", None), ("0/absent", None)]


def test_nothing_is_asked_while_it_is_fresh(sessions: Sessions) -> None:
    first = [sessions.get(*one) for one in ALL]
    assert first == [OLD, OLD[2:6], OLD[-4:], b"{}", None]
    assert len(sessions.asked()) == len(ALL)
    sessions.next()
    assert [sessions.get(*one) for one in ALL] == first
    assert sessions.asked() == []


@pytest.mark.parametrize("says", ["e_tag", "modified"])
def test_what_is_old_is_asked_for_on_condition_and_fresh_again(says: Says, sessions: Sessions, clock: Clock) -> None:
    sessions.server.says = says
    first = [sessions.get(*one) for one in ALL]
    clock.pass_days(1.1)
    sessions.next()
    sessions.asked()
    assert [sessions.get(*one) for one in ALL] == first
    assert [status for _, status in sessions.asked()] == [304, 304, 304, 304, 404]
    sessions.next()
    assert [sessions.get(*one) for one in ALL] == first
    assert sessions.asked() == []


def test_absent_key_is_believed_for_an_hour(sessions: Sessions, clock: Clock) -> None:
    assert sessions.get("0/2") is None
    sessions.server.objects["i.zarr/0/2"] = NEW
    sessions.next()
    assert sessions.get("0/2") is None
    clock.pass_days(0.05)
    sessions.next()
    assert sessions.get("0/2") == NEW


def test_server_that_tells_no_versions_sends_everything_again(sessions: Sessions, clock: Clock) -> None:
    sessions.server.says = "nothing"
    sessions.get("0/0")
    sessions.next()
    assert sessions.get("0/0") == OLD
    clock.pass_days(2)
    sessions.next()
    sessions.server.objects["i.zarr/0/0"] = NEW
    assert sessions.get("0/0") == NEW
    assert sessions.asked() == [("0/0", 200), ("0/0", 200)]


def test_server_that_gives_every_version_one_tag_is_believed(sessions: Sessions, clock: Clock) -> None:
    sessions.server.says = "same e_tag"
    sessions.get("0/0")
    clock.pass_days(2)
    sessions.next()
    sessions.server.objects["i.zarr/0/0"] = NEW
    assert sessions.get("0/0") == OLD  # it says that it is unchanged: nobody could know better


@pytest.mark.parametrize(
    ("said", "days", "expected"),
    [
        ("immutable", 300, []),
        ("max-age=864000", 9, []),
        ("public, max-age=60", 0.01, [304]),
        ("no-cache", 0, [304]),
        ("no-store", 0, [200]),
        ("private, max-age=1000", 0, [200]),
        ("max-age=soon", 0.9, []),
    ],
)
def test_server_says_how_long_an_answer_holds(
    said: str, days: float, expected: list[int], sessions: Sessions, clock: Clock
) -> None:
    sessions.server.cache_control = said
    sessions.get("0/0")
    clock.pass_days(days)
    sessions.next()
    sessions.asked()
    assert sessions.get("0/0") == OLD
    assert [status for _, status in sessions.asked()] == expected


# -- without the server


@pytest.mark.parametrize("days", [0, 3])
def test_server_switched_off_is_not_missed(days: float, sessions: Sessions, clock: Clock) -> None:
    first = [sessions.get(*one) for one in ALL]
    saved = time.time()
    clock.pass_days(days)
    sessions.next()
    sessions.server.switch_off()
    assert [sessions.get(*one) for one in ALL] == first
    (host,) = sessions.network.hosts or [None]
    assert (host is not None) == bool(days)
    if host is not None:
        assert host.status == "offline"
        assert host.saved == pytest.approx(saved, abs=60)
        assert not host.missing


@pytest.mark.parametrize("status", [500, 503, 429])
def test_failing_server_is_not_missed(status: int, sessions: Sessions, clock: Clock) -> None:
    sessions.get("0/0")
    clock.pass_days(3)
    sessions.next()
    sessions.server.status = status
    assert sessions.get("0/0") == OLD
    assert sessions.network.worst.status == "slow"
    assert sessions.network.worst.saved


def test_server_that_hangs_is_waited_for_once(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [f"0/{number}" for number in range(30)]
    sessions.server.objects |= {f"i.zarr/{key}": OLD for key in keys}
    for key in keys:
        sessions.get(key)
    sessions.next()
    waits = []

    async def hang(self: HttpStore, key: str, *_: object) -> None:
        waits.append(key)
        await asyncio.Event().wait()

    monkeypatch.setattr(HttpStore, "ask", hang)
    monkeypatch.setattr(caching_store, "PATIENCE_WITH_COPY", 0.05)
    sessions.cache.distrust()
    assert [sessions.get(key) for key in keys] == [OLD] * len(keys)
    assert waits == [keys[0]]


@pytest.mark.parametrize(("status", "error"), [(403, AccessDenied), (401, AccessDenied)])
def test_answer_that_refuses_is_not_papered_over(
    status: int, error: type[Exception], sessions: Sessions, clock: Clock
) -> None:
    sessions.get("0/0")
    clock.pass_days(3)
    sessions.next()
    sessions.server.status = status
    with pytest.raises(error):
        sessions.get("0/0")


def test_what_was_never_read_fails_and_is_counted(sessions: Sessions) -> None:
    sessions.get("0/0")
    sessions.server.switch_off()
    with pytest.raises(Offline, match="Nobody answers"):
        sessions.get("0/1")
    sessions.server.switch_on()
    assert sessions.get("0/1") == OLD
    assert sessions.network.worst.status == "online"


@pytest.mark.parametrize("status", [500, 403, 301, 416])
def test_answers_that_failed_are_not_kept(status: int, sessions: Sessions) -> None:
    sessions.server.status = status
    with pytest.raises((Unreachable, ServerFailure, AccessDenied, ChunkError, ValueError, NotFound)):
        sessions.get("0/0")
    sessions.next()
    sessions.server.status = 0
    assert sessions.get("0/0") == OLD


@pytest.mark.parametrize("document", [b"<html>log in</html>", b'{"half": ', b"7", b"\xff"])
def test_metadata_that_are_no_document_are_not_kept(document: bytes, sessions: Sessions) -> None:
    sessions.server.objects["i.zarr/.zattrs"] = document
    assert sessions.get(".zattrs") == document
    sessions.next()
    sessions.server.objects["i.zarr/.zattrs"] = b"{}"
    assert sessions.get(".zattrs") == b"{}"


def test_absent_by_403_is_not_kept(sessions: Sessions) -> None:
    sessions.get(".zattrs")
    sessions.server.status = 403
    assert sessions.get("0/0") is None
    sessions.next()
    sessions.get(".zattrs")  # from disk: it makes a 403 mean absent all the same
    assert sessions.get("0/0") is None
    sessions.server.status = 0
    assert sessions.get("0/0") == OLD


# -- versions


def replace_image(server: VersionedServer) -> None:
    """A new version of the whole image on the server."""
    server.objects |= {key: NEW for key in server.objects if "zattrs" not in key}
    server.modified = time.time() + 1


def test_image_of_which_one_piece_changed_is_asked_about_as_a_whole(sessions: Sessions, clock: Clock) -> None:
    sessions.get("0/0")
    clock.pass_days(0.9)
    sessions.get("0/1")
    clock.pass_days(0.2)  # the first is old now, the second is fresh
    replace_image(sessions.server)
    sessions.next()
    noted: list[str] = []
    sessions.network.content_changed.connect(noted.append)
    assert sessions.get("0/0") == NEW
    assert sessions.get("0/1") == NEW
    assert noted == [f"{sessions.server.address}/i.zarr"]
    sessions.next()
    sessions.asked()
    assert [sessions.get(key) for key in ("0/0", "0/1")] == [NEW, NEW]
    assert sessions.asked() == []


def test_piece_that_is_newer_than_what_was_shown_puts_it_in_question(sessions: Sessions) -> None:
    sessions.server.says = "modified"
    sessions.get("0/0")
    replace_image(sessions.server)
    sessions.next()
    assert sessions.get("0/0") == OLD  # fresh: nothing was asked
    assert sessions.get("0/1") == NEW
    assert sessions.get("0/0") == NEW


def test_what_is_in_question_is_not_used_without_the_server(sessions: Sessions, clock: Clock) -> None:
    sessions.get("0/0")
    sessions.get("0/1")
    clock.pass_days(2)
    replace_image(sessions.server)
    sessions.next()
    assert sessions.get("0/0") == NEW
    sessions.server.switch_off()
    for _ in range(2):
        assert sessions.get("0/0") == NEW
        with pytest.raises(Unreachable):
            sessions.get("0/1")
        sessions.next()


def test_other_images_are_not_in_question(sessions: Sessions, clock: Clock) -> None:
    other = open_store(f"{sessions.server.address}/j.zarr", Access(cache=sessions.cache, network=sessions.network))
    sessions.server.objects["j.zarr/0"] = OLD
    asyncio.run(other.get("0"))
    sessions.cache.distrust()
    sessions.get("0/0")
    clock.pass_days(2)
    replace_image(sessions.server)
    sessions.get("0/0")
    sessions.server.switch_off()
    buffer = asyncio.run(other.get("0"))
    assert buffer is not None
    assert buffer.to_bytes() == OLD


def test_parts_of_two_versions_of_one_object_are_never_mixed(sessions: Sessions) -> None:
    assert sessions.get("0/0", END) == OLD[-4:]
    replace_image(sessions.server)
    sessions.next()
    assert sessions.get("0/0", END) == OLD[-4:]  # the index of a shard, fresh
    with pytest.raises(ChunkError, match="changed"):
        sessions.get("0/0", RANGE)
    assert sessions.get("0/0", END) == NEW[-4:]
    assert sessions.get("0/0", RANGE) == NEW[2:6]


def test_object_in_doubt_is_asked_for_without_condition(sessions: Sessions) -> None:
    sessions.server.says = "same e_tag"
    sessions.server.objects["i.zarr/0/0"] = OLD[:5]
    assert sessions.get("0/0") == OLD[:5]
    sessions.server.objects["i.zarr/0/0"] = OLD
    sessions.next()
    sessions.store.doubt("0/0")
    assert sessions.get("0/0") == OLD
    sessions.next()
    assert sessions.get("0/0") == OLD


# -- what is never kept


@pytest.mark.parametrize("where", ["?token=s3cret", "?X-Amz-Signature=abc"])
def test_addresses_with_secrets_are_not_kept(where: str, sessions: Sessions) -> None:
    access = Access(cache=sessions.cache, network=sessions.network)
    assert isinstance(open_store(f"{sessions.server.address}/i.zarr{where}", access), HttpStore)


def test_what_needs_a_login_is_not_kept(sessions: Sessions) -> None:
    access = Access(headers=(("Authorization", "x"),), cache=sessions.cache, network=sessions.network)
    assert isinstance(open_store(f"{sessions.server.address}/i.zarr", access), HttpStore)


def test_no_file_tells_what_was_looked_at(sessions: Sessions) -> None:
    sessions.get("0/0")
    sessions.cache.close()
    files = [path for path in sessions.folder.rglob("*") if path.is_file() and path.name != "CACHEDIR.TAG"]
    assert files
    assert not [path for path in files if b"i.zarr" in path.read_bytes() or "zarr" in path.name]
