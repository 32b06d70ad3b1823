"""The examples of the start page: pictures that need no network, and what they open."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Example:
    """One picture card."""

    title: str
    caption: str
    picture: str
    """File in ``pictures``."""
    address: str
    """A sample's, see ``layers.samples``."""

    def picture_bytes(self) -> bytes:
        """Return the encoded picture."""
        return files("napari_idr.widgets").joinpath("pictures", self.picture).read_bytes()


EXAMPLES = (
    Example("Knock-down plate", "96 wells, 3 channels", "plate.jpg", "idr-demo://plate"),
    Example("Whole slide", "zoom into one cell", "slide.jpg", "idr-demo://slide"),
    Example("Time-lapse", "dividing cells in 3-D", "movie.jpg", "idr-demo://movie"),
    Example("Tiny plate", "in the package, offline", "tiny.jpg", "idr-demo://tiny"),
)
