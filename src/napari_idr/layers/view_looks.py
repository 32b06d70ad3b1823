"""How a layer looks, as a piece of a view file, and back. GUI thread only."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.formats.view_file import ColormapDocument, Look

if TYPE_CHECKING:
    from napari.utils import Colormap

_log = logging.getLogger(__name__)

PLAIN = (
    "name",
    "visible",
    "opacity",
    "gamma",
    "contrast_limits_range",
    "contrast_limits",
    "interpolation2d",
    "interpolation3d",
    "rendering",
    "iso_threshold",
    "attenuation",
    "contour",
    "blending",
)
"""In the order in which they are set: limits lie within their range."""
MOST_COLORS = 8
"""A longer colormap is one of napari's own, kept by its name."""


def look_of(layer: Any) -> Look:
    """Return how a layer looks."""
    known = {name: getattr(layer, name) for name in PLAIN if hasattr(layer, name)}
    values = {name: _plain(value) for name, value in known.items()}
    colormap = getattr(layer, "colormap", None) if hasattr(layer, "contrast_limits") else None
    return Look(**values, colormap=None if colormap is None else _colormap(colormap))


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple, np.ndarray)):
        return tuple(float(one) for one in value)
    return getattr(value, "value", value)


def _colormap(colormap: Any) -> ColormapDocument:
    colors = np.asarray(colormap.colors, float)
    few = len(colors) <= MOST_COLORS
    return ColormapDocument(name=str(colormap.name), colors=colors.tolist() if few else [])


def show_look(layer: Any, look: Look) -> None:
    """Make a layer look as it did; what this version of napari does not take is left as it is."""
    values = {name: getattr(look, name) for name in PLAIN if getattr(look, name) is not None}
    if look.colormap is not None:
        values["colormap"] = _made_colormap(look.colormap)
    for name, value in values.items():
        if not hasattr(layer, name):
            continue
        try:
            setattr(layer, name, value)
        except (ValueError, TypeError, KeyError) as error:
            _log.info("%s of %s: %s", name, layer.name, error)


def _made_colormap(document: ColormapDocument) -> Colormap | str:
    from napari.utils.colormaps import Colormap

    return Colormap(document.colors, name=document.name) if document.colors else document.name
