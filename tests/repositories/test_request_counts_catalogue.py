"""What listing, searching and looking at key-values cost, in requests: exact. Change them only for the better."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from large_catalogue import CONTAINERS, STUDIES, UMBRELLAS, write_large_archive
from napari_idr.demo.server import EmbeddedServer
from napari_idr.errors import ServerFailure
from napari_idr.model.search import Condition, SearchQuery
from napari_idr.remote.http import Http
from napari_idr.repositories.example_pictures import BATCH
from napari_idr.repositories.idr import IdrRepository
from napari_idr.repositories.omero_api import THUMBNAIL_BATCH
from napari_idr.session import Session
from napari_idr.settings import Settings
from repository_server import Served
from wide_plate import WELLS, write_wide_plate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_idr.model.catalog import Node, PlateGrid

ENGINE = "/searchengine/api/v1/resources"


@pytest.fixture(scope="module")
def large_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with EmbeddedServer(write_large_archive(tmp_path_factory.mktemp("large"))) as server:
        yield Served(server.address)


@pytest.fixture
def archive(large_server: Served) -> Served:
    large_server.reset()
    return large_server


@pytest.fixture
def large(archive: Served, http: Http) -> IdrRepository:
    return IdrRepository(http, archive.address, "large", "Large")


@pytest.fixture
def idr(served: Served, http: Http) -> IdrRepository:
    return IdrRepository(http, served.address, "demo", "Demo")


def listed(repository: IdrRepository, archive: Served) -> tuple[Node, ...]:
    nodes = repository.children(repository.root()).nodes
    archive.reset()
    return nodes


def test_all_studies_of_a_large_archive_cost_six_requests_in_two_rounds(large: IdrRepository, archive: Served) -> None:
    assert len(large.children(large.root()).nodes) == STUDIES
    asked = archive.requests()
    assert set(asked[:4]) == {
        "/api/v0/m/screens/?childCount=true&limit=1000&normalize=true&offset=0",
        "/api/v0/m/projects/?childCount=true&limit=1000&normalize=true&offset=0",
        f"{ENGINE}/container_images/?data_source=idr",
        "/webclient/api/tags/?orphaned=true&experimenter_id=-1&page=0",
    }
    annotations, tagged = sorted(asked[4:])
    assert annotations.startswith("/webclient/api/annotations/?type=map&project=")
    assert annotations.count("screen=") + annotations.count("project=") == CONTAINERS
    assert len(annotations) < 8000
    assert tagged == "/webclient/api/tags/?id=800001"
    assert len(asked) == 6


def test_a_second_start_lists_all_studies_from_the_disk(archive: Served, tmp_path: Path) -> None:
    settings = Settings(cache_dir=tmp_path)
    for expected in (6, 0):
        archive.reset()
        with Session(settings) as session:
            root = session.add_repository(archive.address).root()
            assert len(session.children(root).nodes) == STUDIES
        assert len(archive.requests()) == expected


def test_a_search_while_the_studies_are_being_listed_lists_them_no_second_time(
    large: IdrRepository, archive: Served
) -> None:
    with ThreadPoolExecutor(4) as pool:
        lists = list(pool.map(lambda _: large.listing.studies(), range(4)))
    assert {len(one) for one in lists} == {STUDIES}
    assert len(archive.requests()) == 6


def test_a_failure_of_the_engine_is_not_kept_for_the_next_start(archive: Served, tmp_path: Path) -> None:
    for _ in range(2):
        archive.reset()
        with Session(Settings(cache_dir=tmp_path)) as session:
            finder = session.add_repository(archive.address).finder
            with pytest.raises(ServerFailure):
                finder.find(SearchQuery(all_of=(Condition("", "no key"),)))
        assert len(archive.requests()) == 1


def test_containers_and_filters_of_listed_studies_cost_nothing(large: IdrRepository, archive: Served) -> None:
    nodes = listed(large, archive)
    for node in nodes:
        large.children(node)
    large.children(large.root(), offset=100)
    assert large.describe(large.root()).child_count == STUDIES
    assert archive.requests() == []


def test_pictures_of_all_studies_cost_a_request_per_fifty_containers(large: IdrRepository, archive: Served) -> None:
    large.example_pictures(listed(large, archive))
    assert len(archive.requests()) == -(-(CONTAINERS - UMBRELLAS) // BATCH) == 5


def test_one_study_costs_three_requests_where_none_is_listed(large: IdrRepository, archive: Served) -> None:
    target = large.parse(f"{archive.address}study/idr0005/")
    assert target is not None
    large.resolve(target)
    assert len(archive.requests()) == 3


def test_a_suggestion_costs_one_request(idr: IdrRepository, served: Served) -> None:
    idr.finder.suggest("kif")
    assert served.requests() == [f"{ENGINE}/image/searchvalues/?data_source=idr&value=kif"]
    idr.finder.suggest("kif11")
    assert len(served.requests()) == 2


def test_one_condition_costs_one_request_in_one_form(idr: IdrRepository, served: Served) -> None:
    idr.finder.find("Gene Symbol = KIF11")
    form = "data_source=idr&key=Gene+Symbol&operator=equals&return_containers=true&value=KIF11"
    assert served.requests() == [f"{ENGINE}/image/search/?{form}"]


def test_conditions_together_cost_one_request(idr: IdrRepository, served: Served) -> None:
    idr.finder.find("Gene Symbol = KIF11 AND Cell Line = HeLa OR Cell Line = U2OS")
    assert served.requests() == [f"{ENGINE}/submitquery/containers/?data_source=idr"]


def test_words_cost_two_requests_once_the_studies_are_listed(idr: IdrRepository, served: Served) -> None:
    listed(idr, served)
    idr.finder.find("kif11")
    assert [path.partition("?")[0] for path in served.requests()] == [
        f"{ENGINE}/image/searchvalues/",
        f"{ENGINE}/image/search/",
    ]


def test_an_accession_costs_nothing_once_the_studies_are_listed(idr: IdrRepository, served: Served) -> None:
    listed(idr, served)
    idr.finder.find("idr9902")
    assert served.requests() == []


def test_a_page_of_hits_costs_one_request(idr: IdrRepository, served: Served) -> None:
    found = idr.finder.find("Gene Symbol = KIF11")
    served.reset()
    idr.finder.hits(found.query, found.studies[0].containers[0])
    assert served.requests() == [f"{ENGINE}/submitquery/?data_source=idr"]


def test_labelled_key_values_cost_nothing_beside_the_description(idr: IdrRepository, served: Served) -> None:
    screen = idr.children(listed(idr, served)[0]).nodes[0]
    plate = idr.children(screen).nodes[0]
    well = idr.children(plate).nodes[0]
    field = idr.children(well).nodes[0]
    costs = []
    for node in (screen, plate, well, field):
        served.reset()
        assert idr.describe(node).labelled
        costs.append(len(served.requests()))
    assert costs == [
        2,
        4,
        1,
        2,
    ]  # a screen with its picture; a plate with wells and acquisitions; an image with its record


def test_a_plate_of_384_wells_costs_two_requests_and_eight_for_its_thumbnails(tmp_path: Path) -> None:
    with EmbeddedServer(write_wide_plate(tmp_path / "wide")) as server, closing(Http()) as patient:
        repository, asked = IdrRepository(patient, server.address, "wide", "Wide"), Served(server.address)
        (study,) = repository.children(repository.root()).nodes
        (screen,) = repository.children(study).nodes
        (plate,) = repository.children(screen).nodes
        asked.reset()
        early: list[PlateGrid] = []
        grid = repository.plate_grid(plate, on_wells=early.append)
        assert len(grid.cells) == WELLS
        assert early == [replace(grid, acquisitions=(), field_count=1)]
        assert sorted(path.partition("?")[0] for path in asked.requests()) == [
            f"/api/v0/m/plates/{plate.id}/plateacquisitions/",
            f"/webgateway/plate/{plate.id}/0/",
        ]
        asked.reset()
        pictures = repository.thumbnails([cell.image_id for cell in grid.cells])
        assert len(pictures) == WELLS
        assert len(asked.requests()) == -(-WELLS // THUMBNAIL_BATCH) == 8
        asked.reset()
        repository.plate_grid(plate)
        assert asked.requests() == []


def test_a_grid_that_two_ask_for_at_once_is_asked_for_once(served: Served, http: Http) -> None:
    repository = IdrRepository(http, served.address, "demo", "Demo")
    (plate,) = repository.children(repository.children(listed(repository, served)[0]).nodes[0]).nodes
    served.reset()
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(repository.plate_grid, plate), pool.submit(repository.well_key_values, plate)]
        asked += [pool.submit(repository.plate_grid, plate) for _ in range(2)]
        for one in asked:
            one.result()
    paths = [path.partition("?")[0] for path in served.requests()]
    assert paths.count(f"/webgateway/plate/{plate.id}/0/") == 1
    assert paths.count(f"/api/v0/m/plates/{plate.id}/plateacquisitions/") == 1
