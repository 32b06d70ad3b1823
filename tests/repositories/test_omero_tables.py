"""Bulk tables: what a server stores of wells and images, and that its answers are understood."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import requests

from napari_idr.errors import NotFound, ProtocolError, Unsupported
from napari_idr.formats.omero_tables import parse_table
from napari_idr.model.feature_table import key_of
from napari_idr.repositories.idr import IdrRepository
from napari_idr.repositories.original_files import files_of
from napari_idr.session import Session
from napari_idr.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_idr.model.catalog import Node
    from repository_server import Served


@pytest.fixture
def session(served: Served) -> Iterator[Session]:
    with Session(Settings(server=served.address)) as opened:
        yield opened


def plate_of(session: Session) -> Node:
    node = session.repositories[0].root()
    while node.kind != "plate":
        node = session.children(node).nodes[0]
    return node


def test_a_real_answer_is_understood_and_the_embedded_repository_gives_the_same(shared: Path, served: Served) -> None:
    file = shared / "protocols" / "samples" / "idr_webgateway_table_wells_45217_query.json"
    sample = json.loads(file.read_text(encoding="utf-8"))
    table, total = parse_table(sample, "x")
    assert (table.ids("well"), table.ids("plate"), total, table.parent) == (["45217"], ["340"], 1, "Screen 206")
    said = table.of("well", "45217").key_values(0)
    assert ("Organism", "Homo sapiens") in said
    assert ("Phenotype Term Accession", "CMPO_0000296") in said
    assert not any(key.startswith("Term Source") or not value for key, value in said)
    plate = requests.get(f"{served.address}api/v0/m/plates/", timeout=20).json()["data"][0]["@id"]
    url = f"{served.address}webgateway/table/Screen.plateLinks.child/{plate}/query/"
    ours = requests.get(url, params={"query": f"Plate-{plate}"}, timeout=20).json()
    assert same_shape(sample, ours) == []
    for query in ("Plate-7 or 1", "No-7", "limit"):
        assert set(requests.get(url, params={"query": query}, timeout=20).json()) == {"error"}


def same_shape(sample: object, ours: object, path: str = "") -> list[str]:
    """Return where an object lacks a field of the sample, or has another type there."""
    if isinstance(sample, dict) and isinstance(ours, dict):
        return [part for key in sample for part in same_shape(sample[key], ours.get(key, ...), f"{path}.{key}")]
    absent = sample is None or ours is None
    return [] if absent or type(sample) is type(ours) else [f"{path}: {type(sample)} {type(ours)}"]


def test_the_table_of_a_plate_is_one_request_and_then_none(session: Session, served: Served) -> None:
    plate = plate_of(session)
    served.reset()
    table = session.well_table(plate)
    assert served.requests() == [
        f"/webgateway/table/Screen.plateLinks.child/{plate.id}/query/?limit=10000&offset=0&query=Plate-{plate.id}"
    ]
    assert len(table.rows) == len(set(table.ids("well"))) > 3
    assert set(table.ids("plate")) == {plate.id}
    assert "Gene Symbol" in table.as_frame().columns
    session.well_table(plate)
    assert len(served.requests()) == 1


def test_tables_of_a_well_an_image_and_a_project(session: Session, served: Served) -> None:
    plate = plate_of(session)
    well = next(node for node in session.children(plate).nodes if node.child_count)
    table = session.well_table(well)
    assert table.ids("well") == [well.id]
    project = next(
        node for node in session.children(session.repositories[0].root()).nodes if node.accession == "idr9903"
    )
    project = session.children(project).nodes[0]
    images = session.image_table(project)
    assert images.parent == f"Project {project.id}"
    image = session.resolve(f"{served.address}webclient/?show=image-{images.ids('image')[0]}")
    assert session.image_table(image).ids("image") == [image.id]
    with pytest.raises(Unsupported):
        session.well_table(image)


def test_what_a_table_adds_is_said_of_the_wells_each_statement_once(session: Session) -> None:
    plate = plate_of(session)
    known = session.well_key_values(plate)
    values = next(values for values in known.values() if dict(values).get("Gene Symbol"))
    assert "Number of Fields" in dict(values)
    assert len(values) == len(set(values))


def test_a_server_without_tables_has_empty_ones(session: Session, served: Served) -> None:
    plate = plate_of(session)
    served.fail("/webgateway/table/", "status404", times=9)
    assert session.well_table(plate).rows == ()
    assert session.repositories[0].well_key_values(plate)


def test_what_is_no_table_is_one_sentence() -> None:
    with pytest.raises(NotFound, match="no table there"):
        parse_table({"error": "no such\ncolumn"}, "x")
    for answer in ([], {"data": 3}, {"data": {"columns": [1]}}, {"data": {"columns": ["a"], "rows": [[1, 2]]}}):
        with pytest.raises(ProtocolError):
            parse_table(answer, "x")


@pytest.mark.parametrize(
    ("column", "key"),
    [
        ("Characteristics [Organism]", "Organism"),
        ("Phenotype 12", "Phenotype"),
        ("Phenotype 12 Term Accession", "Phenotype Term Accession"),
        ("Term Source 1 REF", ""),
        ("Plate Name", ""),
        ("Gene Symbol", "Gene Symbol"),
    ],
)
def test_columns_have_the_names_of_annotations(column: str, key: str) -> None:
    assert key_of(column) == key


def test_addresses_of_files_are_those_of_the_file_and_nothing_else() -> None:
    document = {
        "download_urls": [
            "https://ftp.ebi.ac.uk/pub/databases/IDR/idr0001/a b.tif",
            "https://github.com/IDR/idr0170-x/blob/main/m/a.ome.xml",
            "ftp://x/y",
            "file:///etc/passwd",
            3,
        ]
    }
    first, second = files_of(document)
    assert (first.name, first.address) == ("a b.tif", "https://ftp.ebi.ac.uk/pub/databases/IDR/idr0001/a%20b.tif")
    assert second.address == "https://raw.githubusercontent.com/IDR/idr0170-x/main/m/a.ome.xml"
    assert files_of({"download_urls": ["https://h/a/..%2F..%2Fetc%2Fpass:wd?"]})[0].name == "pass_wd"
    assert files_of("error") == files_of({"download_urls": "x"}) == ()


def test_other_servers_offer_one_zip(served: Served, session: Session) -> None:
    from napari_idr.repositories.omero import OmeroRepository

    repository = OmeroRepository(session.http, served.address)
    assert isinstance(session.repositories[0], IdrRepository)
    plate = plate_of(session)
    well = next(node for node in repository.children(plate).nodes if node.child_count)
    (file,) = repository.original_files(repository.samples(well)[0])
    assert file.address.startswith(f"{served.address}webgateway/archived_files/download/")
