"""What somebody looks at: an image, its planes and channels, and the place in the middle of the picture."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChannelLook:
    """How one channel is shown; None is whatever the image says."""

    index: int
    """0-based."""
    visible: bool = True
    start: float | None = None
    end: float | None = None
    color: str | None = None
    """``RRGGBB``."""


@dataclass(frozen=True, slots=True)
class ImageView:
    """A view of one image; None is whatever the image says."""

    image_id: str
    channels: tuple[ChannelLook, ...] = ()
    """Channels that are not named keep their look where none is named, and are off where some are."""
    z: int | None = None
    """0-based."""
    t: int | None = None
    """0-based."""
    x: float | None = None
    y: float | None = None
    """Middle of the picture in pixels of the finest level, the corner of the first pixel at (0, 0) as in OMERO."""
    zoom: float | None = None
    """Pixels of the screen for a pixel of the image."""
