"""The line at the top of the dock: buttons, the one box, what it suggests, and conditions to choose below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from napari_idr.formats.search_text import query_text

from .address_box import AddressBox
from .buttons import icon_button
from .condition_builder import ConditionBuilder
from .suggester import Suggester
from .suggestion_list import SuggestionList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtWidgets import QToolButton

    from napari_idr.model.search import Suggestion
    from napari_idr.session import Session

    from .theme import Theme


class SearchLine(QWidget):
    """Takes what is typed, chosen among suggestions, or put together from conditions; all of it ends in the box.

    Parameters
    ----------
    buttons
        What stands before the box.
    parent
        Over whose content the suggestions lie.
    """

    def __init__(self, session: Session, theme: Theme, buttons: Sequence[QToolButton], parent: QWidget) -> None:
        super().__init__(parent)
        self.box, self.conditions = AddressBox(theme), ConditionBuilder(theme)
        self.suggester, self.suggestions = Suggester(session, self), SuggestionList(self.box, theme, parent)
        self.build = icon_button(theme, "conditions", "Search by conditions", lambda: None)
        self.build.setCheckable(True)
        self.conditions.hide()
        line = QHBoxLayout()
        line.setSpacing(1)
        for button in buttons:
            line.addWidget(button)
        line.addWidget(self.box, 1)
        line.addWidget(self.build)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(line)
        layout.addWidget(self.conditions)
        self._connect()

    def _connect(self) -> None:
        self.box.textEdited.connect(self.suggester.type)
        self.box.address_entered.connect(lambda _: self.stop())
        self.box.search_entered.connect(lambda _: self.stop())
        self.suggester.arrived.connect(self.suggestions.show_suggestions)
        self.suggestions.taken.connect(self._take)
        self.build.toggled.connect(self._show_conditions)
        self.conditions.text_changed.connect(self.box.setText)
        self.conditions.search_requested.connect(self.box.submit)

    def stop(self) -> None:
        """Put the suggestions away, and ask for no more."""
        self.suggester.stop()
        self.suggestions.hide()

    def keep_place(self) -> None:
        """Keep the suggestions below their box, after the size changed."""
        if self.suggestions.isVisible():
            self.suggestions.place()

    def _take(self, one: Suggestion) -> None:
        """Take a suggestion as if its text were typed: a study is gone to, a value searched for under its key."""
        self.box.submit(query_text(one.query))

    def _show_conditions(self, shown: bool) -> None:
        """Show the rows of conditions, filled with what stands in the box."""
        if shown:
            self.conditions.show_text(self.box.text())
        self.conditions.setVisible(shown)
