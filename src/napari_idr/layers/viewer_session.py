"""One viewer's door to the repositories: opens in the background, adds layers, keeps them filling in."""

from __future__ import annotations

import logging
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_idr.errors import Cancelled, NapariIdrError
from napari_idr.formats.file_endings import is_file_of_annotations, is_review_file, is_view_file
from napari_idr.formats.iviewer_link import parse_view_link
from napari_idr.remote.object_store import shown_address
from napari_idr.repositories.search_links import others_of, searched
from napari_idr.session import Session

from . import napari_seam as seam
from .apart import free_below, moved_options
from .box_loads import BoxLoads
from .chosen_settings import configured_settings
from .full_collections import full_collections
from .known_rois import is_edited
from .main_thread import in_main_thread
from .motion import Motion
from .open_job import OpenJob
from .places import KINDS, Places
from .recent import RecentList
from .region_saves import RegionSaves
from .samples import is_sample, locate_sample, sample_of
from .stream import Streams
from .turns import Turns
from .volumes import Volumes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_idr.embedded import EmbeddedRepository
    from napari_idr.model.catalog import Node
    from napari_idr.model.image_view import ImageView

    from .box_loads import BoxJob
    from .box_parts import Region
    from .history import Annotations
    from .images import LayerPlan
    from .kept_annotations import KeptAnnotations
    from .kept_offers import KeptOffers
    from .opening import Opened
    from .region_saves import RegionJob
    from .roi_requests import RoiLayers
    from .shown_plate import ShownPlate
    from .view_files import ViewFiles

_log = logging.getLogger(__name__)

USED_NEXT = tuple(
    f"{__package__}.{name}" for name in ("shown_plate", "view_link", "roi_requests", "roi_sending", "kept_offers")
)
_sessions: weakref.WeakKeyDictionary[Any, ViewerSession] = weakref.WeakKeyDictionary()


