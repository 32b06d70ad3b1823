"""The OME-Zarr metadata of what the embedded repository paints (specification 0.4, sections 3.1-3.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
UNITS = {"t": "minute", "z": "micrometer", "y": "micrometer", "x": "micrometer"}


@dataclass(frozen=True, slots=True)
class PaintedChannel:
    """Name, colour (``RRGGBB``) and display window of a channel."""

    name: str
    color: str
    start: int
    end: int
    maximum: int = 65535

    def as_omero(self) -> dict[str, Any]:
        """One element of ``omero.channels``."""
        window = {"start": self.start, "end": self.end, "min": 0, "max": self.maximum}
        return {
            "label": self.name,
            "color": self.color,
            "active": True,
            "coefficient": 1,
            "family": "linear",
            "inverted": False,
            "window": window,
        }


def axes(names: str) -> list[dict[str, str]]:
    """Axes by their letters (``"cyx"``), with types and the units of this content."""
    return [{"name": name, "type": TYPES[name]} | ({"unit": UNITS[name]} if name in UNITS else {}) for name in names]


def multiscale(name: str, names: str, scale: Sequence[float], levels: int) -> dict[str, Any]:
    """One element of ``multiscales``: halvings in y and x, each level's first pixel centre where it belongs."""
    datasets = [_dataset(level, names, scale) for level in range(levels)]
    return {"name": name, "axes": axes(names), "datasets": datasets}


def omero(name: str, channels: Sequence[PaintedChannel], *, z: int = 0, color: bool = True) -> dict[str, Any]:
    """Return the ``omero`` block: channels with colours and windows, and the plane to show first."""
    return {
        "name": name,
        "channels": [channel.as_omero() for channel in channels],
        "rdefs": {"defaultT": 0, "defaultZ": z, "model": "color" if color else "greyscale"},
    }


def _dataset(level: int, names: str, scale: Sequence[float]) -> dict[str, Any]:
    factor = [2**level if name in "yx" else 1 for name in names]
    sizes = [size * step for size, step in zip(scale, factor, strict=True)]
    shifts = [size * (step - 1) / 2 for size, step in zip(scale, factor, strict=True)]
    transforms: list[dict[str, Any]] = [{"type": "scale", "scale": sizes}]
    if any(shifts):
        transforms.append({"type": "translation", "translation": shifts})
    return {"path": str(level), "coordinateTransformations": transforms}
