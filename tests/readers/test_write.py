from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from made_zarr import ramp
from napari_idr.errors import AccessDenied, AddressError, NapariIdrError, Unsupported
from napari_idr.formats.ome_xml import safe_xml
from napari_idr.model.image import Axis, Channel, ImageMetadata, LabelInfo, LevelInfo, Window
from napari_idr.model.saved_region import SavedRegion
from napari_idr.readers import write_tiff, write_zarr
from napari_idr.readers.ome_zarr import ImageArrays, open_group, read_image
from napari_idr.readers.tiff import read_tiff
from napari_idr.readers.write import check_output, write_pixels
from napari_idr.remote.object_store import open_store
from validate.validators import run_validator

if TYPE_CHECKING:
    from pathlib import Path

TYPES = {"t": "time", "c": "channel"}
SHAPE = {"t": 3, "c": 2, "z": 4, "y": 30, "x": 20}


def described(names: str = "tczyx", *, version: str = "0.4", dtype: str = "uint16") -> ImageMetadata:
    """Metadata of an image of two levels, in micrometres and seconds."""
    axes = tuple(
        Axis(name, TYPES.get(name, "space"), {"t": "second", "c": None}.get(name, "micrometer")) for name in names
    )
    levels = []
    for level in range(2):
        factors = [2**level if name in "yx" else 1 for name in names]
        shape = tuple(SHAPE[name] // factor for name, factor in zip(names, factors, strict=True))
        sizes = {"t": 5.0, "c": 1.0, "z": 2.0, "y": 0.5, "x": 0.25}
        scale = tuple(sizes[name] * factor for name, factor in zip(names, factors, strict=True))
        place = tuple({"y": 100.0, "x": 200.0}.get(name, 0.0) for name in names)
        levels.append(LevelInfo(str(level), shape, tuple(min(8, size) for size in shape), dtype, scale, place))
    channels = (
        Channel("DNA", "0000FF", True, Window(1, 200, 0, 65535)),
        Channel("actin", "00FF00", False, Window(2, 300, 0, 65535)),
    )
    return ImageMetadata(
        "a name", "/somewhere/image", "ome-zarr", version, axes, tuple(levels), channels if "c" in names else ()
    )


def pixels_of(metadata: ImageMetadata, level: int = 0) -> np.ndarray:
    return ramp(metadata.levels[level].shape, metadata.levels[level].dtype)


def read_back(path: Path) -> tuple[ImageArrays, np.ndarray]:
    async def read() -> ImageArrays:
        return await read_image(await open_group(open_store(str(path)), str(path)))

    image = read_tiff(str(path)) if path.suffix != ".zarr" else asyncio.run(read())
    return image, np.asarray(asyncio.run(image.arrays[0].getitem(...)))


# -- where to


@pytest.mark.parametrize("name", ["a.npy", "a.ome.tif", "a.OME.TIFF", "a.ome.zarr", "a b.ome.zarr"])
def test_suffixes_that_are_understood(tmp_path, name):
    check_output(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a", "a.tif", "a.zarr", "a.png", "npy"])
def test_other_suffixes_are_refused_with_what_to_try(tmp_path, name):
    with pytest.raises(AddressError, match=r"\.ome\.tif"):
        check_output(tmp_path / name)


def test_a_folder_that_exists_is_never_overwritten(tmp_path):
    (tmp_path / "mine.ome.zarr").mkdir()
    with pytest.raises(AddressError, match="already"):
        check_output(tmp_path / "mine.ome.zarr")
    with pytest.raises(AddressError, match="already"):
        write_pixels(tmp_path / "mine.ome.zarr", pixels_of(described()), described(), 0)


def test_a_folder_to_write_into_must_be_there(tmp_path):
    with pytest.raises(AddressError, match="make it first"):
        check_output(tmp_path / "nowhere" / "a.npy")


def test_a_file_that_exists_is_replaced(tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(b"old")
    write_pixels(path, np.arange(6).reshape(2, 3), described("yx"), 0)
    np.testing.assert_array_equal(np.load(path), [[0, 1, 2], [3, 4, 5]])


# -- complete or not at all


@pytest.mark.parametrize("name", ["a.npy", "a.ome.tif", "a.ome.zarr"])
def test_only_the_file_is_left(tmp_path, name):
    metadata = described()
    write_pixels(tmp_path / name, pixels_of(metadata), metadata, 0)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_disk_that_is_full_leaves_nothing_and_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "a.ome.zarr"

    def full(folder: Path, *_: object) -> None:
        folder.mkdir()
        (folder / "0").write_bytes(b"part")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(write_zarr, "write_ome_zarr", full)
    with pytest.raises(NapariIdrError, match="No space left on device"):
        write_pixels(path, pixels_of(described()), described(), 0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_said(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(AccessDenied, match="choose another folder"):
        write_pixels(tmp_path / "a.npy", pixels_of(described()), described(), 0)
    tmp_path.chmod(0o700)


# -- what is in it


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32", "float64", "bool", "int64"])
@pytest.mark.parametrize("name", ["a.npy", "a.ome.zarr"])
def test_pixels_come_back_as_they_were(tmp_path, name, dtype):
    metadata = described("zyx", dtype=dtype)
    pixels = pixels_of(metadata)
    write_pixels(tmp_path / name, pixels, metadata, 0)
    back = np.load(tmp_path / name) if name.endswith("npy") else read_back(tmp_path / name)[1]
    assert back.dtype == pixels.dtype
    np.testing.assert_array_equal(back, pixels)


@pytest.mark.parametrize(("version", "source"), [("0.5", "0.5"), ("0.4", "0.4"), ("0.4", "0.2"), ("0.4", "2016-06")])
def test_an_ome_zarr_says_what_the_image_says(tmp_path, version, source):
    metadata = described(version=source)
    write_pixels(tmp_path / "a.ome.zarr", pixels_of(metadata, 1), metadata, 1)
    image, pixels = read_back(tmp_path / "a.ome.zarr")
    np.testing.assert_array_equal(pixels, pixels_of(metadata, 1))
    back = image.metadata
    assert (back.source_version, back.name, back.warnings) == (version, "a name", ())
    assert back.axes == metadata.axes
    assert back.channels == metadata.channels
    (level,) = back.levels
    assert (level.scale, level.translation) == (metadata.levels[1].scale, metadata.levels[1].translation)


def test_a_box_lies_where_it_was_and_has_the_channels_it_has(tmp_path):
    metadata = described()
    box = pixels_of(metadata)[:, 1:, :, 10:, 4:]
    write_pixels(tmp_path / "a.ome.zarr", box, metadata, 0, (0, 1, 0, 10, 4))
    image, pixels = read_back(tmp_path / "a.ome.zarr")
    np.testing.assert_array_equal(pixels, box)
    assert image.metadata.levels[0].translation == (0, 0, 0, 105.0, 201.0)
    assert image.metadata.channels == metadata.channels[1:]


def test_channels_that_say_nothing_get_no_invented_colour(tmp_path):
    metadata = replace(described(), channels=(Channel("Channel 0"), Channel("Channel 1")))
    write_pixels(tmp_path / "a.ome.zarr", pixels_of(metadata), metadata, 0)
    assert "omero" not in (tmp_path / "a.ome.zarr" / ".zattrs").read_text()


def test_labels_keep_their_colours_and_properties(tmp_path):
    label = LabelInfo(((1, (255, 0, 0, 255)),), ({"label-value": 1, "class": "mitotic"},))
    metadata = replace(described("yx"), label=label)
    write_pixels(tmp_path / "a.ome.zarr", pixels_of(metadata), metadata, 0)
    assert read_back(tmp_path / "a.ome.zarr")[0].metadata.label == label


def test_an_ome_tiff_says_what_the_image_says(tmp_path):
    metadata = described()
    write_pixels(tmp_path / "a.ome.tif", pixels_of(metadata, 1), metadata, 1)
    image, pixels = read_back(tmp_path / "a.ome.tif")
    np.testing.assert_array_equal(pixels, pixels_of(metadata, 1))
    back = image.metadata
    assert back.axis_names == ("t", "c", "z", "y", "x")
    assert [axis.unit for axis in back.axes] == ["second", None, "micrometer", "micrometer", "micrometer"]
    assert back.levels[0].scale == metadata.levels[1].scale
    assert [(channel.name, channel.color) for channel in back.channels] == [("DNA", "0000FF"), ("actin", "00FF00")]
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        assert 'PositionX="200.0"' in (file.ome_metadata or "")
        assert not file.is_bigtiff


def test_an_ome_tiff_too_large_for_plain_tiff_is_a_bigtiff(tmp_path, monkeypatch):
    monkeypatch.setattr(write_tiff, "LARGE", 1000)
    metadata = described()
    write_pixels(tmp_path / "a.ome.tif", pixels_of(metadata), metadata, 0)
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        assert file.is_bigtiff
    np.testing.assert_array_equal(read_back(tmp_path / "a.ome.tif")[1], pixels_of(metadata))


def test_an_ome_tiff_has_its_axes_in_the_usual_order(tmp_path):
    metadata = described("zcxy")
    pixels = ramp(tuple(SHAPE[name] for name in "zcxy"))
    write_pixels(tmp_path / "a.ome.tif", pixels, metadata, 0)
    image, back = read_back(tmp_path / "a.ome.tif")
    assert image.metadata.axis_names == ("c", "z", "y", "x")
    np.testing.assert_array_equal(back, pixels.transpose(1, 0, 3, 2))


def test_a_box_of_an_ome_tiff_has_the_channels_it_has(tmp_path):
    metadata = described()
    write_pixels(tmp_path / "a.ome.tif", pixels_of(metadata)[:1, 1:, :1], metadata, 0, (0, 1, 0, 0, 0))
    image, _ = read_back(tmp_path / "a.ome.tif")
    assert image.metadata.axis_names[-2:] == ("y", "x")
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        assert 'Name="actin"' in (file.ome_metadata or "")
        assert "DNA" not in (file.ome_metadata or "")


def test_a_colour_picture_stays_one_in_an_ome_tiff(tmp_path):
    axes = (Axis("c", "channel"), Axis("y", "space"), Axis("x", "space"))
    level = LevelInfo("0", (3, 30, 20), (3, 8, 8), "uint8", (1, 1, 1), (0, 0, 0))
    metadata = ImageMetadata("slide", "/slide", "ome-zarr", "0.4", axes, (level,), rgb=True)
    pixels = ramp((3, 30, 20), "uint8")
    write_pixels(tmp_path / "a.ome.tif", pixels, metadata, 0)
    image, back = read_back(tmp_path / "a.ome.tif")
    assert image.metadata.rgb
    np.testing.assert_array_equal(back, np.moveaxis(pixels, 0, -1))


def test_sizes_without_a_unit_are_not_given_one(tmp_path):
    metadata = described("yx")
    metadata = replace(metadata, axes=(Axis("y", "space"), Axis("x", "space")))
    write_pixels(tmp_path / "a.ome.tif", pixels_of(metadata), metadata, 0)
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        said = file.ome_metadata or ""
    assert said.count("Unit=") == said.count('Unit="reference frame"')


def test_what_ome_tiff_has_no_place_for_is_said_before_anything_is_written(tmp_path):
    strange = replace(described("zyx"), axes=(Axis("angle"), Axis("y", "space"), Axis("x", "space")))
    with pytest.raises(Unsupported, match="angle"):
        write_pixels(tmp_path / "a.ome.tif", pixels_of(strange), strange, 0)
    wide = described("zyx", dtype="uint64")
    with pytest.raises(Unsupported, match="uint64"):
        write_pixels(tmp_path / "a.ome.tif", pixels_of(wide), wide, 0)
    assert list(tmp_path.iterdir()) == []


SOURCE = SavedRegion(
    address="https://idr.openmicroscopy.org/webclient/?show=image-1",
    image="Zellkern µ & <b>\x07",
    license="CC BY 4.0 https://creativecommons.org/licenses/by/4.0/",
    box=(("t", 0, 3), ("c", 1, 2)),
)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_region_says_which_image_it_is_of_and_its_licence(version: str, tmp_path: Path) -> None:
    metadata = described(version=version)
    write_pixels(tmp_path / "a.ome.zarr", pixels_of(metadata), metadata, 0, source=SOURCE)
    group = asyncio.run(open_group(open_store(str(tmp_path / "a.ome.zarr")), "a"))
    assert group.attributes["napari-idr"] == {"region": dict(SOURCE.pairs())}
    problems = run_validator("ngff", tmp_path / "a.ome.zarr", needs_samples=True)
    assert all("strict_image" in problem for problem in problems)  # it asks how levels were made, and there is one


def test_a_tiff_says_which_image_it_is_of_and_its_licence(tmp_path: Path) -> None:
    metadata = described()
    write_pixels(tmp_path / "a.ome.tif", pixels_of(metadata), metadata, 0, source=SOURCE)
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        root = safe_xml(file.ome_metadata, address="a")
    space = "{http://www.openmicroscopy.org/Schemas/OME/2016-06}"
    (annotation,) = root.iter(f"{space}MapAnnotation")
    assert annotation.get("Namespace") == "napari-idr/region/1"
    found = {one.get("K"): one.text for one in annotation.iter(f"{space}M")}
    assert found == dict(SOURCE.pairs()) | {"Source image name": "Zellkern µ & <b>\ufffd"}
    assert run_validator("ome_xsd", tmp_path / "a.ome.tif", needs_samples=True) == []
