"""The plate that the package brings along, and the script that makes it."""

from __future__ import annotations

import importlib.util
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import zarr

import napari_idr
from napari_idr.formats.ngff import parse_plate

BUNDLED = Path(napari_idr.__file__).parent / "data" / "tiny-plate.ozx"
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_tiny_plate.py"


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = importlib.util.spec_from_file_location("make_tiny_plate", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    folder = tmp_path_factory.mktemp("tiny")
    script.write(folder / "first.ozx")
    script.write(folder / "second.ozx")
    return folder


def test_it_is_small() -> None:
    assert BUNDLED.stat().st_size < 1_000_000


def test_building_twice_gives_the_same_bytes(rebuilt: Path) -> None:
    assert (rebuilt / "first.ozx").read_bytes() == (rebuilt / "second.ozx").read_bytes()


def test_the_bundled_plate_is_what_the_script_makes(rebuilt: Path) -> None:
    with zipfile.ZipFile(BUNDLED) as bundled, zipfile.ZipFile(rebuilt / "first.ozx") as fresh:
        assert bundled.namelist() == fresh.namelist()
        names = [name for name in fresh.namelist() if name.endswith("zarr.json")]
        assert all(bundled.read(name) == fresh.read(name) for name in names)


def test_it_follows_the_single_file_form() -> None:
    with zipfile.ZipFile(BUNDLED) as archive:
        entries = archive.infolist()
        comment = json.loads(archive.comment)
    assert comment["ome"]["version"] == "0.5"
    assert entries[0].filename == "zarr.json"
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}
    is_metadata = [entry.filename.endswith("zarr.json") for entry in entries]
    assert is_metadata == sorted(is_metadata, reverse=True)


def test_it_is_a_plate_of_six_wells_with_labels() -> None:
    store = zarr.storage.ZipStore(BUNDLED, mode="r")
    root = zarr.open_group(store, mode="r")
    plate = parse_plate(dict(root.attrs), address=str(BUNDLED))
    assert plate.warnings == ()
    assert [well.name for well in plate.wells] == ["A1", "A2", "A3", "B1", "B2", "B3"]
    field = root["B/2/0"]
    assert field["0"].shape == (3, 256, 256)
    assert np.asarray(field["0"]).max() > 100
    assert len(np.unique(np.asarray(field["labels/nuclei/0"]))) > 3
    store.close()
