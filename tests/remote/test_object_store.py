"""What a store answers, and how the failures of servers, folders and zip files come out."""

from __future__ import annotations

import asyncio
import zipfile
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

import pytest
from zarr.abc.store import OffsetByteRequest, RangeByteRequest, SuffixByteRequest

from faulty_server import FolderServer
from napari_idr.errors import (
    AccessDenied,
    AddressError,
    ChunkError,
    FormatError,
    NotFound,
    Offline,
    ProtocolError,
    ServerFailure,
    TimedOut,
    Unreachable,
)
from napari_idr.remote import read_only_store
from napari_idr.remote.object_store import Access, child_address, http_address, last_part, open_store, scheme
from napari_idr.remote.shard_memo import ShardMemo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarr.abc.store import ByteRequest, Store

DATA = bytes(range(100))


def get(store: Store, key: str, byte_range: ByteRequest | None = None) -> bytes | None:
    buffer = asyncio.run(store.get(key, byte_range=byte_range))
    return None if buffer is None else buffer.to_bytes()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FolderServer]:
    (tmp_path / "0").mkdir()
    (tmp_path / "0/0").write_bytes(DATA)
    (tmp_path / ".zattrs").write_text("{}")
    (tmp_path / "zarr.json").write_text("{}")
    with FolderServer(tmp_path) as running:
        yield running


@pytest.fixture(params=["folder", "zip", "top", "http"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path, server: FolderServer) -> Store:
    """The same few files behind every kind of store."""
    if request.param == "folder":
        return open_store(str(tmp_path))
    if request.param == "http":
        return open_store(server.address)
    path = tmp_path / "packed.OZX"
    prefix = "image.zarr/" if request.param == "top" else ""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "0/0", f"{prefix}0/0")
        archive.write(tmp_path / ".zattrs", f"{prefix}.zattrs")
    return open_store(str(path))


def test_every_store_gives_whole_values_and_parts_of_them(any_store: Store) -> None:
    assert get(any_store, "0/0") == DATA
    assert get(any_store, "0/0", RangeByteRequest(10, 20)) == DATA[10:20]
    assert get(any_store, "0/0", OffsetByteRequest(90)) == DATA[90:]
    assert get(any_store, "0/0", SuffixByteRequest(7)) == DATA[-7:]
    assert asyncio.run(any_store.exists("0/0"))
    any_store.close()


def test_every_store_says_none_for_what_is_absent_or_outside(any_store: Store) -> None:
    for key in ("0/1", "nowhere/0", "0", "../secret", "0/../../secret", "/etc/passwd", "0//0", "./0/0", "0\\0", ""):
        assert get(any_store, key) is None, key
    any_store.close()


def test_every_store_refuses_to_write_and_to_list(any_store: Store) -> None:
    assert any_store.read_only
    assert any_store.with_read_only(True) is any_store
    for refused in (any_store.set("a", None), any_store.delete("a")):  # type: ignore[arg-type]
        with pytest.raises(PermissionError):
            asyncio.run(refused)
    with pytest.raises(NotImplementedError):
        any_store.list()
    any_store.close()


def test_one_store_serves_several_event_loops(server: FolderServer) -> None:
    store = open_store(server.address)
    for _ in range(3):
        assert get(store, "0/0", SuffixByteRequest(5)) == DATA[-5:]


def test_nothing_is_asked_before_the_first_read(server: FolderServer) -> None:
    open_store(server.address)
    assert server.requests == []


@pytest.mark.parametrize("status", ["404"])
def test_an_absent_object_is_none_after_one_request(status: str, server: FolderServer) -> None:
    server.faults["0/0"] = status
    assert get(open_store(server.address), "0/0") is None
    assert len(server.requests) == 1


def test_a_refused_object_is_access_denied_until_metadata_were_read_and_absent_after(server: FolderServer) -> None:
    server.faults["0/0"] = "403"
    store = open_store(server.address)
    with pytest.raises(AccessDenied, match="does not give access"):
        get(store, "0/0")
    assert get(store, ".zattrs") == b"{}"
    assert get(store, "0/0") is None
    assert get(store, "0/0", SuffixByteRequest(4)) is None


