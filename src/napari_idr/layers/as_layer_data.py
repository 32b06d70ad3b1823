"""Layer data for whoever reads without an event loop: complete, and exact to read at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from napari_idr.errors import Unsupported
from napari_idr.formats.file_endings import is_review_file, is_view_file
from napari_idr.formats.iviewer_link import parse_view_link
from napari_idr.session import Session

from . import napari_seam as seam
from .opening import limits_from_first, open_node
from .plates import plan_plate, plan_plate_labels
from .samples import is_sample, locate_sample
from .view_link import show_view
from .viewer_session import ViewerSession

if TYPE_CHECKING:
    from napari.types import LayerData

    from napari_idr.model.image_view import ImageView

    from .images import LayerPlan
    from .opening import Opened


def layer_data(address: str, viewer: Any) -> list[LayerData]:
    """Return the layers of an address as (data, options, kind). Blocks until their metadata are there.

    Where the viewer is known its layers are hooked as they are inserted, and shown then; without one they are read
    exactly by whoever draws them.
    """
    if is_view_file(address):
        raise Unsupported("A view file opens in a window only", address, "use napari-idr open, or viewer.open")
    if is_review_file(address):
        hint = "use napari-idr open, or napari-idr review merge"
        raise Unsupported("A review file opens in a window only", address, hint)
    if viewer is not None:
        own = ViewerSession.for_viewer(viewer)
        session = own.session
        what = locate_sample(address, session, own.start_embedded) if is_sample(address) else address
    else:
        session = _lasting_session()
        what = locate_sample(address, session, _start_embedded) if is_sample(address) else address
    opened = open_node(session, what)
    view = parse_view_link(address)
    if viewer is not None and view is not None:
        seam.call_later(0, partial(_show_view, viewer, opened.address, view))
    plans = opened.plans if opened.plate is None else _plate_plans(session, opened)
    return [_as_data(plan, hooked=viewer is not None) for plan in plans]


def _show_view(viewer: Any, address: str, view: ImageView) -> None:
    """Look where a link says, now that napari has added the layers and its event loop runs."""
    layers = [layer for layer in viewer.layers if layer.metadata.get("napari_idr", {}).get("address") == address]
    if layers:
        show_view(viewer, layers, view)


def _plate_plans(session: Session, opened: Opened) -> list[LayerPlan]:
    """Return the layers of a plate of which everything is known, so that its layout is final."""
    mosaic: Any = opened.plate
    reference: Any = opened.reference
    mosaic.fields.wait_all()
    if mosaic.is_outgrown:
        mosaic = mosaic.rebuilt()
    plans = plan_plate(mosaic, reference)
    limits_from_first(mosaic, plans)
    labels = [session.open_plate_labels(mosaic, name) for name in mosaic.labels]
    return [*plans, *(plan_plate_labels(mosaic, one, reference) for one in labels)]


def _as_data(plan: LayerPlan, *, hooked: bool) -> Any:
    options = {**plan.options, "multiscale": len(plan.levels) > 1, "visible": plan.visible and not hooked}
    if hooked and plan.visible:
        ours = {**options["metadata"]["napari_idr"], "show": True}
        options["metadata"] = {"napari_idr": ours}
    return plan.data, options, plan.kind


_lasting: dict[str, Any] = {}
"""The session and embedded repository of readers called without a viewer: layers read through them for good."""


def _lasting_session() -> Session:
    if "session" not in _lasting:
        _lasting["session"] = Session()
    session: Session = _lasting["session"]
    return session


def _start_embedded() -> str:
    if "embedded" not in _lasting:
        from napari_idr.embedded import EmbeddedRepository

        _lasting["embedded"] = EmbeddedRepository()
        _lasting["embedded"].start()
    address: str = _lasting["embedded"].address
    return address


def close_lasting() -> None:
    """Close what readers without a viewer left open; layers they returned can be read no more."""
    for name in ("session", "embedded"):
        thing = _lasting.pop(name, None)
        if thing is not None:
            thing.close() if name == "session" else thing.stop()
