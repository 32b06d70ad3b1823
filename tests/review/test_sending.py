"""A review sent back to its server: shapes as ROIs, verdicts as key-values, read back; twice is the same as once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr
from reviewing import ADA, Sitting

from napari_idr.errors import SignInNeeded, Unsupported
from napari_idr.formats.annotations.stored_rois import stored_set
from napari_idr.model.annotation import Rectangle
from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, AnnotationSet, new_uuid
from napari_idr.repositories.omero import OmeroRepository
from napari_idr.repositories.roi_reading import read_rois
from napari_idr.review.queue_file import QueueDefinition
from napari_idr.review.queue_store import make_queue, open_queue
from napari_idr.review.sending import NAMESPACE, plan_sending, send_review, sendable_images

if TYPE_CHECKING:
    from napari_idr.model.annotation import RoiSet
    from napari_idr.remote.http import Http
    from napari_idr.review.sending import SentReview
    from napari_idr.workspace.workspace import Workspace
    from repository_server import Served


class Laboratory:
    """A server that takes what is sent, as a session gives it out, and a queue of the ROIs of one of its images."""

    def __init__(self, http: Http, served: Served, workspace: Workspace) -> None:
        http.logins.sign_in(served.address, "ada", SecretStr("analytical"))
        self.omero, self.served, self.workspace = OmeroRepository(http, served.address), served, workspace
        listed = http.get_json(f"{served.address}api/v0/m/images/", [("limit", "1000")])["data"]
        number = next(str(one["@id"]) for one in listed if one["Name"] == "embryo-1, every kind of ROI")
        address = f"{served.address}webclient/?show=image-{number}"
        self.image = AnnotatedImage(
            address=address, name="embryo-1", repository=self.omero.key, image_id=number, size_x=64, size_y=64
        )
        drawn = AnnotatedObject(uuid=new_uuid(), shapes=(Rectangle(x=3, y=4, width=5, height=6, z=0, t=0),))
        read = stored_set(self.rois(), self.image)
        self.objects = (*read.objects, drawn)
        made = AnnotationSet(image=self.image, objects=self.objects)
        self.queue = make_queue(workspace, [made], QueueDefinition(name="cells"), ADA)

    def repository(self, key: str) -> Any:
        assert key == self.omero.key
        return self.omero

    def rois(self) -> RoiSet:
        return read_rois(self.omero.roi_source, self.image.image_id, "here")

    def send(self) -> SentReview:
        plans = plan_sending(self, self.workspace, open_queue(self.workspace, self.queue))
        return send_review(self, self.workspace, plans, ADA)

    def stored(self) -> list[dict[str, list[str]]]:
        found = self.omero.key_values.stored(self.image.image_id, NAMESPACE)
        return [{key: [v for k, v in one.values if k == key] for key, _ in one.values} for one in found]


@pytest.fixture
def lab(http: Http, writable: Served, workspace: Workspace) -> Laboratory:
    return Laboratory(http, writable, workspace)


def rectangle(lab: Laboratory) -> AnnotatedObject:
    return next(one for one in lab.objects if one.shapes and isinstance(one.shapes[0], Rectangle) and one.shapes[0].id)


def judge(lab: Laboratory, status: str, why: str, *objects: AnnotatedObject) -> None:
    Sitting(lab.workspace, lab.queue).desk.judge(status, why, [one.uuid for one in objects])  # type: ignore[arg-type]


def correct(lab: Laboratory, before: AnnotatedObject, after: AnnotatedObject) -> None:
    Sitting(lab.workspace, lab.queue).desk.correct(before, after, lab.image.key)


def now(lab: Laboratory, one: AnnotatedObject) -> AnnotatedObject:
    state = lab.workspace.state(lab.image.key)
    assert state is not None
    return state.by_uuid()[one.uuid]


def test_verdicts_and_shapes_arrive_and_a_second_time_nothing_is_sent(lab: Laboratory) -> None:
    one, drawn = rectangle(lab), lab.objects[-1]
    before = len(lab.rois().rois)
    judge(lab, "rejected", "=half of it\nis missing", one)
    judge(lab, "accepted", "", drawn)
    correct(lab, one, replace(one, shapes=(replace(one.shapes[0], x=7.25), *one.shapes[1:])))
    (plan,) = plan_sending(lab, lab.workspace, open_queue(lab.workspace, lab.queue))
    assert (plan.verdicts, plan.has_new_verdicts, plan.comparison.changes.count) == (2, True, 2)
    report = lab.send()
    assert report.problems == []
    assert (report.images, report.verdicts, report.added, report.modified, report.deleted) == (1, 2, 1, 1, 0)
    assert report.sentence == (
        "Arrived and read back, on 1 image: verdicts on 2 objects; shapes: 1 new, 1 changed, 0 deleted."
    )
    rois = {roi.id: roi for roi in lab.rois().rois}
    assert len(rois) == before + 1
    shapes = {shape.id: (roi.id, shape) for roi in rois.values() for shape in roi.shapes}
    assert shapes[one.shapes[0].id][1].x == 7.25  # type: ignore[union-attr]
    new_id = now(lab, drawn).shapes[0].id
    (stored,) = lab.stored()
    assert (stored["Review"], stored["Queue"]) == (["cells"], [lab.queue])
    assert (stored["Accepted"], stored["Rejected"]) == (["1"], ["1"])
    (said,) = stored[f"ROI {shapes[one.shapes[0].id][0]}"]
    assert said.startswith("rejected · Ada Lovelace (0000-0002-1825-0097) · 20")
    assert said.endswith("=half of it is missing")
    assert stored[f"ROI {shapes[new_id][0]}"][0].startswith("accepted · Ada Lovelace")

    lab.served.reset()
    (plan,) = plan_sending(lab, lab.workspace, open_queue(lab.workspace, lab.queue))
    assert plan.is_empty
    report = lab.send()
    assert (report.images, report.problems) == (0, [])
    assert not [path for path in lab.served.requests() if "persist_rois" in path or "annotate_map" in path]
    assert len(lab.rois().rois) == before + 1


def test_what_is_corrected_again_changes_there_and_is_not_added(lab: Laboratory) -> None:
    one, drawn = rectangle(lab), lab.objects[-1]
    correct(lab, one, replace(one, shapes=(replace(one.shapes[0], x=7.25), *one.shapes[1:])))
    judge(lab, "accepted", "", one, drawn)
    lab.send()
    count = len(lab.rois().rois)
    for each in (now(lab, one), now(lab, drawn)):
        correct(lab, each, replace(each, shapes=(replace(each.shapes[0], x=9.5), *each.shapes[1:])))  # type: ignore[call-arg]
    judge(lab, "flagged", "look again", one)
    report = lab.send()
    assert (report.added, report.modified, report.problems) == (0, 2, [])
    assert len(lab.rois().rois) == count
    (stored,) = lab.stored()
    assert (stored["Accepted"], stored["Flagged"]) == (["1"], ["1"])


def test_new_shapes_of_rejected_objects_stay_here_and_no_roi_is_deleted(lab: Laboratory) -> None:
    judge(lab, "rejected", "", *lab.objects)
    count = len(lab.rois().rois)
    (plan,) = plan_sending(lab, lab.workspace, open_queue(lab.workspace, lab.queue))
    assert plan.remarks == ("Of rejected objects, 1 new shape will not be sent.",)
    report = lab.send()
    assert (report.added, report.deleted, report.problems) == (0, 0, [])
    assert len(lab.rois().rois) == count
    assert lab.stored()[0]["Rejected"] == [str(len(lab.objects))]


def test_two_queues_have_their_own_verdicts_side_by_side(lab: Laboratory) -> None:
    judge(lab, "accepted", "", lab.objects[0])
    lab.send()
    made = AnnotationSet(image=lab.image, objects=lab.objects[:1])
    lab.queue = make_queue(lab.workspace, [made], QueueDefinition(name="again"), ADA)
    judge(lab, "rejected", "", lab.objects[0])
    lab.send()
    assert sorted(one["Review"][0] for one in lab.stored()) == ["again", "cells"]


def test_who_may_not_annotate_is_told_and_nothing_counts_as_sent(
    http: Http, writable: Served, workspace: Workspace
) -> None:
    lab = Laboratory(http, writable, workspace)
    http.logins.sign_in(writable.address, "ben", SecretStr("only looks"))
    judge(lab, "accepted", "", lab.objects[0])
    report = lab.send()
    assert (report.verdicts, report.added) == (0, 0)
    assert len(report.problems) == 1
    assert "annotate_map" in report.problems[0]
    assert lab.stored() == []


def test_nobody_signed_in_and_no_server_are_one_sentence(lab: Laboratory, http: Http) -> None:
    opened = open_queue(lab.workspace, lab.queue)
    assert sendable_images(lab, opened) == [lab.image.key]
    http.logins.sign_out(lab.served.address)
    with pytest.raises(SignInNeeded, match="sign in"):
        plan_sending(lab, lab.workspace, opened)
    for key, image in opened.images.items():
        opened.images[key] = replace(image, image_id="")
    with pytest.raises(Unsupported, match="No server takes ROIs and key-values of this queue, cells"):
        plan_sending(lab, lab.workspace, opened)
