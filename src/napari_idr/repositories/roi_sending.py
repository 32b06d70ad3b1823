"""Sending ROIs to an OMERO.web server, as iviewer saves them, and looking whether they arrived.

Requests: comparing costs one and those that read the ROIs; sending one per hundred shapes, and those that read again.
iviewer answers with status 200 whatever happened: only what is read back counts as sent.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_idr.errors import (
    AccessDenied,
    Cancelled,
    NapariIdrError,
    NotFound,
    ProtocolError,
    TimedOut,
    Unreachable,
    Unsupported,
)
from napari_idr.formats.omero_rois import parse_rois
from napari_idr.formats.omero_shape_writing import write_changes, write_emptied
from napari_idr.model.drawn_geometry import is_same
from napari_idr.model.roi_changes import KnownShape, Rights, RoiChanges, Twins, meet_server

from .omero_api import batches

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from napari_idr.model.annotation import Roi, Shape
    from napari_idr.model.roi_changes import Drawn, Modified

    from .omero_api import OmeroApi
    from .omero_rois import OmeroRois

Json = dict[str, Any]

BATCH = 100
"""Shapes per request: what is lost with one answer is found again by reading."""
LONGEST_PAUSE, PAUSES = 5.0, 3
"""Seconds that are waited at most, and how often, while the server says that it is busy with the image."""
MOST_SAID = 5
LONGEST_SAID = 160


@dataclass(frozen=True, slots=True)
class Comparison:
    """What of some changes can be sent now, and what the server has before they are."""

    changes: RoiChanges
    members: Mapping[str, frozenset[str]]
    """By ROI the ids of all its shapes, also of those that cannot be understood here."""
    before: frozenset[str]
    """Ids of all shapes."""


@dataclass(slots=True)
class SendReport:
    """What arrived, by what was read back afterwards."""

    arrived: dict[str, KnownShape] = field(default_factory=dict)
    """By key: new and modified shapes as the server has them now."""
    deleted: list[str] = field(default_factory=list)
    """Ids of shapes that are gone."""
    added: int = 0
    modified: int = 0
    problems: list[str] = field(default_factory=list)
    """Sentences about what did not arrive as it was sent."""


class RoiSending:
    """Sends the ROIs of images to one server. Methods may block and raise the errors of ``Http``."""

    def __init__(self, api: OmeroApi, rois: OmeroRois) -> None:
        self._api, self._rois = api, rois

    def compare(
        self, image_id: str, changes: RoiChanges, known: Collection[str], answers: Sequence[Json] | None = None
    ) -> Comparison:
        """Return what of some changes can be sent, as the server is now and lets its user do.

        ``answers`` are the ROIs of the image, where they were just read; they are read where it is None.

        Raises ``SignInNeeded`` where nobody is signed in, ``Unsupported`` where the server has no iviewer to save them.
        """
        self._api.check_signed_in("ROIs")
        image = self._api.single(f"images/{image_id}/").fields
        if answers is None:
            answers = list(self._rois.of_image(image_id, brief=True))
        rois = parse_rois(answers, self._api.base).rois
        rights = Rights(
            _may(image, "canAnnotate"), _ids_without(answers, "canEdit"), _ids_without(answers, "canDelete")
        )
        members = {str(one.get("@id")): _shape_ids(one) for one in answers}
        met = meet_server(changes, rois, known, rights)
        return Comparison(met, members, frozenset().union(*members.values()))

    def send(
        self,
        image_id: str,
        comparison: Comparison,
        *,
        on_progress: Callable[[int, int], None] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> SendReport:
        """Send what was compared, and return what arrived: what is read back, not what the server says.

        What goes wrong on the way is in the report. Raises only where nothing was sent, or it cannot be read back.
        """
        changes, report = comparison.changes, SendReport(arrived=dict(comparison.changes.adopted))
        ids: dict[str, str] = {}
        done = 0
        for count, document in _documents(int(image_id), comparison):
            if is_cancelled is not None and is_cancelled():
                report.problems.append("It was cancelled before everything was sent.")
                break
            try:
                ids |= self._save(document, report.problems)
            except Unsupported:
                raise
            except (TimedOut, Unreachable, ProtocolError, AccessDenied) as error:
                report.problems.append(f"{error}.")
                break
            done += count
            if on_progress is not None:
                on_progress(done, changes.count)
        self._look(image_id, comparison, ids, report)
        return report

    def _save(self, document: Json, problems: list[str]) -> dict[str, str]:
        """Send one document; return ids by what the client called the shapes."""
        address = f"{self._api.base}iviewer/persist_rois/"
        for _ in range(PAUSES):
            try:
                answer = self._api.http.post_json(address, document)
            except NotFound as error:
                hint = "ask who runs the server to install OMERO.iviewer"
                raise Unsupported("The server has no iviewer, which saves ROIs", self._api.base, hint) from error
            pause = _back_off(answer)
            if pause is None:
                return _parsed(answer, address, problems)
            time.sleep(pause)
        raise Unreachable("The server is busy with this image", address, "send them again in a minute")

    def _look(self, image_id: str, comparison: Comparison, ids: Mapping[str, str], report: SendReport) -> None:
        """Read the ROIs again, and compare them with what was sent."""
        try:
            answers = list(self._rois.of_image(image_id, brief=True))
        except Cancelled:
            raise
        except NapariIdrError as error:
            hint = "send again when the server answers: what arrived is recognised, nothing is sent twice"
            raise Unreachable("Nobody knows what of the ROIs arrived", self._api.base, hint) from error
        there = _by_id(parse_rois(answers, self._api.base).rois)
        everything = frozenset().union(*(_shape_ids(one) for one in answers))
        strangers = Twins(one for number, one in there.items() if number not in comparison.before)
        for drawn in comparison.changes.new:
            _look_for(drawn, there.get(ids.get(drawn.key, "").rpartition(":")[2]), strangers, report)
        for one in comparison.changes.modified:
            _look_at(one, there, report)
        report.deleted = [one.shape.id for one in comparison.changes.deleted if one.shape.id not in everything]
        left = len(comparison.changes.deleted) - len(report.deleted)
        if left:
            report.problems.append(f"{left} of the deleted shapes are still on the server.")


def _look_for(drawn: Drawn, named: KnownShape | None, strangers: Twins, report: SendReport) -> None:
    """Note whether a new shape arrived; one whose answer got lost is recognised by what it is."""
    found = named or strangers.take(drawn.shape)
    if found is None:
        report.problems.append(f"{_name(drawn.shape)} did not arrive; it is still here.")
        return
    report.arrived[drawn.key] = found
    report.added += 1
    if not is_same(found.shape, drawn.shape):
        report.problems.append(f"{_name(drawn.shape)} arrived, but the server has it otherwise than it was sent.")


def _look_at(one: Modified, there: Mapping[str, KnownShape], report: SendReport) -> None:
    now = there.get(one.before.id)
    if now is not None and is_same(now.shape, one.after):
        report.arrived[one.key] = now
        report.modified += 1
    else:
        report.problems.append(f"The change of {_name(one.before)} did not arrive; it is still here.")


def _documents(image_id: int, comparison: Comparison) -> Iterator[tuple[int, Json]]:
    """Yield what is sent one after the other, each with the number of its shapes."""
    changes = comparison.changes
    for new in batches(changes.new, BATCH):
        yield len(new), write_changes(image_id, new=new)
    for modified in batches(changes.modified, BATCH):
        yield len(modified), write_changes(image_id, modified=modified)
    gone: dict[str, list[KnownShape]] = {}
    for one in changes.deleted:
        gone.setdefault(one.roi_id, []).append(one)
    whole = {roi_id for roi_id, shapes in gone.items() if {s.shape.id for s in shapes} == comparison.members[roi_id]}
    emptied = [one for one in changes.deleted if one.roi_id in whole]
    parts = [one for one in changes.deleted if one.roi_id not in whole]
    if emptied:
        yield len(emptied), write_emptied(image_id, emptied)
    if parts:
        yield len(parts), write_changes(image_id, deleted=parts)


def _back_off(answer: Any) -> float | None:
    """Return how many seconds a server asks to wait, None where it does not."""
    said = answer.get("ConcurrencyException") if isinstance(answer, dict) else None
    if not isinstance(said, dict):
        return None
    milliseconds = said.get("backOff")
    seconds = milliseconds / 1000 if isinstance(milliseconds, (int, float)) else 1.0
    return min(max(seconds, 0.0), LONGEST_PAUSE)


def _parsed(answer: Any, address: str, problems: list[str]) -> dict[str, str]:
    """Return ids by what the client called the shapes; what the server says that went wrong is noted."""
    ids = answer.get("ids", {}) if isinstance(answer, dict) else None
    if not isinstance(ids, dict):
        raise ProtocolError("The server did not say what it saved", address, "see in a browser what arrived")
    errors = answer.get("errors", answer.get("error"))
    for said in errors if isinstance(errors, list) else [errors] if errors else []:
        if len(problems) < MOST_SAID:
            problems.append(f"The server says: {' '.join(str(said).split())[:LONGEST_SAID]}.")
    return {str(key): value for key, value in ids.items() if isinstance(value, str)}


def _may(document: Mapping[str, Any], right: str) -> bool:
    """Whether an object may be treated so; a server that does not say is asked by trying."""
    details = document.get("omero:details")
    permissions = details.get("permissions") if isinstance(details, dict) else None
    return not isinstance(permissions, dict) or permissions.get(right) is not False


def _ids_without(answers: Sequence[Json], right: str) -> frozenset[str]:
    return frozenset(str(one.get("@id")) for one in answers if not _may(one, right))


def _shape_ids(roi: Json) -> frozenset[str]:
    shapes = roi.get("shapes")
    found = (one.get("@id") for one in shapes if isinstance(one, dict)) if isinstance(shapes, list) else ()
    return frozenset(str(number) for number in found)


def _by_id(rois: Sequence[Roi]) -> dict[str, KnownShape]:
    return {shape.id: KnownShape(roi.id, shape) for roi in rois for shape in roi.shapes}


def _name(shape: Shape) -> str:
    number = f" {shape.id}" if shape.id else ""
    return f"A {shape.kind.lower()}{number}" + (f" “{shape.text[:40]}”" if shape.text else "")
