"""Another plan for a layer that is shown: put into it where napari can do that, else in its place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .images import LayerPlan
    from .viewer_session import ViewerSession

KEPT = ("name", "opacity", "blending", "gamma", "colormap", "contrast_limits", "contour")
"""What the user may have set on a layer, and finds again on the one that takes its place."""


def refill(session: ViewerSession, layer: Any, plan: LayerPlan) -> Any:
    """Return the layer, holding a plan's levels now, or a new one in its place. GUI thread only.

    napari cannot put data with another number of axes, or with several levels for one, into a layer that is shown.
    """
    if layer.ndim == plan.levels[0].ndim and layer.multiscale == (len(plan.levels) > 1):
        layer.data = plan.data
        layer.metadata["napari_idr"].update(plan.options["metadata"]["napari_idr"])
        return layer
    return _replaced(session, layer, plan)


def _replaced(session: ViewerSession, layer: Any, plan: LayerPlan) -> Any:
    viewer: Any = session.viewer
    kept = {name: getattr(layer, name) for name in KEPT if name in plan.options}
    new = session.add(replace(plan, options={**plan.options, **kept}, visible=layer.visible))
    viewer.layers.move(viewer.layers.index(new), viewer.layers.index(layer))
    if viewer.layers.selection.active in (layer, new):
        viewer.layers.selection.active = new

    def remove() -> None:
        if layer in viewer.layers:
            viewer.layers.remove(layer)
            new.name = kept.get("name", new.name)

    layer.visible = False
    session.turns.add(remove)
    return new
