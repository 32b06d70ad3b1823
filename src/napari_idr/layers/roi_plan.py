"""Which layers show the ROIs of an image: all planes at once where they are few, else one plane. No viewer needed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .roi_labels import build_filled, build_masks, can_fill, fills
from .roi_layers import LARGEST_SHAPES, build_vectors, copy_count
from .roi_rows import place_rows, rows_of_plane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer

    from napari_idr.model.annotation import RoiSet

    from .roi_rows import Frame, Row

MOST_POINTS = 100_000
"""Points of all planes that one layer holds."""


@dataclass(eq=False)
class RoiPlan:
    """Layers that are made and not yet in a viewer."""

    layers: list[Layer]
    remarks: list[str] = field(default_factory=list)
    """Sentences for the user: what was left out, or is drawn in another way than it was made."""
    one_plane: bool = False
    """Whether the layers show one plane of several, and have to be made anew for another."""


def plan_rois(
    rois: RoiSet, frame: Frame, title: str, metadata: dict[str, Any], at: tuple[int, int], *, of_plane: bool = False
) -> RoiPlan:
    """Return the layers for the ROIs of an image. May take seconds: not for the GUI thread.

    Parameters
    ----------
    rois
        The image's, or those of the plane ``at``.
    frame
        The image's grid.
    title
        What the image is called.
    metadata
        What ties the layers to the image.
    at
        z and t that are shown now.
    of_plane
        Whether only the ROIs of that plane are known.
    """
    rows, remarks = place_rows(rois.rois, frame)
    remarks = [*rois.remarks, *remarks]
    several = frame.size("z") * frame.size("t") > 1
    if not of_plane and _few(rows, frame):
        layers = _build(rows, frame, title, metadata, remarks)
        return RoiPlan(layers, remarks)
    plane, shown = frame.kept(("y", "x")), rows_of_plane(rows, *at)
    if several:
        remarks.append("These are many ROIs: those of the plane you look at are shown, and change with the sliders.")
    outlines = [row for row in shown if row.layer_kind == "shapes"]
    filled: list[Layer] = []
    if len(outlines) > LARGEST_SHAPES:
        filled = _fill(outlines, plane, title, metadata, remarks)
        shown = [_as_point(row) if row.layer_kind == "shapes" else row for row in shown if not _is_filled(row)]
    layers = [*filled, *_build(shown, plane, title, metadata, remarks)]
    for layer in layers if several else ():
        layer.editable = False
    return RoiPlan(layers, remarks, one_plane=several)


def _few(rows: Sequence[Row], frame: Frame) -> bool:
    """Whether all planes can be shown at once, and every shape moved without waiting."""
    kinds = {kind: [row for row in rows if row.layer_kind == kind] for kind in ("shapes", "points", "masks")}
    outlines, points = (copy_count(kinds[kind], frame) for kind in ("shapes", "points"))
    return outlines <= LARGEST_SHAPES and points <= MOST_POINTS and can_fill(kinds["masks"], frame)


def _build(rows: Sequence[Row], frame: Frame, title: str, metadata: dict[str, Any], remarks: list[str]) -> list[Layer]:
    masks = [row for row in rows if row.layer_kind == "masks"]
    layers, said = build_masks(masks, frame, title, metadata) if masks else ([], "")
    remarks += [said] if said else []
    return [*layers, *build_vectors([row for row in rows if row.layer_kind != "masks"], frame, title, metadata)]


def _fill(
    outlines: Sequence[Row], plane: Frame, title: str, metadata: dict[str, Any], remarks: list[str]
) -> list[Layer]:
    """Return the outlines as labels, and say so."""
    areas = [row for row in outlines if fills(row)]
    count = f"{len(outlines)} outlines are more than the {LARGEST_SHAPES} that can be drawn and moved one by one"
    remarks.append(f"{count}: areas are shown as labels, lines as points.")
    if not areas:
        return []
    layer, step = build_filled(areas, plane, title, metadata)
    remarks += [f"The labels are drawn at 1/{step} of the image's resolution."] if step > 1 else []
    return [layer]


def _is_filled(row: Row) -> bool:
    return row.layer_kind == "shapes" and fills(row)


def _as_point(row: Row) -> Row:
    return replace(row, outline="point", corners=row.corners.mean(axis=0, keepdims=True))
