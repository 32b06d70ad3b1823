"""What a layer remembers of ROIs: of which image they are, and how its repository had them when last seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.layers import Layer

    from napari_idr.model.roi_changes import KnownShape

KEPT = "napari_idr_rois"
"""Key of a layer's metadata; a layer that was drawn by hand has it once its shapes were sent."""


def note_known(layer: Layer, image: tuple[str, str], known: Mapping[str, KnownShape]) -> None:
    """Note in a layer of which image (repository and id) it holds ROIs, and how the repository has them."""
    layer.metadata[KEPT] = {"image": image, "known": dict(known)}


def known_of(layer: Layer) -> dict[str, KnownShape]:
    """Return by id how the repository had the shapes of a layer; empty for a layer that was only drawn."""
    found: dict[str, KnownShape] = layer.metadata.get(KEPT, {}).get("known", {})
    return found


def image_of(layer: Layer) -> tuple[str, str] | None:
    """Return repository and id of the image whose ROIs a layer holds, None where it was only drawn."""
    found: tuple[str, str] | None = layer.metadata.get(KEPT, {}).get("image")
    return found
