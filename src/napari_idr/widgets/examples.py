"""The examples of the start page: pictures that need no network, and how to find what they show."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from napari_idr.errors import NotFound

if TYPE_CHECKING:
    from napari_idr.model.catalog import Node
    from napari_idr.session import Session


@dataclass(frozen=True, slots=True)
class Example:
    """One picture card."""

    title: str
    caption: str
    picture: str
    """File in ``pictures``."""
    study: str = ""
    """Accession in the embedded repository; empty for what is inside this package."""

    def picture_bytes(self) -> bytes:
        """Return the encoded picture."""
        return files("napari_idr.widgets").joinpath("pictures", self.picture).read_bytes()


EXAMPLES = (
    Example("Knock-down plate", "96 wells, 3 channels", "plate.png", "idr9901"),
    Example("Whole slide", "zoom into one cell", "slide.png", "idr9902"),
    Example("Time-lapse", "dividing cells in 3-D", "movie.png", "idr9903"),
    Example("Tiny plate", "in the package, offline", "tiny.png"),
)


def tiny_plate() -> Path:
    """Return where the plate lies that is inside this package."""
    return Path(str(files("napari_idr").joinpath("data", "tiny-plate.ozx")))


def find_example(session: Session, address: str, study: str) -> Node:
    """Return the first plate or image of a study of the embedded repository. May block.

    Raises
    ------
    NotFound
        If the repository at ``address`` has no such study, or nothing in it.
    """
    node = session.add_repository(address).root()
    wanted = [child for child in session.children(node).nodes if study in f"{child.accession} {child.name}"]
    while wanted and wanted[0].kind not in ("plate", "image"):
        wanted = list(session.children(wanted[0], limit=1).nodes)
    if not wanted:
        raise NotFound("The example was not found", study, "restart the demonstration")
    return wanted[0]