def test_missing_credentials_are_access_denied(server: FolderServer) -> None:
    server.faults["0/0"] = "401"
    store = open_store(server.address)
    assert get(store, ".zattrs") == b"{}"
    with pytest.raises(AccessDenied):
        get(store, "0/0")


@pytest.mark.parametrize("status", ["500", "502", "504"])
def test_a_failing_server_is_a_server_failure_after_one_request_for_pixels(status: str, server: FolderServer) -> None:
    server.faults["0/0"] = status
    with pytest.raises(ServerFailure, match=f"failed \\(status {status}"):
        get(open_store(server.address), "0/0")
    assert len(server.requests) == 1, "who reads chunks tries again"


@pytest.mark.parametrize("status", ["500", "502", "504"])
def test_metadata_of_a_failing_server_are_asked_for_three_times(status: str, server: FolderServer) -> None:
    server.faults["zarr.json"] = status
    with pytest.raises(ServerFailure):
        get(open_store(server.address), "zarr.json")
    assert len(server.requests) == 3


def test_metadata_of_a_server_that_recovers_are_read(server: FolderServer) -> None:
    server.faults["zarr.json"] = "500"

    async def read() -> bytes:
        task = asyncio.create_task(open_store(server.address).get("zarr.json"))
        while not server.requests:
            await asyncio.sleep(0)
        server.faults.clear()
        buffer = await task
        assert buffer is not None
        return buffer.to_bytes()

    assert asyncio.run(read()) == b"{}"
    assert len(server.requests) == 2


def test_a_refused_connection_is_unreachable(server: FolderServer) -> None:
    with FolderServer(server.root) as gone:
        address = gone.address
    with pytest.raises(Unreachable) as caught:
        get(open_store(address), "0/0")
    assert type(caught.value) is Offline
    assert "127.0.0.1" in str(caught.value)


def test_a_server_that_hangs_is_timed_out(server: FolderServer) -> None:
    server.faults["0/0"] = "hang"
    with pytest.raises(TimedOut, match="did not answer in time"):
        get(open_store(server.address, Access(timeout=0.3)), "0/0")
    assert len(server.requests) == 1, "who reads chunks tries again"


def test_metadata_that_do_not_come_in_time_are_asked_for_twice(server: FolderServer) -> None:
    server.faults["zarr.json"] = "hang"
    with pytest.raises(TimedOut):
        get(open_store(server.address, Access(timeout=0.3)), "zarr.json")
    assert len(server.requests) == 2


def test_a_truncated_object_is_unreachable(server: FolderServer) -> None:
    server.faults["0/0"] = "truncate"
    with pytest.raises(Unreachable, match="broke off"):
        get(open_store(server.address), "0/0")
    assert len(server.requests) == 1, "who reads chunks tries again"


def test_a_truncated_document_is_asked_for_three_times(server: FolderServer) -> None:
    server.faults["zarr.json"] = "truncate"
    with pytest.raises(Unreachable, match="broke off"):
        get(open_store(server.address), "zarr.json")
    assert len(server.requests) == 3


def test_another_client_error_is_a_protocol_error(server: FolderServer) -> None:
    server.faults["0/0"] = "400"
    with pytest.raises(ProtocolError, match="status 400"):
        get(open_store(server.address), "0/0")


def test_a_server_that_does_not_announce_lengths_is_a_protocol_error(server: FolderServer) -> None:
    server.faults["0/0"] = "nolength"
    with pytest.raises(ProtocolError, match="how long its answers are"):
        get(open_store(server.address), "0/0")


def test_a_server_without_ranges_still_gives_parts(server: FolderServer) -> None:
    server.faults["0/0"] = "norange"
    store = open_store(server.address)
    assert get(store, "0/0", RangeByteRequest(3, 5)) == DATA[3:5]
    assert get(store, "0/0", SuffixByteRequest(5)) == DATA[-5:]


