"""The values that studies can be narrowed to: ticks under each facet, with how many studies each leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget
from superqt.utils import signals_blocked

from .wording import counted, tooltip

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_idr.model.study_list import Facet, FacetValue

    from .theme import Theme

_VALUE_ROLE = int(Qt.ItemDataRole.UserRole)
_SHOWN_AT_FIRST = ("organism", "imaging method")
Chosen = dict["Facet", frozenset[str]]


class FacetList(QTreeWidget):
    """Facets with their values; several ticks in one facet are alternatives, facets narrow together.

    ``chosen_changed`` is emitted when a tick was set or taken away by the user.
    """

    chosen_changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        theme.changed.connect(self._draw)
        self._draw()
        self.chosen: Chosen = {}
        self._folded: dict[str, bool] = {}
        self.setAccessibleName("Narrow the studies")
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setIndentation(12)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setMinimumHeight(60)
        header = self.header()
        header.setMinimumSectionSize(0)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.itemChanged.connect(self._on_changed)
        self.itemExpanded.connect(lambda item: self._folded.update({item.text(0): False}))
        self.itemCollapsed.connect(lambda item: self._folded.update({item.text(0): True}))

    def show_facets(self, facets: Mapping[Facet, Sequence[FacetValue]]) -> None:
        """List the values anew, where the list was scrolled to before; facets without values are left out."""
        at = self.verticalScrollBar().value()
        with signals_blocked(self):
            self.clear()
            for facet, values in facets.items():
                if values:
                    self._add_facet(facet, values)
        self.verticalScrollBar().setValue(at)

    def forget(self) -> None:
        """Narrow to nothing."""
        self.chosen = {}

    def drop(self, facet: Facet, value: str) -> None:
        """Take one tick away."""
        left = frozenset(one for one in self.chosen.get(facet, ()) if one.casefold() != value.casefold())
        self.chosen = {**self.chosen, facet: left}
        self.chosen_changed.emit()

    def _draw(self) -> None:
        """Draw the boxes of ticks in colours that are seen in every theme."""
        colors = self._theme.colors
        box = f"width: 11px; height: 11px; border: 1px solid {colors.line.name()}; border-radius: 2px;"
        self.setStyleSheet(
            f"QTreeView::indicator {{ {box} }} QTreeView::indicator:checked {{ background: {colors.accent.name()}; }}"
        )

    def _add_facet(self, facet: Facet, values: Sequence[FacetValue]) -> None:
        name = facet.capitalize()
        head = QTreeWidgetItem([name, ""])
        head.setFlags(Qt.ItemFlag.ItemIsEnabled)
        self.addTopLevelItem(head)
        for one in values:
            item = QTreeWidgetItem(head, [one.value, f"{one.count:,}"])
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(0, Qt.CheckState.Checked if one.chosen else Qt.CheckState.Unchecked)
            item.setData(0, _VALUE_ROLE, (facet, one.value))
            font = item.font(0)
            font.setBold(one.chosen)
            item.setFont(0, font)
            item.setTextAlignment(1, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter))
            item.setToolTip(0, tooltip(one.value, [("", counted(one.count, "study", "studies"))]))
        any_chosen = any(one.chosen for one in values)
        head.setExpanded(not self._folded.get(name, facet not in _SHOWN_AT_FIRST and not any_chosen))

    def _on_changed(self, item: QTreeWidgetItem, _column: int) -> None:
        told = item.data(0, _VALUE_ROLE)
        if told is None:
            return
        facet, value = told
        ticked = item.checkState(0) == Qt.CheckState.Checked
        others = frozenset(one for one in self.chosen.get(facet, ()) if one.casefold() != value.casefold())
        self.chosen = {**self.chosen, facet: others | {value} if ticked else others}
        self.chosen_changed.emit()
