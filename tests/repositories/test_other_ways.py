"""The other ways to an image's pixels: each only gone where the one before led nowhere, and remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_idr.errors import Unsupported
from napari_idr.formats.zarr_copies import client_copies, guessed_copies, listed_copies, short_label
from napari_idr.model.image import ImageReference
from napari_idr.repositories import other_ways
from napari_idr.repositories.idr import IdrRepository
from napari_idr.repositories.omero import OmeroRepository
from napari_idr.repositories.other_ways import OtherWays, ZarrCopies
from napari_idr.session import Session
from napari_idr.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_idr.model.catalog import Node
    from napari_idr.remote.http import Http
    from repository_server import Served

FILES = "/image/{}/download_urls/"
LIST = "/ome-ngff-samples/table.csv"


@pytest.fixture
def open_session(served: Served, tmp_path: Path) -> Iterator[Callable[[], Session]]:
    """Sessions over one folder of kept answers, as one computer has them one after the other."""
    opened = []

    def start() -> Session:
        opened.append(Session(Settings(server=served.address, cache_dir=tmp_path)))
        return opened[-1]

    yield start
    for session in opened:
        session.close()


def images(session: Session) -> dict[str, Node]:
    """Return the images of the dataset whose pixels are elsewhere, by the end of their names."""
    root = session.repositories[0].root()
    study = next(node for node in session.children(root).nodes if node.accession == "idr9903")
    project = session.children(study).nodes[0]
    dataset = next(node for node in session.children(project).nodes if node.name == "Variants: other ways")
    return {node.name.removeprefix("embryo-1, "): node for node in session.children(dataset).nodes}


def guesses(number: str) -> list[str]:
    folders = [f"v0.5/idr9903{letter}/{number}.{end}" for letter in ("A", "") for end in ("ome.zarr", "zarr")]
    folders += [f"v0.4/idr9903A/{number}.zarr", f"v0.3/idr9903A/{number}.zarr"]
    folders += [f"v0.{minor}/{number}.zarr" for minor in (3, 2, 1)]
    return [f"/idr/zarr/{folder}/{name}" for folder in folders for name in (".zattrs", "zarr.json")]


def label_of(number: str) -> list[str]:
    return [f"/webclient/api/paths_to_object/?image={number}", "/api/v0/m/projects/102/"]


def zattrs(path: str) -> list[str]:
    return [f"/{path}/{name}" for name in (".zattrs", "zarr.json")]


@pytest.mark.parametrize(
    ("name", "place", "asked"),
    [
        ("by its files", "zarr/movies/embryo.ome.zarr", lambda _: zattrs("zarr/movies/embryo.ome.zarr")),
        ("by a list", "copies/{}.zarr", lambda _: [LIST]),
        ("by a guess", "idr/zarr/v0.4/idr9903A/{}.zarr", lambda number: [LIST, *label_of(number), *guesses(number)]),
    ],
)
def test_each_way_is_gone_only_where_the_one_before_led_nowhere(
    open_session: Callable[[], Session],
    served: Served,
    name: str,
    place: str,
    asked: Callable[[str], list[str]],
) -> None:
    session = open_session()
    node = images(session)[name]
    served.reset()
    reference = session.reference(node)
    assert isinstance(reference, ImageReference)
    assert reference.source == served.address + place.format(node.id)
    first = [f"/api/v0/m/images/{node.id}/", FILES.format(node.id)]
    assert sorted(served.requests()) == sorted([*first, *asked(node.id)])
    served.reset()
    assert session.reference(node) == reference
    assert served.requests() == []


def test_pixels_found_elsewhere_are_the_same(open_session: Callable[[], Session]) -> None:
    session = open_session()
    for name in ("by its files", "by a list", "by a guess"):
        levels = session.open_image(session.reference(images(session)[name])).levels  # type: ignore[arg-type]
        assert np.asarray(levels[-1]).any()


def test_nowhere_is_remembered_for_a_day_also_by_the_next_session(
    open_session: Callable[[], Session], served: Served
) -> None:
    session = open_session()
    node = images(session)["only its files"]
    with pytest.raises(Unsupported, match="neither offered as OME-Zarr nor rendered"):
        session.reference(node)
    first = len(served.requests())
    assert first > 20
    session.close()
    session = open_session()
    served.reset()
    with pytest.raises(Unsupported):
        session.reference(node)
    assert served.requests() == []  # the image and its imgData are kept as well
    session.cache.distrust()
    session.repositories[0].pixels._places._values.clear()  # type: ignore[attr-defined]
    with pytest.raises(Unsupported):
        session.reference(node)
    assert FILES.format(node.id) in served.requests()


def test_a_way_that_cannot_be_gone_now_decides_nothing(open_session: Callable[[], Session], served: Served) -> None:
    session = open_session()
    node = images(session)["by a guess"]
    session.cache.clear()
    served.fail("idr9903A", "status500", times=100)
    rendered = session.reference(node)
    assert rendered.source == f"{served.address}webgateway/imgData/{node.id}/"
    served.mend()
    reference = session.reference(node)
    assert isinstance(reference, ImageReference)
    assert reference.source.endswith(f"v0.4/idr9903A/{node.id}.zarr")


def test_a_server_that_is_not_the_idr_is_asked_nothing_of_this(served: Served, http: Http) -> None:
    repository = OmeroRepository(http, served.address)
    idr = IdrRepository(http, served.address)
    assert repository.pixels._ways is None
    assert idr.pixels._ways is not None


def test_what_has_moved_is_found_where_it_is_and_asked_once(
    served: Served, http: Http, monkeypatch: pytest.MonkeyPatch, open_session: Callable[[], Session]
) -> None:
    session = open_session()
    host = served.address.split("/")[2]
    monkeypatch.setattr(other_ways, "OLD_HOST", "old.example")
    monkeypatch.setattr(
        other_ways, "moved_addresses", lambda address: [address.replace("https://old.example", f"http://{host}")]
    )
    api = session.repositories[0].api  # type: ignore[attr-defined]
    ways = OtherWays(api, ZarrCopies.beside(served.address))
    moved = ways.present("https://old.example/zarr/movies/embryo.ome.zarr")
    assert moved == f"{served.address}zarr/movies/embryo.ome.zarr"
    served.reset()
    assert ways.present("https://old.example/zarr/movies/embryo.ome.zarr") == moved
    assert served.requests() == []
    assert ways.present("https://old.example/nowhere.zarr") == "https://old.example/nowhere.zarr"
    assert ways.present("https://elsewhere/x.zarr") == "https://elsewhere/x.zarr"


def test_the_real_list_of_samples_is_understood(shared: Path) -> None:
    file = shared / "protocols" / "samples" / "idr_ome-ngff-samples_table.csv"
    table = file.read_text(encoding="utf-8")
    store = "https://livingobjects.ebi.ac.uk/idr/zarr/"
    assert listed_copies(table, "12689244") == [f"{store}v0.1/12689244.zarr"]
    assert listed_copies(table, "6001240")[0] == f"{store}v0.5/idr0062A/6001240_labels.zarr"
    assert f"{store}v0.4/idr0062A/6001240.zarr" in listed_copies(table, "6001240")
    assert listed_copies(table, "2551", plate=True) == [
        f"{store}v0.4/idr0001A/2551.zarr",
        f"{store}v0.1/plates/2551.zarr",
    ]
    assert listed_copies(table, "2551") == []
    assert listed_copies("no,table\n1,2\n", "1") == listed_copies("", "1") == []


def test_client_paths_that_are_ome_zarr_lead_to_their_group() -> None:
    paths = ["https://h/b/u.zarr/.zattrs", "https://h/b/u.zarr/zarr.json", "uod/idr/x.tif", 7, "https:///.zattrs"]
    assert client_copies({"client_paths": paths}) == ["https://h/b/u.zarr"]
    assert client_copies("error") == client_copies({"client_paths": "x"}) == client_copies([]) == []


def test_guesses_without_a_study_are_flat() -> None:
    assert short_label("idr0062-blin-nuclearsegmentation/experimentA") == "idr0062A"
    assert short_label("idr0022") == short_label("my project") == ""
    assert guessed_copies("s/", "7", "") == ["s/v0.3/7.zarr", "s/v0.2/7.zarr", "s/v0.1/7.zarr"]
    assert guessed_copies("s/", "7", "idr0001A", plate=True)[-1] == "s/v0.1/plates/7.zarr"