def test_secrets_of_an_address_are_sent_but_never_told(server: FolderServer) -> None:
    server.faults["0/0"] = "500"
    store = open_store(f"{server.address}/?token=s3cret", Access(headers=(("X-Key", "hidden"),)))
    with pytest.raises(ServerFailure) as caught:
        get(store, "0/0")
    assert server.requests[0][0] == "/0/0?token=s3cret"
    assert server.headers[0]["x-key"] == "hidden"
    assert server.headers[0]["user-agent"].startswith("napari-idr/")
    assert "s3cret" not in f"{caught.value} {store!r}"
    assert "hidden" not in f"{caught.value} {store!r}"


@pytest.mark.parametrize("name", ["a b", "a#b", "a%b", "a%20b", "ä+&é", "a?b", "a'(1)"])
def test_keys_with_special_characters_are_quoted_once(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "0").write_bytes(DATA)
    with FolderServer(tmp_path) as running:
        assert get(open_store(running.address), f"{name}/0") == DATA


@pytest.mark.parametrize(("folder", "written"), [("a b#c", "a b#c"), ("a b", "a%20b"), ("50%", "50%"), ("ü", "ü")])
def test_addresses_may_be_quoted_or_not(folder: str, written: str, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "0").write_bytes(DATA)
    with FolderServer(tmp_path) as running:
        assert get(open_store(f"{running.address}/{written}/"), "0") == DATA


@pytest.mark.parametrize("kind", ["folder", "zip", "http"])
def test_documents_beyond_the_limit_are_not_read(
    kind: str, tmp_path: Path, server: FolderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_only_store, "METADATA_LIMIT", 1000)
    (tmp_path / "zarr.json").write_bytes(b" " * 1001)
    (tmp_path / "0/big").write_bytes(b" " * 1001)
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "zarr.json", "zarr.json")
        archive.write(tmp_path / "0/big", "0/big")
    address = {"folder": str(tmp_path), "zip": str(tmp_path / "x.zip"), "http": server.address}[kind]
    store = open_store(address)
    with pytest.raises(ChunkError, match="too large"):
        get(store, "zarr.json")
    assert get(store, "0/big") == b" " * 1001, "the limit is that of documents"
    store.close()


def test_a_missing_folder_or_file_is_not_found_at_the_first_read(tmp_path: Path) -> None:
    for name in ("no.zarr", "no.zip"):
        store = open_store(str(tmp_path / name))
        with pytest.raises(NotFound, match=name):
            get(store, "zarr.json")


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04" + b"\0" * 30])
def test_a_file_that_is_no_zip_is_a_format_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.ozx").write_bytes(content)
    with pytest.raises(FormatError, match=r"x\.ozx"):
        get(open_store(str(tmp_path / "x.ozx")), "zarr.json")


