"""Tables to look through, not to edit: low rows without a grid, that Tab leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QAbstractItemView

if TYPE_CHECKING:
    from qtpy.QtWidgets import QTableView


def low_rows(view: QTableView, name: str) -> None:
    """Have a table be one of those, under a name that is read aloud."""
    view.setAccessibleName(name)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setShowGrid(False)
    view.setTabKeyNavigation(False)
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(view.fontMetrics().height() + 8)
