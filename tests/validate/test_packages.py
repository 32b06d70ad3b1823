"""Whole packages, for each archive: made of everything there is, and of a plate that somebody annotated in a window."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from known_terms import SmallCmpo
from test_package import full, written

from napari_idr.export.package import Progress
from napari_idr.export.package_check import check_path
from napari_idr.export.report import Acknowledgement, key_of
from napari_idr.model.annotation_set import Spacing
from napari_idr.model.annotator import Annotator
from napari_idr.model.submission import SubmissionForm
from validate.packages import problems_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from napari_idr.layers.viewer_session import ViewerSession
    from napari_idr.model.submission import Target

TARGETS: tuple[Target, ...] = ("idr", "bia", "both")
ME = Annotator("Josiah Carberry", "0000-0002-1825-0097")


@pytest.mark.parametrize("target", TARGETS)
def test_a_package_of_everything_passes_all_validators(target: Target, tmp_path: Path) -> None:
    folder = written(full(), tmp_path, target).folder
    assert problems_of(folder) == []
    assert check_path(folder, SmallCmpo()).errors == ()


def test_what_is_wrong_is_seen(tmp_path: Path) -> None:
    folder = written(full(), tmp_path, "both").folder
    table = next(folder.glob("idr/**/*-annotation.csv"))
    lines = table.read_bytes().splitlines(keepends=True)
    table.write_bytes(b"".join([*lines, lines[-1]]))
    assert len(problems_of(folder)) >= 2


@pytest.fixture
def session(make_napari_viewer: Callable[..., Any]) -> Iterator[ViewerSession]:
    from napari_idr.layers.viewer_session import ViewerSession

    made = ViewerSession.for_viewer(make_napari_viewer())
    yield made
    made.close()


@pytest.mark.qt
def test_a_local_plate_without_pixel_size_is_annotated_and_submitted(
    session: ViewerSession, shared: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    from napari_idr.layers import drawing
    from napari_idr.layers.submission_draft import Checked, SubmissionDraft, Wanted

    job = session.open(str(shared / "data" / "plates" / "nf1-plate2.ome.zarr"))
    qtbot.waitUntil(lambda: job.state != "running", timeout=60_000)
    plate = session.plates[0]
    qtbot.waitUntil(lambda: plate.mosaic.fields.swept and not plate.mosaic.is_outgrown, timeout=60_000)
    over = plate.channels[0]
    drawing.prepare(session, over)
    session.annotations.book.annotator = ME
    layer = drawing.start(session.annotations, session.viewer, over, "shapes")
    slots = [slot for found in plate.mosaic.layout.slots.values() for slot in found]
    there = [slot for slot in slots if not plate.mosaic.fields.is_absent(slot.key)][:2]
    for slot in there:
        y, x = slot.y + 20.25, slot.x + 30.5
        corners = np.array([[y, x], [y, x + 40], [y + 30, x + 55], [y + 45, x + 10]])
        layer.add(np.hstack([np.zeros((4, layer.ndim - 2)), corners]), shape_type="polygon")
    draft = SubmissionDraft(session)
    images = [one.image for one in draft.sets()]
    assert len(images) == 2
    assert {(one.repository, one.image_id) for one in images} == {("", "")}
    assert all(one.checksum for one in images)
    assert {one.spacing_of("x") for one in images} == {None}
    size = tuple((axis, Spacing(0.65, "micrometer")) for axis in ("x", "y"))
    session.kept.state_spacing(images, size, ME)

    texts = dict.fromkeys(("description", "method", "criteria", "coverage"), "Stated.")
    form = SubmissionForm(
        title="Nuclei of NF1 cells",
        organism="Homo sapiens",
        organism_accession="NCBITaxon_9606",
        authors=(ME,),
        license="CC BY 4.0",
        is_screen=True,
        created=datetime(2026, 11, 30, 12, 0, tzinfo=UTC),
        **texts,
    )
    for target in TARGETS:
        wanted = Wanted(draft.frozen(), form, target)
        checked = draft.check(wanted)
        assert not checked.report.errors, checked.report.errors
        said = tuple(Acknowledgement(key_of(one), ME, datetime.now(UTC)) for one in checked.report.open_warnings)
        (tmp_path / target).mkdir()
        came = draft.write(replace(wanted, acknowledged=said), tmp_path / target, Progress())
        assert not isinstance(came, Checked), came
        assert check_path(came[0].folder, session.session.terms.known()).errors == ()
        assert problems_of(came[0].folder) == []
        assert "Josiah Carberry" in (came[0].folder / "README.md").read_text(encoding="utf-8")
