"""Real plates and images made by others, against what other software says of them."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_idr.errors import FormatError
from napari_idr.readers.ome_zarr import ImageArrays, open_group, read_image, read_label, read_plate, with_fields
from napari_idr.readers.tiff import read_tiff
from napari_idr.remote.object_store import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr.model.image import ImageMetadata, PlateMetadata

PLATES = ["nf1-plate2", "bbbc014-vitra", "imx-9987-two-acquisitions"]


@pytest.fixture(scope="module")
def expected(shared: Path) -> dict[str, Any]:
    return json.loads((shared / "data/EXPECTED.json").read_text(encoding="utf-8"))


async def region_of(image: ImageArrays, level: int, region: list[list[int]]) -> np.ndarray:
    selection = tuple(slice(start, stop) for start, stop in region)
    return np.ascontiguousarray(await image.arrays[level].getitem(selection))


async def check_levels(image: ImageArrays, expected: dict[str, Any]) -> None:
    metadata = image.metadata
    assert [axis_dict(axis) for axis in metadata.axes] == expected["axes"]
    assert metadata.name == expected["name"]
    assert metadata.source_version == expected["ome_zarr_version"]
    assert len(metadata.levels) == len(expected["levels"])
    for index, (level, wanted) in enumerate(zip(metadata.levels, expected["levels"], strict=True)):
        assert level.path == wanted["path"]
        assert list(level.shape) == wanted["shape"]
        assert level.dtype == wanted["dtype"]
        assert list(level.scale) == pytest.approx(wanted["scale"], rel=1e-12)
        assert list(level.translation) == wanted["translation"]
        pixels = await region_of(image, index, wanted["region"])
        assert hashlib.sha256(pixels.tobytes()).hexdigest() == wanted["sha256"]
        assert (int(pixels.sum()), int(pixels.min()), int(pixels.max())) == (
            wanted["sum"],
            wanted["min"],
            wanted["max"],
        )


def axis_dict(axis: Any) -> dict[str, str]:
    parts = {"name": axis.name, "type": axis.type, "unit": axis.unit}
    return {key: value for key, value in parts.items() if value is not None}


def check_channels(metadata: ImageMetadata, expected: list[dict[str, Any]]) -> None:
    found = [
        {
            "label": channel.name,
            "color": channel.color,
            "active": channel.active,
            "window": [channel.window.start, channel.window.end] if channel.window else None,
        }
        for channel in metadata.channels
    ]
    assert found == expected


async def check_image(path: Path, multiscales: list[dict[str, Any]]) -> None:
    (wanted,) = multiscales
    group = await open_group(open_store(str(path)), str(path))
    assert group.zarr_format == wanted["zarr_format"]
    image = await read_image(group)
    assert image.metadata.warnings == ()
    await check_levels(image, wanted)
    check_channels(image.metadata, wanted["channels"])
    assert list(image.metadata.labels) == [label["label_path"] for label in wanted["labels"]]
    for label in wanted["labels"]:
        await check_label(await read_label(group, label["label_path"]), label)


async def check_label(image: ImageArrays, expected: dict[str, Any]) -> None:
    await check_levels(image, expected)
    label = image.metadata.label
    assert label is not None
    assert image.metadata.warnings == ()
    assert len(label.colors) == expected["n_colors"]
    assert len(label.properties) == expected["n_properties"]
    pixels = await image.arrays[0].getitem(...)
    assert len(set(np.unique(pixels)) - {0}) == expected["distinct_nonzero_labels"]


def check_plate(plate: PlateMetadata, expected: dict[str, Any]) -> None:
    assert plate.warnings == ()
    assert plate.name == expected["name"]
    assert list(plate.rows) == expected["rows"]
    assert list(plate.columns) == expected["columns"]
    assert plate.field_count == expected["field_count"]
    acquisitions = expected["acquisitions"] or []
    for acquisition, wanted in zip(plate.acquisitions, acquisitions, strict=True):
        assert acquisition.id == wanted["id"]
        assert acquisition.name == wanted["name"]
        assert acquisition.maximum_field_count == wanted["maximumfieldcount"]
    for well in plate.wells:
        assert well.fields is not None
        wanted = expected["wells"][well.path]
        assert [field.path for field in well.fields] == [field["path"] for field in wanted]
        assert [field.acquisition for field in well.fields] == [field.get("acquisition") for field in wanted]
        assert well.path == f"{plate.rows[well.row_index]}/{plate.columns[well.column_index]}"
    assert {well.path for well in plate.wells} == set(expected["wells"])


@pytest.mark.parametrize("name", PLATES)
def test_plate_agrees_with_other_software(name: str, shared: Path, expected: dict[str, Any]) -> None:
    key = f"plates/{name}.ome.zarr"
    path = shared / "data" / key

    async def check() -> None:
        group = await open_group(open_store(str(path)), str(path))
        check_plate(await with_fields(group, await read_plate(group)), expected[key])
        for field, wanted in expected[key]["images"].items():
            await check_image(path / field, wanted)

    asyncio.run(check())


def test_sharded_time_lapse_agrees_with_other_software(shared: Path, expected: dict[str, Any]) -> None:
    key = "images/mitosis-5d.ome.zarr"
    asyncio.run(check_image(shared / "data" / key, expected[key]))


def test_ome_tiff_agrees_with_other_software_and_with_the_same_image_as_ome_zarr(
    shared: Path, expected: dict[str, Any]
) -> None:
    wanted = expected["images/mitosis-5d.ome.tif"]
    image = read_tiff(str(shared / "data/images/mitosis-5d.ome.tif"))
    metadata = image.metadata
    assert "".join(metadata.axis_names).upper() == wanted["axes"]
    assert list(metadata.levels[0].shape) == wanted["shape"]
    assert metadata.levels[0].dtype == wanted["dtype"]
    assert metadata.levels[0].scale == (1.0, 1.0, 1.0, 0.08850000022125, 0.08850000022125)
    assert [axis.unit for axis in metadata.axes] == [None, None, None, "micrometer", "micrometer"]
    assert [channel.name for channel in metadata.channels] == ["mCherry-tubulin", "GFP-Aurora B"]
    pixels = np.asarray(asyncio.run(image.arrays[0].getitem(...)))
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == wanted["sha256 of whole array"]

    async def zarr_pixels() -> np.ndarray:
        path = str(shared / "data/images/mitosis-5d.ome.zarr")
        same = await read_image(await open_group(open_store(path), path))
        return np.asarray(await same.arrays[0].getitem(...))

    assert np.array_equal(pixels, asyncio.run(zarr_pixels()))


@pytest.mark.parametrize("verdict", ["valid", "warning", "invalid"])
def test_stores_open_or_are_refused_as_their_folder_says(verdict: str, shared: Path) -> None:
    stores = sorted((shared / "data/zarr-cases-0.4" / verdict).glob("*.zarr"))
    assert stores

    async def warnings_of(path: Path) -> tuple[str, ...]:
        group = await open_group(open_store(str(path)), str(path))
        if "plate" in group.attributes:
            return (await with_fields(group, await read_plate(group))).warnings
        return (await read_image(group)).metadata.warnings

    for store in stores:
        if verdict == "invalid":
            with pytest.raises(FormatError) as caught:
                asyncio.run(warnings_of(store))
            assert caught.value.key
            assert caught.value.rule
            continue
        warnings = asyncio.run(warnings_of(store))
        # The plate's indexes are those of the transposed plate, which its paths contradict: said once, and opened.
        contradicts = store.name == "plate-01.zarr"
        assert len(warnings) == (verdict == "warning" or contradicts), store
        assert not contradicts or "contradict the path" in warnings[0]
