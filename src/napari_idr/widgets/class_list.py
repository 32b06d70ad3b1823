"""The classes of objects: a colour and a key each; the one that is chosen is given to what is drawn next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from napari_idr.layers.annotation_layers import color_next

from .buttons import icon_button
from .object_words import NO_CLASS
from .workers import while_alive

if TYPE_CHECKING:
    from napari_idr.layers.history import Annotations
    from napari_idr.model.annotation import Color

    from .theme import Theme

PALETTE: tuple[Color, ...] = (
    (230, 159, 0, 255),
    (86, 180, 233, 255),
    (0, 158, 115, 255),
    (240, 228, 66, 255),
    (213, 94, 0, 255),
    (204, 121, 167, 255),
    (0, 114, 178, 255),
    (255, 255, 255, 255),
)
"""Okabe and Ito's colours, told apart with any kind of colour vision."""
KEYS = "Alt-{}"
MOST_KEYS, MOST_ROWS = 9, 6


class ClassList(QWidget):
    """Chooses and adds classes."""

    chosen = Signal(str)
    """A class, "" for none."""
    apply_requested = Signal(str)
    """A class for the objects that are selected (double-click or Enter)."""

    def __init__(self, annotations: Annotations, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._annotations, self._book = annotations, annotations.book
        self.list, self.name = QListWidget(), QLineEdit()
        self.add = icon_button(theme, "add", "Add this class", self.add_class, "Enter")
        self._bound: list[Any] = []
        self._lay_out()
        self.list.currentRowChanged.connect(self._on_row)
        self.list.itemActivated.connect(lambda item: self.apply_requested.emit(_name(item)))
        self.name.returnPressed.connect(self.add_class)
        annotations.objects_changed.connect(self._on_objects)
        annotations.layers_changed.connect(self._bind_keys)
        self._on_objects(tuple(self._book.held))
        self._bind_keys()

    def _lay_out(self) -> None:
        self.list.setAccessibleName("Classes")
        self.list.setIconSize(QSize(12, 12))
        self.list.setToolTip("What is drawn next is of the class chosen here. Double-click: the selected objects are.")
        self.name.setPlaceholderText("New class")
        self.name.setAccessibleName("Name of a new class")
        line = QHBoxLayout()
        line.addWidget(self.name, 1)
        line.addWidget(self.add)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.list)
        layout.addLayout(line)

    def names(self) -> list[str]:
        """Return the classes there are, in order."""
        return list(self._book.class_colors)

    def add_class(self, name: str = "") -> None:
        """Add a class and choose it."""
        name = name or self.name.text().strip()
        self.name.clear()
        if name:
            self._know(name)
            self._fill()
            self.choose(name)

    def choose(self, name: str) -> None:
        """Have what is drawn next be of a class; "" for none."""
        row = next((r for r in range(self.list.count()) if _name(self.list.item(r)) == name), 0)
        self.list.setCurrentRow(row)

    def _know(self, name: str) -> None:
        if name and name not in self._book.class_colors:
            self._book.class_colors[name] = PALETTE[len(self._book.class_colors) % len(PALETTE)]

    @while_alive
    def _on_objects(self, uuids: tuple[str, ...]) -> None:
        """Know the classes of objects that came from elsewhere."""
        before = self.names()
        for uuid in uuids:
            held = self._book.held.get(uuid)
            if held is not None:
                self._know(held.one.object_class)
        if before != self.names() or not self.list.count():
            self._fill()

    def _fill(self) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        for number, name in enumerate(["", *self.names()]):
            key = f"   Alt+{number}" if number <= MOST_KEYS else ""
            item = QListWidgetItem(f"{name or NO_CLASS}{key}")
            item.setData(Qt.ItemDataRole.UserRole, name)
            if name:
                item.setIcon(_swatch(self._book.class_colors[name]))
            self.list.addItem(item)
        self.list.blockSignals(False)
        rows = min(self.list.count(), MOST_ROWS)
        self.list.setFixedHeight(rows * (self.list.fontMetrics().height() + 6) + 8)
        self.choose(self._book.active_class)

    def _on_row(self, row: int) -> None:
        item = self.list.item(row)
        if item is None:
            return
        name = _name(item)
        self._book.active_class = name
        color = self._book.class_colors.get(name, (255, 255, 0, 255))
        for watch in self._book.watches:
            if watch.is_vector and not watch.layer.selected_data:
                color_next(watch.layer, np.array(color) / 255)
        self.chosen.emit(name)

    @while_alive
    def _bind_keys(self) -> None:
        """Bind the keys on our layers themselves: a key of the viewer would not beat one of the layer."""
        for watch in self._book.watches:
            for number in range(MOST_KEYS + 1):
                watch.layer.bind_key(KEYS.format(number), self._key(number), overwrite=True)

    def _key(self, number: int) -> Any:
        @while_alive
        def choose(self: ClassList) -> None:
            if number < self.list.count():
                self.list.setCurrentRow(number)

        return lambda _layer: choose(self)


def _name(item: QListWidgetItem) -> str:
    return str(item.data(Qt.ItemDataRole.UserRole))


def _swatch(color: Color) -> QIcon:
    picture = QPixmap(12, 12)
    picture.fill(QColor(*color[:3]))
    return QIcon(picture)
