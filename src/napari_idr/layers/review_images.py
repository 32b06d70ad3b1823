"""The images of a review, one after the other: the next are opened before one gets there, the last are kept a while."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_idr.errors import FormatError, NapariIdrError, NotFound, Unsupported

from .annotated_images import image_of_layer
from .main_thread import in_main_thread
from .opening import open_node
from .review_ahead import USUAL_CANVAS, views_of
from .review_outlines import ImageOutlines
from .swap import can_hold, put_into

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet

    from .images import LayerPlan
    from .one_redraw import OneRedraw
    from .opening import Opened
    from .review_ahead import View
    from .viewer_session import ViewerSession

    Shown = Callable[[Any, "ReadyImage"], object]
    Failed = Callable[[Exception], object]

KEPT = 6
"""Images that are kept ready: the one that is shown, two ahead, and those that were left last."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadyImage:
    """An image that was opened, and what is annotated in it."""

    image: AnnotatedImage
    opened: Opened | None
    """None where it is shown already, by somebody else."""
    state: AnnotationSet
    outlines: ImageOutlines | None
    """None where its axes are known only from the layer that shows it."""
    is_old: bool = False
    """Whether what is annotated has to be read anew."""

    @property
    def plans(self) -> list[LayerPlan]:
        """The layers that show it, one per channel."""
        return [plan for plan in self.opened.plans if plan.kind == "image"] if self.opened is not None else []

    def views(self, uuid: str, canvas: tuple[float, float] = USUAL_CANVAS) -> list[View]:
        """Return what is read of its layers when one comes to an object; nothing where that is not known."""
        ends = self.outlines.ends(uuid) if self.outlines is not None else None
        if ends is None:
            return []
        return [view for plan in self.plans if plan.visible for view in views_of(plan.levels, ends, canvas)]


