"""What comes out: reviewed sets in any format, a page that runs nothing, a table, agreement, a file to hand over."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from reviewing import ADA, GRACE, Sitting, new_queue, sets, square

from napari_idr.errors import AddressError, Cancelled, FormatError, NotFound
from napari_idr.formats.annotations.convert import read_any
from napari_idr.model.annotation import Ellipse, Point
from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet, new_uuid
from napari_idr.model.image import Axis, ImageMetadata
from napari_idr.review.hand_over import write_review
from napari_idr.review.overlap import overlap
from napari_idr.review.pictures import SIDE, picture_of
from napari_idr.review.queue_store import open_queue
from napari_idr.review.reviewed import reviewed_sets, summary

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr.workspace.workspace import Workspace

HOSTILE = "<script>alert('x')</script>"


@pytest.fixture
def queue(workspace: Workspace) -> str:
    """Twelve objects: two accepted, one rejected with a reason, one flagged; one of them corrected."""
    made = sets()
    made[0] = AnnotationSet(
        image=replace(made[0].image, name=HOSTILE),
        objects=(replace(made[0].objects[0], name=HOSTILE), *made[0].objects[1:]),
    )
    uuid = new_queue(workspace, made)
    desk = Sitting(workspace, uuid).desk
    for status, why in (("rejected", f"=1+1 {HOSTILE}"), ("accepted", ""), ("accepted", ""), ("flagged", "")):
        desk.judge(status, why)  # type: ignore[arg-type]
        desk.step()
    one = made[0].objects[1]
    desk.correct(one, replace(one, shapes=square(15, side=11).shapes), made[0].image.key)
    second = Sitting(workspace, uuid, GRACE).desk
    second.judge("accepted", uuids=[made[0].objects[0].uuid, made[0].objects[1].uuid])
    return uuid


def test_reviewed_objects_say_by_whom_and_when(workspace: Workspace, queue: str, tmp_path: Path) -> None:
    opened = open_queue(workspace, queue)
    every = [one for each in reviewed_sets(workspace, opened) for one in each.objects]
    assert len(every) == 12
    assert (every[2].status, every[2].reviewer) == ("accepted", ADA)
    assert every[0].comment == f"=1+1 {HOSTILE}"
    for name in ("a.coco.json", "a.rois.csv"):
        write_review(workspace, opened, tmp_path / name)
        back = {one.uuid: one for each in read_any(tmp_path / name) for one in each.objects}
        assert {uuid: one.status for uuid, one in back.items()} == {one.uuid: one.status for one in every}
        assert back[every[2].uuid].reviewer == ADA
        assert back[every[2].uuid].reviewed == every[2].reviewed


def test_only_accepted_objects_where_that_is_asked_for(workspace: Workspace, queue: str, tmp_path: Path) -> None:
    opened = open_queue(workspace, queue)
    write_review(workspace, opened, tmp_path / "a.geojson", statuses=("accepted",))
    found = [one for each in read_any(tmp_path / "a.geojson") for one in each.objects]
    assert len(found) == 3
    assert {one.status for one in found} == {"accepted"}
    fresh = open_queue(workspace, new_queue(workspace, sets(1)))
    with pytest.raises(AddressError, match="No object is accepted, cells, review some first"):
        write_review(workspace, fresh, tmp_path / "b.geojson", statuses=("accepted",))


def test_the_page_shows_what_was_rejected_and_runs_nothing(workspace: Workspace, queue: str, tmp_path: Path) -> None:
    write_review(workspace, open_queue(workspace, queue), tmp_path / "r.html", archive=Pixels())  # type: ignore[arg-type]
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "default-src 'none'" in text
    assert text.count('src="data:image/png;base64,') == 1
    assert "://" not in text.replace('href="https://idr.example.org', "")


def test_no_cell_of_the_table_is_a_formula(workspace: Workspace, queue: str, tmp_path: Path) -> None:
    write_review(workspace, open_queue(workspace, queue), tmp_path / "r.review.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "r.review.csv").read_text("utf-8-sig"))))
    assert len(rows) == 12
    assert rows[0]["comment"] == f"'=1+1 {HOSTILE}"
    assert (rows[2]["status"], rows[2]["orcid"]) == ("accepted", ADA.orcid)


def test_agreement_and_overlap_are_counted_by_class(workspace: Workspace, queue: str) -> None:
    said = summary(workspace, open_queue(workspace, queue))
    assert said.overall.objects == 2
    assert said.overall.percent == 50
    assert said.per_class["cell"].percent == 100
    assert said.per_class["nucleus"].percent == 0
    assert said.overlaps == {"cell": (pytest.approx(36 / (121 + 121 - 36)), 1)}
    assert said.reviewers == ("Ada Lovelace", "Grace Hopper")


def test_a_review_file_is_never_written_over(workspace: Workspace, queue: str, tmp_path: Path) -> None:
    opened = open_queue(workspace, queue)
    write_review(workspace, opened, tmp_path / "q.idrreview")
    with pytest.raises(FormatError, match="There is a file of that name"):
        write_review(workspace, opened, tmp_path / "q.idrreview")


def test_a_picture_that_cannot_be_read_is_said_once(workspace: Workspace, queue: str, tmp_path: Path) -> None:
    warned: list[str] = []
    write_review(workspace, open_queue(workspace, queue), tmp_path / "r.html", archive=Gone(), warn=warned.append)  # type: ignore[arg-type]
    assert warned == ["No picture: The image is gone, image-0, look elsewhere"]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (square(0), 1.0),
        (square(5), 25 / 175),
        (square(50), 0.0),
        (replace(square(0), shapes=(replace(square(0).shapes[0], z=3),)), 0.0),
        (replace(square(0), shapes=(Point(x=1, y=1),)), None),
    ],
)
def test_overlap_is_intersection_over_union(other: AnnotatedObject, expected: float | None) -> None:
    found = overlap(square(0), other)
    assert found == expected if expected is None else found == pytest.approx(expected)


def test_an_ellipse_covers_what_it_should() -> None:
    one = AnnotatedObject(uuid=new_uuid(), shapes=(Ellipse(x=5, y=5, radius_x=5, radius_y=5, z=0, t=0),))
    assert overlap(square(0), one) == pytest.approx(np.pi / 4, rel=1e-3)


def test_a_picture_is_that_of_the_object_and_its_surroundings() -> None:
    from PIL import Image

    made = sets()[0]
    archive = Pixels()
    found = picture_of(archive, made.image, made.objects[2])  # type: ignore[arg-type]
    assert found is not None
    assert max(Image.open(io.BytesIO(found)).size) == SIDE
    assert archive.asked == [{"y": slice(9, 42), "x": slice(9, 42)}]


class Pixels:
    """Gives the pixels of one channel of any image."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def read(self, address: str, *, level: int = 0, label: str = "", region: Any = None) -> Any:
        self.asked.append(region)
        shape = tuple(region[name].stop - region[name].start for name in "yx")
        axes = (Axis("y", "space"), Axis("x", "space"))
        metadata = ImageMetadata("cells", address, "ome-zarr", "0.4", axes, ())
        return np.arange(np.prod(shape), dtype=np.uint32).astype(np.uint8).reshape(shape), metadata


class Gone:
    """An archive that has no image any more."""

    def read(self, address: str, **options: Any) -> Any:
        raise NotFound("The image is gone", address.rpartition("=")[2], "look elsewhere")


def test_a_report_that_is_stopped_leaves_nothing_behind(workspace: Workspace, queue: str, tmp_path: Path) -> None:
    opened = open_queue(workspace, queue)
    with pytest.raises(Cancelled):
        write_review(workspace, opened, tmp_path / "r.html", archive=Pixels(), is_cancelled=lambda: True)  # type: ignore[arg-type]
    assert list(tmp_path.glob("*.html*")) == []
