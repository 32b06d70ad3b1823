"""The catalogue of the embedded server, and the exact number of requests each step costs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from napari_idr.demo.server import EmbeddedServer
from napari_idr.errors import (
    AccessDenied,
    NapariIdrError,
    NotFound,
    ProtocolError,
    ServerFailure,
    TimedOut,
    Unreachable,
    Unsupported,
)
from napari_idr.formats.json_record import JsonRecord
from napari_idr.model.catalog import ImageNode, Node, Plate, Screen, Study, Well, WellSample
from napari_idr.model.image import ImageReference, PlateReference
from napari_idr.repositories.base import Target
from napari_idr.repositories.idr import IdrRepository
from napari_idr.repositories.omero import OmeroRepository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_idr.remote.http import Http
    from repository_server import Served


@pytest.fixture
def idr(served: Served, http: Http) -> IdrRepository:
    return IdrRepository(http, served.address, "demo", "Demo")


@pytest.fixture
def omero(served: Served, http: Http) -> OmeroRepository:
    return OmeroRepository(http, served.address)


@pytest.fixture
def screen(omero: OmeroRepository, served: Served) -> Node:
    node = omero.children(omero.root()).nodes[0]
    served.reset()
    return node


@pytest.fixture
def plate(omero: OmeroRepository, screen: Node, served: Served) -> Node:
    node = omero.children(screen).nodes[0]
    served.reset()
    return node


def image_of(omero: OmeroRepository, plate: Node, served: Served) -> Node:
    well = omero.children(plate).nodes[0]
    served.reset()
    return omero.children(well).nodes[0]


# -- listing


def test_root_of_a_server_is_its_screens_then_its_projects(omero: OmeroRepository, served: Served) -> None:
    page = omero.children(omero.root())
    assert [node.kind for node in page.nodes] == ["screen", "project", "project"]
    assert page.total == 3
    assert page.next_offset is None
    assert [node.child_count for node in page.nodes] == [1, 1, 4]
    assert served.requests() == [
        "/api/v0/m/screens/?childCount=true&limit=200&normalize=true&offset=0",
        "/api/v0/m/projects/?childCount=true&limit=199&normalize=true&offset=0",
    ]


def test_root_is_paged_across_its_two_lists(omero: OmeroRepository) -> None:
    root = omero.root()
    whole = omero.children(root).nodes
    pages = [omero.children(root, offset=n, limit=1) for n in range(3)]
    assert [page.nodes[0] for page in pages] == list(whole)
    assert [page.next_offset for page in pages] == [1, 2, None]


def test_studies_cost_six_requests_and_their_containers_none(idr: IdrRepository, served: Served) -> None:
    page = idr.children(idr.root())
    assert [node.id for node in page.nodes] == ["idr9901", "idr9902", "idr9903"]
    assert len(served.requests()) == 6
    study = page.nodes[0]
    assert isinstance(study, Study)
    assert dict(study.key_values)["Organism"] == "Homo sapiens"
    assert study.description.startswith("Demonstration")
    assert any("creativecommons" in address for _, address in study.links)
    (container,) = idr.children(study).nodes
    assert (container.kind, container.accession) == ("screen", "idr9901")
    assert len(served.requests()) == 6
    described = idr.describe(study)
    assert described == replace(study, thumbnail_id=described.thumbnail_id, labelled=described.labelled)
    assert described.thumbnail_id
    assert described.labelled
    assert len(served.requests()) == 7


def test_further_pages_of_studies_cost_no_request(idr: IdrRepository, served: Served) -> None:
    first = idr.children(idr.root(), limit=2)
    assert first.next_offset == 2
    served.reset()
    assert [node.id for node in idr.children(idr.root(), offset=2, limit=2).nodes] == ["idr9903"]
    assert served.requests() == []


def test_first_page_of_a_container_is_one_request(omero: OmeroRepository, screen: Node, served: Served) -> None:
    page = omero.children(screen, limit=50)
    assert [node.name for node in page.nodes] == ["knockdown-1"]
    assert served.requests() == [f"/api/v0/m/screens/{screen.id}/plates/?limit=50&normalize=true&offset=0"]


def test_project_holds_datasets_which_hold_images(omero: OmeroRepository, served: Served) -> None:
    project = omero.children(omero.root()).nodes[1]
    (dataset,) = omero.children(project).nodes
    assert (dataset.kind, dataset.child_count) == ("dataset", 1)
    served.reset()
    (image,) = omero.children(dataset).nodes
    assert isinstance(image, ImageNode)
    assert dict(image.sizes)["x"] == 1024
    assert image.pixel_type == "uint8"
    assert len(served.requests()) == 1


def test_plate_lists_wells_whose_fields_cost_nothing_more(omero: OmeroRepository, plate: Node, served: Served) -> None:
    page = omero.children(plate, limit=5)
    assert (len(page.nodes), page.total, page.next_offset) == (5, 12, 5)
    well = page.nodes[0]
    assert isinstance(well, Well)
    assert (well.name, well.child_count) == ("A1", 2)
    fields = omero.children(well).nodes
    assert [field.name for field in fields] == ["Field 1", "Field 2"]
    assert isinstance(fields[0], WellSample)
    assert fields[0].image_id
    assert served.requests() == [f"/api/v0/m/plates/{plate.id}/wells/?limit=5&offset=0"]


# -- one node


@pytest.mark.parametrize("kind", ["screen", "plate", "well", "image", "project", "dataset"])
def test_address_of_a_node_leads_back_to_it_in_one_request(kind: str, omero: OmeroRepository, served: Served) -> None:
    node = _first(omero, kind)
    served.reset()
    target = omero.parse(node.address)
    assert target == Target(omero.key, node.kind, node.id, node.address)
    again = omero.resolve(target)
    assert (again.key, again.name, again.address) == (node.key, node.name, node.address)
    assert len(served.requests()) == 1


def _first(omero: OmeroRepository, kind: str) -> Node:
    waiting = [omero.root()]
    while waiting:
        node = waiting.pop(0)
        if node.kind == kind:
            return node
        waiting += omero.children(node, limit=2).nodes
    raise AssertionError(f"no {kind}")


def test_study_is_found_by_accession_name_and_part(idr: IdrRepository, served: Served) -> None:
    def find(text: str) -> Node:
        return idr.resolve(Target(idr.key, "study", text, text))

    assert find("idr9901").kind == "study"
    assert find("IDR9901-demo-knockdown").id == "idr9901"
    assert find("idr9901-demo-knockdown/screenA").kind == "screen"
    with pytest.raises(NotFound, match="screenA"):
        find("idr9901-demo-knockdown/screenZ")
    with pytest.raises(NotFound, match="idr0001"):
        find("idr0001")
    with pytest.raises(NotFound, match="DOI"):
        find("10.17867/1")


def test_addresses_of_other_servers_are_not_ours(omero: OmeroRepository) -> None:
    assert omero.parse("https://idr.openmicroscopy.org/webclient/?show=image-1") is None
    assert omero.parse("/data/x.zarr") is None
    assert omero.parse("nonsense") is None
    assert omero.parse(omero.address) == Target(omero.key, "repository", "", omero.address)


def test_described_server_counts_what_it_holds_by_two_requests(
    omero: OmeroRepository, idr: IdrRepository, served: Served
) -> None:
    served.reset()
    assert omero.describe(omero.root()).child_count == len(omero.children(omero.root()).nodes) == 3
    assert len(served.requests()) == 2 + 2
    served.reset()
    assert idr.describe(idr.root()).child_count == 3
    assert len(served.requests()) == 2
    assert idr.describe(idr.root()).child_count == 3
    assert len(served.requests()) == 2


def test_described_plate_is_four_requests_at_once(omero: OmeroRepository, plate: Node, served: Served) -> None:
    described = omero.describe(plate)
    assert isinstance(described, Plate)
    assert (described.rows, described.columns, described.child_count) == (3, 4, 12)
    assert described.thumbnail_id
    assert described.links[0] == ("Open in a browser", plate.address)
    assert len(served.requests()) == 4


def test_described_image_has_its_own_key_values_then_those_of_its_well(
    omero: OmeroRepository, plate: Node, served: Served
) -> None:
    well = omero.children(plate).nodes[0]
    field = omero.children(well).nodes[0]
    of_well = omero.describe(well).key_values
    served.reset()
    described = omero.describe(field)
    assert described.key_values == of_well != ()
    assert described.links[-1][0] == "OME-Zarr"
    assert described.thumbnail_id == field.thumbnail_id
    assert len(served.requests()) == 2


def test_image_that_was_described_costs_no_request_to_open(omero: OmeroRepository, plate: Node, served: Served) -> None:
    field = image_of(omero, plate, served)
    omero.describe(field)
    served.reset()
    assert omero.reference(field)
    assert served.requests() == []
    omero.describe(field)
    assert len(served.requests()) == 1


def test_described_well_is_one_request(omero: OmeroRepository, plate: Node, served: Served) -> None:
    well = omero.children(plate).nodes[0]
    served.reset()
    described = omero.describe(well)
    assert described.key_values
    assert described.thumbnail_id == well.thumbnail_id
    assert len(served.requests()) == 1


def test_described_screen_has_licence_and_links(omero: OmeroRepository, screen: Node, served: Served) -> None:
    described = omero.describe(screen)
    assert isinstance(described, Screen)
    assert dict(described.key_values)["License"] == "CC0 1.0"
    assert (
        "License: CC0 1.0",
        "https://creativecommons.org/publicdomain/zero/1.0/",
    ) in described.links
    assert len(served.requests()) == 1


# -- plate as a table


def test_grid_is_two_requests_and_one_for_the_next_field(omero: OmeroRepository, plate: Node, served: Served) -> None:
    grid = omero.plate_grid(plate)
    assert (grid.row_labels, grid.column_labels) == (("A", "B", "C"), ("1", "2", "3", "4"))
    assert (len(grid.cells), grid.field_count) == (11, 2)
    assert len(served.requests()) == 2
    served.reset()
    other = omero.plate_grid(plate, field=1)
    assert {cell.image_id for cell in other.cells}.isdisjoint({cell.image_id for cell in grid.cells})
    assert len(served.requests()) == 1
    assert omero.plate_grid(plate) == grid
    assert len(served.requests()) == 1


def test_key_values_of_all_wells_cost_two_requests_more_than_the_grid(
    omero: OmeroRepository, plate: Node, served: Served
) -> None:
    omero.plate_grid(plate)
    served.reset()
    values = omero.well_key_values(plate)
    assert set(values) <= {(row, column) for row in range(3) for column in range(4)}
    assert any("Gene Symbol" in dict(pairs) for pairs in values.values())
    assert len(served.requests()) == 2


def test_missing_plate_is_not_found(omero: OmeroRepository) -> None:
    missing = Plate("plate", omero.key, "987654", "gone")
    for ask in (omero.plate_grid, omero.describe, omero.reference):
        with pytest.raises(NotFound):
            ask(missing)


def test_positions_of_fields_have_a_unit(omero: OmeroRepository, plate: Node, served: Served) -> None:
    positions = omero.field_positions(plate)
    assert all(position.unit for position in positions)
    assert len(served.requests()) == 1


# -- pixels


def test_reference_of_an_image_is_one_request_and_then_none(
    omero: OmeroRepository, plate: Node, served: Served
) -> None:
    field = image_of(omero, plate, served)
    reference = omero.reference(field)
    assert isinstance(reference, ImageReference)
    assert reference.source.startswith(served.address)
    assert reference.source.endswith(".ome.zarr/A/1/0")
    assert reference.field == "0"
    assert omero.reference(field) == reference
    assert len(served.requests()) == 1


def test_reference_of_a_plate_is_two_requests_and_then_none(
    omero: OmeroRepository, plate: Node, served: Served
) -> None:
    reference = omero.reference(plate)
    assert isinstance(reference, PlateReference)
    assert reference.source.endswith("knockdown-1.ome.zarr")
    assert omero.reference(plate, acquisition="7") == PlateReference(
        omero.key, "", plate.id, reference.source, plate.name, plate.address, acquisition=7
    )
    assert len(served.requests()) == 2


def test_reference_of_a_well_is_that_of_its_first_field(omero: OmeroRepository, plate: Node) -> None:
    well = omero.children(plate).nodes[0]
    reference = omero.reference(well)
    assert isinstance(reference, ImageReference)
    assert (reference.well, reference.field) == ("A1", "0")


def test_container_has_no_pixels(omero: OmeroRepository, screen: Node) -> None:
    with pytest.raises(Unsupported):
        omero.reference(screen)


def test_thumbnails_come_in_batches_of_fifty(omero: OmeroRepository, plate: Node, served: Served) -> None:
    ids = [cell.image_id for cell in omero.plate_grid(plate).cells]
    served.reset()
    seen: list[str] = []
    pictures = omero.thumbnails([*ids, "999999999"], on_thumbnail=lambda number, _: seen.append(number))
    assert set(pictures) == set(ids) == set(seen)
    assert all(picture.startswith((b"\xff\xd8", b"\x89PNG")) for picture in pictures.values())
    assert len(served.requests()) == 1
    served.reset()
    omero.thumbnails([str(900_000 + n) for n in range(120)])
    assert len(served.requests()) == 3


def test_thumbnails_of_another_size_take_a_session_first(omero: OmeroRepository, plate: Node, served: Served) -> None:
    number = omero.plate_grid(plate).cells[0].image_id
    served.reset()
    assert omero.thumbnails([number], size=48)
    assert omero.thumbnails([number], size=48)
    asked = served.requests()
    assert asked[0].startswith("/webclient/?experimenter=-1")
    assert sum("get_thumbnails/48/" in path for path in asked) == 2
    assert len(asked) == 3


def test_cancelled_thumbnails_keep_what_had_come(omero: OmeroRepository, plate: Node) -> None:
    ids = [cell.image_id for cell in omero.plate_grid(plate).cells]
    assert omero.thumbnails(ids, is_cancelled=lambda: True) == {}


def test_failed_thumbnails_are_an_error_and_no_empty_answer(omero: OmeroRepository, served: Served) -> None:
    served.fail("get_thumbnails", "status500")
    with pytest.raises(ServerFailure):
        omero.thumbnails(["1"])


def test_rois_come_with_their_shapes(omero: OmeroRepository, plate: Node) -> None:
    wells = omero.children(plate).nodes
    found = [roi for well in wells for roi in omero.rois(well)]
    assert found
    assert found[0]["shapes"]


def test_image_with_neither_ome_zarr_nor_pictures_says_where_it_opens(omero: OmeroRepository, served: Served) -> None:
    image = ImageNode("image", omero.key, "5", "slide.ndpi", f"{served.address}webclient/?show=image-5")
    details = {"externalInfo": {"@id": 1, "Lsid": "/bia-idr/S-BIAD1/x.zarr/0"}}
    for fields in ({"@id": 5}, {"@id": 5, "omero:details": details}):
        omero.pixels.keep("5", JsonRecord.of(fields, "data", served.address))
        for _ in range(2):
            with pytest.raises(Unsupported) as caught:
                omero.reference(image)
            assert image.address in caught.value.hint
    assert served.requests() == ["/webgateway/imgData/5/"]
    assert "/bia-idr/S-BIAD1" in caught.value.what


@pytest.fixture
def two_runs(shared: Path, http: Http) -> Iterator[tuple[OmeroRepository, Node]]:
    with EmbeddedServer(shared / "data" / "plates") as server:
        repository = OmeroRepository(http, server.address)
        plates = repository.children(repository.children(repository.root()).nodes[0]).nodes
        yield repository, next(node for node in plates if "two-acquisitions" in node.name)


def test_acquisitions_are_shown_one_at_a_time(two_runs: tuple[OmeroRepository, Node]) -> None:
    repository, plate = two_runs
    first = repository.plate_grid(plate)
    assert [(run.id, run.first_field, run.last_field) for run in first.acquisitions] == [("3434", 0, 1), ("3435", 2, 3)]
    assert (len(first.row_labels), len(first.column_labels), first.field_count) == (8, 12, 2)
    assert [(cell.row, cell.column) for cell in first.cells] == [(1, 1), (1, 2)]
    grids = [repository.plate_grid(plate, field=n, acquisition=run) for run in ("3434", "3435") for n in (0, 1)]
    assert grids[0].cells == first.cells
    assert len({cell.image_id for grid in grids for cell in grid.cells}) == 8


def test_acquisition_opens_its_plate_at_this_run(two_runs: tuple[OmeroRepository, Node]) -> None:
    repository, plate = two_runs
    target = repository.parse(f"{repository.address}webclient/?show=run-3435")
    assert target is not None
    reference = repository.reference(repository.resolve(target))
    assert isinstance(reference, PlateReference)
    assert (reference.plate_id, reference.acquisition) == (plate.id, 3435)
    assert len(repository.children(repository.resolve(target)).nodes) == 2


def test_plate_without_wells_is_an_empty_grid_and_has_no_pixels(tmp_path: Path, http: Http) -> None:
    folder = tmp_path / "empty.ome.zarr"
    folder.mkdir()
    names = {"rows": [{"name": "A"}, {"name": "B"}], "columns": [{"name": "1"}, {"name": "2"}, {"name": "3"}]}
    (folder / ".zgroup").write_text('{"zarr_format": 2}')
    (folder / ".zattrs").write_text(json.dumps({"plate": {**names, "wells": [], "version": "0.4"}}))
    with EmbeddedServer(tmp_path) as server:
        repository = OmeroRepository(http, server.address)
        (plate,) = repository.children(repository.children(repository.root()).nodes[0]).nodes
        grid = repository.plate_grid(plate)
        assert (grid.row_labels, grid.column_labels) == (("A", "B"), ("1", "2", "3"))
        assert (grid.cells, grid.field_count) == ((), 1)
        assert repository.children(plate).nodes == ()
        assert repository.well_key_values(plate) == {}
        assert repository.describe(plate).child_count == 0
        with pytest.raises(NotFound, match="no wells with images"):
            repository.reference(plate)


# -- search


@pytest.mark.parametrize("query", ["KNOCKDOWN", "homo sapiens", "Demonstration mitosis"])
def test_search_finds_containers_by_name_and_annotation(query: str, idr: IdrRepository) -> None:
    found = idr.search(query).nodes
    assert any(node.kind == "screen" for node in found)


def test_search_finds_wells_by_gene(omero: OmeroRepository, plate: Node) -> None:
    values = omero.well_key_values(plate)
    place, gene = next((place, dict(v)["Gene Symbol"]) for place, v in values.items() if "Gene Symbol" in dict(v))
    found = [node for node in omero.search(gene.lower()).nodes if isinstance(node, Well)]
    assert place in {(node.row, node.column) for node in found}
    assert omero.search("no-such-word-anywhere").nodes == ()
    assert omero.search("  ").nodes == ()


# -- what bad answers get


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("status500", ServerFailure),
        ("status403", AccessDenied),
        ("status404", NotFound),
        ("html", ProtocolError),
        ("short", ProtocolError),
        ("hang", TimedOut),
    ],
)
def test_bad_answer_to_a_list_is_one_sentence(
    kind: str, error: type[NapariIdrError], omero: OmeroRepository, screen: Node, served: Served
) -> None:
    served.fail("/plates/", kind)
    with pytest.raises(error) as caught:
        omero.children(screen)
    assert caught.value.what
    assert caught.value.on
    assert caught.value.hint
    assert [node.kind for node in omero.children(screen).nodes] == ["plate"]


def test_answer_that_is_cut_off_is_unreachable(omero: OmeroRepository, screen: Node, served: Served) -> None:
    served.fail("/plates/", "truncate", 2)
    with pytest.raises(Unreachable):
        omero.children(screen)


def test_failed_question_is_asked_again(omero: OmeroRepository, plate: Node, served: Served) -> None:
    field = image_of(omero, plate, served)
    served.fail("/images/", "status500")
    with pytest.raises(ServerFailure):
        omero.reference(field)
    assert omero.reference(field)
