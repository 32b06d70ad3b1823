"""The demonstration content: what is in it, that it is the same everywhere, complete or absent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import zarr

from napari_idr.demo.content import FOLDER_NAME, ContentSize, ensure_content
from napari_idr.demo.content_catalogue import MOVIE_PATH, PLATE_PATH, SLIDE_PATH
from napari_idr.demo.fields import CellMix, FieldPainter
from napari_idr.demo.plate_layout import GENES, NOT_IMAGED, layout, well_annotations
from napari_idr.demo.slide_content import SlidePainter, SlideShape
from napari_idr.demo.zarr_folder import read_image

if TYPE_CHECKING:
    from pathlib import Path


class Stopped(Exception):
    """Raised to stop painting."""


def test_painting_twice_gives_the_same_files(content: Path, tmp_path: Path) -> None:
    again = ensure_content(tmp_path, size=ContentSize.small())
    paths = sorted(path.relative_to(content) for path in content.rglob("*") if path.is_file())
    assert paths == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert all((content / path).read_bytes() == (again / path).read_bytes() for path in paths)


def test_content_that_is_there_is_not_painted_again(content: Path) -> None:
    told: list[str] = []
    assert ensure_content(content.parent, lambda *step: told.append(step[2])) == content
    assert told == []


def test_painting_tells_its_progress_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    ensure_content(tmp_path, lambda *step: told.append(step), size=ContentSize.small())
    done = [step[0] for step in told]
    assert done == sorted(done)
    assert {step[1] for step in told} == {done[-1]}
    assert {step[2].split()[-1] for step in told} == {"plate", "time-lapse", "slide", "Ready"}


def test_stopping_leaves_nothing_behind(tmp_path: Path) -> None:
    def stop(done: int, total: int, what: str) -> None:
        if done > 5:
            raise Stopped

    with pytest.raises(Stopped):
        ensure_content(tmp_path, stop, size=ContentSize.small())
    assert list(tmp_path.iterdir()) == []


def test_the_folder_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    seen: set[bool] = set()
    ensure_content(
        tmp_path, lambda done, total, _: seen.add((tmp_path / FOLDER_NAME).exists()), size=ContentSize.small()
    )
    assert seen == {False}


def test_the_plate_is_ome_zarr_04_with_labels(content: Path) -> None:
    plate = json.loads((content / PLATE_PATH / ".zattrs").read_text())["plate"]
    assert plate["version"] == "0.4"
    assert len(plate["wells"]) == 11
    field = read_image(content / PLATE_PATH / "A/1/0")
    assert field.warnings == ()
    assert [axis.unit for axis in field.axes] == [None, "micrometer", "micrometer"]
    assert [channel.name for channel in field.channels] == ["DNA", "alpha-tubulin", "phospho-H3"]
    assert [level.shape for level in field.levels] == [(3, 128, 128), (3, 64, 64), (3, 32, 32)]
    nuclei = read_image(content / PLATE_PATH / "A/1/0/labels/nuclei")
    assert nuclei.warnings == ()
    assert nuclei.label is not None
    values = set(np.unique(zarr.open_array(content / PLATE_PATH / "A/1/0/labels/nuclei/0", mode="r")[:])) - {0}
    assert values
    assert values <= {value for value, _ in nuclei.label.colors}


def test_the_slide_is_red_green_and_blue_and_its_glass_is_never_written(content: Path) -> None:
    slide = read_image(content / SLIDE_PATH)
    assert [channel.color for channel in slide.channels] == ["FF0000", "00FF00", "0000FF"]
    assert slide.warnings == ()
    assert max(slide.levels[-1].shape) <= 1024
    chunks = [path for path in (content / SLIDE_PATH / "0").rglob("*") if path.is_file()]
    assert 10 < len(chunks) < 64
    pixels = zarr.open_array(content / SLIDE_PATH / "0", mode="r")[:]
    assert (pixels[:, :100, :100] == 243).all()


def test_coarser_levels_of_the_slide_are_means_of_finer_ones(content: Path) -> None:
    fine, coarse = (zarr.open_array(content / SLIDE_PATH / level, mode="r")[:] for level in "01")
    blocks = fine.reshape(3, 512, 2, 512, 2).astype(np.uint32).sum(axis=(2, 4))
    assert np.array_equal(coarse, (blocks + 2) // 4)


def test_a_slide_of_full_size_has_the_levels_it_needs() -> None:
    shape = SlideShape()
    assert shape.side == 16384
    assert shape.side >> (shape.levels - 1) == 1024


def test_tiles_of_the_slide_fit_together() -> None:
    painter = SlidePainter(SlideShape(side=1024, chunk=128, tile=256))
    left, right = painter.paint(1, 1), painter.paint(1, 2)
    assert left is not None
    assert right is not None
    across = np.abs(left[:, :, -1].astype(int) - right[:, :, 0]).mean()
    within = np.abs(left[:, :, -1].astype(int) - left[:, :, -2]).mean()
    assert across < within + 8


def test_the_movie_is_ome_zarr_05_with_shards(content: Path) -> None:
    movie = read_image(content / MOVIE_PATH)
    assert movie.warnings == ()
    assert movie.source_version == "0.5"
    assert movie.axis_names == ("t", "c", "z", "y", "x")
    assert [axis.unit for axis in movie.axes] == ["minute", None, "micrometer", "micrometer", "micrometer"]
    assert movie.levels[0].scale == (1.5, 1.0, 2.0, 0.4, 0.4)
    array = zarr.open_array(content / MOVIE_PATH / "0", mode="r")
    assert array.shards == (1, 1, 4, 64, 64)
    assert array.chunks == (1, 1, 1, 32, 32)
    assert movie.levels[0].chunks == array.chunks


def test_a_knock_down_can_be_seen_in_numbers() -> None:
    painter = FieldPainter(512)
    by_well = {one.well: painter.paint(one.mix(), 1) for one in layout() if one.well in ("A1", "A4", "H11", "B10")}
    mitotic = {well: sum(kind == "mitotic" for _, kind, _, _ in field.cells) for well, field in by_well.items()}
    assert mitotic["A4"] > 3 * mitotic["A1"]  # KIF11
    assert len(by_well["H11"].cells) < len(by_well["A1"].cells) / 2  # staurosporine, highest dose
    bright = {well: (field.pixels[2] > 120).mean() for well, field in by_well.items()}
    assert bright["A4"] > 3 * bright["A1"]


def test_effects_grow_with_the_dose() -> None:
    row = [one for one in layout() if one.row == 4 and 1 <= one.column <= 10]
    assert [one.strength for one in row] == sorted(one.strength for one in row)
    assert row[-1].mix().mitotic > 0.6 > 0.05 > row[0].mix().mitotic
    assert row[0].dose < row[-1].dose


def test_labels_cover_the_nuclei_that_are_listed() -> None:
    field = FieldPainter(256).paint(CellMix(), 3)
    seen = set(np.unique(field.nuclei)) - {0}
    listed = {label for label, *_ in field.cells}
    assert seen <= listed
    assert len(seen) > 0.9 * len(listed)
    inside = field.pixels[0][field.nuclei > 0].mean()
    assert inside > 2 * field.pixels[0][field.nuclei == 0].mean()


def test_every_well_of_the_layout_is_annotated() -> None:
    treatments = layout()
    assert len({one.well for one in treatments}) == len(treatments) == 96
    assert {one.well for one in treatments} >= set(NOT_IMAGED)
    genes = {one.gene for one in treatments if one.gene}
    assert genes == {symbol for symbol, *_ in GENES}
    controls = [one for one in treatments if one.column in (0, 11)]
    assert all(one.control for one in controls)
    for one in treatments:
        keys = [key for group in well_annotations(one) for key, _ in group["values"]]
        assert {"Organism", "Cell Line", "Has Phenotype", "Quality Control"} <= set(keys)
        assert ("Gene Symbol" in keys) == bool(one.gene)
