"""Something on its way into the viewer: how far it is, and how to stop it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from napari_idr.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Layer

    from napari_idr.model.catalog import Node
    from napari_idr.model.image_view import ImageView


@dataclass(eq=False)
class OpenJob:
    """Something being opened."""

    title: str
    address: str
    state: Literal["running", "done", "failed", "cancelled"] = "running"
    layers: list[Layer] = field(default_factory=list)
    error: Exception | None = None
    message: str = ""
    """What went wrong, or what the file gets wrong and was set right."""
    replaces: bool = False
    """Whether the layers that we opened before go when this has come."""
    apart: bool = False
    """Whether it is placed below what is shown."""
    node: Node | None = None
    """What was opened, in the catalogue; None until then, and for what has no catalogue."""
    again: Callable[[], object] | None = None
    """What tries again, where that is not opening the address."""
    view: ImageView | None = None
    """What of an image to look at once it has come."""
    _cancelled: threading.Event = field(default_factory=threading.Event, repr=False)
    finished: threading.Event = field(default_factory=threading.Event, repr=False)

    def end(self, state: Literal["done", "failed", "cancelled"], error: Exception | None = None) -> None:
        """Say how it ended."""
        self.state, self.error = state, error
        if error is not None:
            self.message = str(error)
        self.finished.set()

    def fail(self, error: Exception) -> None:
        """Say that it went wrong, or was stopped."""
        self.end("cancelled" if isinstance(error, Cancelled) else "failed", error)

    def cancel(self) -> None:
        """Stop at the next step; layers that were added stay."""
        self._cancelled.set()

    def is_cancelled(self) -> bool:
        """Whether somebody cancelled; from any thread."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raise ``Cancelled`` once somebody cancelled."""
        if self._cancelled.is_set():
            raise Cancelled("Opening was stopped", self.title)
