"""The reviewed set in every format: status, reviewer and time come back, or it is said that they do not."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from reviewing import ADA, GRACE, Sitting, new_queue, sets

from labelled_sets import image as labelled_image
from labelled_sets import nuclei
from napari_idr.formats.annotations.convert import read_any
from napari_idr.formats.annotations.registry import format_of_key, formats
from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet, LabelImage, LabelPlace, new_uuid
from napari_idr.review.hand_over import write_review
from napari_idr.review.queue_store import open_queue
from napari_idr.review.reviewed import reviewed_sets
from napari_idr.submitting import with_verdicts

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr.workspace.workspace import Workspace

SAID = ("status", "reviewer", "reviewed")
OF_LABELS = {"label-tiff", "ome-zarr-labels", "ome-zarr-labels-0.5", "ngio-tables", "omero-table"}


def labelled() -> AnnotationSet:
    label = LabelImage(name="nuclei", axes=("z", "y", "x"), pixels=nuclei())
    made = (AnnotatedObject(uuid=new_uuid(), label=LabelPlace("nuclei", value), layer="nuclei") for value in (1, 2))
    return AnnotationSet(image=labelled_image(), objects=tuple(made), labels=(label,))


def reviewed(workspace: Workspace, made: AnnotationSet) -> str:
    """A queue whose first object Ada accepted and Grace did not, which Ada decided; the second Grace flagged."""
    queue = new_queue(workspace, [made])
    first, second = made.objects[0].uuid, made.objects[1].uuid
    ada, grace = Sitting(workspace, queue).desk, Sitting(workspace, queue, GRACE).desk
    ada.judge("accepted", uuids=[first])
    grace.judge("rejected", "too wide", uuids=[first])
    grace.judge("flagged", uuids=[second])
    ada.adjudicate("accepted", "wide, but right", [first])
    return queue


@pytest.mark.parametrize("key", [one.key for one in formats()])
def test_every_format_carries_verdicts_or_says_that_it_does_not(workspace: Workspace, tmp_path: Path, key: str) -> None:
    chosen = format_of_key(key)
    (plain,) = sets(1)
    made = labelled() if key in OF_LABELS else plain
    opened = open_queue(workspace, reviewed(workspace, made))
    (now,) = reviewed_sets(workspace, opened)
    assert [(one.status, one.reviewer) for one in now.objects[:2]] == [("accepted", ADA), ("flagged", GRACE)]
    file, warned = tmp_path / f"a{chosen.endings[0]}", list[str]()
    write_review(workspace, opened, file, warn=warned.append)
    back: dict[str, AnnotatedObject] = {}
    if chosen.reads:
        back = {one.uuid: one for found in read_any(file, made.image) for one in found.objects}
    for one in now.objects[:2]:
        lost = [sentence for sentence in warned if one.uuid in sentence or one.name in sentence]
        for name in SAID:
            carried = one.uuid in back and getattr(back[one.uuid], name) == getattr(one, name)
            assert carried or any(word in " ".join(lost) for word in (f"its {name}", "all of it")), (name, warned)


def test_all_but_a_few_formats_carry_them(workspace: Workspace) -> None:
    (plain,) = sets(1)
    losing: dict[str, Any] = {}
    for one in formats():
        made = labelled() if one.key in OF_LABELS else plain
        judged = tuple(replace(each, status="accepted", reviewer=ADA) for each in made.objects)
        lost = one.losses([replace(made, objects=judged)])
        if any(loss.what in ("its status", "its reviewer") for loss in lost):
            losing[one.key] = lost
    assert set(losing) <= {"tracks-csv", "omero-table"}, losing


def test_verdicts_of_a_review_count_in_a_submission(workspace: Workspace) -> None:
    (plain,) = sets(1)
    reviewed(workspace, plain)
    session: Any = SimpleNamespace(has_workspace=True, workspace=workspace)
    judged = with_verdicts(session, plain)
    assert [one.status for one in judged.objects] == ["accepted", "flagged", "unreviewed", "unreviewed"]
    assert judged.objects[0].reviewer == ADA
    assert judged.objects[0].shapes == plain.objects[0].shapes
    session.has_workspace = False
    assert with_verdicts(session, plain) == plain