class ViewerSession:
    """Binds a session to a viewer; get it with :meth:`for_viewer`. GUI thread only, unless said otherwise."""

    opening = Signal(OpenJob)
    opened = Signal(OpenJob)
    failed = Signal(OpenJob, Exception)
    said = Signal(str)
    """One sentence for the user about something that goes on, like a layout that was made anew."""
    laid_out = Signal(object)
    """A plate whose fields lie elsewhere now."""
    closing = Signal()
    """The session ends: whoever has something to write down does so now."""
    streaming_changed = Signal(int, int)
    """Things missing in the current view, and chunks in flight."""

    def __init__(self, viewer: Viewer, session: Session | None = None, *, warm: bool = True) -> None:
        self._viewer = weakref.ref(viewer)
        self.session = session or Session(configured_settings())
        self.streams = Streams(self.session.loader, Motion())
        self.streams.progress.connect(self.streaming_changed.emit)
        self.streams.failed.connect(self._on_stream_failed)
        self.turns = Turns()
        self.recent = RecentList(self.session.settings.cache_dir / "recent.json")
        self.plates: list[ShownPlate] = []
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="napari-idr-open")
        self._closed = False
        self._embedded: EmbeddedRepository | None = None
        self.embedded_address = ""
        """Of the embedded repository that samples open from; empty until it runs. One that runs may be given."""
        self._embedded_lock = threading.Lock()
        self._is_warm = False
        if warm:
            self.warm_up()
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        for moved in (viewer.scene.camera.events, viewer.dims.events):
            moved.connect(_on_moved)
        viewer.scene.camera.events.connect(self.streams.motion.on_camera)
        self.volumes, self.boxes, self.places = Volumes(self), BoxLoads(self), Places(self)
        self.saves = RegionSaves(self)
        self._views: ViewFiles | None = None
        self._roi_layers: RoiLayers | None = None
        self._annotations: Annotations | None = None
        self._kept: KeptAnnotations | None = None
        self._offers: KeptOffers | None = None

    @classmethod
    def for_viewer(cls, viewer: Any, *, warm: bool = True) -> ViewerSession:
        """Return the session of a viewer, made at the first call. Takes a viewer or napari's proxy of one.

        Where ``warm`` is False nothing is imported in the background before :meth:`warm_up`, or before something is
        opened: whoever builds a window now would have to share the interpreter with it.
        """
        viewer = getattr(viewer, "__wrapped__", viewer)
        known = _sessions.get(viewer)
        if known is None:
            known = _sessions[viewer] = cls(viewer, warm=warm)
            weakref.finalize(viewer, _close_in_main_thread, known)
            seam.when_window_goes(viewer, known.close)
        return known

    @property
    def viewer(self) -> Viewer | None:
        """The viewer, None once it is gone."""
        return self._viewer()

    @property
    def annotations(self) -> Annotations:
        """What people draw in this viewer; watched from the first time that it is asked for."""
        if self._annotations is None:
            from .history import Annotations
            from .kept_annotations import KeptAnnotations

            self._annotations = Annotations(self)
            self._kept = KeptAnnotations(self, self._annotations)
        return self._annotations

    @property
    def kept(self) -> KeptAnnotations:
        """What writes down what people draw in this viewer."""
        _ = self.annotations
        assert self._kept is not None
        return self._kept

    @property
    def offers(self) -> KeptOffers:
        """What was made of images that are opened; looked for from the first time that it is asked for."""
        if self._offers is None:
            from .kept_offers import KeptOffers

            self._offers = KeptOffers(self, self.annotations, self.kept)
        return self._offers

    @property
    def views(self) -> ViewFiles:
        """The view files of this viewer."""
        if self._views is None:
            from .view_files import ViewFiles

            self._views = ViewFiles(self)
        return self._views

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be read through it any more."""
        return self._closed

    # -- opening

    def open(
        self,
        what: str | Node,
        *,
        acquisition: str = "",
        wells: Sequence[str] = (),
        beside: bool = True,
        apart: bool = False,
        view: ImageView | None = None,
    ) -> OpenJob:
        """Open an address or node in the background and add its layers; returns at once.

        What stands for no pixels, a search or a study, is shown in the dock.

        Parameters
        ----------
        what
            Any address a user would paste, or a node of the catalogue.
        acquisition
            Of a plate: the repository's id of the acquisition to show; the first where empty.
        wells
            Of a plate: paths ("B/7") of the wells to show side by side; all where empty.
        beside
            Keep what is shown; False removes the layers that were opened by us before.
        apart
            Place it below what is shown, so that neither covers the other, and show the whole.
        view
            What of an image to look at; where an address names a view, that of the address.
        """
        if isinstance(what, str) and is_view_file(what):
            return self.views.open(what)
        if isinstance(what, str) and is_review_file(what):
            return self.places.review(what)
        if isinstance(what, str) and searched(what):
            return self.places.search(searched(what), what)
        if isinstance(what, str) and _holds_annotations(what):
            from .annotation_files import AnnotationFiles

            return AnnotationFiles(self).open(what)
        self.warm_up()
        address = what if isinstance(what, str) else what.address
        title = shown_address(what) if isinstance(what, str) else what.name
        job = OpenJob(title, address, replaces=not beside, apart=apart)
        job.view = view or (parse_view_link(what) if isinstance(what, str) else None)
        self.opening.emit(job)
        full_collections.stir()
        self._pool.submit(self._open, job, what, acquisition, tuple(wells))
        for other in others_of(what) if isinstance(what, str) else ():
            self.open(other)
        return job

    def load_box(self, layers: Sequence[Layer], region: Region, level: int) -> BoxJob:
        """Load part of an image at one of its levels, all of it exact, into ordinary layers; returns at once.

        Parameters
        ----------
        layers
            Layers of one image or plate that we opened; each becomes a new layer, all of them or none.
        region
            Like ``"t=3,y=0:512,x=0:512"`` or the same as a mapping, in pixels of the finest level.
        level
            0 is the finest.
        """
        return self.boxes.load(layers, region, level)

    def save_box(self, layers: Sequence[Layer], region: Region, level: int, path: Path) -> RegionJob:
        """Save part of an image at one of its levels as ``.ome.tif`` or ``.ome.zarr``, and mark it; returns at once.

        Parameters are those of ``load_box``; ``path`` must not be there yet.
        """
        return self.saves.save(layers, region, level, path)

    def show_rois(self, what: Layer | Node | str) -> OpenJob:
        """Show the ROIs stored for an image, of one of its layers, its node or its address; returns at once.

        An image that is not open is opened first. The layers replace those of an earlier call.
        """
        full_collections.stir()
        if self._roi_layers is None:
            from .roi_requests import RoiLayers

            self._roi_layers = RoiLayers(self)
        return self._roi_layers.show(what)

    def close_all(self) -> None:
        """Remove the layers that we opened, and only those; they go one by one, a redraw between them.

        The last goes first: napari 0.9.2 crashed in OpenGL when those of a review went from the first on.

        Boxes that the user loaded, ROIs that the user changed and what the user drew stay: they are the user's.
        """
        self.turns.add(*self._removals())

    def _removals(self) -> list[Callable[[], object]]:
        viewer = self.viewer
        every = viewer.layers if viewer is not None else ()
        ours = [layer for layer in every if _is_opened(layer) and not is_edited(layer)]
        for plate in self.plates:
            plate.stop()
        return [partial(self._remove, layer) for layer in reversed(ours)]

    def _remove(self, layer: Layer) -> None:
        viewer = self.viewer
        if viewer is not None and layer in viewer.layers:
            viewer.layers.remove(layer)

    def _open(self, job: OpenJob, what: str | Node, acquisition: str, wells: tuple[str, ...]) -> None:
        from .opening import open_node

        try:
            if isinstance(what, str) and is_sample(what):
                what = locate_sample(what, self.session, self.start_embedded)
            node = self.session.resolve(what) if isinstance(what, str) else what
            job.check()
            if node.kind in KINDS:
                in_main_thread(self.places.show, job, node)
                return
            opened = open_node(self.session, node, acquisition=acquisition, wells=wells, check=job.check)
            job.check()
        except NapariIdrError as error:
            in_main_thread(self.fail, job, error)
        except Exception as error:  # noqa: BLE001 - the outermost edge of a worker: shown to the user, and logged
            _log.exception("opening %s", job.title)
            in_main_thread(self.fail, job, error)
        else:
            in_main_thread(self._on_opened, job, opened)

    def fail(self, job: OpenJob, error: Exception) -> None:
        """End a job that went wrong, and tell."""
        job.fail(error)
        if not self._closed:
            self.failed.emit(job, error)

    def _on_opened(self, job: OpenJob, opened: Opened) -> None:
        """Show what was opened; what it replaces goes only now, so that a failure loses nothing."""
        removals = self._removals() if job.replaces and not self._closed else []
        self.turns.add(*removals, *(partial(self._do, job, step) for step in self._additions(job, opened)))

    def _do(self, job: OpenJob, step: Callable[[], object]) -> None:
        """Do one step of an opening, unless it came to an end before."""
        if job.state != "running":
            return
        if self.viewer is None or self._closed:
            job.fail(Cancelled("The viewer was closed", job.title))
            return
        try:
            step()
        except Exception as error:  # noqa: BLE001 - napari may refuse a layer in any way: shown to the user, and logged
            _log.exception("adding %s", job.title)
            self.fail(job, error)

    def _additions(self, job: OpenJob, opened: Opened) -> list[Callable[[], object]]:
        """Return the steps that show what was opened: a layer each."""
        from .shown_plate import ShownPlate

        job.title, job.node, job.message = opened.title, opened.node, " ".join(opened.warnings)
        plate = None if opened.plate is None else ShownPlate(self, opened, opened.plate)
        steps = [partial(self.add, plan) for plan in opened.plans] if plate is None else plate.additions()

        first: list[Viewer] = []
        """The viewer, where it showed no picture: what was drawn on another one may have stayed."""

        def add(step: Callable[[], Layer]) -> None:
            if plate is not None and plate not in self.plates:
                self.plates.append(plate)
            alone = self.viewer is not None and not _has_picture(self.viewer)
            job.layers.append(step())
            if alone and self.viewer is not None:
                self._show_whole(self.viewer, opened)
                first.append(self.viewer)
            if plate is not None and len(job.layers) == 1:
                seam.when_drawn(self.viewer, plate.follow)

        placed = [partial(self._set_apart, opened, plate)] if job.apart else []
        added = [partial(add, step) for step in steps]
        return [
            *placed,
            *added,
            partial(self._show_view, job),
            partial(self._measure, first),
            partial(self._end, job, opened),
        ]

    def _measure(self, viewers: list[Viewer]) -> None:
        """Have a scale bar shown after the picture, and the letters of its font painted before, a few per turn."""
        for viewer in viewers:
            letters = [partial(seam.load_letters, viewer, some) for some in seam.LETTERS]
            self.turns.add(*letters, partial(_show_scale_bar, viewer))

    def _set_apart(self, opened: Opened, plate: ShownPlate | None) -> None:
        """Have what is about to be added begin below what is shown."""
        viewer = self.viewer
        if viewer is not None and opened.plans:
            down = free_below(viewer) - min(plan.options["translate"][-2] for plan in opened.plans)
            for plan in opened.plans if plate is None else ():
                plan.options = moved_options(plan.options, down)
            if plate is not None:
                plate.down = down

    def _show_view(self, job: OpenJob) -> None:
        if job.view is not None and self.viewer is not None:
            from .view_link import show_view

            show_view(self.viewer, job.layers, job.view)

    def _end(self, job: OpenJob, opened: Opened) -> None:
        job.end("done")
        if job.apart and self.viewer is not None:
            self.viewer.reset_view()
        self.recent.add(opened.title, job.address if is_sample(job.address) else self._lasting_address(opened))
        self.opened.emit(job)

    def _lasting_address(self, opened: Opened) -> str:
        """Return an address that will still open tomorrow: the embedded repository has another port then."""
        if self.embedded_address and opened.address.startswith(self.embedded_address):
            return sample_of(opened.reference) or opened.address
        return opened.address

    def _show_whole(self, viewer: Viewer, opened: Opened) -> None:
        viewer.reset_view()
        for name, index in opened.start.items():
            labels = list(viewer.dims.axis_labels)
            if name in labels and index < viewer.dims.nsteps[labels.index(name)]:
                viewer.dims.set_current_step(labels.index(name), index)

    def add(self, plan: LayerPlan) -> Layer:
        """Add a planned layer: made hidden, hooked, then shown, so that napari never reads before the hook is there."""
        from napari.layers import Image, Labels

        viewer = self.viewer
        if viewer is None:
            raise Cancelled("The viewer was closed", plan.options.get("name", ""))
        kind = Labels if plan.kind == "labels" else Image
        layer = kind(plan.data, multiscale=len(plan.levels) > 1, visible=False, **plan.options)
        if plan.kind == "labels":
            layer.editable = False
        elif plan.range is not None:
            layer.contrast_limits_range = plan.range
        self.streams.watch(layer)
        viewer.add_layer(layer)
        layer.visible = plan.visible
        return layer

    def in_background(self, function: Callable[..., None], *arguments: Any) -> None:
        """Run something that waits in a worker; what it raises is logged. Nothing is run after closing."""
        with suppress(RuntimeError):  # the pool was shut down
            self._pool.submit(_logged, function, *arguments)

    def warm_up(self) -> None:
        """Import in the background what showing pictures needs; returns at once."""
        if not self._is_warm:
            self._is_warm = True
            self.in_background(seam.warm_up, *USED_NEXT)

    # -- layers that come and go

    def _on_inserted(self, event: Any) -> None:
        """Have a layer of ours stream that somebody else added: a reader's, a duplicate."""
        layer = event.value
        if layer.ndim and hasattr(layer, "multiscale") and seam.holds_levels(layer):
            self.streams.watch(layer)
            ours = layer.metadata.get("napari_idr", {})
            if ours.pop("show", False):
                layer.visible = True
        if self._views is not None:
            self._views.on_inserted(layer)

    def _on_removed(self, event: Any) -> None:
        self.streams.forget(event.value)
        for plate in list(self.plates):
            if not plate.drop(event.value):
                self.plates.remove(plate)

    def _on_stream_failed(self, name: str, error: Exception) -> None:
        self.said.emit(f"Part of {name} could not be loaded and stays coarse: {error}")

    # -- the embedded repository

    def start_embedded(self, on_progress: Callable[[int, int, str], None] | None = None) -> str:
        """Start the embedded repository unless it runs, add it to the session, return its address.

        May block for as long as its data are made (once per machine); call it in a worker.
        """
        with self._embedded_lock:
            if not self.embedded_address:
                from napari_idr.embedded import EmbeddedRepository

                self._embedded = EmbeddedRepository()
                self.embedded_address = self._embedded.start(on_progress)
        self.session.add_repository(self.embedded_address, name="Demonstration")
        return self.embedded_address

    def close(self) -> None:
        """Stop everything in flight and the embedded repository. Layers that stay can still be looked at."""
        if self._closed:
            return
        self.closing.emit()
        self._closed = True
        self.turns.clear()
        self.streams.close()
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._embedded is not None:
            self._embedded.stop()
        if self._kept is not None:
            self._kept.close()
        self.session.close()
        self._pool.shutdown(wait=True)


