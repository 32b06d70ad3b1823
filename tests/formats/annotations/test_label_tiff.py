from __future__ import annotations

import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from labelled_sets import drawn_object, image, labelled_set, nuclei, rich_object, same_labels
from napari_idr.errors import FormatError
from napari_idr.formats.annotations import label_tiff
from napari_idr.formats.annotations.label_tiff import FORMAT, write_per_time
from napari_idr.model.annotation_set import LabelImage, LabelPlace
from validate.validators import run_validator

if TYPE_CHECKING:
    from pathlib import Path

TZYX = ("t", "z", "y", "x")


def round_trip(one: Any, tmp_path: Path) -> Any:
    path = tmp_path / "B1__nuclei.labels.ome.tif"
    path.unlink(missing_ok=True)
    FORMAT.write([one], path)
    return FORMAT.read(path, one.image)[0]


def test_labels_and_all_that_is_said_of_them_come_back(tmp_path: Path) -> None:
    one = labelled_set()
    again = round_trip(one, tmp_path)
    assert FORMAT.losses([one]) == ()
    assert again.objects == one.objects
    assert same_labels(again.labels[0], one.labels[0])
    assert again.remarks == ()


def test_the_image_is_known_without_being_open(tmp_path: Path) -> None:
    path = tmp_path / "a.labels.ome.tif"
    FORMAT.write([labelled_set()], path)
    assert FORMAT.read(path)[0].image == image()


def test_the_file_is_what_the_repositories_scripts_want(tmp_path: Path) -> None:
    path = tmp_path / "a.labels.ome.tif"
    FORMAT.write([labelled_set()], path)
    with tifffile.TiffFile(path) as file:
        assert file.is_ome
        assert (file.series[0].axes, file.series[0].shape) == ("ZYX", (3, 64, 80))
        assert np.array_equal(file.series[0].asarray(), nuclei())
        assert 'PhysicalSizeX="0.25"' in file.ome_metadata
        assert 'PhysicalSizeXUnit="&#181;m"' in file.ome_metadata


def test_the_xml_follows_the_released_schema(tmp_path: Path) -> None:
    paths = [tmp_path / "a.labels.ome.tif", tmp_path / "b.labels.ome.tif"]
    FORMAT.write([labelled_set()], paths[0])
    flat = LabelImage(name="cells \x00", axes=("y", "x"), pixels=np.ones((64, 80), np.int64))
    FORMAT.write([labelled_set(labels=(flat,), objects=())], paths[1])
    assert run_validator("ome_xsd", *paths, needs_samples=True) == []


