"""What a layer remembers of ROIs: of which image they are, and how its repository had them when last seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.layers import Layer

    from napari_idr.model.roi_changes import KnownShape

KEPT = "napari_idr_rois"
"""Key of a layer's metadata; a layer that was drawn by hand has it once its shapes were sent."""


def note_known(layer: Layer, image: tuple[str, str], known: Mapping[str, KnownShape]) -> None:
    """Note in a layer of which image (repository and id) it holds ROIs, and how the repository has them."""
    layer.metadata[KEPT] = {"image": image, "known": dict(known), "looks": _looks(layer)}


def is_edited(layer: Layer) -> bool:
    """Whether ROIs that were read or sent have been changed since: such a layer is the user's, and never removed."""
    return KEPT in layer.metadata and layer.metadata[KEPT]["looks"] != _looks(layer)


def _looks(layer: Any) -> int:
    """Return a number that changes with the shapes, colours and texts of a layer."""
    from napari.layers import Points

    points = isinstance(layer, Points)
    corners = [np.asarray(layer.data)] if points else layer.data
    colors = [layer.face_color] if points else [layer.edge_color, layer.face_color]
    texts = tuple(map(str, layer.features["text"])) if "text" in layer.features.columns else ()
    return hash((*(np.asarray(one, float).tobytes() for one in (*corners, *colors)), texts))


def known_of(layer: Layer) -> dict[str, KnownShape]:
    """Return by id how the repository had the shapes of a layer; empty for a layer that was only drawn."""
    found: dict[str, KnownShape] = layer.metadata.get(KEPT, {}).get("known", {})
    return found


def image_of(layer: Layer) -> tuple[str, str] | None:
    """Return repository and id of the image whose ROIs a layer holds, None where it was only drawn."""
    found: tuple[str, str] | None = layer.metadata.get(KEPT, {}).get("image")
    return found
