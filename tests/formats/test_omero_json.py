"""Recorded answers of the IDR become nodes; broken ones are refused by the name of the field."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from napari_idr.errors import ProtocolError
from napari_idr.formats.json_record import JsonRecord
from napari_idr.formats.omero_json import (
    Source,
    parse_acquisition,
    parse_external_address,
    parse_image,
    parse_length,
    parse_listing,
    parse_node,
    parse_positions,
    parse_single,
    parse_well,
    row_label,
    well_name,
)
from napari_idr.model.catalog import ImageNode, Plate, Well

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "https://server/api/v0/m/things/"
SOURCE = Source("idr", "https://idr.openmicroscopy.org/", "idr0001")


@pytest.fixture
def samples(shared: Path) -> Path:
    return shared / "protocols" / "samples"


def load(path: Path) -> Any:
    return json.loads(path.read_text())


def record(fields: dict[str, Any]) -> JsonRecord:
    return JsonRecord.of(fields, "data", ADDRESS)


def test_screens_are_listed_with_the_length_of_the_whole_list(samples: Path) -> None:
    listing = parse_listing(load(samples / "idr_api_v0_m_screens_first12.json"), ADDRESS)
    screens = [parse_node("screen", entry, SOURCE) for entry in listing.records]
    assert (len(screens), listing.total) == (12, 97)
    assert screens[0].key == ("idr", "screen", "3")
    assert screens[0].name == "idr0001-graml-sysgro/screenA"
    assert screens[0].address == "https://idr.openmicroscopy.org/webclient/?show=screen-3"
    assert screens[0].child_count is None


def test_plate_has_rows_and_columns(samples: Path) -> None:
    single = parse_single(load(samples / "idr_api_v0_m_plate_422.json"), ADDRESS)
    plate = parse_node("plate", single, SOURCE)
    assert isinstance(plate, Plate)
    assert (plate.name, plate.rows, plate.columns, plate.accession) == ("plate1_1_013", 8, 12, "idr0001")


def test_wells_come_with_their_fields(samples: Path) -> None:
    listing = parse_listing(load(samples / "idr_api_v0_m_plate_422_wells_first8.json"), ADDRESS)
    wells = [parse_well(entry, SOURCE) for entry in listing.records]
    assert listing.total == 96
    first = wells[0]
    assert (first.name, first.row, first.column, first.child_count) == ("A1", 0, 0, 1)
    assert first.thumbnail_id == "179693"
    sample = first.samples[0]
    assert (sample.id, sample.image_id, sample.index, sample.acquisition) == ("165988", "179693", 0, "422")
    assert sample.address == "https://idr.openmicroscopy.org/webclient/?show=image-179693"
    assert sorted({well.name for well in wells}) == sorted(well_name(w.row, w.column) for w in wells)


def test_stage_position_without_a_length_keeps_its_own_unit(samples: Path) -> None:
    listing = parse_listing(load(samples / "idr_api_v0_m_plate_422_wells_first8.json"), ADDRESS)
    (position,) = parse_positions(listing.records[0])
    assert (position.well, position.field, position.x, position.unit) == ("A/1", 0, 0.0, "referenceframe")


def test_images_have_sizes_and_type(samples: Path) -> None:
    listing = parse_listing(load(samples / "idr_api_v0_m_dataset_51_images.json"), ADDRESS)
    image = parse_node("image", listing.records[0], SOURCE)
    assert isinstance(image, ImageNode)
    assert (len(listing.records), listing.total) == (33, 33)
    assert dict(image.sizes)["c"] == 3
    assert image.pixel_type
    assert image.thumbnail_id == image.id == "1884807"


def test_place_of_the_ome_zarr_is_the_external_info(samples: Path) -> None:
    answer = load(samples / "derived" / "omero_marshal_image_with_externalinfo.json")
    image = parse_single(answer, ADDRESS)
    assert parse_external_address(image) == "s3://uk1s3.embassy.ebi.ac.uk/bucket/example.ome.zarr/0?anonymous=true"
    plain = parse_single(load(samples / "idr_api_v0_m_image_1884838.json"), ADDRESS)
    assert parse_external_address(plain) is None


def test_acquisition_knows_its_range_of_fields(samples: Path) -> None:
    answer = load(samples / "idr_api_v0_m_plate_422_plateacquisitions.json")
    run = parse_acquisition(parse_listing(answer, ADDRESS).records[0], SOURCE)
    assert (run.id, run.name, run.first_field, run.last_field) == ("422", "#422", 0, 0)
    assert run.address.endswith("?show=run-422")


def test_acquisition_of_a_plate_without_images_has_no_range() -> None:
    run = parse_acquisition(record({"@id": 1, "omero:wellsampleIndex": []}), SOURCE)
    assert (run.first_field, run.last_field) == (None, None)


def test_well_without_fields_has_no_samples() -> None:
    well = parse_well(record({"@id": 1, "Row": 26, "Column": 4}), SOURCE)
    assert isinstance(well, Well)
    assert (well.name, well.samples, well.child_count, well.has_children) == ("AA5", (), 0, False)


@pytest.mark.parametrize(("index", "label"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ")])
def test_rows_are_lettered(index: int, label: str) -> None:
    assert row_label(index) == label


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("MICROMETER", (0.5, "micrometer")),
        ("NANOMETER", (0.0005, "micrometer")),
        ("MILLIMETER", (500.0, "micrometer")),
        ("PIXEL", (0.5, "pixel")),
        ("REFERENCEFRAME", (0.5, "referenceframe")),
    ],
)
def test_lengths_are_converted_by_their_unit(unit: str, expected: tuple[float, str]) -> None:
    assert parse_length(record({"Value": 0.5, "Unit": unit})) == pytest.approx(expected)


def test_length_without_a_unit_is_not_guessed() -> None:
    assert parse_length(record({"Value": 0.5})) is None
    assert parse_length(None) is None


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("screen", {}, "data.@id"),
        ("screen", {"@id": "3"}, "data.@id"),
        ("screen", {"@id": True}, "data.@id"),
        ("screen", {"@id": 3, "Name": 5}, "data.Name"),
        ("screen", {"@id": 3, "omero:childCount": "many"}, "data.omero:childCount"),
        ("plate", {"@id": 3, "Rows": 8.5}, "data.Rows"),
        ("well", {"@id": 3, "Column": 0}, "data.Row"),
        ("well", {"@id": 3, "Column": 0, "Row": -1}, "data.Row"),
        ("well", {"@id": 3, "Column": 0, "Row": 0, "WellSamples": {}}, "data.WellSamples"),
        ("well", {"@id": 3, "Column": 0, "Row": 0, "WellSamples": [5]}, "data.WellSamples[0]"),
        ("well", {"@id": 3, "Column": 0, "Row": 0, "WellSamples": [{"@id": 1, "Image": {}}]}, "Image.@id"),
        ("image", {"@id": 3, "Pixels": []}, "data.Pixels"),
        ("image", {"@id": 3, "Pixels": {"SizeX": "big"}}, "data.Pixels.SizeX"),
    ],
)
def test_missing_or_wrong_field_is_named(kind: str, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse_node(kind, record(fields), SOURCE)
    assert field in caught.value.what
    assert caught.value.on == ADDRESS
    assert caught.value.hint


@pytest.mark.parametrize("answer", [[], {}, {"data": None}, {"data": 5}, {"data": [1]}, {"data": [], "meta": 1}])
def test_answer_that_is_no_list_is_refused(answer: object) -> None:
    with pytest.raises(ProtocolError):
        parse_listing(answer, ADDRESS)


def test_infinite_number_is_refused() -> None:
    with pytest.raises(ProtocolError, match=r"data\.Value"):
        parse_length(record({"Value": float("inf"), "Unit": "MICROMETER"}))


def test_image_without_anything_optional_is_an_image() -> None:
    image = parse_image(record({"@id": 7}), SOURCE)
    assert (image.name, image.sizes, image.pixel_type) == ("#7", (), "")