class ReviewImages:
    """Opens and shows the images of a review. GUI thread only, but for what says otherwise.

    Parameters
    ----------
    owner
        Of the viewer.
    redraw
        Draws what changes in a step once.
    choose
        Says which of the objects of an image may be drawn; called in a worker.
    """

    added = Signal(object)
    """A layer of the image that is shown."""
    prepared = Signal()
    """An image is ready that was to be prepared."""

    def __init__(self, owner: ViewerSession, redraw: OneRedraw, choose: Callable[[AnnotationSet], list[str]]) -> None:
        self._owner, self._redraw, self._choose = owner, redraw, choose
        self._ready: dict[str, ReadyImage] = {}
        self._waiting: dict[str, list[tuple[Callable[[ReadyImage], object], Failed]]] = {}
        self._asked = 0
        self.layers: list[Any] = []
        """Those that were added here, of the image that is shown."""

    def prepare(self, image: AnnotatedImage) -> None:
        """Open an image in the background, so that it is there when one comes to it."""
        if self.ready(image.key) is None and image.key not in self._waiting:
            self._when_ready(image, lambda ready: self.prepared.emit(), lambda error: None)

    def ready(self, image: str) -> ReadyImage | None:
        """Return an image that is ready, None while it is not."""
        found = self._ready.get(image)
        return None if found is None or found.is_old else found

    def forget(self, image: str) -> None:
        """Read what is annotated in an image anew when it is shown the next time."""
        if image in self._ready:
            self._ready[image] = replace(self._ready[image], is_old=True)

    def show(self, image: AnnotatedImage, on_shown: Shown, on_failed: Failed) -> bool:
        """Show an image in place of the last one; ``on_shown`` gets its first layer, and what is annotated in it.

        Returns whether it was ready.
        """
        self._asked += 1
        is_ready = self.ready(image.key) is not None
        self._when_ready(image, *self._acts(self._asked, on_shown, on_failed))
        return is_ready

    def _acts(self, asked: int, on_shown: Shown, on_failed: Failed) -> tuple[Callable[[ReadyImage], object], Failed]:
        """Return what is done with an image that somebody waits for, and where it cannot be opened."""
        return partial(self._show, asked, on_shown, on_failed), partial(self._fail, asked, on_failed)

    def stop(self) -> None:
        """Show nothing any more that is on its way."""
        self._asked += 1
        self._waiting.clear()

    def _when_ready(self, image: AnnotatedImage, act: Callable[[ReadyImage], object], fail: Failed) -> None:
        ready = self.ready(image.key)
        if ready is not None:
            self._ready[image.key] = self._ready.pop(image.key)  # the last that is thrown away
            act(ready)
            return
        is_asked = image.key in self._waiting
        self._waiting.setdefault(image.key, []).append((act, fail))
        if not is_asked:
            known = self._ready.get(image.key)
            opened = known.opened if known is not None else None
            self._owner.in_background(self._open, image, opened, self.layer_of(image) is not None)

    def _open(self, image: AnnotatedImage, opened: Opened | None, is_shown: bool) -> None:
        """Read an image and what is annotated in it. In a worker."""
        try:
            state = self._owner.session.workspace.state(image.key)
            if state is None:
                raise NotFound("Nothing is annotated in the image any more", image.name, "go on with the next one")
            if opened is None and not is_shown:
                opened = open_node(self._owner.session, _address(image), with_labels=False)
            if opened is not None and not opened.plans:
                raise NotFound("There are no pixels to show", image.name, "go on with the next image")
            ready = ReadyImage(image, opened, state, None)
            ready = replace(ready, outlines=self._outlines(ready))
        except NapariIdrError as error:
            in_main_thread(self._refused, image.key, error)
        else:
            in_main_thread(self._take, ready)

    def _outlines(self, ready: ReadyImage) -> ImageOutlines | None:
        if not ready.plans:
            return None
        options = ready.plans[0].options
        names, ours = tuple(options["axis_labels"]), options["metadata"]["napari_idr"]
        sizes = dict(zip(ours["axes"], ours["size"], strict=True))
        if names[-2:] != ("y", "x") or not set(names) <= set(sizes):
            raise Unsupported("The last axes of the image are not y and x", ready.image.name, "choose another image")
        made = ImageOutlines(ready.state, self._choose(ready.state), names, [int(sizes[name]) for name in names])
        made.warm_up()
        return made

    def _take(self, ready: ReadyImage) -> None:
        self._ready.pop(ready.image.key, None)
        self._ready = dict([*self._ready.items(), (ready.image.key, ready)][-KEPT:])
        for act, _ in self._waiting.pop(ready.image.key, ()):
            act(ready)

    def _refused(self, key: str, error: NapariIdrError) -> None:
        for _, fail in self._waiting.pop(key, ()):
            fail(error)

    def _fail(self, asked: int, on_failed: Failed, error: Exception) -> None:
        if asked == self._asked:
            on_failed(error)

    def _show(self, asked: int, on_shown: Shown, on_failed: Failed, ready: ReadyImage) -> None:
        viewer = self._owner.viewer
        if asked != self._asked or self._owner.is_closed or viewer is None:
            return
        layer = self.layer_of(ready.image)
        if layer is None and ready.opened is None:
            self._ready.pop(ready.image.key, None)  # somebody closed it meanwhile
            self._when_ready(ready.image, *self._acts(asked, on_shown, on_failed))
        elif layer is not None:
            on_shown(layer, ready)
        elif self._can_swap(ready):
            with self._redraw.step(viewer, self.layers):
                for one, plan in zip(self.layers, ready.plans, strict=True):
                    put_into(one, plan)
                    self._redraw.changed(one)
                on_shown(self.layers[0], ready)
        else:
            self._replace(asked, on_shown, ready)

    def _can_swap(self, ready: ReadyImage) -> bool:
        viewer: Any = self._owner.viewer
        is_flat = viewer.dims.ndisplay == 2  # in 3-D layers are locked to levels of their own sizes
        return is_flat and all(one in viewer.layers for one in self.layers) and can_hold(self.layers, ready.plans)

    def _replace(self, asked: int, on_shown: Shown, ready: ReadyImage) -> None:
        """Add layers for an image of another kind and remove those of the last one, one per turn."""
        old, self.layers = self.layers, []
        steps: list[Callable[[], object]] = [partial(self._add, asked, plan) for plan in ready.plans]
        told = [partial(self._tell, asked, on_shown, ready)]
        goes = [partial(self._remove, one) for one in reversed(old)]
        self._owner.turns.add(*steps[:1], *told, *goes, *steps[1:])

    def _add(self, asked: int, plan: Any) -> None:
        viewer = self._owner.viewer
        if asked != self._asked or viewer is None:
            return
        active = viewer.layers.selection.active
        self.layers.append(self._owner.add(plan))
        if len(self.layers) > 1 and active in viewer.layers:
            viewer.layers.selection.active = active
        self.added.emit(self.layers[-1])

    def _tell(self, asked: int, on_shown: Shown, ready: ReadyImage) -> None:
        if asked == self._asked and self.layers:
            on_shown(self.layers[0], ready)

    def _remove(self, layer: Any) -> None:
        viewer = self._owner.viewer
        if viewer is not None and layer in viewer.layers:
            viewer.layers.remove(layer)

    def layer_of(self, image: AnnotatedImage) -> Any | None:
        """Return a layer that shows an image, None where there is none."""
        viewer = self._owner.viewer
        for layer in viewer.layers if viewer is not None else ():
            ours = layer.metadata.get("napari_idr", {})
            if "axes" in ours and {"annotations", "rois", "wells", "box"}.isdisjoint(ours) and _shows(layer, image):
                return layer
        return None


def check_size(layer: Any, image: AnnotatedImage) -> str:
    """Return a sentence where an image has another size than when it was annotated, "" where it has not."""
    now = image_of_layer(layer)
    sizes = [(now.size(axis), image.size(axis)) for axis in "xyzt"]
    if not image.size_x or all(one == other for one, other in sizes):
        return ""
    return (
        f"{image.name} has {now.size_x} x {now.size_y} pixels now, and had {image.size_x} x {image.size_y} when it was "
        "annotated: look whether outlines still fit."
    )


def _address(image: AnnotatedImage) -> str:
    if "://" not in image.address:
        hint = "open it in napari first, then go to the object again"
        raise FormatError("The image is a file of somebody's computer", image.name or image.address, hint)
    return image.address


def _shows(layer: Any, image: AnnotatedImage) -> bool:
    try:
        return image_of_layer(layer).key == image.key
    except NapariIdrError:
        return False
