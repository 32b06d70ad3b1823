"""The command over the embedded server and local files: what it prints, where, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_idr import __version__
from napari_idr.remote.cache_entry import NO_VERSION, Entry
from napari_idr.remote.disk_cache import DiskCache, entry_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from command import Run
    from repository_server import Served

COMMAND = [sys.executable, "-m", "napari_idr"]
Serve = "Callable[..., subprocess.Popen[str]]"


def page(served: Served, kind: str, number: int) -> str:
    return f"{served.address}webclient/?show={kind}-{number}"


# -- listing


def test_ls_lists_children_a_line_each(run: Run, served: Served) -> None:
    status, out, err = run("ls", served.address)
    assert (status, err) == (0, "")
    lines = [line.split("\t") for line in out.splitlines()]
    assert [line[:3] for line in lines] == [
        ["study", "idr9901-demo-knockdown", "1"],
        ["study", "idr9902-demo-histology", "1"],
        ["study", "idr9903-demo-embryo", "1"],
    ]
    status, out, _ = run("ls", lines[0][3])
    assert (status, out.split("\t")[1]) == (0, "idr9901-demo-knockdown/screenA")


def test_ls_json_is_one_document_of_nodes(run: Run, served: Served) -> None:
    status, out, _ = run("ls", served.address, "--json")
    nodes = json.loads(out)
    assert status == 0
    assert nodes[0]["accession"] == "idr9901"
    assert ["Organism", "Homo sapiens"] in nodes[0]["key_values"]


def test_ls_without_an_address_names_the_repositories(run: Run) -> None:
    status, out, _ = run("ls")
    assert (status, out) == (0, "repository\tImage Data Resource\t\thttps://idr.openmicroscopy.org/\n")


def test_ls_stops_at_its_limit(run: Run, served: Served) -> None:
    _, out, _ = run("ls", page(served, "plate", 401), "--limit", "3")
    assert [line.split("\t")[1] for line in out.splitlines()] == ["A1", "B1", "C1"]


# -- telling


@pytest.fixture(scope="module")
def one_of_each(_server: Served) -> dict[str, str]:
    """The address of a node of each kind."""
    from napari_idr.session import Session
    from napari_idr.settings import Settings

    found: dict[str, str] = {}
    with Session(Settings(server=_server.address)) as opened:
        waiting = [opened.repositories[0].root()]
        while waiting:
            node = waiting.pop(0)
            if node.kind not in found and node.kind != "field":
                found[node.kind] = node.address
                waiting += opened.children(node, limit=3).nodes
            elif node.kind in ("study", "project"):
                waiting += opened.children(node, limit=3).nodes
    return found


LISTS = {
    "repository": ["study"],
    "study": ["screen"],
    "screen": ["plate"],
    "plate": ["well"],
    "well": ["field"],
    "project": ["dataset"],
    "dataset": ["image"],
    "image": [],
}
HOLDS_ROIS = ("plate", "well", "dataset", "image")


@pytest.mark.parametrize("kind", LISTS)
def test_each_kind_of_node_is_listed_described_and_asked_for_its_rois(
    run: Run, one_of_each: dict[str, str], tmp_path: Path, kind: str
) -> None:
    address = one_of_each[kind]
    status, out, _ = run("ls", address, "--json", "--limit", "1")
    assert (status, [node["kind"] for node in json.loads(out)]) == (0, LISTS[kind])
    status, out, _ = run("info", address, "--json")
    assert (status, json.loads(out)["kind"]) == (0, kind)
    status, out, err = run("rois", address, "-o", str(tmp_path / "rois.json"))
    assert status == (0 if kind in HOLDS_ROIS else 1)
    assert (tmp_path / "rois.json").exists() == (kind in HOLDS_ROIS)
    assert len(err.splitlines()) == (0 if kind in HOLDS_ROIS else 1)


def test_info_json_of_an_image_has_the_promised_fields(run: Run, served: Served) -> None:
    image = _first_image(run, served)
    status, out, _ = run("info", image, "--json")
    document = json.loads(out)
    assert status == 0
    assert list(document) == [
        "kind", "name", "address", "source", "axes", "levels", "channels", "labels", "rois", "key_values",
    ]  # fmt: skip
    assert document["kind"] == "image"
    assert document["source"]["kind"] == "ome-zarr"
    assert [axis["name"] for axis in document["axes"]] == ["c", "y", "x"]
    assert list(document["levels"][0]) == ["path", "shape", "chunks", "dtype", "scale", "translation"]
    assert document["levels"][0]["dtype"] == "uint16"
    assert list(document["channels"][0]) == ["name", "color", "active", "window"]
    assert document["labels"] == ["nuclei"]
    assert isinstance(document["rois"], int)
    assert document["key_values"]


def _first_image(run: Run, served: Served) -> str:
    _, out, _ = run("ls", page(served, "well", 10001))
    return out.splitlines()[0].split("\t")[3]


def test_info_json_of_a_plate_lists_fields_only_when_asked(run: Run, served: Served) -> None:
    address = page(served, "plate", 401)
    _, out, _ = run("info", address, "--json")
    plate = json.loads(out)
    assert list(plate) == ["kind", "name", "address", "rows", "columns", "wells", "acquisitions"]
    assert plate["rows"] == ["A", "B", "C"]
    assert "fields" not in plate["wells"][0]
    _, out, _ = run("info", address, "--json", "--fields")
    field = json.loads(out)["wells"][0]["fields"][0]
    assert list(field) == ["name", "address", "acquisition"]
    assert field["address"].endswith(".ome.zarr/A/1/0")


def test_info_json_of_a_study_has_its_key_values(run: Run, served: Served) -> None:
    _, out, _ = run("info", f"{served.address}study/idr9901/", "--json")
    study = json.loads(out)
    assert (study["kind"], study["id"], study["name"]) == ("study", "idr9901", "idr9901-demo-knockdown")
    assert ["License", "CC0 1.0"] in study["key_values"]


def test_info_for_people_has_a_line_per_fact(run: Run, served: Served) -> None:
    status, out, _ = run("info", _first_image(run, served))
    assert status == 0
    assert "kind: image\n" in out
    assert "labels: nuclei\n" in out


def test_info_of_a_local_folder_needs_no_server(run: Run, shared: Path) -> None:
    _, out, _ = run("info", str(shared / "data" / "plates"), "--json")
    assert json.loads(out)["child_count"] == 3
    _, out, _ = run("info", str(shared / "data" / "images" / "mitosis-5d.ome.zarr"), "--json")
    image = json.loads(out)
    assert image["rois"] is None
    assert image["key_values"] == []


# -- reading


def test_read_writes_exact_pixels_and_prints_where(run: Run, served: Served, tmp_path: Path) -> None:
    output = tmp_path / "cells.npy"
    image = _first_image(run, served)
    status, out, err = run("read", image, "--region", "c=1,y=0:8", "--level", "1", "-o", str(output))
    assert (status, out, err) == (0, f"{output}\n", "")
    pixels = np.load(output)
    assert pixels.shape == (1, 8, 64)
    assert pixels.dtype == np.uint16
    assert list(tmp_path.glob("*.npy")) == [output]


def test_what_is_read_to_a_file_says_whose_it_is(run: Run, served: Served, tmp_path: Path) -> None:
    image = _first_image(run, served)
    first, second = tmp_path / "cells.ome.zarr", tmp_path / "part.ome.zarr"
    assert run("read", image, "--region", "c=1,y=0:8", "--level", "1", "-o", str(first))[0] == 0
    said = json.loads((first / ".zattrs").read_text(encoding="utf-8"))["napari-idr"]["region"]
    assert said["Source image"].startswith(served.address)
    assert said["License"].startswith("CC0 1.0")
    assert said["Region"].startswith("c=1:2,y=0:8")
    assert run("read", str(first), "--region", "y=2:4", "-o", str(second))[0] == 0
    local = json.loads((second / ".zattrs").read_text(encoding="utf-8"))["napari-idr"]["region"]
    assert local["Source image"] == "cells.ome.zarr"
    assert "License" not in local
    assert str(tmp_path) not in json.dumps(local)


def test_rois_are_written_as_json(run: Run, served: Served, tmp_path: Path) -> None:
    image = _first_image(run, served)
    output = tmp_path / "rois.json"
    status, out, _ = run("rois", image, "-o", str(output))
    assert (status, out) == (0, f"{output}\n")
    _, printed, _ = run("rois", image)
    assert json.loads(output.read_text()) == json.loads(printed)
    status, out, err = run("rois", image, "-o", str(tmp_path / "rois.doc"))
    assert (status, out) == (1, "")
    assert ".doc" in err
    assert [path.name for path in tmp_path.glob("*rois*")] == ["rois.json"]


def test_search_finds_wells(run: Run, served: Served) -> None:
    status, out, _ = run("search", "idr9901", "--repository", served.address)
    assert status == 0
    assert "idr9901-demo-knockdown" in out
    status, out, err = run("search", "no-such-word", "--repository", served.address, "--json")
    assert (status, json.loads(out)) == (0, [])
    assert "no-such-word" in err


# -- ending


@pytest.mark.parametrize(
    "arguments",
    [
        ("info", "nonsense"),
        ("info", "/no/such/place.zarr"),
        ("ls", "http://127.0.0.1:9/"),
        ("info", "S-BIAD144"),
        ("read", "nonsense", "-o", "x.npy"),
    ],
)
def test_failure_is_one_line_of_three_parts_on_standard_error(run: Run, arguments: tuple[str, ...]) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (1, "")
    assert err.count("\n") == 1
    assert err.startswith("napari-idr: ")
    assert err.count(",") >= 2
    assert "Traceback" not in err


@pytest.mark.parametrize("kind", ["status403", "status404", "status500", "html", "short", "hang"])
def test_failing_server_is_one_line(run: Run, served: Served, kind: str) -> None:
    served.fail("/screens/", kind)
    status, out, err = run("ls", served.address)
    assert (status, out) == (1, "")
    assert err.count("\n") == 1
    assert served.address.removesuffix("/") in err


def test_debug_shows_the_traceback(run: Run) -> None:
    status, _, err = run("--debug", "info", "nonsense")
    assert status == 1
    assert "Traceback" in err
    assert err.splitlines()[-1].startswith("napari-idr: ")


@pytest.mark.parametrize(
    "arguments",
    [("info",), ("nothing",), ("read", "x.zarr"), ("read", "x.zarr", "-o", "y", "--level", "-1"), ("ls", "--what")],
)
def test_wrong_usage_ends_with_two(run: Run, arguments: tuple[str, ...]) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert err


def test_wrong_setting_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAPARI_IDR_RAM_CACHE_MB", "lots")
    status, _, err = run("ls")
    assert (status, err.count("\n")) == (1, 1)
    assert "ram_cache_mb" in err


def test_what_nobody_foresaw_is_one_line_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object, __: object) -> None:
        raise RuntimeError("a\nbug")

    monkeypatch.setattr("napari_idr.session.Session.resolve", broken)
    status, out, err = run("info", "idr0001")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "RuntimeError a bug" in err


def test_version_is_printed(run: Run) -> None:
    assert run("--version") == (0, f"{__version__}\n", "")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from napari_idr.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print({'zarr', 'napari', 'qtpy', 'numpy', 'requests', 'pydantic'} & set(sys.modules), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stderr.strip() == "set()"
    assert "serve" in ended.stdout


def test_no_window_means_neither_napari_nor_qt(served: Served) -> None:
    code = (
        "import sys; from napari_idr.cli import main\n"
        f"try: main(['info', '{page(served, 'image', 100001)}'])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print({'napari', 'qtpy', 'superqt', 'vispy'} & set(sys.modules), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stderr.strip() == "set()"


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What a script runs in the background ignores interrupts, and so would the commands it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_interrupted_read_leaves_nothing_half_written(served: Served, tmp_path: Path) -> None:
    served.fail("/A/1/0/0", "hang", 50)
    arguments = ["read", page(served, "image", 100001), "-o", str(tmp_path / "cells.npy")]
    environment = {**os.environ, "NAPARI_IDR_READ_TIMEOUT": "60"}
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        _wait_until(lambda: any("/A/1/0/0" in path for path in served.requests()), process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert err.startswith("napari-idr: interrupted")
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def _wait_until(is_so: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not is_so():
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(process.communicate())


# -- serving


@pytest.fixture
def serve(shared: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    with ExitStack() as started:

        def start(*options: str) -> subprocess.Popen[str]:
            command = [*COMMAND, "serve", str(shared / "data" / "plates"), "--port", "0", *options]
            pipe = subprocess.PIPE
            process = started.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True))
            started.callback(process.kill)
            return process

        yield start


def test_serve_prints_its_address_first_and_ends_with_standard_input(serve: Serve, run: Run) -> None:
    serving = serve("--stop-with-stdin")
    assert serving.stdout is not None
    assert serving.stdin is not None
    address = serving.stdout.readline().strip()
    status, out, _ = run("search", "nf1", "--repository", address)
    assert status == 0
    assert "nf1" in out
    serving.stdin.close()
    assert serving.wait(120) == 0


@pytest.mark.usefixtures("interruptible")
def test_interrupted_server_ends(serve: Serve) -> None:
    serving = serve()
    assert serving.stdout is not None
    assert serving.stdout.readline().startswith("http://127.0.0.1:")
    serving.send_signal(signal.SIGINT)
    assert serving.wait(120) == 130


def test_served_folder_must_exist(run: Run) -> None:
    status, out, err = run("serve", "/no/such/folder")
    assert (status, out, err.count("\n")) == (1, "", 1)


# -- cache


def test_cache_is_measured_and_cleared(run: Run, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (cache / "a").mkdir(parents=True)
    (cache / "a" / "x").write_bytes(b"12345")
    (cache / "CACHEDIR.TAG").write_bytes(b"")
    status, out, _ = run("cache", "info", "--json")
    told = json.loads(out)
    answers = told.pop("answers")
    assert (status, told) == (0, {"folder": str(cache), "files": 2, "bytes": 5})
    assert (answers["entries"], answers["bytes"]) == (0, 0)
    assert 0 < answers["limit"] <= 5120 << 20
    assert run("cache", "clear") == (0, "5 bytes freed\n", "")
    assert list(cache.iterdir()) == []


def test_only_answers_are_cleared_from_a_folder_that_holds_something_else(run: Run, tmp_path: Path) -> None:
    answers = DiskCache(tmp_path / "cache" / "answers", 1 << 30)
    answers.keep(entry_name("x"), Entry(b"12345", NO_VERSION, 0.0))
    answers.close()
    (tmp_path / "cache" / "thesis.txt").write_text("years")
    assert json.loads(run("cache", "info", "--json")[1])["answers"]["entries"] == 1
    assert run("cache", "clear") == (0, "4096 bytes freed\n", "")
    assert answers.usage().entries == 0
    assert (tmp_path / "cache" / "thesis.txt").read_text() == "years"


def test_cache_is_cleared_while_another_process_uses_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "CACHEDIR.TAG").write_bytes(b"")
    used = DiskCache(tmp_path / "cache" / "answers", 1 << 30)
    for number in range(500):
        used.keep(entry_name(str(number)), Entry(bytes(1000), NO_VERSION, 0.0))
        if number % 100 == 50:
            assert run("cache", "clear")[0] == 0
    used.close()
    assert used.load(entry_name("499")) is not None
    assert not used.problem


def test_folder_that_is_no_cache_is_not_cleared(run: Run, tmp_path: Path) -> None:
    precious = tmp_path / "cache" / "thesis.txt"
    precious.parent.mkdir()
    precious.write_text("years")
    status, out, err = run("cache", "clear")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert precious.read_text() == "years"
