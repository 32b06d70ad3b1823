"""What the status bar says of the ROI under the pointer: napari says nothing of shapes."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.layers import Layer

SAID = ("roi", "text", "kind")
"""Columns of the features that are said first, in this order; ids and planes are not."""
UNSAID = frozenset({*SAID, "roi_id", "shape_id", "z", "t", "c", "index"})


def say_features(layer: Layer) -> None:
    """Have the status bar say what shape of a Shapes layer lies under the pointer."""
    from napari.layers import Shapes

    if not isinstance(layer, Shapes):
        return
    unbound, ref = type(layer).get_status, weakref.ref(layer)

    def get_status(position: Any = None, **options: Any) -> dict[str, str]:
        owner = ref()
        status: dict[str, str] = unbound(owner, position, **options)
        said = "" if owner is None or position is None else said_at(owner, position, options)
        if said:
            status["coordinates"] = f"{said}  {status.get('coordinates', '')}".strip()
        return status

    layer.get_status = get_status


def said_at(layer: Any, position: Any, options: dict[str, Any]) -> str:
    """Return name, text, kind and annotations of the shape at a position, "" where there is none."""
    wanted = {name: options[name] for name in ("view_direction", "dims_displayed", "world") if name in options}
    value = layer.get_value(position, **wanted)
    index = value[0] if isinstance(value, tuple) else None
    if index is None or not 0 <= index < len(layer.features):
        return ""
    row = layer.features.iloc[index]
    texts = [str(row[name]) for name in SAID if row.get(name)]
    texts += [f"{name}: {row[name]}" for name in layer.features.columns if name not in UNSAID and row[name]]
    return " · ".join(dict.fromkeys(texts))
