"""``napari-idr download``: the files an image was made from, gone on with where they broke off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from napari_idr.cli_download import distinct_names, download_files
from napari_idr.errors import Cancelled
from napari_idr.model.original_file import OriginalFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from repository_server import Served


@pytest.fixture
def image(served: Served) -> str:
    """Address of an image with an original file."""
    found = requests.get(f"{served.address}api/v0/m/images/?limit=1000", timeout=20).json()["data"]
    number = next(one["@id"] for one in found if one["Name"] == "embryo-1")
    return f"{served.address}webclient/?show=image-{number}"


@pytest.fixture(autouse=True)
def _server(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAPARI_IDR_SERVER", served.address)


def test_a_download_that_broke_off_goes_on_and_what_is_there_is_not_asked_for(
    served: Served, run: Callable[..., tuple[int, str, str]], image: str, tmp_path: Path
) -> None:
    status, out, _ = run("download", image)
    name, address = out.strip().split("\t")
    assert status == 0
    content = requests.get(address, timeout=20).content
    folder = tmp_path / "new" / "originals"
    served.fail("/originals/", "truncate", times=9)
    status, out, err = run("download", image, "-o", str(folder))
    assert (status, out) == (1, "")
    assert "try again to go on" in err or "broke off" in err
    served.mend()
    half = (folder / f".{name}.part").stat().st_size
    assert 0 < half < len(content)
    status, out, err = run("download", image, "-o", str(folder))
    assert (status, out) == (0, f"{folder / name}\n")
    assert "(100 %)" in err
    assert (folder / name).read_bytes() == content
    assert [file.name for file in folder.iterdir()] == [name]
    served.reset()
    status, _, err = run("download", image, "-o", str(folder))
    assert status == 0
    assert "is there already" in err
    assert not any("/originals/" in one for one in served.requests())


def test_what_has_no_original_files_is_one_sentence(served: Served, run: Callable[..., tuple[int, str, str]]) -> None:
    status, out, err = run("download", f"{served.address}webclient/?show=screen-101", "-o", "nowhere")
    assert (status, out) == (1, "")
    assert err.startswith("napari-idr: ")
    assert len(err.splitlines()) == 1


def test_ctrl_c_says_that_it_goes_on_when_run_again(tmp_path: Path) -> None:
    class Interrupted:
        def download(self, *_: object, **__: object) -> None:
            raise KeyboardInterrupt

    with pytest.raises(Cancelled, match="goes on where it was"):
        list(download_files(Interrupted(), [OriginalFile("a", "https://h/a")], tmp_path, print))  # type: ignore[arg-type]


def test_files_of_one_name_do_not_replace_each_other() -> None:
    files = [OriginalFile(name, "https://h/") for name in ("a.tif", "b.tif", "A.tif", "a.tif", "a (2).tif")]
    assert distinct_names(files) == ["a.tif", "b.tif", "A (2).tif", "a (3).tif", "a (2) (2).tif"]


def test_a_study_is_told_by_its_doi(tmp_path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    from large_catalogue import write_large_archive
    from napari_idr.demo.server import EmbeddedServer

    with EmbeddedServer(write_large_archive(tmp_path / "large")) as large:
        status, out, _ = run("info", f"{large.address.replace('http://', 'omero://')}study/10.17867/0000004")
    assert status == 0
    assert "idr0005" in out
