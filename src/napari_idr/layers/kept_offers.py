"""What the workspace holds of an image or plate that was opened, and how it comes back as layers."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_idr.errors import NapariIdrError, Unsupported

from .annotated_images import image_of_layer, name_in_path
from .annotations import sets_to_layers
from .drawing import can_draw_on, prepare, title_of
from .main_thread import in_main_thread

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from napari.layers import Layer

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet
    from napari_idr.workspace.workspace import Workspace

    from .history import Annotations
    from .kept_annotations import KeptAnnotations
    from .open_job import OpenJob
    from .viewer_session import ViewerSession


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """What was made of an image, or of fields of a plate, and is not shown."""

    title: str
    over: Any
    """A layer of the image or plate."""
    images: tuple[str, ...]
    """Keys."""
    objects: int
    labels: int
    saved: datetime
    """When the last of it was made."""


class KeptOffers:
    """Offers what was made of images when they are opened, and shows it. GUI thread only.

    Parameters
    ----------
    owner, annotations, kept
        Of the viewer.
    """

    offered = Signal(object)
    """An ``Offer``."""
    withdrawn = Signal(object)
    """An ``Offer`` whose image was closed."""
    shown = Signal(str)
    """A sentence: how much came back, and what has no place in layers."""
    failed = Signal(NapariIdrError)

    def __init__(self, owner: ViewerSession, annotations: Annotations, kept: KeptAnnotations) -> None:
        self._owner, self._annotations, self._kept = weakref.ref(owner), annotations, kept
        self._again: Offer | None = None
        self._standing: list[Offer] = []
        """Of images that are open, and not taken yet."""
        if owner.viewer is not None:
            owner.viewer.layers.events.removed.connect(self._on_removed)
        owner.opened.connect(self._on_opened)
        owner.laid_out.connect(self._on_laid_out)
        self.look(annotations.layers)

    def _on_opened(self, job: OpenJob) -> None:
        self.look(job.layers)

    def look(self, layers: Sequence[Any]) -> None:
        """Look what is kept of the images of layers; offers come by and by."""
        owner = self._owner()
        if owner is None or not owner.session.has_workspace:
            return
        seen: set[str] = set()
        for layer in layers:
            if can_draw_on(layer) and "box" not in layer.metadata["napari_idr"]:
                key = str(layer.metadata["napari_idr"]["address"])
                if key not in seen:
                    seen.add(key)
                    owner.in_background(self._look, owner, layer, frozenset(self._annotations.book.held))

    def _look(self, owner: ViewerSession, layer: Any, shown: frozenset[str]) -> None:
        """Ask the workspace (worker)."""
        try:
            offer = offer_of(owner.session.workspace, layer, shown)
        except NapariIdrError as error:
            in_main_thread(self.failed.emit, error)
        else:
            if offer is not None:
                in_main_thread(self._offer, offer)

    def _offer(self, offer: Offer) -> None:
        if any(offer.over is layer for layer in self._annotations.layers):
            self._standing.append(offer)
            self.offered.emit(offer)

    @property
    def standing(self) -> tuple[Offer, ...]:
        """What was offered, also before anybody listened, of images that are still open."""
        return tuple(self._standing)

    def _on_removed(self, event: Any) -> None:
        gone = [offer for offer in self._standing if offer.over is event.value]
        for offer in gone:
            self._standing.remove(offer)
            self.withdrawn.emit(offer)

    def show(self, offer: Offer) -> None:
        """Show what was offered as layers; returns at once."""
        owner = self._owner()
        if owner is not None:
            self._again = None
            self._standing = [one for one in self._standing if one is not offer]
            args = tuple(self._annotations.layers), frozenset(self._annotations.book.held)
            owner.in_background(self._read, owner, offer, *args)

    def _read(self, owner: ViewerSession, offer: Offer, layers: Sequence[Any], shown: frozenset[str]) -> None:
        """Read sets and make layers (worker)."""
        try:
            workspace = owner.session.workspace
            found = (workspace.state(key) for key in offer.images)
            sets = [without(one, shown) for one in found if one is not None]
            prepare(owner, offer.over)
            made, remarks = sets_to_layers(sets, offer.over, layers, owner.plates)
        except Unsupported as error:
            in_main_thread(self._on_too_early, offer, error)
        except NapariIdrError as error:
            in_main_thread(self.failed.emit, error)
        else:
            in_main_thread(self._add, sets, made, remarks)

    def _on_too_early(self, offer: Offer, error: NapariIdrError) -> None:
        """Wait for a plate whose wells are still being read: it may be laid out anew."""
        owner = self._owner()
        plate = offer.over.metadata["napari_idr"].get("kind") == "plate"
        if owner is None or not plate or not _is_filling_in(owner, offer):
            self.failed.emit(error)
            return
        self._again = offer
        owner.in_background(self._wait, owner, offer)

    def _wait(self, owner: ViewerSession, offer: Offer) -> None:
        """Wait until all fields of a plate are known (worker)."""
        for plate in list(owner.plates):
            if any(one is offer.over for one in plate.channels):
                plate.mosaic.fields.wait_all()
                if not plate.mosaic.is_outgrown:
                    in_main_thread(self._show_again)

    def _on_laid_out(self, _plate: Any) -> None:
        self._show_again()

    def _show_again(self) -> None:
        if self._again is not None:
            self.show(self._again)

    def _add(self, sets: Sequence[AnnotationSet], made: Sequence[Layer], remarks: Sequence[str]) -> None:
        if self._owner() is None:
            return
        for one in sets:
            self._kept.take_over(one.image, one.statements)
        for layer in made:
            self._kept.know(layer)
            self._annotations.add_layer(layer)
        count = sum(len(one.objects) for one in sets)
        self.shown.emit(" ".join((f"{count:,} annotations are shown again.", *dict.fromkeys(remarks))))


def offer_of(workspace: Workspace, layer: Any, shown: Collection[str] = ()) -> Offer | None:
    """Return what a workspace has of the image or plate of a layer but what is shown; None where that is nothing."""
    objects = labels = 0
    saved: datetime | None = None
    keys = []
    for key in _keys(workspace, layer):
        history = workspace.history(key)
        there = [one for one in history.objects.values() if one.is_there]
        missing = [one for one in there if one.uuid not in shown]
        painted = len(history.labels) if len(missing) == len(there) else 0
        if not (missing or painted or history.statements):
            continue
        keys.append(key)
        objects, labels = objects + len(missing), labels + painted
        last = max(event.at for event in history.events)
        saved = last if saved is None else max(saved, last)
    if saved is None:
        return None
    return Offer(title_of(layer), layer, tuple(keys), objects, labels, saved)


def _keys(workspace: Workspace, layer: Any) -> list[str]:
    """Return the keys of the images that a layer shows, as far as the workspace knows them."""
    ours = layer.metadata["napari_idr"]
    if ours.get("kind") == "plate":
        return [image.key for image in workspace.images() if is_of_plate(image, ours)]
    return [image_of_layer(layer).key]


def is_of_plate(image: AnnotatedImage, ours: dict[str, Any]) -> bool:
    """Whether an image is a field of a plate, by what ties the plate's layers to it."""
    address = str(ours["address"])
    if not image.plate or image.plate != str(ours.get("name", "")):
        return False
    if "://" not in address:
        return image.address.startswith(f"{name_in_path(address)}/")
    return image.repository == str(ours.get("repository", "")) or image.address.startswith(str(ours["source"]))


def _is_filling_in(owner: ViewerSession, offer: Offer) -> bool:
    shown = [plate for plate in owner.plates if any(one is offer.over for one in plate.channels)]
    return any(not plate.mosaic.fields.swept or plate.mosaic.is_outgrown for plate in shown)


def without(one: AnnotationSet, shown: Collection[str]) -> AnnotationSet:
    """Return a set without what is shown; label images go with their objects."""
    kept = tuple(each for each in one.objects if each.uuid not in shown)
    there = {each.label.image for each in one.objects if each.label and each.uuid in shown}
    return replace(one, objects=kept, labels=tuple(each for each in one.labels if each.name not in there))
