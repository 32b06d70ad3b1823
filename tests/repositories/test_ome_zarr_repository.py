"""Folders, plates and collections of OME-Zarr as a repository, over real files."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from napari_idr.errors import NapariIdrError, NotFound, Unsupported
from napari_idr.model.catalog import ImageNode, Plate, Well
from napari_idr.model.image import FieldInfo, ImageReference, PlateMetadata, PlateReference, WellInfo
from napari_idr.readers.open import read_metadata
from napari_idr.remote.object_store import Access
from napari_idr.repositories.ome_zarr import OmeZarrRepository
from napari_idr.repositories.zarr_nodes import plate_grid, well_node

if TYPE_CHECKING:
    from napari_idr.model.catalog import Node
    from napari_idr.model.image import CollectionMetadata, ImageMetadata


def read(address: str, *, fields: bool = False) -> ImageMetadata | PlateMetadata | CollectionMetadata:
    return asyncio.run(read_metadata(address, Access(), fields=fields))


def repository(path: Path) -> OmeZarrRepository:
    return OmeZarrRepository(str(path), read)


def at(path: Path) -> tuple[OmeZarrRepository, Node]:
    place = repository(path)
    target = place.parse(str(path))
    assert target is not None
    return place, place.resolve(target)


@pytest.fixture
def plates(shared: Path) -> Path:
    return shared / "data" / "plates"


def test_folder_lists_its_plates_images_and_folders(plates: Path, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "b.tif").write_bytes(b"II")
    (tmp_path / "a.ome.zarr").mkdir()
    (tmp_path / "a.ome.zarr" / ".zgroup").write_text('{"zarr_format": 2}')
    (tmp_path / "c.ome.zarr").symlink_to(plates / "nf1-plate2.ome.zarr")
    (tmp_path / "d.zarr").mkdir()
    (tmp_path / "d.zarr" / "zarr.json").write_text(
        json.dumps({"attributes": {"ome": {"version": "0.5", "bioformats2raw.layout": 3}}})
    )
    (tmp_path / "e.ozx").write_bytes(b"PK")
    place = repository(tmp_path)
    page = place.children(place.root())
    assert [(node.kind, node.name) for node in page.nodes] == [
        ("image", "a.ome.zarr"),
        ("image", "b.tif"),
        ("plate", "c.ome.zarr"),
        ("collection", "d.zarr"),
        ("collection", "e.ozx"),
        ("collection", "sub"),
    ]
    assert page.total == 6
    assert [node.name for node in place.children(place.root(), offset=2, limit=1).nodes] == ["c.ome.zarr"]
    sub = page.nodes[-1]
    assert place.children(sub).nodes == ()


def test_plate_lists_its_wells_with_their_fields(plates: Path) -> None:
    path = plates / "imx-9987-two-acquisitions.ome.zarr"
    place, plate = at(path)
    assert isinstance(plate, Plate)
    assert (plate.rows, plate.columns, plate.child_count) == (8, 12, 2)
    assert [run.id for run in plate.acquisitions] == ["3434", "3435"]
    wells = place.children(plate).nodes
    assert [well.name for well in wells] == ["B02", "B03"]
    assert isinstance(wells[0], Well)
    fields = place.children(wells[0]).nodes
    assert len(fields) == wells[0].child_count == 4
    assert all(Path(field.address).is_dir() for field in fields)


def test_grid_shows_the_fields_of_the_chosen_acquisition(plates: Path) -> None:
    place, plate = at(plates / "imx-9987-two-acquisitions.ome.zarr")
    first = place.plate_grid(plate)
    assert (len(first.row_labels), len(first.column_labels), first.field_count) == (8, 12, 2)
    assert [(cell.row, cell.column) for cell in first.cells] == [(1, 1), (1, 2)]
    second = place.plate_grid(plate, acquisition="3435")
    shown = {cell.image_id for cell in first.cells} | {cell.image_id for cell in second.cells}
    assert len(shown) == 4
    assert all(Path(image_id).is_dir() for image_id in shown)


def test_grid_of_a_remote_plate_reads_no_well(plates: Path) -> None:
    path = plates / "imx-9987-two-acquisitions.ome.zarr"
    asked: list[str] = []

    def read_plate_only(address: str, *, fields: bool = False) -> PlateMetadata:
        asked.append(address)
        assert not fields
        return replace(read(str(path)), address=address)  # type: ignore[return-value]

    place = OmeZarrRepository("https://host/p.zarr", read_plate_only)
    plate = place.children(place.root()).nodes[0]
    assert len(place.plate_grid(plate, field=1).cells) == 2
    assert place.children(plate).nodes[0].child_count is None
    assert asked == ["https://host/p.zarr"]


def test_references_lead_to_the_groups_themselves(plates: Path) -> None:
    path = plates / "nf1-plate2.ome.zarr"
    place, plate = at(path)
    reference = place.reference(plate, acquisition="1")
    assert isinstance(reference, PlateReference)
    assert (reference.source, reference.acquisition) == (str(path), 1)
    well = place.children(plate).nodes[0]
    field = place.reference(well)
    assert isinstance(field, ImageReference)
    assert field.source.startswith(well.address)
    assert field.well == well.name
    assert place.reference(place.children(well).nodes[0]) == ImageReference(
        place.key, "", field.source, field.source, field.name, field.source
    )


def test_image_is_described_by_its_own_metadata(shared: Path) -> None:
    path = shared / "data" / "images" / "mitosis-5d.ome.zarr"
    place, image = at(path)
    assert image.kind == "image"
    described = place.describe(image)
    assert isinstance(described, ImageNode)
    assert dict(described.sizes) == {"t": 3, "c": 2, "z": 5, "y": 196, "x": 171}
    assert dict(described.key_values)["Format"] == "OME-Zarr 0.5"
    assert place.children(place.root()).nodes == (image,)


def test_folder_has_no_pixels_of_its_own(plates: Path) -> None:
    place, folder = at(plates)
    with pytest.raises(Unsupported):
        place.reference(folder)


def test_search_finds_names_in_a_folder(plates: Path) -> None:
    place = repository(plates)
    assert [node.name for node in place.search("NF1").nodes] == ["nf1-plate2.ome.zarr"]
    assert place.search("").nodes == ()


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    place = repository(tmp_path / "none.zarr")
    with pytest.raises(NapariIdrError) as caught:
        place.children(place.root())
    assert isinstance(caught.value, NotFound)
    assert "none.zarr" in str(caught.value)


def test_addresses_elsewhere_are_not_ours(tmp_path: Path) -> None:
    place = repository(tmp_path)
    assert place.parse(str(tmp_path / "a.zarr")) is not None
    assert place.parse(f"{tmp_path}-other/a.zarr") is None
    assert place.parse("idr0001") is None
    assert place.parse("nonsense") is None


def test_the_query_of_an_address_stays_at_the_end_of_those_below_it() -> None:
    well = WellInfo("B/02", "B", "02", 1, 1, fields=(FieldInfo("0"),))
    plate = PlateMetadata("p", "https://host/p.zarr?key=1", "0.4", ("A", "B"), ("01", "02"), (well,))
    node = well_node("key", plate, well)
    assert node.address == "https://host/p.zarr/B/02?key=1"
    assert node.samples[0].image_id == "https://host/p.zarr/B/02/0?key=1"
    cell = plate_grid(plate, 0, "", "key").cells[0]
    assert (cell.well_id, cell.image_id) == (node.address, node.samples[0].image_id)
