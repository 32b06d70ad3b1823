"""Any folder of OME-Zarr becomes a catalogue."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from napari_idr.demo.scanning import catalogue_document, scan
from napari_idr.demo.server import create_app
from napari_idr.demo.serving import build_catalogue, row_letters, well_name, well_place
from napari_idr.demo.zarr_folder import read_attributes
from napari_idr.errors import FormatError, NotFound

if TYPE_CHECKING:
    from pathlib import Path

    from demo_client import Client


def test_plates_of_a_folder_are_one_screen_named_after_it(shared_client: Client) -> None:
    screens = shared_client.json("api/v0/m/screens/")["data"]
    assert [screen["Name"] for screen in screens] == ["plates"]
    plates = shared_client.json(f"api/v0/m/screens/{screens[0]['@id']}/plates/")["data"]
    assert [plate["Name"] for plate in plates] == ["bbbc014-vitra", "imx-9987-two-acquisitions", "nf1-plate2"]
    assert {(plate["Rows"], plate["Columns"]) for plate in plates} == {(8, 12)}


def test_a_table_beside_the_plate_gives_the_wells_their_key_values(shared_client: Client) -> None:
    wells = shared_client.json("api/v0/m/plates/403/wells/")["data"]
    imaged = [well for well in wells if "WellSamples" in well]
    assert (len(wells), len(imaged)) == (32, 5)
    well = next(one for one in imaged if (one["Row"], one["Column"]) == (1, 6))
    found = shared_client.json(f"webclient/api/annotations/?type=map&well={well['@id']}")["annotations"]
    values = {key: value for one in found for key, value in one["values"]}
    assert values["Gene Symbol"] == "NF1"
    assert values["Organism"] == "Homo sapiens"
    assert "Well" not in values


def test_images_are_one_dataset_of_one_project(shared: Path) -> None:
    document = scan(shared / "data" / "images")
    catalogue = build_catalogue(shared / "data" / "images", document)
    assert [project.name for project in catalogue.projects] == ["images"]
    assert [image.name for image in catalogue.images.values()] == ["mitosis-5d"]


def test_a_folder_that_is_itself_a_plate_or_an_image_is_served(content: Path) -> None:
    plate = content / "plates/knockdown-1.ome.zarr"
    catalogue = build_catalogue(plate, catalogue_document(plate))
    assert [one.path for one in catalogue.plates.values()] == [""]
    assert next(iter(catalogue.images.values())).path == "A/1/0"
    image = content / "slides/colon.ome.zarr"
    catalogue = build_catalogue(image, catalogue_document(image))
    assert [one.name for one in catalogue.images.values()] == ["colon"]


def test_images_of_a_collection_are_listed_each(tmp_path: Path, content: Path) -> None:
    collection = tmp_path / "several.zarr"
    for number in ("0", "1"):
        (collection / number).mkdir(parents=True)
        attributes = (content / "slides/colon.ome.zarr/.zattrs").read_text()
        (collection / number / ".zattrs").write_text(attributes)
    (collection / ".zattrs").write_text(json.dumps({"bioformats2raw.layout": 3}))
    images = scan(tmp_path)["projects"][0]["datasets"][0]["images"]
    assert [(image["path"], image["name"]) for image in images] == [
        ("several.zarr/0", "several [0]"),
        ("several.zarr/1", "several [1]"),
    ]


def test_an_empty_folder_serves_empty_lists(tmp_path: Path) -> None:
    assert scan(tmp_path) == {"version": 1, "screens": [], "projects": []}


def test_a_folder_that_does_not_exist_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="check the path"):
        create_app(tmp_path / "nothing")


def test_what_cannot_be_read_is_left_out_and_logged(
    tmp_path: Path, content: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "broken.zarr").mkdir()
    (tmp_path / "broken.zarr" / ".zattrs").write_text("{")
    (tmp_path / "listed.zarr").mkdir()
    (tmp_path / "listed.zarr" / ".zattrs").write_text(json.dumps({"plate": {"wells": "none"}}))
    with caplog.at_level(logging.WARNING):
        catalogue = build_catalogue(tmp_path, scan(tmp_path))
    assert all(not screen.plates or screen.plates[0].wells == () for screen in catalogue.screens)
    assert "broken.zarr" in caplog.text


@pytest.mark.parametrize("text", ["[]", "{", '"text"', "1"])
def test_metadata_that_are_no_json_object_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "zarr.json").write_text(text)
    with pytest.raises(FormatError):
        read_attributes(tmp_path)


def test_the_same_folder_gives_the_same_ids(content: Path) -> None:
    first, second = (build_catalogue(content, catalogue_document(content)) for _ in range(2))
    assert first.images == second.images
    assert first.wells == second.wells


def test_ranges_of_ids_do_not_overlap(content: Path) -> None:
    catalogue = build_catalogue(content, catalogue_document(content))
    kinds = (catalogue.plates, catalogue.wells, catalogue.datasets, catalogue.images)
    ids = [number for kind in kinds for number in kind]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("name", "place"),
    [("A1", (0, 0)), ("h12", (7, 11)), ("B07", (1, 6)), ("AA3", (26, 2)), ("", None), ("7B", None), ("A0", None)],
)
def test_well_names_are_places(name: str, place: tuple[int, int] | None) -> None:
    assert well_place(name) == place
    if place is not None:
        assert well_place(well_name(place)) == place


def test_rows_are_named_like_columns_of_a_spreadsheet() -> None:
    assert [row_letters(row) for row in (0, 25, 26, 31)] == ["A", "Z", "AA", "AF"]
