"""Queues from anything: images, plates and datasets of a repository, files, packages, one's own workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from reviewing import new_queue, sets

from napari_idr.errors import AddressError, Cancelled, FormatError
from napari_idr.formats.annotations.convert import carry_out, plan
from napari_idr.review.candidates import candidates_of
from napari_idr.review.queue_file import QueueDefinition
from napari_idr.review.queue_store import make_queue, open_queue
from napari_idr.review.sources import sets_of
from napari_idr.session import Session
from napari_idr.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from repository_server import Served


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with Session(Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", config_dir=tmp_path)) as made:
        yield made


def test_rois_and_labels_of_an_image_are_candidates(session: Session, served: Served) -> None:
    address = f"{served.address}webclient/?show=image-100001"
    (found,) = sets_of(session, address)
    kinds = {one.kind for one in found.objects}
    assert kinds == {"region", "label"}
    assert found.image.image_id == "100001"
    labels = [one for one in candidates_of([found]) if one.size and found.by_uuid()[one.uuid].label is not None]
    pixels = np.asarray(found.labels[0].pixels)
    assert sum(one.size for one in labels) == np.count_nonzero(pixels)
    uuid = make_queue(session.workspace, [found], QueueDefinition(name="image"), found.objects[0].annotator)
    state = session.workspace.state(found.image.key)
    assert state is not None
    assert np.array_equal(state.labels[0].pixels, pixels)
    again = [one.uuid for each in sets_of(session, address) for one in each.objects]
    assert open_queue(session.workspace, uuid).queue.uuids == again


def test_a_well_is_read_image_by_image_and_told(session: Session, served: Served) -> None:
    told: list[tuple[int, str]] = []
    found = list(
        sets_of(
            session, f"{served.address}webclient/?show=well-10001", told=lambda done, name: told.append((done, name))
        )
    )
    assert len(found) == len({one.image.key for one in found}) >= 2
    assert [done for done, _ in told] == list(range(1, len(told) + 1))


def test_reading_stops_when_it_is_cancelled(session: Session, served: Served) -> None:
    with pytest.raises(Cancelled):
        list(sets_of(session, f"{served.address}webclient/?show=well-10001", is_cancelled=lambda: True))


def test_files_folders_and_the_workspace_give_the_same(session: Session, tmp_path: Path) -> None:
    made = sets()
    folder = tmp_path / "package"
    folder.mkdir()
    carry_out(plan(made, folder / "all.rois.csv"))
    (folder / "broken.geojson").write_text("{")
    (folder / "readme.txt").write_text("hello")
    uuids = {one.uuid for each in made for one in each.objects}
    warned: list[str] = []
    for what in (str(folder / "all.rois.csv"), str(folder)):
        found = list(sets_of(session, what, warn=warned.append))
        assert {one.uuid for each in found for one in each.objects} == uuids
    assert len(warned) == 1
    assert "broken.geojson" in warned[0]
    new_queue(session.workspace, made)
    found = list(sets_of(session, "workspace"))
    assert {one.uuid for each in found for one in each.objects} == uuids


def test_what_has_nothing_to_review_is_one_sentence(session: Session, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(FormatError, match="There are no annotations in the folder, empty, choose a package or a file"):
        list(sets_of(session, str(tmp_path / "empty")))
    (tmp_path / "q.idrreview").write_bytes(b"")
    with pytest.raises(AddressError, match=r"has its queues with it, q\.idrreview, take it over with"):
        list(sets_of(session, str(tmp_path / "q.idrreview")))
    with pytest.raises(AddressError):
        list(sets_of(session, "no such thing"))
