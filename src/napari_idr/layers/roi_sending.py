"""ROIs that were drawn, on their way to the server of their image: collected, compared, sent, and marked as sent.

Collecting and marking touch layers and belong to the GUI thread; comparing and sending wait, and belong to a worker.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_idr.errors import NapariIdrError, Unsupported
from napari_idr.model.roi_changes import plan_changes

from .known_rois import known_of
from .roi_edits import Edits, collect, write_ids
from .shown_rois import RoiImage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.layers import Layer

    from napari_idr.repositories.roi_sending import Comparison, SendReport
    from napari_idr.session import Session

    from .viewer_session import ViewerSession


@dataclass(frozen=True, slots=True)
class Target:
    """An image that is shown and whose server takes ROIs."""

    image: RoiImage
    layer: Layer
    server: str
    """Name of the repository."""
    user: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What layers hold of one image, as it was collected."""

    target: Target
    layers: tuple[Layer, ...]
    edits: Edits
    known: frozenset[str]
    """Ids of all shapes of the image that any layer was read with."""


def targets(owner: ViewerSession) -> list[Target]:
    """Return the images that are shown of servers where somebody is signed in, each once, the topmost first."""
    viewer, found = owner.viewer, dict[tuple[str, str], Target]()
    for layer in reversed(viewer.layers) if viewer is not None else ():
        try:
            image = RoiImage.of_layer(layer)
            repository = owner.session.repository(image.key[0])
        except NapariIdrError:
            continue  # a layer of something else
        login = owner.session.servers.login(repository.address)
        if login is not None and repository.roi_sending is not None:
            found.setdefault(image.key, Target(image, layer, repository.name, login.user))
    return list(found.values())


def outgoing(owner: ViewerSession, target: Target, layers: Sequence[Layer]) -> Outgoing:
    """Collect what layers hold of an image. GUI thread only."""
    viewer = owner.viewer
    every = list(viewer.layers) if viewer is not None else []
    known = frozenset(number for layer in every for number in known_of(layer))
    return Outgoing(target, tuple(layers), collect(layers, target.image, target.layer), known)


def compare(session: Session, what: Outgoing) -> Comparison:
    """Return what would be sent, having asked the server what it has now. May block."""
    repository = session.repository(what.target.image.key[0])
    if repository.roi_sending is None:
        raise Unsupported(f"{repository.name} takes no ROIs", what.target.image.title, "export them to a file")
    changes = plan_changes(what.edits.known, what.edits.drawn)
    changes = replace(changes, remarks=tuple(what.edits.remarks))
    return repository.roi_sending.compare(what.target.image.key[1], changes, what.known)


def send(
    session: Session,
    what: Outgoing,
    comparison: Comparison,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> SendReport:
    """Send what was compared. May block."""
    key, image_id = what.target.image.key
    sending = session.repository(key).roi_sending
    assert sending is not None, "compared with a repository that takes ROIs"
    return sending.send(image_id, comparison, on_progress=on_progress, is_cancelled=is_cancelled)


def mark_sent(what: Outgoing, report: SendReport) -> None:
    """Write into the layers what arrived, so that it is not sent again. GUI thread only."""
    lost = write_ids(what.edits, report.arrived, set(report.deleted), what.layers, what.target.image.key)
    if lost:
        report.problems.append(
            f"{lost} shapes were changed here while they were sent: show the ROIs anew before you send them again."
        )
