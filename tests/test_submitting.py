"""What a submission asks of the repositories beside the images themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from napari_idr.session import Session
from napari_idr.submitting import image_at, organism_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotatedImage
    from repository_server import Served

WELL, OTHER_WELL, SLIDE, EMBRYO = "idr9901", "idr9901 again", "colon-section-1", "embryo-1"


@pytest.fixture
def session(served: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setenv("NAPARI_IDR_ONTOLOGIES", f"{served.address}ols4/")
    with Session() as made:
        yield made


@pytest.fixture
def images(session: Session, served: Served) -> dict[str, AnnotatedImage]:
    """Images of the embedded repository by name; two of one plate."""
    found = [image_at(session, f"{served.address}webclient/?show=image-{number}") for number in (100001, 100002)]
    named = dict(zip((WELL, OTHER_WELL), found, strict=True))
    root = session.add_repository(served.address).root()
    for study in session.children(root).nodes:
        for project in session.children(study).nodes:
            for dataset in session.children(project).nodes if project.kind == "project" else ():
                for node in session.children(dataset).nodes:
                    if node.name in (SLIDE, EMBRYO):
                        named[node.name] = image_at(session, node)
    return named


def test_the_organism_is_what_the_repository_names_with_its_accession(
    session: Session, images: dict[str, AnnotatedImage]
) -> None:
    term = organism_of(session, [images[WELL], images[OTHER_WELL], images[SLIDE]])
    assert term is not None
    assert (term.label, term.accession) == ("Homo sapiens", "NCBITaxon_9606")


def test_one_image_of_a_plate_is_asked_for(session: Session, images: dict[str, AnnotatedImage], served: Served) -> None:
    fields = [replace(images[name], plate="knockdown-1") for name in (WELL, OTHER_WELL)]
    served.reset()
    assert organism_of(session, fields) is not None
    assert sum("annotations" in one for one in served.requests()) == 1


def test_nothing_is_said_where_images_differ_or_nobody_knows(
    session: Session, images: dict[str, AnnotatedImage], demo_content: Path
) -> None:
    local = image_at(session, str(demo_content / "plates" / "knockdown-1.ome.zarr" / "A" / "1" / "0"))
    assert organism_of(session, [images[SLIDE], images[EMBRYO]]) is None
    assert organism_of(session, [images[SLIDE], local]) is None
    assert organism_of(session, []) is None


def test_without_ontologies_the_name_is_still_known(
    images: dict[str, AnnotatedImage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAPARI_IDR_ONTOLOGIES", "http://127.0.0.1:9/ols4/")
    with Session() as other:
        term = organism_of(other, [images[SLIDE]])
    assert term is not None
    assert (term.label, term.accession) == ("Homo sapiens", "")