def test_the_same_set_gives_the_same_bytes(tmp_path: Path) -> None:
    paths = [tmp_path / "a.labels.ome.tif", tmp_path / "b.labels.ome.tif"]
    for path in paths:
        FORMAT.write([labelled_set()], path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("level", [0, 1])
def test_labels_of_a_part_are_placed_and_come_back_as_that_part(level: int, tmp_path: Path) -> None:
    part = LabelImage(
        name="nuclei",
        axes=("y", "x"),
        pixels=np.arange(1, 13, dtype=np.uint8).reshape(3, 4),
        origin=(4, 9),
        level=level,
    )
    one = labelled_set(labels=(part,))
    assert same_labels(round_trip(one, tmp_path).labels[0], part)
    whole = tifffile.imread(tmp_path / "B1__nuclei.labels.ome.tif")
    step = 2**level
    expected = np.zeros((64, 80), np.uint8)
    expected[4 * step : 7 * step, 9 * step : 13 * step] = part.pixels.repeat(step, 0).repeat(step, 1)
    assert np.array_equal(whole, np.stack([expected] * 3))


@settings(max_examples=25, deadline=None)
@given(
    data=st.data(),
    axes=st.sampled_from([TZYX, ("z", "y", "x"), ("t", "y", "x"), ("y", "x")]),
    dtype=st.sampled_from(label_tiff.TYPES),
    factor=st.sampled_from([1.0, 2.0, 3.0, 2.0078125]),
)
def test_any_box_of_any_level_comes_back(
    data: st.DataObject, axes: tuple[str, ...], dtype: str, factor: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    owner = image(size_x=31, size_y=17, size_z=2, size_t=3, level_factors=(1.0, factor))
    room = [int((owner.size(a) - 0.5) / (factor if a in "yx" else 1)) + 1 for a in axes]
    start = tuple(data.draw(st.integers(0, size - 1)) for size in room)
    shape = tuple(data.draw(st.integers(1, size - first)) for size, first in zip(room, start, strict=True))
    pixels = np.random.default_rng(1).integers(0, 100, shape).astype(dtype)
    label = LabelImage(name="x", axes=axes, pixels=pixels, origin=start, level=1)
    one = labelled_set(image=owner, labels=(label,), objects=())
    assert same_labels(round_trip(one, tmp_path_factory.mktemp("box")).labels[0], label)


def test_what_is_no_label_is_said_and_left_out(tmp_path: Path) -> None:
    lost = rich_object(4, "another")
    one = labelled_set(objects=(drawn_object(), rich_object(1), lost))
    assert {loss.uuid for loss in FORMAT.losses([one])} == {drawn_object().uuid, lost.uuid}
    assert round_trip(one, tmp_path).objects == (rich_object(1),)


def test_a_type_of_64_bits_is_made_smaller_and_said(tmp_path: Path) -> None:
    label = LabelImage(name="nuclei", axes=("z", "y", "x"), pixels=nuclei("int64") * 40_000)
    one = labelled_set(labels=(label,), objects=())
    assert "int64" in FORMAT.losses([one])[0].what
    again = round_trip(one, tmp_path).labels[0].pixels
    assert again.dtype == np.uint32
    assert np.array_equal(again, label.pixels)


def test_a_time_lapse_is_a_file_per_time_point_where_that_is_wanted(tmp_path: Path) -> None:
    owner = image(size_t=2)
    pixels = np.stack([nuclei(), nuclei() * 3])
    label = LabelImage(name="nuclei", axes=TZYX, pixels=pixels)
    objects = [rich_object(value) for value in (1, 2, 3, 6)]
    first, second = write_per_time(tmp_path, "B1__nuclei", owner, label, objects)
    assert (first.name, second.name) == ("B1__nuclei_T0000.labels.ome.tif", "B1__nuclei_T0001.labels.ome.tif")
    again = FORMAT.read(second, owner)[0]
    assert again.labels[0].origin == (1, 0, 0, 0)
    assert np.array_equal(again.labels[0].pixels[0], pixels[1])
    assert [one.label for one in again.objects] == [LabelPlace("nuclei", 3), LabelPlace("nuclei", 6)]
    assert run_validator("ome_xsd", first, second, needs_samples=True) == []


def test_large_planes_are_written_in_tiles_and_read_from_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_tiff, "LARGE_PLANE", 600)
    owner = image(size_x=700, size_y=650, size_z=1)
    pixels = np.random.default_rng(2).integers(0, 9, (650, 700)).astype(np.uint8)
    one = labelled_set(image=owner, labels=(LabelImage(name="x", axes=("y", "x"), pixels=pixels),), objects=())
    assert np.array_equal(round_trip(one, tmp_path).labels[0].pixels, pixels)
    with tifffile.TiffFile(tmp_path / "B1__nuclei.labels.ome.tif") as file:
        assert file.pages[0].is_tiled
    monkeypatch.setattr(label_tiff, "IN_MEMORY", 1000)
    lazy = FORMAT.read(tmp_path / "B1__nuclei.labels.ome.tif", owner)[0].labels[0].pixels
    assert not isinstance(lazy, np.ndarray)
    assert np.array_equal(lazy[10:20, 30:40], pixels[10:20, 30:40])


def test_label_images_that_others_wrote_are_read_with_an_object_per_value(shared: Path) -> None:
    path = shared / "formats/samples/generated/B1_C1__nuclei.labels.ome.tif"
    found = FORMAT.read(path)[0]
    label = found.labels[0]
    assert (label.name, label.axes) == ("nuclei", ("z", "y", "x"))
    assert np.array_equal(label.pixels, tifffile.imread(path))
    assert [one.label.value for one in found.objects] == [1, 2]
    assert FORMAT.read(path)[0].objects == found.objects
    assert dict(found.image.spacing)["x"].unit == "micrometer"


def test_pages_without_a_name_are_planes_where_they_are_as_many(tmp_path: Path) -> None:
    path = tmp_path / "nuclei.labels.tif"
    tifffile.imwrite(path, nuclei(), photometric="minisblack")
    assert FORMAT.read(path, image())[0].labels[0].axes == ("z", "y", "x")
    with pytest.raises(FormatError, match="axis"):
        FORMAT.read(path, image(size_z=5))


@pytest.mark.parametrize(
    ("pixels", "complaint"),
    [
        (nuclei("float32"), "not whole numbers"),
        (nuclei("int16") - 1, "negative"),
        (nuclei()[:, :60], "60 pixels along y"),
        (np.zeros((64, 80, 3), np.uint8), "axis S"),
    ],
)
def test_files_that_hold_no_labels_of_this_image_are_refused(
    pixels: np.ndarray, complaint: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.labels.tif"
    tifffile.imwrite(path, pixels, photometric="rgb" if pixels.shape[-1] == 3 else "minisblack")
    with pytest.raises(FormatError, match=complaint):
        FORMAT.read(path, image())


def test_damaged_files_are_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.labels.ome.tif"
    FORMAT.write([labelled_set()], path)
    whole = path.read_bytes()
    for end in range(0, len(whole), 97):
        path.write_bytes(whole[:end])
        with pytest.raises(FormatError):
            FORMAT.read(path, image())


def test_a_strip_that_expands_beyond_its_size_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_tiff, "AT_ONCE", 1 << 20)
    path = tmp_path / "bomb.labels.tif"
    bomb = zlib.compress(bytes(64 << 20))
    tifffile.imwrite(path, iter([bomb]), shape=(64, 80), dtype="uint8", compression="zlib", rowsperstrip=64)
    assert path.stat().st_size > 60_000
    with pytest.raises(FormatError, match="expands"):
        FORMAT.read(path, image())


def test_a_file_of_another_image_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.labels.ome.tif"
    FORMAT.write([labelled_set()], path)
    with pytest.raises(FormatError, match="another image"):
        FORMAT.read(path, image(image_id="7"))


@pytest.mark.parametrize(
    ("label", "complaint"),
    [
        (LabelImage(name="n", axes=("y", "x"), pixels=np.zeros((64, 80), np.float32)), "whole numbers"),
        (LabelImage(name="n", axes=("y", "x"), pixels=np.full((64, 80), -1)), "negative"),
        (LabelImage(name="n", axes=("y", "x"), pixels=np.full((64, 80), 1 << 33)), "too large"),
        (LabelImage(name="n", axes=("y", "x"), pixels=np.zeros((65, 80), np.uint8)), "its image has 64"),
        (LabelImage(name="n", axes=("y", "x"), pixels=np.zeros((9, 9), np.uint8), level=2), "no level 2"),
    ],
)
def test_what_the_format_forbids_is_refused_before_a_file_is_there(
    label: LabelImage, complaint: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.labels.ome.tif"
    with pytest.raises(FormatError, match=complaint):
        FORMAT.write([labelled_set(labels=(label,), objects=())], path)
    assert not path.exists()


def test_two_objects_of_one_value_are_refused(tmp_path: Path) -> None:
    twice = (rich_object(1), replace(rich_object(1), uuid="00000000-0000-4000-8000-000000000001"))
    with pytest.raises(FormatError, match="two objects"):
        FORMAT.write([labelled_set(objects=twice)], tmp_path / "a.labels.ome.tif")
