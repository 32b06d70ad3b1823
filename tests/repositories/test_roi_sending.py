"""ROIs sent to a server that keeps them: what arrived is what is read back, and nothing is sent twice."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from napari_idr.errors import NapariIdrError, SignInNeeded, Unreachable, Unsupported
from napari_idr.model.annotation import Ellipse, Point, Polygon, Rectangle, RoiSet, Shape, Style
from napari_idr.model.drawn_geometry import is_same
from napari_idr.model.roi_changes import Drawn, KnownShape, RoiChanges, plan_changes
from napari_idr.repositories import roi_sending as module
from napari_idr.repositories.omero import OmeroRepository
from napari_idr.repositories.roi_reading import read_rois

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.remote.http import Http
    from napari_idr.repositories.roi_sending import SendReport
    from repository_server import Served

BLUE = Style(stroke=(0, 114, 178, 255))
NEW = (
    Rectangle(x=1.5, y=2.25, width=10.125, height=4, text="gland", z=1, t=0, style=BLUE),
    Ellipse(x=20, y=20, radius_x=5, radius_y=3, style=replace(BLUE, fill=(1, 2, 3, 128))),
    Polygon(points=((1, 1), (5.5, 1), (5, 7)), text="“Grüße”, \u05e9, \U0001f9ec", style=BLUE),
    Point(x=3.5, y=4.5, style=BLUE),
)


class Sender:
    """Somebody who sends ROIs of one image of a server."""

    def __init__(self, http: Http, served: Served, user: str = "ada", password: str = "analytical") -> None:
        http.logins.sign_in(served.address, user, SecretStr(password))
        self.omero = OmeroRepository(http, served.address)
        images = http.get_json(f"{served.address}api/v0/m/images/", [("limit", "1000")])["data"]
        self.image = next(str(one["@id"]) for one in images if one["Name"] == "embryo-1, every kind of ROI")
        self.served = served
        self.known = self.read_known()
        served.reset()

    def read(self) -> RoiSet:
        return read_rois(self.omero.roi_source, self.image, "here")

    def read_known(self) -> dict[str, KnownShape]:
        return {shape.id: KnownShape(roi.id, shape) for roi in self.read().rois for shape in roi.shapes}

    def send(self, drawn: list[Drawn]) -> SendReport:
        return self.send_changes(plan_changes(self.known, drawn))

    def send_changes(self, changes: RoiChanges) -> SendReport:
        comparison = self.omero.roi_sending.compare(self.image, changes, set(self.known))
        return self.omero.roi_sending.send(self.image, comparison)

    def as_it_was(self) -> list[Drawn]:
        return [Drawn(f"known {number}", one.shape) for number, one in self.known.items()]


def news(*shapes: Shape) -> list[Drawn]:
    return [Drawn(f"-1:-{number}", shape) for number, shape in enumerate(shapes, 1)]


@pytest.fixture
def ada(http: Http, writable: Served) -> Iterator[Sender]:
    return Sender(http, writable)  # type: ignore[return-value]


def test_every_kind_of_new_shape_arrives_as_it_was_drawn(ada: Sender) -> None:
    report = ada.send([*ada.as_it_was(), *news(*NEW)])
    assert report.problems == []
    assert (report.added, report.modified, report.deleted) == (4, 0, [])
    there = ada.read_known()
    for number, shape in enumerate(NEW, 1):
        arrived = report.arrived[f"-1:-{number}"]
        assert is_same(there[arrived.shape.id].shape, shape)
    assert len(there) == len(ada.known) + 4


def test_sending_costs_four_requests(ada: Sender) -> None:
    ada.send([*ada.as_it_was(), *news(*NEW)])
    rois = f"/api/v0/m/images/{ada.image}/rois/?limit=500&normalize=true&offset=0"
    assert ada.served.requests() == [f"/api/v0/m/images/{ada.image}/", rois, "/iviewer/persist_rois/", rois]


def test_nothing_is_sent_where_nothing_changed(ada: Sender) -> None:
    report = ada.send(ada.as_it_was())
    assert (report.added, report.modified, report.deleted, report.problems) == (0, 0, [], [])
    assert "/iviewer/persist_rois/" not in ada.served.requests()


def test_modified_shapes_change_and_keep_their_ids(ada: Sender) -> None:
    drawn = ada.as_it_was()
    at = next(n for n, one in enumerate(drawn) if isinstance(one.shape, Rectangle))
    after = replace(drawn[at].shape, x=7.25, text="moved")  # type: ignore[call-arg]
    drawn[at] = replace(drawn[at], shape=after)
    report = ada.send(drawn)
    assert (report.modified, report.problems) == (1, [])
    there = ada.read_known()
    assert there.keys() == ada.known.keys()
    assert is_same(there[after.id].shape, after)


def test_a_deleted_shape_goes_and_with_the_last_one_its_roi(ada: Sender) -> None:
    kept = [one for one in ada.as_it_was() if not isinstance(one.shape, Rectangle)]
    gone = ada.known.keys() - {one.shape.id for one in kept}
    report = ada.send(kept)
    assert set(report.deleted) == gone
    assert report.problems == []
    assert {roi.id for roi in ada.read().rois}.isdisjoint(ada.known[number].roi_id for number in gone)


def test_a_roi_with_shapes_left_stays(ada: Sender) -> None:
    report = ada.send([*ada.as_it_was(), *news(NEW[0])])
    ada.known = ada.read_known()
    masks = {n: one for n, one in ada.known.items() if one.shape.kind == "Mask"}
    roi_id = next(iter(masks.values())).roi_id
    first = min(masks)
    report = ada.send([one for one in ada.as_it_was() if one.shape.id != first])
    assert report.deleted == [first]
    roi = next(roi for roi in ada.read().rois if roi.id == roi_id)
    assert {shape.id for shape in roi.shapes} == masks.keys() - {first}


def test_a_second_send_sends_nothing(ada: Sender) -> None:
    report = ada.send([*ada.as_it_was(), *news(*NEW)])
    ada.known |= {one.shape.id: one for one in report.arrived.values()}
    ada.served.reset()
    report = ada.send(ada.as_it_was())
    assert report.added == report.modified == 0
    assert "/iviewer/persist_rois/" not in ada.served.requests()


@pytest.mark.parametrize("fault", ["truncate", "empty", "html", "short"])
def test_an_answer_that_got_lost_loses_and_doubles_nothing(fault: str, ada: Sender) -> None:
    """The server has saved the shapes; they are found by what they are."""
    ada.served.fail("persist_rois", fault)
    report = ada.send([*ada.as_it_was(), *news(*NEW)])
    if fault == "html":  # answered by something in front of the server: nothing was saved
        assert report.added == 0
        report = ada.send([*ada.as_it_was(), *news(*NEW)])
    assert report.added == 4
    assert len(ada.read_known()) == len(ada.known) + 4


def test_what_arrived_and_could_not_be_read_back_is_recognised_the_next_time(ada: Sender) -> None:
    changes = plan_changes(ada.known, [*ada.as_it_was(), *news(*NEW)])
    comparison = ada.omero.roi_sending.compare(ada.image, changes, set(ada.known))
    ada.served.fail("/rois/", "status500")
    with pytest.raises(Unreachable, match="Nobody knows what of the ROIs arrived"):
        ada.omero.roi_sending.send(ada.image, comparison)
    ada.served.mend()
    report = ada.send([*ada.as_it_was(), *news(*NEW)])
    assert report.added == 0
    assert len(report.arrived) == 4
    assert len(ada.read_known()) == len(ada.known) + 4


def test_hundreds_go_in_several_requests_with_progress(ada: Sender) -> None:
    many = news(*(Point(x=n + 0.5, y=0.5, style=BLUE) for n in range(230)))
    comparison = ada.omero.roi_sending.compare(ada.image, RoiChanges(new=tuple(many)), set(ada.known))
    seen: list[tuple[int, int]] = []
    report = ada.omero.roi_sending.send(ada.image, comparison, on_progress=lambda *done: seen.append(done))
    assert seen == [(100, 230), (200, 230), (230, 230)]
    assert (report.added, report.problems) == (230, [])


def test_cancelling_says_what_arrived(ada: Sender) -> None:
    many = news(*(Point(x=n + 0.5, y=0.5, style=BLUE) for n in range(130)))
    comparison = ada.omero.roi_sending.compare(ada.image, RoiChanges(new=tuple(many)), set(ada.known))
    seen: list[int] = []
    report = ada.omero.roi_sending.send(
        ada.image, comparison, on_progress=lambda done, _: seen.append(done), is_cancelled=lambda: bool(seen)
    )
    assert report.added == 100
    assert "cancelled" in report.problems[0]


def test_a_change_by_somebody_else_is_not_overwritten(ada: Sender, http: Http) -> None:
    box = next(one for one in ada.known.values() if isinstance(one.shape, Rectangle))
    theirs = replace(box.shape, text="somebody else's")
    ada.send([replace(one, shape=theirs) if one.shape.id == theirs.id else one for one in ada.as_it_was()])
    mine = replace(box.shape, text="mine")
    report_changes = plan_changes(
        ada.known, [replace(one, shape=mine) if one.shape.id == mine.id else one for one in ada.as_it_was()]
    )
    comparison = ada.omero.roi_sending.compare(ada.image, report_changes, set(ada.known))
    assert comparison.changes.count == 0
    assert "by somebody else" in comparison.changes.remarks[0]
    assert ada.read_known()[mine.id].shape.text == "somebody else's"


def test_who_may_not_annotate_is_told_before_anything_is_sent(http: Http, writable: Served) -> None:
    ben = Sender(http, writable, "ben", "only looks")
    changes = plan_changes(ben.known, news(NEW[0]))
    comparison = ben.omero.roi_sending.compare(ben.image, changes, set(ben.known))
    assert comparison.changes.count == 0
    assert any("may not annotate" in one for one in comparison.changes.remarks)
    assert any("belong to somebody else" in one for one in comparison.changes.remarks)


def test_what_the_server_refuses_after_all_is_said_and_still_here(
    ada: Sender, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_may", lambda *_: True)
    http.logins.sign_in(ada.served.address, "ben", SecretStr("only looks"))
    report = ada.send([*ada.as_it_was(), *news(NEW[0])])
    assert report.added == 0
    assert "SecurityViolation" in report.problems[0]
    assert "did not arrive; it is still here" in report.problems[1]


def test_a_session_that_ends_while_sending_is_begun_anew(ada: Sender) -> None:
    ada.served.expire()
    report = ada.send([*ada.as_it_was(), *news(*NEW)])
    assert (report.added, report.problems) == (4, [])


def test_nobody_sends_without_a_name(http: Http, served: Served) -> None:
    omero = OmeroRepository(http, served.address)
    with pytest.raises(SignInNeeded, match="nobody is signed in"):
        omero.roi_sending.compare("1", RoiChanges(), set())


def test_a_server_without_iviewer_is_one_sentence(ada: Sender) -> None:
    ada.served.fail("persist_rois", "status404")
    with pytest.raises(Unsupported, match="has no iviewer"):
        ada.send([*ada.as_it_was(), *news(NEW[0])])


@pytest.mark.parametrize("times", [1, 9])
def test_a_busy_server_is_given_its_pause_and_asked_again(
    times: int, ada: Sender, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [{"ConcurrencyException": {"backOff": 1}}] * times
    paused: list[float] = []
    post = http.post_json

    def busy(url: str, document: Any, params: Any = ()) -> Any:
        return answers.pop() if answers else post(url, document, params)

    monkeypatch.setattr(http, "post_json", busy)
    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=paused.append))
    report = ada.send([*ada.as_it_was(), *news(NEW[0])])
    assert paused[0] == 0.001
    assert report.added == (1 if times == 1 else 0)
    assert times == 1 or "busy with this image" in report.problems[0]


@pytest.mark.parametrize("answer", [[], {"ids": 3}, {"errors": "no image"}, {"ids": {"-1:-1": 5}}, {}])
def test_an_odd_answer_is_no_traceback(answer: Any, ada: Sender, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "post_json", lambda *_: answer)
    report = ada.send([*ada.as_it_was(), *news(NEW[0])])
    assert report.added == 0
    assert any("did not arrive" in one for one in report.problems)
    assert not [one for one in report.problems if isinstance(one, NapariIdrError)]
