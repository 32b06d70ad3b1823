"""Places what is opened beside something else below it, so that neither covers the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from .images import LayerPlan

GAP = 0.03
"""Free room, as a part of the height of what is there."""


def free_below(viewer: Viewer) -> float:
    """Return where along y (world units) nothing is shown any more; 0 in an empty viewer."""
    if not viewer.layers:
        return 0.0
    first, last = viewer.layers.extent.world[:, -2]
    return float(last + GAP * (last - first))


def moved_down(plan: LayerPlan, y: float) -> LayerPlan:
    """Return the plan of the same layer, ``y`` world units further down."""
    return plan if not y else replace(plan, options=moved_options(plan.options, y))


def moved_options(options: dict[str, Any], y: float) -> dict[str, Any]:
    """Return napari's options of a layer, ``y`` world units further down."""
    translate = list(options["translate"])
    translate[-2] += y
    return {**options, "translate": tuple(translate)}
