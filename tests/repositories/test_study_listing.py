"""The studies of a large archive, and of servers that tell less of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import large_catalogue
from large_catalogue import CONTAINERS, PLATES, STUDIES, UMBRELLAS, write_large_archive
from napari_idr.demo.server import EmbeddedServer
from napari_idr.errors import AccessDenied, NotFound, ProtocolError, ServerFailure
from napari_idr.model.catalog import Project, Screen, Study
from napari_idr.model.study_list import citation, facets, filter_studies
from napari_idr.repositories.base import ExamplePicture, Target
from napari_idr.repositories.idr import IdrRepository
from napari_idr.repositories.studies import Extras, group_studies, study_node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.model.catalog import Node
    from napari_idr.remote.http import Http
    from repository_server import Served

LAST_ROUND = ("container_images", "api/tags")


@pytest.fixture(scope="module")
def large_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = write_large_archive(tmp_path_factory.mktemp("large"))
    with EmbeddedServer(folder) as server:
        yield server.address


@pytest.fixture
def large(large_address: str, http: Http) -> IdrRepository:
    return IdrRepository(http, large_address, "large", "Large")


@pytest.fixture
def idr(served: Served, http: Http) -> IdrRepository:
    return IdrRepository(http, served.address, "demo", "Demo")


def studies_of(repository: IdrRepository) -> list[Study]:
    nodes = repository.children(repository.root()).nodes
    assert all(isinstance(node, Study) for node in nodes)
    return [node for node in nodes if isinstance(node, Study)]


# -- what a study is


def test_all_containers_are_under_the_node_of_their_study(large: IdrRepository) -> None:
    studies = studies_of(large)
    assert len(studies) == STUDIES
    assert sum(len(study.containers) for study in studies) == CONTAINERS
    for study in studies:
        assert study.child_count == len(study.containers) == len(large.children(study).nodes)
        assert {node.accession for node in study.containers} == {study.accession}


def test_umbrellas_are_marked_and_hold_nothing(large: IdrRepository) -> None:
    containers = [node for study in studies_of(large) for node in study.containers]
    umbrellas = [node for node in containers if node.is_umbrella]
    assert len(umbrellas) == UMBRELLAS
    assert all(not node.has_children and node.description.startswith("Holds no images") for node in umbrellas)
    assert not any("/" in node.name for node in umbrellas)


def test_an_empty_screen_of_a_study_is_no_umbrella() -> None:
    assert not Screen("screen", "r", "1", "idr0001-a/screenA", accession="idr0001", child_count=0).is_umbrella
    assert not Screen("screen", "r", "1", "mine", child_count=0).is_umbrella
    assert not Project("project", "r", "1", "idr0001-a", accession="idr0001").is_umbrella


def test_a_study_has_counts_of_plates_datasets_and_images(idr: IdrRepository) -> None:
    plates = studies_of(idr)[0]
    assert (plates.set_count, plates.image_count, plates.has_ome_zarr) == (1, 22, True)
    assert plates.facts.release_date == "2026-11-21"
    assert plates.facts.licences == ("CC0 1.0",)
    assert citation(plates).startswith("The napari-idr developers.")


def test_facets_and_filter_go_over_the_whole_list(large: IdrRepository) -> None:
    studies = studies_of(large)
    counted = facets(studies)["organism"]
    assert sum(one.count for one in counted) == STUDIES
    chosen = counted[0].value
    assert len(filter_studies(studies, chosen={"organism": [chosen]})) == counted[0].count
    assert [study.accession for study in filter_studies(studies, "study 143")] == ["idr0143"]


def test_a_study_with_a_thousand_plates_is_listed_page_by_page(large: IdrRepository) -> None:
    study = next(one for one in studies_of(large) if one.accession == "idr0001")
    screen = next(node for node in study.containers if node.kind == "screen")
    assert screen.child_count == PLATES
    first = large.children(screen)
    assert (len(first.nodes), first.total, first.next_offset) == (200, PLATES, 200)
    names = {node.name for offset in range(0, PLATES, 200) for node in large.children(screen, offset=offset).nodes}
    assert len(names) == PLATES


def test_a_study_is_found_by_its_doi(large: IdrRepository) -> None:
    node = large.resolve(Target("large", "study", "10.17867/0000004", "https://doi.org/10.17867/0000004"))
    assert node.accession == "idr0005"
    with pytest.raises(NotFound):
        large.resolve(Target("large", "study", "10.17867/000000", ""))


def test_an_id_that_is_a_screen_and_a_project_is_counted_for_each() -> None:
    screen = Screen("screen", "r", "102", "idr0097-x/screenA", child_count=2)
    project = Project("project", "r", "102", "idr0097-x/experimentA", child_count=3)
    (group,) = group_studies([screen, project])
    extras = Extras({("screen", screen.name): 5, ("project", project.name): 7}, {("project", "102")})
    study = study_node(group, [], "r", "https://x/", extras)
    assert isinstance(study, Study)
    assert (study.set_count, study.image_count, study.has_ome_zarr) == (5, 12, True)
    assert len({node.key for node in study.containers}) == 2


@pytest.mark.parametrize("name", ['idr0001-a "b"/screenA', "idr0001-שלום/screenA", "idr0001-🧬", "a/b/c", "idr1-x"])
def test_odd_names_are_kept(name: str) -> None:
    (group,) = group_studies([Screen("screen", "r", "1", name)])
    node = study_node(group, [], "r", "https://x/")
    assert (group.containers[0].name, node.name) == (name, name.partition("/")[0] if group.accession else name)


# -- pictures


def test_pictures_come_after_the_list_by_the_keys_of_the_studies(idr: IdrRepository, served: Served) -> None:
    studies = studies_of(idr)
    served.reset()
    arrived: dict[tuple[str, str, str], ExamplePicture] = {}
    found = idr.example_pictures(studies, on_picture=arrived.__setitem__)
    assert set(found) == {study.key for study in studies}
    assert arrived == found
    assert all(one.picture.startswith(b"\xff\xd8") and one.image_id.isdecimal() for one in found.values())
    assert len(served.requests()) == 1


def test_cancelled_and_missing_pictures_are_no_error(idr: IdrRepository, served: Served) -> None:
    studies = studies_of(idr)
    assert idr.example_pictures(studies, is_cancelled=lambda: True) == {}
    for kind in ("status404", "html", "status500"):
        served.fail("gallery-api", kind)
        assert idr.example_pictures(studies) == {}
    assert idr.describe(studies[0]).thumbnail_id


# -- servers that tell less


@pytest.mark.parametrize("kind", ["status404", "html", "status500", "status403"])
def test_without_search_engine_and_tags_only_their_facts_are_unknown(
    kind: str, idr: IdrRepository, served: Served
) -> None:
    for view in LAST_ROUND:
        served.fail(view, kind, 99)
    study = studies_of(idr)[0]
    assert (study.image_count, study.has_ome_zarr, study.set_count) == (None, None, 1)
    assert study.facts.title.startswith("Demonstration")


@pytest.mark.parametrize("view", ["/screens/", "/projects/", "annotations"])
@pytest.mark.parametrize(
    ("kind", "error"), [("status500", ServerFailure), ("html", ProtocolError), ("status403", AccessDenied)]
)
def test_a_list_that_fails_is_one_sentence_and_the_next_one_counts(
    view: str, kind: str, error: type[Exception], idr: IdrRepository, served: Served
) -> None:
    served.fail(view, kind)
    with pytest.raises(error) as caught:
        idr.children(idr.root())
    assert "\n" not in str(caught.value)
    assert len(studies_of(idr)) == 3


def test_the_first_page_again_finds_what_is_new(idr: IdrRepository, served: Served) -> None:
    studies_of(idr)
    served.reset()
    studies_of(idr)
    assert len(served.requests()) == 6


# -- key-values


def node_of(idr: IdrRepository, *steps: int) -> Node:
    node = idr.root()
    for step in steps:
        node = idr.children(node).nodes[step]
    return node


@pytest.mark.parametrize(
    ("steps", "kinds"),
    [
        ((0,), {"screen"}),
        ((0, 0), {"screen"}),
        ((0, 0, 0), {"screen"}),
        ((0, 0, 0, 6), {"image", "well", "screen"}),
        ((0, 0, 0, 6, 1), {"image", "well", "screen"}),
        ((1, 0), {"project"}),
        ((1, 0, 0), {"project"}),
        ((1, 0, 0, 0), {"image", "project"}),
    ],
)
def test_key_values_say_where_they_hang(steps: tuple[int, ...], kinds: set[str], idr: IdrRepository) -> None:
    described = idr.describe(node_of(idr, *steps))
    assert {place.kind for one in described.labelled for place in one.places} == kinds
    pairs = [(one.key.casefold(), one.value) for one in described.labelled]
    assert len(pairs) == len(set(pairs))
    licence = next(one for one in described.labelled if one.key == "License")
    assert licence.link.startswith("https://creativecommons.org/")


def test_wells_without_key_values_have_those_of_their_images_and_study(idr: IdrRepository) -> None:
    well = idr.describe(node_of(idr, 0, 0, 0, 6))
    gene = next(one for one in well.labelled if one.key == "Gene Identifier")
    assert (gene.where, gene.group) == ("image, well", "Gene")
    assert gene.link.startswith("http://www.ensembl.org/id/ENSG")
    term = next(one for one in well.labelled if one.accession)
    assert (term.key, term.link) == ("Phenotype Term Name", f"http://www.ebi.ac.uk/cmpo/{term.accession}")


def test_the_archive_is_what_the_figures_speak_of() -> None:
    assert (large_catalogue.STUDIES, large_catalogue.CONTAINERS) == (143, 250)
