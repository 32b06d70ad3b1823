"""A plate in a viewer: its layers, which fill in, are made anew when it is outgrown, and say where one points."""

from __future__ import annotations

import logging
import weakref
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_idr.errors import Cancelled, NapariIdrError
from napari_idr.streaming.level import Wishes

from .apart import moved_down, moved_options
from .coalesced import Coalesced
from .main_thread import in_main_thread
from .opening import limits_from_first
from .plates import plan_plate, plan_plate_labels, plate_features, said_at, well_names
from .refill import refill

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Labels, Layer, Points

    from napari_idr.readers.plate import PlateLabels, PlateMosaic

    from .images import LayerPlan
    from .opening import Opened
    from .plate_annotations import FieldIds
    from .viewer_session import ViewerSession

_log = logging.getLogger(__name__)

HAND_OVER_SECONDS = 0.5
"""Within this time a layer that was added asks for what it shows, however busy the window is."""


class ShownPlate:
    """The layers of one plate. GUI thread only."""

    def __init__(self, session: ViewerSession, opened: Opened, mosaic: PlateMosaic) -> None:
        self._session = weakref.ref(session)
        self.reference: Any = opened.reference
        self.mosaic: PlateMosaic = mosaic
        self.node = opened.node
        self.plans = opened.plans
        self.down = 0.0
        """How far below the origin the plate begins, in world units: it may stand below another."""
        self.channels: list[Layer] = []
        self.wells: Points | None = None
        self.labels: dict[str, tuple[PlateLabels, Labels]] = {}
        self.field_ids: FieldIds | None = None
        """The repository's ids of the fields' images; asked for when somebody wants to draw on them."""
        self._told = self._stopped = False
        self._coming: PlateMosaic | None = None
        self._awaited = set(range(len(self.plans)))
        """Channels whose layers are still to come."""
        self._ahead = object()
        """As whom the loader knows what is fetched for layers to come."""
        self._fit = Coalesced(session.in_background, self._lay_out_if_outgrown)

    def additions(self) -> list[Callable[[], Layer]]:
        """Return what adds the plate's layers, one each: a channel each, then the wells' names."""
        return [*(partial(self._add_channel, index) for index in range(len(self.plans))), self._add_wells]

    def _add_channel(self, index: int) -> Layer:
        """Add the layer of a channel by the plan of now: the plate may have been laid out anew meanwhile."""
        layer = self._viewer_session().add(moved_down(self.plans[index], self.down))
        self._awaited.discard(index)
        if not self._awaited:
            self._hand_over(layer)
        self._say_where(layer)
        self.channels.append(layer)
        return layer

    def _add_wells(self) -> Layer:
        viewer: Any = self._viewer_session().viewer
        points, options = well_names(self.mosaic, self.reference)
        self.wells = viewer.add_points(points, **moved_options({"translate": (0.0, 0.0), **options}, self.down))
        viewer.layers.selection.active = self.channels[0] if self.channels else self.wells
        return self.wells

    def _viewer_session(self) -> ViewerSession:
        session = self._session()
        if session is None or session.viewer is None or self._stopped:
            raise Cancelled("The plate was closed", self.reference.name)
        return session

    def stop(self) -> None:
        """Add nothing any more: the plate is about to go."""
        self._stopped = True
        self.mosaic.changed.disconnect(self._on_changed, missing_ok=True)

    def drop(self, layer: Any) -> bool:
        """Forget a layer that was removed; return whether any is left."""
        self.channels = [kept for kept in self.channels if kept is not layer]
        self.labels = {name: pair for name, pair in self.labels.items() if pair[1] is not layer}
        if layer is self.wells:
            self.wells = None
        if not self.channels and not self.labels:
            self.mosaic.changed.disconnect(self._on_changed, missing_ok=True)
            return False
        return True

    # -- filling in

    def follow(self) -> None:
        """Have the rest of the plate read, now that its first picture is on screen, and shown as it comes."""
        session = self._session()
        if session is None or session.viewer is None or session.is_closed or self._stopped:
            return
        self.mosaic.changed.connect(self._on_changed)
        self.mosaic.sweep()
        session.in_background(self._read_annotations)
        session.in_background(self._read_positions)
        session.in_background(self._open_labels)

    def _on_changed(self) -> None:
        """More is known (loader's thread): draw it, and see whether it still fits."""
        session = self._session()
        if session is None:
            return
        session.streams.touch([*self.channels, *(layer for _, layer in self.labels.values())])
        if self._awaited:
            self._fetch_for_later(session)
        if self.mosaic.fields.swept:
            session.streams.later(f"plate {id(self)}", self._on_swept)

    def _fetch_for_later(self, session: ViewerSession) -> None:
        """Have fetched what channels will show whose layers are still to come: adding one takes napari a while."""
        stream = session.streams.stream_of(self.channels[0]) if self.channels else None
        seen = stream.seen if stream is not None else None
        wishes = Wishes()
        if seen is not None and seen[0] in self.plans[0].levels:
            level = self.plans[0].levels.index(seen[0])
            for plan in [self.plans[index] for index in self._awaited]:
                if plan.visible:
                    plan.levels[level].want(seen[1], wishes)
        with suppress(Cancelled):  # closed meanwhile
            session.session.loader.show(self._ahead, list(wishes.chunks.values()))

    def _hand_over(self, layer: Layer) -> None:
        """Leave to the layers what was fetched for them, once they have asked for it themselves."""
        session = self._viewer_session()
        session.streams.touch([layer])
        loader = session.session.loader
        loader.soon(lambda: loader.in_seconds(HAND_OVER_SECONDS, partial(loader.forget, self._ahead)))

    def _on_swept(self) -> None:
        """Say what is wrong, once, and lay out anew what does not fit: every well is known, or more of a field."""
        session = self._session()
        if session is None:
            return
        problems = self.mosaic.fields.problems
        if problems and not self._told:
            self._told = True
            first = next(iter(problems.values()))
            places = "1 well or field" if len(problems) == 1 else f"{len(problems)} wells or fields"
            session.said.emit(f"{places} could not be read, the first because: {first}")
        self._fit.ask()

    def _lay_out_if_outgrown(self) -> None:
        """Lay the plate out anew where all of its fields are known and do not fit (worker)."""
        if self._stopped or self._coming is not None or not self.mosaic.is_outgrown:
            return
        self._coming = mosaic = self.mosaic.rebuilt()
        plans = plan_plate(mosaic, self.reference)
        limits_from_first(mosaic, plans)
        in_main_thread(self._show_anew, mosaic, plans)

    def _show_anew(self, mosaic: PlateMosaic, plans: list[LayerPlan]) -> None:
        """Put another layout into the layers; channels that the first field did not have come beside them."""
        session = self._session()
        if session is None or session.viewer is None or self._stopped:
            return
        before, self.mosaic, self._coming = self.mosaic, mosaic, None
        self.plans = plans
        moved = [moved_down(plan, self.down) for plan in plans]
        before.changed.disconnect(self._on_changed, missing_ok=True)
        mosaic.changed.connect(self._on_changed)
        for layer in list(self.channels):
            plan = moved[layer.metadata["napari_idr"]["channel"]]
            self.channels[self.channels.index(layer)] = self._refill(session, layer, plan)
        for plan in moved[before.shape.channels :]:
            self.channels.append(session.add(plan))
            self._say_where(self.channels[-1])
        if self.wells is not None:
            points, options = well_names(mosaic, self.reference)
            self.wells.data = points
            self.wells.features = options["features"]
        for name, (_, layer) in list(self.labels.items()):
            session.in_background(self._relabel, name, layer)
        session.said.emit(f"{_why(before, mosaic)}: the plate was laid out anew.")
        session.laid_out.emit(self)
        self._on_changed()  # what came meanwhile

    def _refill(self, session: ViewerSession, layer: Any, plan: LayerPlan) -> Any:
        """Return the layer with another layout's levels, or the one that took its place."""
        filled = refill(session, layer, plan)
        if filled is not layer:
            self._say_where(filled)
        return filled

    # -- what the repository knows of the wells

    def _read_annotations(self) -> None:
        """Ask for the wells' annotations (worker)."""
        session = self._session()
        if session is None or self.node is None:
            return
        try:
            known = session.session.well_key_values(self.node)
        except NapariIdrError as error:
            _log.info("annotations of %s: %s", self.reference.name, error)
            return
        self.mosaic.source.annotations.update(known)
        in_main_thread(self._on_annotations)

    def _read_positions(self) -> None:
        """Ask where on the stage the fields lie, where wells have several (worker)."""
        session = self._session()
        if session is None or self.node is None or self.mosaic.shape.plate.fields_per_well < 2:
            return
        try:
            self.mosaic.source.positions.extend(session.session.field_positions(self.node))
        except NapariIdrError as error:
            _log.info("stage positions of %s: %s", self.reference.name, error)
        self._on_changed()

    def _on_annotations(self) -> None:
        if self.wells is not None:
            self.wells.features = well_names(self.mosaic, self.reference)[1]["features"]

    # -- labels

    def _open_labels(self) -> None:
        """Open the plate's label images (worker)."""
        session = self._session()
        if session is None:
            return
        for name in self.mosaic.labels:
            try:
                labels = session.session.open_plate_labels(self.mosaic, name)
            except NapariIdrError as error:
                _log.info("labels %s: %s", name, error)
                continue
            in_main_thread(session.turns.add, partial(self._add_labels, labels))

    def _add_labels(self, labels: PlateLabels) -> None:
        session = self._session()
        if session is None or session.viewer is None or not self.channels or self._stopped:
            return
        active = session.viewer.layers.selection.active
        layer: Any = session.add(moved_down(plan_plate_labels(self.mosaic, labels, self.reference), self.down))
        session.viewer.layers.selection.active = active
        self._say_where(layer)
        self._keep_labels(labels, layer)
        if labels.mosaic is not self.mosaic:  # laid out anew meanwhile
            session.in_background(self._relabel, labels.name, layer)

    def _relabel(self, name: str, layer: Any) -> None:
        session = self._session()
        if session is not None:
            labels = session.session.open_plate_labels(self.mosaic, name)
            in_main_thread(self._replace_labels, labels, layer)

    def _replace_labels(self, labels: PlateLabels, layer: Any) -> None:
        session = self._session()
        current = labels.name in self.labels and labels.mosaic is self.mosaic  # else another layout is on its way
        if session is not None and current and not self._stopped:
            plan = plan_plate_labels(self.mosaic, labels, self.reference)
            self._keep_labels(labels, self._refill(session, layer, moved_down(plan, self.down)))

    def _keep_labels(self, labels: PlateLabels, layer: Any) -> None:
        session = self._session()
        self.labels = {**self.labels, labels.name: (labels, layer)}  # another: the status bar's thread reads it
        if session is not None:
            features = Coalesced(session.in_background, lambda: self._describe(labels, layer))
            labels.fields.changed.connect(lambda: self._on_labels_changed(layer, features))

    def _on_labels_changed(self, layer: Any, features: Coalesced) -> None:
        session = self._session()
        if session is not None:
            session.streams.touch([layer])
            features.ask()

    def _describe(self, labels: PlateLabels, layer: Any) -> None:
        """Make the table of the objects known so far (worker); it takes long for many."""
        table = plate_features(labels)

        def describe() -> None:
            if self.labels.get(labels.name, (None,))[0] is labels:
                layer.features = table

        in_main_thread(describe)

    # -- what lies under the pointer

    def _say_where(self, layer: Any) -> None:
        unbound = type(layer).get_status
        ref, me = weakref.ref(layer), weakref.ref(self)

        def get_status(position: Any = None, **options: Any) -> dict[str, str]:
            owner, plate = ref(), me()
            status: dict[str, str] = unbound(owner, position, **options)
            said = plate.said_at(owner, position, world=options.get("world", False)) if plate and owner else ""
            if said:
                status["coordinates"] = f"{said}  {status.get('coordinates', '')}".strip()
            return status

        layer.get_status = get_status

    def said_at(self, layer: Any, position: Any, *, world: bool) -> str:
        """Return what lies under a position: well, field, gene, and for labels the object."""
        if position is None:
            return ""
        place = layer.world_to_data(position) if world else position
        said = said_at(self.mosaic, float(place[-2]), float(place[-1]))
        labels = next((labels for labels, shown in self.labels.values() if shown is layer), None)
        if labels is not None:
            value = layer.get_value(position, world=world)
            unique = value[1] if isinstance(value, tuple) else value
            origin = labels.origin(int(unique)) if unique else None
            said += f" · {labels.name} {origin[1]}" if origin else ""
        return said


def _why(before: PlateMosaic, now: PlateMosaic) -> str:
    """Return why a plate was laid out anew, as a clause."""
    if now.shape.plate.positions != before.shape.plate.positions:
        return "The fields' places on the stage are known now"
    if now.shape.channels > before.shape.channels:
        return "Some fields have more channels than the first one"
    return "Some fields are larger or deeper than the first one"