def test_a_damaged_member_of_a_zip_is_a_chunk_error(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("0/0", DATA)
    data = path.read_bytes().replace(DATA[:50], bytes(50))
    path.write_bytes(data)
    store = open_store(str(path))
    with pytest.raises(ChunkError, match="damaged"):
        get(store, "0/0")
    store.close()


def test_hostile_members_of_a_zip_are_as_if_they_were_not_there(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("../evil", "/abs", "a/../../evil", "image.zarr/zarr.json", "image.zarr/0/..", "back\\slash"):
            archive.writestr(name, "{}")
    store = open_store(str(path))
    assert get(store, "zarr.json") == b"{}", "the single top folder is the root"
    for key in ("../evil", "evil", "/abs", "abs", "0/..", "image.zarr/zarr.json"):
        assert get(store, key) is None, key
    store.close()


def test_two_top_folders_are_no_single_one(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/zarr.json", "{}")
        archive.writestr("b/zarr.json", "{}")
    store = open_store(str(path))
    assert get(store, "zarr.json") is None
    assert get(store, "b/zarr.json") == b"{}"
    store.close()


def test_the_end_of_a_shard_is_asked_for_once_also_by_many_at_once(server: FolderServer) -> None:
    store = open_store(server.address)

    async def read_many() -> None:
        await asyncio.gather(*(store.get("0/0", byte_range=SuffixByteRequest(5)) for _ in range(20)))
        await asyncio.gather(*(store.get("0/1", byte_range=SuffixByteRequest(5)) for _ in range(20)))

    asyncio.run(read_many())
    asyncio.run(read_many())
    assert server.paths == ["/0/0", "/0/1"]


def test_the_end_of_a_shard_that_fails_is_asked_for_once_by_all_who_wait(server: FolderServer) -> None:
    server.faults["0/0"] = "500"
    store = open_store(server.address)

    async def read_many() -> list[BaseException | None]:
        wanted = (store.get("0/0", byte_range=SuffixByteRequest(5)) for _ in range(20))
        return await asyncio.gather(*wanted, return_exceptions=True)

    answers = asyncio.run(read_many())
    assert [type(answer) for answer in answers] == [ServerFailure] * 20
    assert server.paths == ["/0/0"]
    server.faults.clear()
    assert get(store, "0/0", SuffixByteRequest(5)) == DATA[-5:]


def test_who_waits_for_a_cancelled_request_asks_again() -> None:
    memo = ShardMemo()
    asked: list[asyncio.Event] = []

    async def fetch() -> bytes:
        asked.append(asyncio.Event())
        await asked[-1].wait()
        return b"end"

    async def run() -> None:
        first = asyncio.create_task(memo.get(("k", 1), fetch))
        while not asked:
            await asyncio.sleep(0)
        second = asyncio.create_task(memo.get(("k", 1), fetch))
        third = asyncio.create_task(memo.get(("k", 1), fetch))
        await asyncio.sleep(0)
        third.cancel()
        first.cancel()
        while len(asked) < 2:
            await asyncio.sleep(0)
        asked[1].set()
        assert await second == b"end"
        assert first.cancelled()
        assert third.cancelled()

    asyncio.run(run())
    assert len(asked) == 2


def test_the_memo_of_shard_ends_is_bounded() -> None:
    memo = ShardMemo(limit=100)
    asked: list[int] = []

    async def run() -> None:
        for index in (0, 1, 2, 0, 2):

            async def fetch(index: int = index) -> bytes:
                asked.append(index)
                return bytes(40)

            await memo.get((str(index), 40), fetch)

    asyncio.run(run())
    assert asked == [0, 1, 2, 0], "two of three fit, the oldest goes first"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("s3://host.org/bucket/a b.zarr?anonymous=true", "https://host.org/bucket/a%20b.zarr"),
        ("s3://bucket/key/x.zarr", "https://bucket.s3.amazonaws.com/key/x.zarr"),
        ("HTTPS://host/x.zarr/", "https://host/x.zarr"),
        ("http://host:8080/a%20b/c d#e.zarr?x=1", "http://host:8080/a%20b/c%20d%23e.zarr?x=1"),
        ("https://host", "https://host"),
    ],
)
def test_addresses_of_servers_and_buckets(address: str, expected: str) -> None:
    assert http_address(address) == expected


@pytest.mark.parametrize("path", [r"C:\data\x.zarr", "C:/data/x.zarr", "relative/x.zarr", "/abs/a:b//c.zarr", "x"])
def test_paths_are_no_schemes(path: str) -> None:
    assert scheme(path) == ""


def test_file_addresses_are_paths(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b/0").write_bytes(DATA)
    assert get(open_store((tmp_path / "a b").as_uri()), "0") == DATA


@pytest.mark.parametrize("address", ["ftp://host/x", "gs://bucket/x", "https:///x"])
def test_addresses_that_cannot_be_read_say_so(address: str) -> None:
    with pytest.raises(AddressError):
        open_store(address)


def test_children_and_names_of_addresses() -> None:
    assert child_address("http://h/x.zarr/?t=1", "A/1") == "http://h/x.zarr/A/1?t=1"
    assert child_address("/data/x.zarr", "0") == "/data/x.zarr/0"
    assert child_address("/data/what?.zarr", "0") == "/data/what?.zarr/0"
    assert last_part("http://h/a/x%20y.zarr/?t=1") == "x y.zarr"
    assert last_part(str(PureWindowsPath("C:/data/x.zarr"))) == "x.zarr"
