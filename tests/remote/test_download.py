"""Downloads: gone on with where they broke off, checked, in place only when complete."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import requests

from napari_idr.errors import Cancelled, ChunkError, NapariIdrError, NotFound, Unsupported
from napari_idr.remote.download import download
from napari_idr.session import Session
from napari_idr.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr.remote.http import Http
    from repository_server import Served


@pytest.fixture
def original(served: Served) -> tuple[str, bytes]:
    """Address and content of a file of the embedded repository."""
    found = requests.get(f"{served.address}api/v0/m/images/?limit=1000", timeout=20).json()["data"]
    number = next(one["@id"] for one in found if one["Name"] == "embryo-1")
    (address,) = requests.get(f"{served.address}image/{number}/download_urls/", timeout=20).json()["download_urls"]
    content = requests.get(address, timeout=20).content
    served.reset()
    return address, content


def leave_part(target: Path, content: bytes, version: str) -> None:
    target.with_name(f".{target.name}.part").write_bytes(content)
    target.with_name(f".{target.name}.part.json").write_text(json.dumps({"version": version}), encoding="utf-8")


def tag_of(address: str) -> str:
    return requests.get(address, timeout=20).headers["etag"]


def test_a_file_comes_whole_with_its_progress_and_nothing_beside_it(
    http: Http, original: tuple[str, bytes], tmp_path: Path
) -> None:
    address, content = original
    seen: list[tuple[int, int]] = []
    target = download(http, address, tmp_path / "a.tif", on_progress=lambda done, total: seen.append((done, total)))
    assert target.read_bytes() == content
    assert seen[-1] == (len(content), len(content))
    assert [file.name for file in tmp_path.iterdir()] == ["a.tif"]


def test_a_download_that_was_stopped_goes_on_where_it_was(
    http: Http, original: tuple[str, bytes], tmp_path: Path, served: Served
) -> None:
    address, content = original
    target = tmp_path / "a.tif"
    served.fail("/originals/", "truncate")
    with pytest.raises(NapariIdrError):
        download(http, address, target)
    part = tmp_path / ".a.tif.part"
    half = part.stat().st_size
    assert 0 < half < len(content)
    assert not target.exists()
    assert download(http, address, target).read_bytes() == content
    first: list[int] = []
    leave_part(target, content[:half], tag_of(address))
    download(http, address, target, on_progress=lambda done, _: first.append(done))
    assert min(first) > half
    assert target.read_bytes() == content


def test_cancelling_keeps_what_has_come(http: Http, original: tuple[str, bytes], tmp_path: Path) -> None:
    address, content = original
    leave_part(tmp_path / "a.tif", content[:1000], tag_of(address))
    with pytest.raises(Cancelled, match="stopped"):
        download(http, address, tmp_path / "a.tif", is_cancelled=lambda: True)
    assert (tmp_path / ".a.tif.part").read_bytes() == content[:1000]


@pytest.mark.parametrize("version", ['"another"', "", None])
def test_a_part_of_another_file_is_not_gone_on_with(
    http: Http, original: tuple[str, bytes], tmp_path: Path, version: Any
) -> None:
    address, content = original
    leave_part(tmp_path / "a.tif", b"x" * 1000, version)
    assert download(http, address, tmp_path / "a.tif").read_bytes() == content


def test_a_part_that_is_whole_already_is_checked_and_taken(
    http: Http, original: tuple[str, bytes], tmp_path: Path
) -> None:
    address, content = original
    leave_part(tmp_path / "a.tif", content + b"more", tag_of(address))
    assert download(http, address, tmp_path / "a.tif").read_bytes() == content


def test_what_the_checksum_contradicts_is_not_kept(http: Http, original: tuple[str, bytes], tmp_path: Path) -> None:
    address, content = original
    leave_part(tmp_path / "a.tif", b"x" * 1000, tag_of(address))  # the right version, spoilt on the disk
    with pytest.raises(ChunkError, match="not what its checksum says"):
        download(http, address, tmp_path / "a.tif")
    assert list(tmp_path.iterdir()) == []
    wanted = f"md5:{hashlib.md5(content).hexdigest()}"
    assert download(http, address, tmp_path / "a.tif", checksum=wanted).read_bytes() == content
    with pytest.raises(ChunkError):
        download(http, address, tmp_path / "b.tif", checksum="sha256:00")


def test_what_is_not_there_leaves_nothing(http: Http, served: Served, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        download(http, f"{served.address}originals/1/x.tif", tmp_path / "a.tif")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_sentence(
    http: Http, original: tuple[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _: usage)
        with pytest.raises(Unsupported, match="not enough room"):
            download(http, original[0], tmp_path / "a.tif")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(Unsupported, match="The disk is full"):
        download(http, original[0], tmp_path / "a.tif", on_progress=full)


def test_original_files_of_an_image_are_listed_and_come(served: Served, tmp_path: Path) -> None:
    with Session(Settings(server=served.address)) as session:
        found = requests.get(f"{served.address}api/v0/m/images/?limit=1000", timeout=20).json()["data"]
        number = next(one["@id"] for one in found if one["Name"] == "embryo-1, only its files")
        node = session.resolve(f"{served.address}webclient/?show=image-{number}")
        served.reset()
        (file,) = session.original_files(node)
        assert served.requests() == [f"/image/{number}/download_urls/"]
        assert file.name == "embryo-1, only its files.ome.tif"
        target = session.download(file, tmp_path / file.name)
        assert target.read_bytes()[:4] in (b"II*\0", b"MM\0*")
        (root,) = (one for one in session.repositories)
        assert session.original_files(root.root()) == ()
