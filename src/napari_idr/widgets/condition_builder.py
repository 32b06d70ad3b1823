"""Conditions of a search, row by row, for those who would rather choose than write ``Gene Symbol = KIF11``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from napari_idr.errors import AddressError
from napari_idr.formats.search_text import LISTS, parse_query, query_text
from napari_idr.model.search import Condition, SearchQuery

from .buttons import icon_button, text_button
from .scrolling import keep_choices

if TYPE_CHECKING:
    from napari_idr.model.search import Operator

    from .theme import Theme

KEYS = (
    "Gene Symbol",
    "Phenotype",
    "Organism",
    "Compound Name",
    "siRNA Identifier",
    "Antibody",
    "Cell Line",
    "Imaging Method",
    "Control Type",
)
"""Keys that are offered; any other can be typed."""
WORDS: dict[Operator, str] = {
    "equals": "is",
    "not_equals": "is not",
    "contains": "contains",
    "not_contains": "does not contain",
    "in": "is one of",
    "not_in": "is none of",
}
AND, OR = "and", "or"


class ConditionBuilder(QWidget):
    """Rows of conditions; each joins the one before it with "and" or "or".

    Signals
    -------
    text_changed
        The conditions as text, as they are now.
    search_requested
        The text to search for.
    """

    text_changed = Signal(str)
    search_requested = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.rows: list[ConditionRow] = []
        self._rows = QVBoxLayout()
        self._rows.setSpacing(4)
        buttons = QHBoxLayout()
        buttons.addWidget(text_button(theme, "plus", "Add a condition", lambda: self.add()))
        buttons.addStretch(1)
        buttons.addWidget(text_button(theme, "search", "Search", self._search))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(self._rows)
        layout.addLayout(buttons)
        self.add()

    @property
    def query(self) -> SearchQuery:
        """The conditions; rows without a value are left out."""
        groups: list[list[Condition]] = []
        for row in self.rows:
            condition = row.condition
            if condition is None:
                continue
            if row.joins_with_or and groups:
                groups[-1].append(condition)
            else:
                groups.append([condition])
        alone = tuple(group[0] for group in groups if len(group) == 1)
        return SearchQuery(all_of=alone, any_of=tuple(tuple(group) for group in groups if len(group) > 1))

    def show_text(self, text: str) -> None:
        """Show the conditions of a text; free text becomes the value of the first row."""
        try:
            query = parse_query(text)
        except AddressError:
            return  # half a condition stays in the box, where it was written
        groups = [*((one,) for one in query.all_of), *query.any_of]
        if not groups and query.words:
            groups = [(Condition(KEYS[0], query.words),)]
        self._clear()
        for group in groups:
            for place, condition in enumerate(group):
                self.add(condition, joins_with_or=place > 0)
        if not self.rows:
            self.add()

    def add(self, condition: Condition | None = None, *, joins_with_or: bool = False) -> ConditionRow:
        """Add a row, and go to its value."""
        row = ConditionRow(self._theme, is_first=not self.rows)
        if condition is not None:
            row.show_condition(condition, joins_with_or)
        row.changed.connect(lambda: self.text_changed.emit(query_text(self.query)))
        row.entered.connect(self._search)
        row.removed.connect(lambda: self._remove(row))
        self.rows.append(row)
        self._rows.addWidget(row)
        if self.isVisible():
            row.value.setFocus()
        return row

    def _remove(self, row: ConditionRow) -> None:
        self.rows.remove(row)
        row.hide()
        row.deleteLater()
        if not self.rows:
            self.add()
        self.rows[0].set_first()
        self.text_changed.emit(query_text(self.query))

    def _clear(self) -> None:
        for row in self.rows:
            row.hide()
            row.deleteLater()
        self.rows.clear()

    def _search(self) -> None:
        query = self.query
        if query:
            self.search_requested.emit(query_text(query))


class ConditionRow(QWidget):
    """One condition: how it joins, the key, the operator, the value."""

    changed = Signal()
    entered = Signal()
    removed = Signal()

    def __init__(self, theme: Theme, *, is_first: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.join, self.key, self.operator, self.value = QComboBox(), QComboBox(), QComboBox(), QLineEdit()
        self._where = QLabel("where")
        self.remove = icon_button(theme, "cancel", "Remove this condition", self.removed.emit)
        self._fill()
        self._lay_out()
        keep_choices(self)
        for combo in (self.join, self.operator):
            combo.activated.connect(lambda _: self.changed.emit())
        self.key.editTextChanged.connect(lambda _: self.changed.emit())
        self.value.textEdited.connect(lambda _: self.changed.emit())
        self.value.returnPressed.connect(self.entered)
        self.set_first(is_first)

    def _fill(self) -> None:
        self.join.addItems([AND, OR])
        self.key.setEditable(True)
        self.key.addItems(KEYS)
        for operator, words in WORDS.items():
            self.operator.addItem(words, operator)
        self.value.setPlaceholderText("Value")
        named = ((self.join, "How it joins the condition before"), (self.key, "Key"), (self.operator, "Operator"))
        for widget, name in (*named, (self.value, "Value; several with commas between them, where one of them counts")):
            widget.setAccessibleName(name)
            widget.setToolTip(name)

    def _lay_out(self) -> None:
        for combo in (self.key, self.operator):
            combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._where.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(2)
        for lead in (self.join, self._where):
            grid.addWidget(lead, 0, 0)
        grid.addWidget(self.key, 0, 1, 1, 2)
        grid.addWidget(self.operator, 1, 0, 1, 2)
        grid.addWidget(self.value, 1, 2)
        grid.addWidget(self.remove, 0, 3, 2, 1)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 2)

    @property
    def joins_with_or(self) -> bool:
        """Whether it is an alternative to the condition before it."""
        return self.join.isVisibleTo(self) and self.join.currentText() == OR

    @property
    def condition(self) -> Condition | None:
        """The condition, None where key or value is missing."""
        key, text = self.key.currentText().strip(), self.value.text().strip()
        operator: Operator = self.operator.currentData()
        value: str | tuple[str, ...] = text
        if operator in LISTS:
            value = tuple(part.strip() for part in text.split(",") if part.strip())
        return Condition(key, value, operator) if key and value else None

    def show_condition(self, condition: Condition, joins_with_or: bool) -> None:
        """Show a condition."""
        self.key.setEditText(condition.key)
        self.operator.setCurrentIndex(self.operator.findData(condition.operator))
        self.value.setText(", ".join(condition.values))
        self.join.setCurrentText(OR if joins_with_or else AND)

    def set_first(self, is_first: bool = True) -> None:
        """Show whether it joins another condition."""
        self.join.setVisible(not is_first)
        self._where.setVisible(is_first)
