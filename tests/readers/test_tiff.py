"""TIFF files as they are written by others: pyramids, colour, byte orders, ImageJ, and hostile ones."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from made_zarr import ramp
from napari_idr.errors import ChunkError, FormatError, NotFound, Unsupported
from napari_idr.formats.ome_xml import parse_ome_xml
from napari_idr.readers.tiff import imagej_sizes, read_tiff

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr.readers.ome_zarr import ImageArrays


def pixels_of(image: ImageArrays, level: int = 0) -> np.ndarray:
    return np.asarray(asyncio.run(image.arrays[level].getitem(...)))


def write_pyramid(path: Path, base: np.ndarray, levels: int, **more: Any) -> None:
    """OME-TIFF whose coarser levels are SubIFDs."""
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        options: dict[str, Any] = {"tile": (32, 32), "compression": "zlib", **more}
        metadata = {"axes": "YXS" if base.shape[-1] == 3 else "CYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.25}
        writer.write(base, subifds=levels - 1, metadata=metadata, **options)
        for level in range(1, levels):
            step = 2**level
            small = base[::step, ::step] if base.shape[-1] == 3 else base[:, ::step, ::step]
            writer.write(small, subfiletype=1, **options)


def test_levels_of_a_pyramid_are_tiles_with_scales_by_shape(tmp_path: Path) -> None:
    base = ramp((2, 100, 90))
    write_pyramid(tmp_path / "a.ome.tif", base, 3, photometric="minisblack")
    image = read_tiff(str(tmp_path / "a.ome.tif"))
    metadata = image.metadata
    assert metadata.source_kind == "tiff"
    assert metadata.axis_names == ("c", "y", "x")
    assert [level.shape for level in metadata.levels] == [(2, 100, 90), (2, 50, 45), (2, 25, 23)]
    assert {level.chunks for level in metadata.levels} == {(1, 32, 32)}
    assert [level.scale for level in metadata.levels[:2]] == [(1, 0.25, 0.5), (1, 0.5, 1)]
    assert [axis.unit for axis in metadata.axes] == [None, "micrometer", "micrometer"]
    assert len(metadata.channels) == 2
    assert metadata.warnings == ()
    for level, step in enumerate((1, 2, 4)):
        assert np.array_equal(pixels_of(image, level), base[:, ::step, ::step])


def test_colour_pixels_are_rgb_with_samples_last(tmp_path: Path) -> None:
    base = ramp((64, 48, 3), "uint8")
    write_pyramid(tmp_path / "rgb.ome.tif", base, 2, photometric="rgb")
    image = read_tiff(str(tmp_path / "rgb.ome.tif"))
    assert image.metadata.rgb
    assert image.metadata.axis_names == ("y", "x", "s")
    assert np.array_equal(pixels_of(image), base)


def test_colour_in_planes_is_three_channels(tmp_path: Path) -> None:
    base = ramp((3, 64, 48), "uint8")
    tifffile.imwrite(tmp_path / "planar.tif", base, photometric="rgb", planarconfig="separate")
    image = read_tiff(str(tmp_path / "planar.tif"))
    assert not image.metadata.rgb
    assert image.metadata.channel_axis == 0
    assert [channel.color for channel in image.metadata.channels] == ["FF0000", "00FF00", "0000FF"]
    assert np.array_equal(pixels_of(image), base)


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint32", "float32", "float64"])
def test_values_are_those_stored_whatever_their_type(byteorder: str, dtype: str, tmp_path: Path) -> None:
    base = ramp((40, 30), dtype)
    tifffile.imwrite(tmp_path / "a.tif", base, byteorder=byteorder)  # type: ignore[arg-type]
    image = read_tiff(str(tmp_path / "a.tif"))
    assert image.metadata.levels[0].dtype == dtype
    assert np.array_equal(pixels_of(image), base)


@pytest.mark.parametrize(
    "options",
    [
        {"rowsperstrip": 7},
        {"rowsperstrip": 7, "compression": "zlib"},
        {"tile": (16, 32)},
        {"tile": (16, 16), "predictor": True, "compression": "zlib"},
    ],
)
def test_strips_and_tiles_that_do_not_divide_the_plane(options: dict[str, Any], tmp_path: Path) -> None:
    base = ramp((3, 50, 45))
    tifffile.imwrite(tmp_path / "a.tif", base, photometric="minisblack", **options)
    image = read_tiff(str(tmp_path / "a.tif"))
    assert image.metadata.levels[0].chunks == ((1, 16, options["tile"][1]) if "tile" in options else (1, 50, 45))
    assert np.array_equal(pixels_of(image), base)
    part = np.asarray(asyncio.run(image.arrays[0].getitem((1, slice(30, 50), slice(40, 45)))))
    assert np.array_equal(part, base[1, 30:50, 40:45])


def test_imagej_hyperstack_has_its_axes_and_sizes(tmp_path: Path) -> None:
    base = ramp((2, 3, 4, 20, 10))
    metadata = {"axes": "TZCYX", "unit": "um", "spacing": 2.5, "finterval": 30.0}
    tifffile.imwrite(tmp_path / "a.tif", base, imagej=True, resolution=(2.0, 4.0), metadata=metadata)
    image = read_tiff(str(tmp_path / "a.tif"))
    assert image.metadata.axis_names == ("t", "z", "c", "y", "x")
    assert image.metadata.levels[0].scale == (30.0, 2.5, 1.0, 0.25, 0.5)
    assert [axis.unit for axis in image.metadata.axes] == ["second", "micrometer", None, "micrometer", "micrometer"]
    assert np.array_equal(pixels_of(image), base)


@pytest.mark.parametrize("unit", ["", "inch?", "pixel", None])
def test_resolution_without_a_unit_of_length_says_nothing(unit: str | None) -> None:
    assert imagej_sizes({"unit": unit, "spacing": 2.0}, (3.0, 3.0)) == {}


def test_channels_of_ome_xml_have_names_and_colours(tmp_path: Path) -> None:
    base = ramp((2, 20, 10))
    channel = {"Name": ["DNA", "actin"], "Color": [255, -16776961]}
    metadata = {"axes": "CYX", "Channel": channel, "Name": "cells"}
    tifffile.imwrite(tmp_path / "a.ome.tif", base, metadata=metadata, photometric="minisblack")
    metadata_read = read_tiff(str(tmp_path / "a.ome.tif")).metadata
    assert metadata_read.name == "cells"
    assert [(c.name, c.color) for c in metadata_read.channels] == [("DNA", "000000"), ("actin", "FF0000")]


def test_a_file_of_several_images_shows_the_first_and_says_so(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as writer:
        writer.write(ramp((20, 10)), metadata={"axes": "YX", "Name": "first"})
        writer.write(ramp((30, 40)), metadata={"axes": "YX", "Name": "second"})
    metadata = read_tiff(str(tmp_path / "a.ome.tif")).metadata
    assert metadata.name == "first"
    assert metadata.levels[0].shape == (20, 10)
    assert len(metadata.warnings) == 1
    assert "2 images" in metadata.warnings[0]


HOSTILE = [
    '<?xml version="1.0"?><!DOCTYPE OME [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><OME>&b;</OME>',
    '<?xml version="1.0"?><!DOCTYPE OME SYSTEM "file:///etc/passwd"><OME></OME>',
    "<OME><Image>",
]


@pytest.mark.parametrize("xml", HOSTILE)
def test_hostile_or_broken_xml_is_refused_before_it_is_parsed(xml: str, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.ome.tif", ramp((20, 10)), description=xml, metadata=None)
    with pytest.raises(FormatError, match="XML"):
        read_tiff(str(tmp_path / "a.ome.tif"))


def test_odd_values_in_ome_xml_are_left_out() -> None:
    xml = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image Name="a"><Pixels '
        'PhysicalSizeX="nan" PhysicalSizeY="-1" PhysicalSizeZ="2" PhysicalSizeZUnit="reference frame" '
        'TimeIncrement="x"><Channel Color="blue" SamplesPerPixel="many"/></Pixels></Image><Image/></OME>'
    )
    document = parse_ome_xml(xml, address="a.tif")
    assert document.schema == "2016-06"
    assert document.images[0].sizes == {"z": (2.0, None)}
    assert document.images[0].channels[0].color is None
    assert document.images[1].channels == ()


def test_no_tiff_and_no_file_say_so(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"no tiff at all")
    with pytest.raises(FormatError, match="no TIFF"):
        read_tiff(str(tmp_path / "a.tif"))
    with pytest.raises(NotFound):
        read_tiff(str(tmp_path / "b.tif"))


def test_a_truncated_file_opens_and_its_missing_pixels_are_a_chunk_error(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, ramp((64, 64)), tile=(32, 32), compression="zlib")
    with tifffile.TiffFile(path) as file:
        offset = file.pages.first.dataoffsets[-1]
    data = bytearray(path.read_bytes())
    data[offset : offset + 20] = bytes(20)
    path.write_bytes(data)
    image = read_tiff(str(path))
    with pytest.raises(ChunkError, match=r"a\.tif"):
        pixels_of(image)


def test_unknown_compression_names_the_package_that_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, ramp((64, 64)), compression="zlib")
    with tifffile.TiffFile(path, mode="r+b") as file:
        file.pages.first.tags["Compression"].overwrite(34661)
    with pytest.raises(Unsupported, match="imagecodecs"):
        read_tiff(str(path))


def test_the_file_is_closed_when_its_arrays_are_gone(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", ramp((20, 10)))
    image = read_tiff(str(tmp_path / "a.tif"))
    handle = image.arrays[0].store._file.filehandle  # type: ignore[attr-defined]
    assert not handle.closed
    del image
    gc.collect()
    assert handle.closed


def test_many_tiles_read_at_once_are_all_right(tmp_path: Path) -> None:
    base = ramp((256, 256))
    tifffile.imwrite(tmp_path / "a.tif", base, tile=(16, 16), compression="zlib")
    image = read_tiff(str(tmp_path / "a.tif"))

    async def read() -> list[Any]:
        parts = [(slice(y, y + 16), slice(x, x + 16)) for y in range(0, 256, 16) for x in range(0, 256, 16)]
        found = await asyncio.gather(*(image.arrays[0].getitem(part) for part in parts))
        return [np.array_equal(pixels, base[part]) for pixels, part in zip(found, parts, strict=True)]

    assert all(asyncio.run(read()))
