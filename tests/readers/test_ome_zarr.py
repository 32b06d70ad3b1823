"""Groups, images, labels, plates and collections as they lie in stores, and what each costs in requests."""

from __future__ import annotations

import asyncio
import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

from faulty_server import FolderServer
from made_zarr import axes, multiscales, ramp, write_array, write_group, write_image
from napari_idr.errors import AccessDenied, FormatError, NotFound, ProtocolError, ServerFailure, Unsupported
from napari_idr.readers.ome_zarr import (
    Group,
    ImageArrays,
    open_group,
    read_collection,
    read_image,
    read_label,
    read_plate,
    read_well,
    with_fields,
)
from napari_idr.remote.object_store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


async def opened(address: object, path: str = "", **more: Any) -> Group:
    return await open_group(open_store(str(address)), str(address), path, **more)


def image_at(address: object, **more: Any) -> ImageArrays:
    async def read() -> ImageArrays:
        return await read_image(await opened(address), **more)

    return asyncio.run(read())


def pixels_of(image: ImageArrays, level: int = 0) -> np.ndarray:
    return np.asarray(asyncio.run(image.arrays[level].getitem(...)))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[FolderServer]:
    with FolderServer(tmp_path) as server:
        yield server


def write_v3_image(folder: Path, levels: int = 2, **more: Any) -> None:
    block = {"version": "0.5", "multiscales": multiscales("yx", [[2.0**n] * 2 for n in range(levels)])}
    del block["multiscales"][0]["version"]  # type: ignore[index]
    write_group(folder, {"ome": block}, zarr_format=3)
    for level in range(levels):
        write_array(folder / str(level), ramp((16 // 2**level,) * 2), zarr_format=3, **more)


# What reading costs


def test_image_of_known_format_costs_its_group_its_arrays_and_the_list_of_labels(
    tmp_path: Path, served: FolderServer
) -> None:
    write_v3_image(tmp_path)

    async def read() -> ImageArrays:
        return await read_image(await opened(served.address, zarr_format=3))

    assert asyncio.run(read()).metadata.labels == ()
    assert served.paths == ["/0/zarr.json", "/1/zarr.json", "/labels/zarr.json", "/zarr.json"]


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_unknown_format_costs_two_more_requests_at_once(zarr_format: int, tmp_path: Path, served: FolderServer) -> None:
    if zarr_format == 3:
        write_v3_image(tmp_path)
    else:
        write_image(tmp_path, "yx", (16, 16))
    image = image_at(served.address, labels=False)
    assert len(image.arrays) == 2
    name = "zarr.json" if zarr_format == 3 else ".zarray"
    assert served.paths == ["/.zattrs", "/.zmetadata", f"/0/{name}", f"/1/{name}", "/zarr.json"]


@pytest.mark.filterwarnings("ignore:Consolidated metadata is currently not part")
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_consolidated_metadata_cost_nothing_further(zarr_format: int, tmp_path: Path, served: FolderServer) -> None:
    if zarr_format == 3:
        write_v3_image(tmp_path)
    else:
        write_image(tmp_path, "yx", (16, 16))
    zarr.consolidate_metadata(str(tmp_path), zarr_format=zarr_format)
    image = image_at(served.address)
    assert len(image.arrays) == 2
    assert served.paths == ["/.zattrs", "/.zmetadata", "/zarr.json"]
    assert np.array_equal(pixels_of(image, 1), ramp((8, 8)))


def test_what_consolidated_metadata_leave_out_is_looked_for(tmp_path: Path) -> None:
    write_image(tmp_path, "yx", (16, 16), levels=1)
    zarr.consolidate_metadata(str(tmp_path), zarr_format=2)
    document = json.loads((tmp_path / ".zmetadata").read_text())
    del document["metadata"]["0/.zarray"]
    (tmp_path / ".zmetadata").write_text(json.dumps(document))
    assert np.array_equal(pixels_of(image_at(tmp_path)), ramp((16, 16)))


def test_plate_well_and_field_cost_one_request_each_and_one_per_array(tmp_path: Path, served: FolderServer) -> None:
    write_plate(tmp_path, ["A/1", "B/2"])

    async def read() -> None:
        group = await opened(served.address, zarr_format=2)
        plate = await read_plate(group)
        well = await group.group(plate.wells[1].path)
        (field,) = await read_well(well)
        await read_image(await well.group(field.path), labels=False)

    asyncio.run(read())
    assert sorted(served.paths) == sorted(
        ["/.zattrs", "/B/2/.zattrs", "/B/2/0/.zattrs", "/B/2/0/0/.zarray", "/B/2/0/1/.zarray"]
    )


def test_fields_of_all_wells_cost_one_request_per_well(tmp_path: Path, served: FolderServer) -> None:
    write_plate(tmp_path, ["A/1", "B/2"])

    async def read() -> Any:
        group = await opened(served.address, zarr_format=2)
        return await with_fields(group, await read_plate(group))

    plate = asyncio.run(read())
    assert [well.fields[0].path for well in plate.wells] == ["0", "0"]
    assert served.paths == ["/.zattrs", "/A/1/.zattrs", "/B/2/.zattrs"]


def test_chunks_of_one_shard_cost_its_index_once(tmp_path: Path, served: FolderServer) -> None:
    write_v3_image(tmp_path, levels=1, chunks=(4, 4), shards=(16, 16))
    image = image_at(served.address, labels=False)
    assert image.metadata.levels[0].chunks == (4, 4)
    served.requests.clear()

    async def read() -> list[Any]:
        array = image.arrays[0]
        together = [array.getitem((slice(0, 4), slice(x, x + 4))) for x in (0, 4, 8)]
        return [*await asyncio.gather(*together), await array.getitem((slice(4, 8), slice(0, 4)))]

    parts = asyncio.run(read())
    assert np.array_equal(parts[1], ramp((16, 16))[0:4, 4:8])
    assert np.array_equal(parts[3], ramp((16, 16))[4:8, 0:4])
    ranges = [asked for _, asked in served.requests]
    assert sum(asked is not None and asked.startswith("bytes=-") for asked in ranges) == 1
    assert len(ranges) == 5


# What is there and what is not


def test_group_without_attributes_is_empty_and_an_absent_one_is_not_found(tmp_path: Path) -> None:
    (tmp_path / ".zgroup").write_text('{"zarr_format": 2}')
    assert asyncio.run(opened(tmp_path)).attributes == {}
    with pytest.raises(NotFound, match="no OME-Zarr group"):
        asyncio.run(opened(tmp_path / ".."))
    with pytest.raises(FormatError, match="multiscales"):
        image_at(tmp_path)


def test_address_of_an_array_says_to_open_the_folder_above(tmp_path: Path) -> None:
    write_v3_image(tmp_path)
    with pytest.raises(FormatError, match="open the folder above"):
        asyncio.run(opened(tmp_path / "0"))


def test_v2_metadata_are_taken_where_the_v3_ones_say_nothing(tmp_path: Path) -> None:
    write_image(tmp_path, "yx", (16, 16))
    (tmp_path / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group", "attributes": {}}')
    assert asyncio.run(opened(tmp_path)).zarr_format == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [("html", ProtocolError), ("403", AccessDenied), ("401", AccessDenied), ("500", ServerFailure)],
)
def test_failures_of_a_server_come_out_as_what_they_are(
    fault: str, error: type[Exception], tmp_path: Path, served: FolderServer
) -> None:
    write_image(tmp_path, "yx", (16, 16))
    served.faults.update({"zarr.json": fault, ".zattrs": fault, ".zmetadata": fault})
    with pytest.raises(error, match=r"127\.0\.0\.1"):
        image_at(served.address)


def test_a_bucket_that_forbids_listing_and_answers_403_for_absent_keys_opens(
    tmp_path: Path, served: FolderServer
) -> None:
    write_image(tmp_path, "yx", (16, 16))
    (tmp_path / "0/0/0").unlink()
    served.missing = 403
    image = image_at(served.address)
    assert image.metadata.warnings == ()
    assert not pixels_of(image).any(), "an absent chunk is the fill value"


def test_a_server_that_gives_a_page_for_absent_keys_opens(tmp_path: Path, served: FolderServer) -> None:
    write_image(tmp_path, "yx", (16, 16))
    served.faults.update({"zarr.json": "html", ".zmetadata": "html", "labels/.zattrs": "html"})
    image = image_at(served.address)
    assert len(image.metadata.warnings) == 1
    assert "labels" in image.metadata.warnings[0]


def test_broken_json_is_a_format_error_that_names_the_file(tmp_path: Path) -> None:
    write_image(tmp_path, "yx", (16, 16))
    (tmp_path / "0/.zarray").write_text('{"shape": ')
    with pytest.raises(FormatError, match=r"0/\.zarray"):
        image_at(tmp_path)


def test_a_missing_coarse_level_is_left_out_with_a_warning_and_a_missing_finest_refused(tmp_path: Path) -> None:
    write_image(tmp_path, "yx", (16, 16), levels=3)
    (tmp_path / "1/.zarray").unlink()
    metadata = image_at(tmp_path).metadata
    assert [level.path for level in metadata.levels] == ["0", "2"]
    assert len(metadata.warnings) == 1
    assert "multiscales[0].datasets[1].path" in metadata.warnings[0]
    (tmp_path / "0/.zarray").unlink()
    with pytest.raises(FormatError, match="finest level does not exist"):
        image_at(tmp_path)


# Pixels


@pytest.mark.parametrize("dtype", ["<u2", ">u2", ">i4", "<i8", "|u1", "|i1", "<f4", ">f8", "<f2", "|b1"])
def test_values_are_those_stored_whatever_their_type(dtype: str, tmp_path: Path) -> None:
    values = (np.arange(64).reshape(8, 8) - (0 if np.dtype(dtype).kind in "ub" else 30)).astype(dtype)
    write_group(tmp_path, {"multiscales": multiscales("yx", [[1, 1]])})
    write_array(tmp_path / "0", values)
    image = image_at(tmp_path)
    assert image.metadata.levels[0].dtype == np.dtype(dtype).name
    assert np.array_equal(pixels_of(image), values)


@pytest.mark.parametrize("separator", [".", "/"])
@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("chunks", [(5, 7), (64, 64)])
def test_separators_and_chunks_larger_than_the_array(
    separator: str, zarr_format: int, chunks: tuple[int, int], tmp_path: Path
) -> None:
    block = {"multiscales": multiscales("yx", [[1, 1]])}
    write_group(tmp_path, {"ome": block} if zarr_format == 3 else block, zarr_format=zarr_format)
    write_array(tmp_path / "0", ramp((16, 16)), zarr_format=zarr_format, separator=separator, chunks=chunks)
    image = image_at(tmp_path)
    assert image.metadata.levels[0].chunks == chunks
    assert np.array_equal(pixels_of(image), ramp((16, 16)))


def test_arrays_that_are_no_numbers_are_unsupported(tmp_path: Path) -> None:
    write_image(tmp_path, "yx", (16, 16), levels=1)
    document = json.loads((tmp_path / "0/.zarray").read_text())
    (tmp_path / "0/.zarray").write_text(json.dumps({**document, "dtype": "<c16"}))
    with pytest.raises(Unsupported, match="c16"):
        image_at(tmp_path)


@pytest.mark.parametrize("names", ["yx", "cyx", "zyx", "tczyx"])
def test_zip_holds_the_same_image(names: str, tmp_path: Path) -> None:
    write_image(tmp_path / "a.zarr", names, (2, 2, 2, 16, 16)[-len(names) :])
    with zipfile.ZipFile(tmp_path / "a.ozx", "w") as archive:
        for file in (tmp_path / "a.zarr").rglob("*"):
            archive.write(file, file.relative_to(tmp_path / "a.zarr"))
    packed = image_at(tmp_path / "a.ozx")
    assert packed.metadata.levels == image_at(tmp_path / "a.zarr").metadata.levels
    assert np.array_equal(pixels_of(packed), pixels_of(image_at(tmp_path / "a.zarr")))
    packed.arrays[0].store.close()


# Labels


def write_labels(folder: Path, names: list[Any], dtype: str = "int8") -> None:
    write_image(folder, "yx", (16, 16))
    write_group(folder / "labels", {"labels": names})
    for name in names:
        if isinstance(name, str) and ".." not in name:
            block = {"multiscales": multiscales("yx", [[1, 1]]), "image-label": {"source": {"image": "../../"}}}
            write_group(folder / "labels" / name, block)
            write_array(folder / "labels" / name / "0", ramp((16, 16), dtype))


def test_labels_are_listed_and_read_also_below_intermediate_folders(tmp_path: Path) -> None:
    write_labels(tmp_path, ["nuclei", "orphaned/0", "../../escape", None])
    assert image_at(tmp_path).metadata.labels == ("nuclei", "orphaned/0")

    async def read() -> ImageArrays:
        return await read_label(await opened(tmp_path), "orphaned/0")

    label = asyncio.run(read())
    assert label.metadata.label is not None
    assert label.metadata.label.source == "../../"
    assert label.metadata.levels[0].dtype == "int8"


def test_labels_that_are_no_whole_numbers_are_refused(tmp_path: Path) -> None:
    write_labels(tmp_path, ["nuclei"], "float32")

    async def read() -> ImageArrays:
        return await read_label(await opened(tmp_path), "nuclei")

    with pytest.raises(FormatError, match="float32"):
        asyncio.run(read())


def test_a_broken_list_of_labels_does_not_keep_the_image_from_opening(tmp_path: Path) -> None:
    write_image(tmp_path, "yx", (16, 16))
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels/.zattrs").write_text("{")
    metadata = image_at(tmp_path).metadata
    assert metadata.labels == ()
    assert len(metadata.warnings) == 1


# Plates


def write_plate(folder: Path, wells: list[str], **more: Any) -> None:
    plate = {
        "rows": [{"name": "A"}, {"name": "B"}],
        "columns": [{"name": "1"}, {"name": "2"}],
        "wells": [{"path": path, "rowIndex": "AB".index(path[0]), "columnIndex": int(path[2:]) - 1} for path in wells],
        "version": "0.4",
        **more,
    }
    write_group(folder, {"plate": plate})
    for path in wells:
        write_group(folder / path, {"well": {"images": [{"path": "0"}]}})
        write_image(folder / path / "0", "yx", (16, 16))


def test_a_well_that_is_listed_but_missing_has_no_fields_and_is_said_once(tmp_path: Path) -> None:
    write_plate(tmp_path, ["A/1", "B/1", "B/2"])
    (tmp_path / "B/1/.zattrs").unlink()
    (tmp_path / "B/2/.zattrs").unlink()

    async def read() -> Any:
        group = await opened(tmp_path)
        return await with_fields(group, await read_plate(group))

    plate = asyncio.run(read())
    assert [len(well.fields) for well in plate.wells] == [1, 0, 0]
    assert len(plate.warnings) == 1
    assert "listed but missing" in plate.warnings[0]


# Collections


def write_collection(folder: Path, count: int, series: list[str] | None) -> None:
    write_group(folder, {"bioformats2raw.layout": 3})
    for index in range(count):
        attributes = {"multiscales": multiscales("yx", [[1, 1]], name=f"image {index}")}
        write_group(folder / str(index), attributes)
    if series is not None:
        write_group(folder / "OME", {"series": series})


def collection_at(address: object) -> Any:
    async def read() -> Any:
        return await read_collection(await opened(address, zarr_format=2))

    return asyncio.run(read())


def test_listed_collection_costs_one_request(tmp_path: Path, served: FolderServer) -> None:
    write_collection(tmp_path, 3, ["0", "2"])
    collection = collection_at(served.address)
    assert collection.images == (("0", f"{served.address}/0"), ("2", f"{served.address}/2"))
    assert served.paths == ["/.zattrs", "/OME/.zattrs"]


@pytest.mark.parametrize("count", [1, 7, 8, 11])
def test_unlisted_collection_is_looked_for_until_one_is_absent(
    count: int, tmp_path: Path, served: FolderServer
) -> None:
    write_collection(tmp_path, count, None)
    collection = collection_at(served.address)
    assert [name for name, _ in collection.images] == [f"image {index}" for index in range(count)]
    assert len(served.requests) == 2 + 8 * (count // 8 + 1)


def test_empty_collection_is_not_found(tmp_path: Path) -> None:
    write_collection(tmp_path, 0, None)
    with pytest.raises(NotFound, match="no images"):
        collection_at(tmp_path)


def test_addresses_with_a_query_keep_it_at_the_end(tmp_path: Path, served: FolderServer) -> None:
    write_collection(tmp_path, 2, ["0", "1"])
    collection = collection_at(f"{served.address}/?key=s3cret")
    assert collection.images[1][1] == f"{served.address}/1?key=s3cret"


def test_axes_come_from_dimension_names_where_the_metadata_have_none(tmp_path: Path) -> None:
    block = multiscales("yx", [[1, 1, 1]])
    del block[0]["axes"]
    write_group(tmp_path, {"ome": {"version": "0.5", "multiscales": block}}, zarr_format=3)
    write_array(tmp_path / "0", ramp((2, 8, 8)), zarr_format=3, dimension_names=["z", "y", "x"])
    metadata = image_at(tmp_path).metadata
    assert metadata.axis_names == ("z", "y", "x")
    assert len(metadata.warnings) == 1
    assert axes("zyx")[0]["type"] == metadata.axes[0].type
