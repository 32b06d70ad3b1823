"""Screens and projects as studies."""

from __future__ import annotations

from napari_idr.formats.omero_annotations import MapAnnotation
from napari_idr.model.catalog import Node, Project, Screen
from napari_idr.repositories.studies import group_studies, study_node


def screen(number: str, name: str, count: int | None = 3) -> Node:
    return Screen("screen", "idr", number, name, child_count=count)


def test_containers_of_one_accession_are_one_study() -> None:
    project = Project("project", "idr", "3", "idr0001-graml-sysgro/experimentA")
    groups = group_studies(
        [screen("9", "idr0002-x/screenA"), screen("3", "idr0001-graml-sysgro/screenA"), project, screen("4", "mine")]
    )
    assert [g.accession for g in groups] == ["idr0001", "idr0002", ""]
    assert [node.key for node in groups[0].containers] == [("idr", "project", "3"), ("idr", "screen", "3")]
    assert {node.accession for node in groups[0].containers} == {"idr0001"}


def test_five_digits_are_no_accession() -> None:
    assert group_studies([screen("1", "idr00011-x")])[0].accession == ""


def test_umbrella_without_images_is_shown_and_said() -> None:
    (group,) = group_studies(
        [screen("1", "idr0022-koedoot-cellmigration", 0), screen("2", "idr0022-koedoot-cellmigration/screenA")]
    )
    assert "no images" in group.containers[0].description
    assert "no images" not in group.containers[1].description


def test_study_has_title_licence_and_links_of_its_containers_only() -> None:
    (group,) = group_studies([screen("1", "idr0001-a/screenA"), screen("2", "idr0001-a/screenB")])
    info = "idr.openmicroscopy.org/study/info"
    values = (("Organism", "Homo sapiens"), ("Study Title", "A title"), ("License", "CC0 https://x.org/cc0"))
    annotations = [
        MapAnnotation("ScreenI", "1", info, values),
        MapAnnotation("ScreenI", "2", info, values),
        MapAnnotation("ProjectI", "1", info, (("Organism", "Mus musculus"),)),
    ]
    node = study_node(group, annotations, "idr", "https://server/")
    assert node.key == ("idr", "study", "idr0001")
    assert (node.name, node.description, node.child_count) == ("idr0001-a", "A title", 2)
    assert node.key_values == (("Organism", "Homo sapiens"), ("Study Title", "A title"), ("License", "CC0"))
    assert node.links == (
        ("Open in a browser", "https://server/study/idr0001/"),
        ("License: CC0", "https://x.org/cc0"),
    )
