"""What would be sent to a server, shape by shape: new, changed, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from .wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.annotation import Shape
    from napari_idr.model.roi_changes import Modified, RoiChanges

MOST_ROWS = 500
"""Shapes of a kind that are listed; the others are counted."""


class ChangeTree(QTreeWidget):
    """Three branches, each with its shapes: kind, text, where, and what is different."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("What will be sent")
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setIndentation(14)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        header.setStretchLastSection(True)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)

    def show_changes(self, changes: RoiChanges) -> None:
        """Show what would be sent."""
        self.clear()
        self._add("+ new", [(_name(one.shape), place_of(one.shape)) for one in changes.new])
        self._add("~ changed", [(_name(one.before), difference(one)) for one in changes.modified])
        self._add("- deleted", [(_name(one.shape), place_of(one.shape)) for one in changes.deleted])
        self.expandAll()

    def _add(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        if not rows:
            return
        branch = QTreeWidgetItem([f"{title}: {len(rows):,}", ""])
        self.addTopLevelItem(branch)
        for name, said in rows[:MOST_ROWS]:
            item = QTreeWidgetItem([name, said])
            item.setToolTip(1, said)
            branch.addChild(item)
        if len(rows) > MOST_ROWS:
            branch.addChild(QTreeWidgetItem([f"and {len(rows) - MOST_ROWS:,} more", ""]))


def sentence(changes: RoiChanges) -> str:
    """Return what would be sent in a few words: "2 new, 1 changed, 3 deleted"."""
    counts = (("new", changes.new), ("changed", changes.modified), ("deleted", changes.deleted))
    return ", ".join(f"{len(found):,} {what}" for what, found in counts if found)


def place_of(shape: Shape) -> str:
    """Return text and plane of a shape."""
    planes = [f"{name} {at}" for name in ("z", "t", "c") if (at := getattr(shape, name)) is not None]
    return " · ".join(filter(None, (shape.text, *planes))) or "every plane"


def difference(one: Modified) -> str:
    """Return what of a shape is different."""
    before, after = one.before, one.after
    found = [f"“{before.text}” becomes “{after.text}”"] if before.text != after.text else []
    found += [
        f"{name} {getattr(before, name)} becomes {getattr(after, name)}"
        for name in ("z", "t")
        if getattr(before, name) != getattr(after, name)
    ]
    if (before.style.stroke, before.style.fill) != (after.style.stroke, after.style.fill):
        found.append("other colours")
    return ", ".join(found) or "moved or reshaped"


def _name(shape: Shape) -> str:
    return f"{shape.kind} {shape.id}".strip()


def arrived(added: int, modified: int, deleted: int) -> str:
    """Return what arrived, in a sentence."""
    counts = ((added, "added"), (modified, "changed"), (deleted, "deleted"))
    parts = [f"{counted(number, 'shape', 'shapes')} {what}" for number, what in counts if number]
    return f"Read back from the server: {', '.join(parts)}." if parts else "Nothing arrived."
