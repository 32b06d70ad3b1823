"""Another image in layers that are shown: its data, name and colours take the place of those of the one before.

To add a layer costs napari a tenth of a second, to remove one half of that; to change what it holds a few milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import napari_seam as seam

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .images import LayerPlan

PLACE = ("scale", "translate")


def can_hold(layers: Sequence[Any], plans: Sequence[LayerPlan]) -> bool:
    """Whether layers of images may hold other ones: as many, with the same axes and kind of pixels."""
    return len(layers) == len(plans) > 0 and all(map(_alike, layers, plans))


def _alike(layer: Any, plan: LayerPlan) -> bool:
    level = plan.levels[0]
    is_rgb = bool(plan.options.get("rgb", False))
    return (
        plan.kind == "image"
        and hasattr(layer, "contrast_limits")
        and layer.multiscale == (len(plan.levels) > 1)
        and bool(layer.rgb) == is_rgb
        and layer.ndim + is_rgb == level.ndim
        and layer.dtype == level.dtype
        and tuple(layer.axis_labels) == tuple(plan.options["axis_labels"])
        and [str(unit) for unit in layer.units] == [str(unit) for unit in plan.options["units"]]
    )


def put_into(layer: Any, plan: LayerPlan) -> None:
    """Have a layer hold what a plan says; :func:`can_hold` was asked before. GUI thread only.

    Its refreshing is held back by the caller, who draws it afterwards.
    """
    before = _extent(layer)
    layer.data = plan.data
    _show_whole(layer)
    layer.metadata = plan.options["metadata"]
    for name in PLACE:
        if not np.array_equal(getattr(layer, name), plan.options[name]):
            setattr(layer, name, plan.options[name])
    _look_like(layer, plan)
    if not np.array_equal(before, _extent(layer)):
        seam.tell_extent(layer)


def _show_whole(layer: Any) -> None:
    """Have the picture be all of the coarsest level, which napari begins with, and not the last image's part of it."""
    if layer.multiscale:
        corners = np.zeros((2, layer.ndim), int)
        corners[1] = np.asarray(layer.level_shapes[-1][: layer.ndim]) - 1
        layer.corner_pixels = corners


def _look_like(layer: Any, plan: LayerPlan) -> None:
    options = plan.options
    if layer.name != options["name"]:
        layer.name = options["name"]
    for name in ("colormap", "blending"):
        if name in options and _said(getattr(layer, name)) != _said(options[name]):
            setattr(layer, name, options[name])
    limits = options.get("contrast_limits")
    if limits is not None and tuple(layer.contrast_limits) != tuple(limits):
        layer.contrast_limits_range = plan.range or limits
        layer.contrast_limits = limits
    if layer.visible != plan.visible:
        layer.visible = plan.visible


def _said(value: Any) -> str:
    return str(getattr(value, "name", value))


def _extent(layer: Any) -> np.ndarray:
    shape = layer.level_shapes[0] if layer.multiscale else layer.data.shape
    return np.concatenate([np.asarray(shape[: layer.ndim], float), layer.scale, layer.translate])
