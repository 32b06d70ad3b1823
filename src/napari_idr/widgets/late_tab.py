"""A tab whose widgets are made when somebody wants them: what nobody looks at costs neither time nor memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from qtpy.QtWidgets import QVBoxLayout, QWidget

from .scrolling import scrolling

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QShowEvent

W = TypeVar("W", bound=QWidget)


class LateTab(QWidget, Generic[W]):
    """The place of a page in the tabs.

    Parameters
    ----------
    make
        Returns the page; called once, when the tab is first shown or its page is asked for.
    """

    def __init__(self, make: Callable[[], W], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._make = make
        self.made: W | None = None
        """The page, None as long as nobody wanted it."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)

    @property
    def page(self) -> W:
        """The page, made now where nobody wanted it before."""
        if self.made is None:
            self.made = self._make()
            self.layout().addWidget(scrolling(self.made))
        return self.made

    def showEvent(self, event: QShowEvent) -> None:
        """Make the page."""
        _ = self.page
        super().showEvent(event)