def _on_moved(event: Any = None) -> None:
    full_collections.stir()


def _has_picture(viewer: Viewer) -> bool:
    """Whether somebody may be looking at a picture; shapes, points and tracks alone are no reason to stay."""
    from .annotations import kind_of

    return any(kind_of(layer) in ("", "labels") for layer in viewer.layers)


def _is_opened(layer: Layer) -> bool:
    return {"box", "annotations"}.isdisjoint(layer.metadata.get("napari_idr", {"box": None}))


def _show_scale_bar(viewer: Viewer) -> None:
    viewer.canvas.overlays.scale_bar.visible = True


def _close_in_main_thread(session: ViewerSession) -> None:
    """Close the session of a viewer that is gone, not in whichever thread collected it: it may be the loader's."""
    if threading.current_thread() is threading.main_thread():
        session.close()
    else:
        in_main_thread(session.close)


def _holds_annotations(address: str) -> bool:
    """Whether an address is the path of a file or package of annotations; looks at the disk for folders only."""
    if is_file_of_annotations(address):
        return True
    if "://" in address or "annotations" not in address:
        return False
    from napari_idr.export.package_reading import is_package

    return is_package(Path(address.strip()).expanduser())


def _logged(function: Callable[..., None], *arguments: Any) -> None:
    try:
        function(*arguments)
    except Cancelled:
        pass
    except Exception:  # noqa: BLE001 - the outermost edge of a worker
        _log.exception("in the background")
