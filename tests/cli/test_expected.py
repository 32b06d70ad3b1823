"""Real plates and images made by others, through the command: from disk, and through ``napari-idr serve``."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest

from napari_idr.embedded import EmbeddedRepository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from command import Run

    Serve = Callable[[str], str]

PLATES = [
    "plates/nf1-plate2.ome.zarr",
    "plates/bbbc014-vitra.ome.zarr",
    "plates/imx-9987-two-acquisitions.ome.zarr",
]
TIME_LAPSE = "images/mitosis-5d.ome.zarr"
TIFF = "images/mitosis-5d.ome.tif"
Way = Literal["disk", "pages", "zarr"]
WAYS: tuple[Way, ...] = ("disk", "pages", "zarr")
"""From the folder itself, by the web pages of a server over it, and by the addresses of that server's files."""


@pytest.fixture(scope="module")
def expected(shared: Path) -> dict[str, Any]:
    return json.loads((shared / "data/EXPECTED.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def serve(shared: Path) -> Iterator[Serve]:
    running: dict[str, EmbeddedRepository] = {}

    def address(folder: str) -> str:
        repository = running.setdefault(folder, EmbeddedRepository(shared / "data" / folder))
        return repository.start()

    yield address
    for repository in running.values():
        repository.stop()


@dataclass
class Command:
    """What the command says, with a check that it ended well and silently."""

    run: Run
    folder: Path

    def json(self, *arguments: str) -> Any:
        status, out, err = self.run(*arguments, "--json")
        assert (status, err) == (0, ""), arguments
        return json.loads(out)

    def pixels(self, address: str, *options: str) -> np.ndarray:
        file = self.folder / "x.npy"
        assert self.run("read", address, *options, "-o", str(file)) == (0, f"{file}\n", "")
        return np.load(file)

    def child(self, address: str, **wanted: Any) -> str:
        """Address of the one child that has all that is wanted."""
        nodes = self.json("ls", address)
        (found,) = (node for node in nodes if wanted.items() <= node.items())
        return found["address"]


@pytest.fixture
def command(run: Run, tmp_path: Path) -> Command:
    return Command(run, tmp_path)


@dataclass
class Place:
    """Where a thing of the shared data is, on one of the ways to it."""

    command: Command
    way: Way
    key: str
    root: str
    """Folder of shared data, or the address of a server over the folder the thing is in."""

    @cached_property
    def address(self) -> str:
        folder, name = self.key.split("/")
        if self.way == "disk":
            return f"{self.root}/{self.key}"
        if self.way == "zarr":
            return f"{self.root}zarr/{name}"
        (container,) = self.command.json("ls", self.root)
        assert (container["name"], container["kind"]) == (folder, "screen" if folder == "plates" else "project")
        address = container["address"]
        if folder == "images":
            address = self.command.child(address, kind="dataset")
        return self.command.child(address, name=name.removesuffix(".ome.zarr"))

    def field(self, plate: dict[str, Any], path: str) -> str:
        """Address of a field by its path in the plate."""
        if self.way != "pages":
            return f"{self.address}/{path}"
        row, column, index = path.split("/")
        where = {"row_index": plate["rows"].index(row), "column_index": plate["columns"].index(column)}
        well = self.command.child(self.address, kind="well", **where)
        return self.command.child(well, name=f"Field {int(index) + 1}")


@pytest.fixture
def place(command: Command, shared: Path, request: pytest.FixtureRequest) -> Callable[[Way, str], Place]:
    def at(way: Way, key: str) -> Place:
        root = str(shared / "data") if way == "disk" else request.getfixturevalue("serve")(key.split("/")[0])
        return Place(command, way, key, root)

    return at


# -- what is compared


def region_text(axes: list[dict[str, Any]], region: list[list[int]]) -> str:
    return ",".join(f"{axis['name']}={a}:{b}" for axis, (a, b) in zip(axes, region, strict=True))


def without_nulls(axis: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in axis.items() if value is not None}


def check_told(told: dict[str, Any], wanted: dict[str, Any]) -> None:
    """What ``info --json`` says of an image or label image."""
    assert told["kind"] == "image"
    assert told["name"] == wanted["name"]
    assert told["source"] == {"kind": "ome-zarr", "version": wanted["ome_zarr_version"]}
    assert [without_nulls(axis) for axis in told["axes"]] == wanted["axes"]
    for level, of_level in zip(told["levels"], wanted["levels"], strict=True):
        for key in ("path", "shape", "dtype", "translation"):
            assert level[key] == of_level[key], key
        assert level["scale"] == pytest.approx(of_level["scale"], rel=1e-12)


def check_channels(told: dict[str, Any], wanted: dict[str, Any]) -> None:
    found = [
        {
            "label": channel["name"],
            "color": channel["color"],
            "active": channel["active"],
            "window": [channel["window"]["start"], channel["window"]["end"]],
        }
        for channel in told["channels"]
    ]
    assert found == wanted["channels"]


def check_pixels(command: Command, address: str, wanted: dict[str, Any], *options: str) -> None:
    """The region of every level, exact to the last bit."""
    for number, level in enumerate(wanted["levels"]):
        region = region_text(wanted["axes"], level["region"])
        pixels = command.pixels(address, "--level", str(number), "--region", region, *options)
        assert pixels.dtype == level["dtype"]
        assert list(pixels.shape) == [stop - start for start, stop in level["region"]]
        assert hashlib.sha256(pixels.tobytes()).hexdigest() == level["sha256"], (address, region)
        assert (pixels.sum(), pixels.min(), pixels.max()) == (level["sum"], level["min"], level["max"])


def check_image(command: Command, address: str, multiscales: list[dict[str, Any]]) -> None:
    (wanted,) = multiscales
    told = command.json("info", address)
    check_told(told, wanted)
    check_channels(told, wanted)
    check_pixels(command, address, wanted)
    assert told["labels"] == [label["label_path"] for label in wanted["labels"]]
    for label in wanted["labels"]:
        # The address that is told is that of the files, below which the label images lie.
        check_told(command.json("info", f"{told['address']}/labels/{label['label_path']}"), label)
        check_pixels(command, address, label, "--label", label["label_path"])


def check_plate(plate: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert (plate["kind"], plate["name"]) == ("plate", wanted["name"])
    assert (plate["rows"], plate["columns"]) == (wanted["rows"], wanted["columns"])
    runs = [{"id": run["id"], "name": run["name"]} for run in wanted["acquisitions"] or []]
    assert plate["acquisitions"] == runs
    fields = {
        f"{well['row']}/{well['column']}": [
            without_nulls({"path": field["name"], "acquisition": field["acquisition"]}) for field in well["fields"]
        ]
        for well in plate["wells"]
    }
    assert fields == wanted["wells"]
    for well in plate["wells"]:
        assert plate["rows"][well["row_index"]] == well["row"]
        assert plate["columns"][well["column_index"]] == well["column"]


# -- the shared data


def test_every_thing_that_is_listed_is_looked_at(expected: dict[str, Any]) -> None:
    assert set(expected) == {*PLATES, TIME_LAPSE, TIFF}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("key", PLATES)
def test_plate_agrees_with_other_software(
    way: Way, key: str, place: Callable[[Way, str], Place], command: Command, expected: dict[str, Any]
) -> None:
    where = place(way, key)
    plate = command.json("info", where.address, "--fields")
    check_plate(plate, expected[key])
    told = {
        f"{well['row']}/{well['column']}/{field['name']}": field["address"]
        for well in plate["wells"]
        for field in well["fields"]
    }
    assert told.keys() == expected[key]["images"].keys()
    for path, wanted in expected[key]["images"].items():
        check_image(command, where.field(plate, path), wanted)
        assert told[path] == f"{plate['address']}/{path}"


@pytest.mark.parametrize("way", WAYS)
def test_sharded_time_lapse_agrees_with_other_software(
    way: Way, place: Callable[[Way, str], Place], command: Command, expected: dict[str, Any]
) -> None:
    check_image(command, place(way, TIME_LAPSE).address, expected[TIME_LAPSE])


def test_ome_tiff_agrees_with_other_software_and_with_the_same_image_as_ome_zarr(
    command: Command, shared: Path, expected: dict[str, Any]
) -> None:
    address, wanted = str(shared / "data" / TIFF), expected[TIFF]
    told = command.json("info", address)
    assert "".join(axis["name"] for axis in told["axes"]).upper() == wanted["axes"]
    assert told["source"]["kind"] == "tiff"
    assert told["levels"][0]["shape"] == wanted["shape"]
    assert told["levels"][0]["dtype"] == wanted["dtype"]
    pixels = command.pixels(address)
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == wanted["sha256 of whole array"]
    assert np.array_equal(pixels, command.pixels(str(shared / "data" / TIME_LAPSE)))
    of_zarr = command.json("info", str(shared / "data" / TIME_LAPSE))
    spaces = [n for n, axis in enumerate(told["axes"]) if axis["name"] in "yx"]
    for n in spaces:
        assert told["axes"][n] == of_zarr["axes"][n]
        assert told["levels"][0]["scale"][n] == pytest.approx(of_zarr["levels"][0]["scale"][n], rel=1e-9)
    assert [c["name"] for c in told["channels"]] == [c["name"] for c in of_zarr["channels"]]


def test_command_in_a_shell_says_the_same(shared: Path, expected: dict[str, Any], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "napari_idr"]
    plate = str(shared / "data" / PLATES[0])
    told = subprocess.run([*command, "info", plate, "--json", "--fields"], capture_output=True, text=True, check=True)
    check_plate(json.loads(told.stdout), expected[PLATES[0]])
    path, (wanted,) = next(iter(expected[PLATES[0]]["images"].items()))
    level, file = wanted["levels"][0], tmp_path / "x.npy"
    region = ["--region", region_text(wanted["axes"], level["region"])]
    ended = subprocess.run(
        [*command, "read", f"{plate}/{path}", *region, "-o", str(file)], capture_output=True, text=True, check=True
    )
    assert (ended.stdout, ended.stderr) == (f"{file}\n", "")
    assert hashlib.sha256(np.load(file).tobytes()).hexdigest() == level["sha256"]


# -- stores that are right, odd and wrong on purpose


@pytest.mark.parametrize("verdict", ["valid", "warning", "invalid"])
def test_stores_are_told_or_refused_as_their_folder_says(verdict: str, run: Run, shared: Path) -> None:
    stores = sorted((shared / "data/zarr-cases-0.4" / verdict).glob("*.zarr"))
    assert stores
    for store in stores:
        status, out, err = run("info", str(store), "--json", "--fields")
        lines = err.splitlines()
        assert all(line.startswith("napari-idr: ") and str(store) in line for line in lines)
        if verdict == "invalid":
            assert (status, out, len(lines)) == (1, "", 1), store
            continue
        contradicts = store.name == "plate-01.zarr"  # its indexes contradict its paths: said once, and opened
        assert (status, len(lines)) == (0, int(verdict == "warning" or contradicts)), store
        assert json.loads(out)["kind"] == ("plate" if contradicts else "image")
        assert not contradicts or "contradict the path" in err
