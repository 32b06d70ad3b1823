"""How far two versions of an object cover the same pixels. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_idr.model.shape_geometry import ellipse_outline, place

if TYPE_CHECKING:
    from napari_idr.model.annotation_set import AnnotatedObject

CORNERS = 128
"""Of the polygon that stands for an ellipse: its area is 0.04 % too small."""


def overlap(one: AnnotatedObject, other: AnnotatedObject) -> float | None:
    """Return what two versions share of what they cover together (intersection over union), 0 to 1.

    None where one of them covers nothing (points, lines), or is the value of a label image. On different planes they
    share nothing.
    """
    planes = [{(shape.z, shape.t) for shape in each.shapes} for each in (one, other)]
    first, second = _covered(one), _covered(other)
    if first is None or second is None:
        return None
    if planes[0].isdisjoint(planes[1]):
        return 0.0
    together = first.union(second).area
    return float(first.intersection(second).area / together) if together else None


def _covered(one: AnnotatedObject) -> Any | None:
    from shapely.geometry import Polygon
    from shapely.ops import unary_union

    parts = []
    for shape in one.shapes:
        kind, corners = place(shape)
        if kind == "ellipse":
            corners = ellipse_outline(corners, CORNERS)
        elif kind not in ("polygon", "rectangle"):
            continue
        if len(corners) > 2:
            parts.append(Polygon(corners).buffer(0))
    covered = unary_union(parts) if parts else None
    return covered if covered is not None and covered.area > 0 else None
