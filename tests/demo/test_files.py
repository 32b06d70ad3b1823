"""OME-Zarr files come as an object store gives them."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

import pytest

from napari_idr.demo.files import ZarrFiles, parse_range

if TYPE_CHECKING:
    from pathlib import Path

    from demo_client import Client

CHUNK = "plates/knockdown-1.ome.zarr/A/1/0/0/0/0/0"


@pytest.fixture
def chunk(content: Path) -> bytes:
    return (content / CHUNK).read_bytes()


def test_a_file_comes_whole(client: Client, chunk: bytes) -> None:
    answer = client.get(f"zarr/{CHUNK}")
    assert answer.content == chunk
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-length"] == str(len(chunk))


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=0-9", 0, 10), ("bytes=100-", 100, None), ("bytes=-16", -16, None), ("bytes=5-99999999", 5, None)],
)
def test_part_of_a_file_comes_as_206(client: Client, chunk: bytes, asked: str, start: int, stop: int | None) -> None:
    answer = client.get(f"zarr/{CHUNK}", Range=asked)
    assert answer.status_code == 206
    assert answer.content == chunk[start:stop]
    first = start % len(chunk)
    told = f"bytes {first}-{first + len(answer.content) - 1}/{len(chunk)}"
    assert answer.headers["content-range"] == told


def test_a_range_beyond_the_end_is_416(client: Client, chunk: bytes) -> None:
    answer = client.get(f"zarr/{CHUNK}", Range="bytes=99999999-")
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(chunk)}"


def test_a_range_that_is_not_understood_is_answered_in_full(client: Client, chunk: bytes) -> None:
    for asked in ("bytes=0-1,4-5", "items=0-1", "bytes=-"):
        answer = client.get(f"zarr/{CHUNK}", Range=asked)
        assert (answer.status_code, answer.content) == (200, chunk)


def test_an_etag_is_strong_and_saves_the_body(client: Client) -> None:
    tag = client.get(f"zarr/{CHUNK}").headers["etag"]
    assert tag.startswith('"')
    answer = client.get(f"zarr/{CHUNK}", **{"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert client.get(f"zarr/{CHUNK}", **{"If-None-Match": '"other"'}).status_code == 200


def test_head_tells_the_length_without_the_body(client: Client, chunk: bytes) -> None:
    answer = client.head(f"zarr/{CHUNK}")
    assert answer.status_code == 200
    assert answer.headers["content-length"] == str(len(chunk))
    assert answer.content == b""


def test_what_is_not_there_is_404_in_xml(client: Client) -> None:
    for path in ("zarr/nothing", "zarr/plates", "zarr/", f"zarr/{CHUNK}/x", "zarr/plates/knockdown-1.ome.zarr/"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/xml"
        assert "<Code>NoSuchKey</Code>" in answer.text


@pytest.mark.parametrize("path", ["/zarr/%2e%2e/%2e%2e/etc/passwd", "/zarr/..%2f..%2fetc/passwd", "/zarr//etc/passwd"])
def test_no_path_leads_out_of_the_folder(client: Client, path: str) -> None:
    host = client.address.removeprefix("http://").rstrip("/")
    connection = http.client.HTTPConnection(host, timeout=20)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.status == 404
    assert b"root:" not in answer.read()
    connection.close()


def test_no_link_leads_out_of_the_folder(tmp_path: Path) -> None:
    root = tmp_path / "served"
    root.mkdir()
    (tmp_path / "secret").write_text("secret")
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "file").write_text("data")
    files = ZarrFiles(root)
    assert files.locate("file") == root / "file"
    for relative in ("link", "../secret", "a/../../secret", "..\\secret", "file\0", "x" * 5000, "/../secret"):
        assert files.locate(relative) is None


def test_ranges_of_an_empty_file() -> None:
    assert parse_range("", 0) == range(0)
    assert parse_range("bytes=0-", 0) is None
    assert parse_range("bytes=-5", 0) is None
