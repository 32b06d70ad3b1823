"""Saved parts of images in a package: only where the licence allows it, as they were saved."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from known_terms import SmallCmpo
from test_package import full, written

from napari_idr.errors import FormatError
from napari_idr.export.checksums import sha256_of
from napari_idr.export.package_check import check_path
from napari_idr.export.package_reading import read_package
from napari_idr.export.preview import preview
from napari_idr.export.region_files import RegionFile, may_hand_on, refusal, region_paths
from napari_idr.model.image import Axis, ImageMetadata, LevelInfo
from napari_idr.readers.write import write_pixels

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("CC0 1.0", True),
        ("CC BY 4.0 https://creativecommons.org/licenses/by/4.0/", True),
        ("CC-BY-SA 4.0", True),
        ("https://creativecommons.org/licenses/by/4.0/", True),
        ("https://creativecommons.org/publicdomain/zero/1.0/", True),
        ("Creative Commons Attribution 4.0 International", True),
        ("Public Domain", True),
        ("CC0 1.0; CC BY 4.0", True),
        ("", False),
        ("CC BY-NC 4.0", False),
        ("CC BY-NC-SA 3.0", False),
        ("CC BY-ND 4.0", False),
        ("Creative Commons Attribution-NonCommercial", False),
        ("CC0 1.0; CC BY-NC 4.0", False),
        ("All rights reserved", False),
        ("ask the authors", False),
    ],
)
def test_which_licences_let_a_part_go_along(text: str, allowed: bool) -> None:
    assert may_hand_on(text) is allowed


def test_why_a_region_stays_is_a_sentence(tmp_path: Path) -> None:
    here = tmp_path / "a.ome.tif"
    here.write_bytes(b"x")
    assert refusal([RegionFile(here, "CC0 1.0")]) == ""
    assert refusal([RegionFile(here, "")]) == "The licence of the image of a.ome.tif is not known."
    closed = refusal([RegionFile(here, "CC BY-NC 4.0")])
    assert closed == "The licence of the image of a.ome.tif (CC BY-NC 4.0) does not allow it."
    assert refusal([RegionFile(tmp_path / "b.ome.tif", "CC0")]) == "b.ome.tif is not there any more."


def test_no_two_regions_lie_at_one_place(tmp_path: Path) -> None:
    files = [RegionFile(tmp_path / folder / "A cell.ome.tif", "CC0") for folder in "ab"]
    zarr = RegionFile(tmp_path / "a.ome.zarr", "CC0")
    assert region_paths([*files, zarr]) == [
        "regions/A_cell.ome.tif",
        "regions/A_cell-2.ome.tif",
        "regions/a.ome.zarr.zip",
    ]


@pytest.fixture
def regions(tmp_path: Path) -> list[RegionFile]:
    pixels = np.arange(600, dtype="uint16").reshape(20, 30)
    level = LevelInfo("0", (20, 30), (20, 30), "uint16", (0.5, 0.5), (0.0, 0.0))
    axes = (Axis("y", "space", "micrometer"), Axis("x", "space", "micrometer"))
    metadata = ImageMetadata("cells", "cells.ome.zarr", "ome-zarr", "0.4", axes, (level,))
    for name in ("a.ome.tif", "b.ome.zarr"):
        write_pixels(tmp_path / name, pixels, metadata, 0)
    return [RegionFile(tmp_path / name, "CC BY 4.0") for name in ("a.ome.tif", "b.ome.zarr")]


def test_regions_go_along_as_they_are(tmp_path: Path, regions: list[RegionFile]) -> None:
    submission = full()
    package = written(submission, tmp_path, regions=regions)
    assert {"regions/a.ome.tif", "regions/b.ome.zarr.zip"} <= set(package.files)
    assert sha256_of(package.folder / "regions" / "a.ome.tif") == sha256_of(regions[0].path)
    manifest = json.loads((package.folder / "manifest.json").read_text())
    assert {one["path"] for one in manifest["files"] if one["role"] == "region"} == {
        "regions/a.ome.tif",
        "regions/b.ome.zarr.zip",
    }
    assert "where the licence allows it" in (package.folder / "README.md").read_text()
    assert not check_path(package.folder, SmallCmpo()).errors
    assert len(read_package(package.folder)) == len(submission.sets)
    assert "regions/a.ome.tif" in [one.path for one in preview(submission, "both", regions).files]


def test_without_a_licence_nothing_is_written(tmp_path: Path, regions: list[RegionFile]) -> None:
    before = set(tmp_path.iterdir())
    with pytest.raises(FormatError, match="is not known"):
        written(full(), tmp_path, regions=[RegionFile(regions[0].path, "")])
    assert set(tmp_path.iterdir()) == before
