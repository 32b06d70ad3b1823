"""What opening and looking cost, in requests: exact, committed numbers. Change them only for the better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from napari_idr.demo.content import ContentSize, ensure_content
from napari_idr.demo.plate_content import PlateShape
from napari_idr.demo.server import EmbeddedServer
from napari_idr.demo.slide_content import SlideShape
from napari_idr.layers.samples import first_openable
from napari_idr.session import Session
from napari_idr.streaming.level import Wishes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_idr.model.catalog import Node
    from napari_idr.streaming.loader import Want

CHANNELS = 3


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A row of twelve wells as large as real ones, so that its overview is coarse."""
    small = ContentSize.small()
    size = ContentSize(PlateShape(rows=1), SlideShape(side=2048, chunk=256, tile=256), small.movie)
    return ensure_content(tmp_path_factory.mktemp("wide"), size=size)


class Counted:
    """A session on a server that remembers what it was asked."""

    def __init__(self, server: EmbeddedServer, session: Session) -> None:
        self.server, self.session = server, session

    def node(self, accession: str) -> Node:
        return first_openable(self.session, self.server.address, accession)

    def reset(self) -> None:
        requests.post(f"{self.server.address}__requests/reset", timeout=10).raise_for_status()

    def asked(self) -> list[str]:
        entries: list[dict[str, Any]] = requests.get(f"{self.server.address}__requests", timeout=10).json()["requests"]
        return [f"{entry['path']} {entry['range'] or ''}".strip() for entry in entries]

    def zarr(self) -> tuple[list[str], list[str]]:
        """Metadata and chunks asked for."""
        paths = [path for path in self.asked() if path.startswith("/zarr/")]
        metadata = [
            path
            for path in paths
            if path.rsplit("/", 1)[-1] in (".zattrs", ".zarray", ".zgroup", ".zmetadata", "zarr.json")
        ]
        return metadata, [path for path in paths if path not in metadata]


@pytest.fixture
def counted(content: Path) -> Iterator[Counted]:
    with EmbeddedServer(content) as server, Session() as session:
        yield Counted(server, session)


def show(counted: Counted, level: Any) -> int:
    """Look at all of a level as a display does, until nothing is missing; return how often it took."""
    for turn in range(1, 50):
        wishes = Wishes()
        level.best(tuple((0, size) for size in level.shape), wishes)
        if not wishes.missing:
            return turn
        assert not wishes.metadata, "the overview asks for more metadata"
        wants: list[Want] = list(wishes.chunks.values())
        for future in counted.session.loader.fetch([want.chunk for want in wants]):
            future.result()
    raise AssertionError("never complete")


def test_a_plate_costs_ten_requests_before_its_first_pixels(counted: Counted) -> None:
    reference = counted.session.reference(counted.node("idr9901"))
    counted.reset()
    mosaic = counted.session.open_plate(reference, complete=False)
    metadata, chunks = counted.zarr()
    # the plate in both formats and consolidated, a well, an image, whether it has labels, its four arrays
    assert len(metadata) == 3 + 1 + 2 + len(mosaic.template.levels) == 10
    assert chunks == []


def test_a_plate_costs_three_requests_per_well_after_that(counted: Counted) -> None:
    mosaic = counted.session.open_plate(counted.session.reference(counted.node("idr9901")), complete=False)
    counted.reset()
    counted.session.loader.wait(mosaic.fields.sweep())
    metadata, chunks = counted.zarr()
    wells = len(mosaic.metadata.wells)
    assert wells == 12
    assert len(metadata) == 3 * (wells - 1) + 1  # of the first well only the second field was still to be read
    assert chunks == []


def test_an_overview_costs_a_chunk_per_field_and_channel(counted: Counted) -> None:
    mosaic = counted.session.open_plate(counted.session.reference(counted.node("idr9901")), complete=False)
    counted.session.loader.wait(mosaic.fields.sweep())
    counted.reset()
    for channel in range(CHANNELS):
        assert show(counted, mosaic.channel(channel)[-1]) == 2
    metadata, chunks = counted.zarr()
    assert metadata == []
    assert len(chunks) == len(set(chunks)) == len(mosaic.fields.images) * CHANNELS == 24 * CHANNELS


def test_a_zoom_into_one_field_costs_its_own_metadata_and_chunks(counted: Counted) -> None:
    mosaic = counted.session.open_plate(counted.session.reference(counted.node("idr9901")), complete=False)
    counted.session.loader.wait(mosaic.fields.sweep())
    counted.reset()
    slot = mosaic.layout.slots[(0, 5)][1]
    level = mosaic.channel(0)[0]
    level.read(((slot.y, slot.y + 100), (slot.x, slot.x + 100)))
    metadata, chunks = counted.zarr()
    assert len(metadata) == len(mosaic.template.levels)  # of its arrays the coarsest was read for the overview
    assert len(chunks) == 1


def test_an_image_costs_its_levels_and_four_more(counted: Counted) -> None:
    reference = counted.session.reference(counted.node("idr9902"))
    counted.reset()
    pyramid = counted.session.open_image(reference)
    metadata, _ = counted.zarr()
    assert len(metadata) == 3 + 1 + len(pyramid.levels)
    counted.reset()
    pyramid.levels[-1].read(tuple((0, size) for size in pyramid.levels[-1].shape))
    assert len(counted.asked()) == len(
        list(pyramid.levels[-1].array.indices(tuple((0, size) for size in pyramid.levels[-1].shape)))
    )


def test_the_index_of_a_shard_is_asked_for_once(counted: Counted) -> None:
    pyramid = counted.session.open_image(counted.session.reference(counted.node("idr9903")))
    counted.reset()
    finest = pyramid.levels[0]
    box = tuple((0, 1) if axis in ("t", "c") else (0, size) for axis, size in zip("tczyx", finest.shape, strict=True))
    finest.read(box)
    _, chunks = counted.zarr()
    inner = len(list(finest.array.indices(box)))
    indexes = [path for path in chunks if "bytes=-" in path]
    assert len(indexes) == len(set(indexes)) >= 1
    assert len(chunks) == inner + len(indexes)


def test_a_container_lists_its_first_page_in_two_requests(counted: Counted) -> None:
    session = counted.session
    root = session.add_repository(counted.server.address).root()
    study = next(node for node in session.children(root).nodes if "9902" in node.accession)
    project = session.children(study).nodes[0]
    dataset = session.children(project).nodes[0]
    counted.reset()
    session.children(dataset)
    assert len(counted.asked()) <= 2


def test_nothing_is_asked_twice(counted: Counted) -> None:
    reference = counted.session.reference(counted.node("idr9902"))
    pyramid = counted.session.open_image(reference)
    coarsest = pyramid.levels[-1]
    box = tuple((0, size) for size in coarsest.shape)
    coarsest.read(box)
    counted.reset()
    coarsest.read(box)
    assert counted.asked() == []
