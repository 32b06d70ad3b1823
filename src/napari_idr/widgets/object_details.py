"""What is said of the selected objects: of one in full, of many what shall be the same for all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel, QLineEdit, QMenu, QVBoxLayout, QWidget

from napari_idr.model.annotation_set import STATUSES

from .buttons import icon_button
from .object_words import STATUS_SIGN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.layers.annotation_book import Held
    from napari_idr.layers.history import Annotations

    from .theme import Theme

SEVERAL = "(several)"


class ObjectDetails(QWidget):
    """Edits the selected objects; each edit is one step of the history.

    Parameters
    ----------
    annotations
        Of the viewer.
    theme
        Of the dock.
    """

    def __init__(self, annotations: Annotations, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._annotations = annotations
        self._uuids: tuple[str, ...] = ()
        self.title = QLabel()
        self.name, self.comment = QLineEdit(), QLineEdit()
        self.object_class, self.status = QComboBox(), QComboBox()
        self.delete = icon_button(theme, "delete", "Delete; it can be restored", self.delete_chosen, "Delete")
        self.planes = icon_button(theme, "planes", "Copy to other planes or fields, or lay on all", self._show_planes)
        self._lay_out()
        self._connect()
        self.show_objects(())

    def _lay_out(self) -> None:
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.object_class.setEditable(True)
        self.object_class.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        for box in (self.object_class, self.status):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(8)
        for status in STATUSES:
            self.status.addItem(f"{STATUS_SIGN[status]} {status}", status)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.planes)
        head.addWidget(self.delete)
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(3)
        rows = (("Name", self.name), ("Class", self.object_class), ("Status", self.status), ("Comment", self.comment))
        for label, widget in rows:
            form.addRow(label, widget)
            widget.setAccessibleName(widget.accessibleName() or label)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(head)
        layout.addLayout(form)

    def _connect(self) -> None:
        self.name.editingFinished.connect(lambda: self._set_text("name", self.name))
        self.comment.editingFinished.connect(lambda: self._set_text("comment", self.comment))
        self.object_class.lineEdit().editingFinished.connect(self._on_class)
        self.object_class.activated.connect(lambda _index: self._on_class())
        self.status.activated.connect(lambda _index: self._change("status", status=self.status.currentData()))

    # -- what is shown

    def show_objects(self, uuids: Sequence[str]) -> None:
        """Show these objects."""
        self._uuids = tuple(uuid for uuid in uuids if uuid in self._annotations.book.held)
        objects = [held.one for held in self._held()]
        self.setVisible(bool(objects))
        if not objects:
            return
        first, one = objects[0], len(objects) == 1
        self.title.setText((first.name or f"From {first.layer}") if one else f"{len(objects):,} objects")
        self.name.setEnabled(one)
        self.name.setText(first.name if one else "")
        self._show_text(self.comment, {each.comment for each in objects})
        self._show_classes({each.object_class for each in objects})
        statuses = {each.status for each in objects}
        self.status.setCurrentIndex(STATUSES.index(first.status) if len(statuses) == 1 else -1)

    def _show_text(self, line: QLineEdit, values: set[str]) -> None:
        line.setPlaceholderText(SEVERAL if len(values) > 1 else "")
        line.setText(values.pop() if len(values) == 1 else "")
        line.setModified(False)

    def _show_classes(self, values: set[str]) -> None:
        self.object_class.clear()
        self.object_class.addItems(["", *self._annotations.book.class_colors])
        self._show_text(self.object_class.lineEdit(), set(values))

    # -- what is changed

    def set_class(self, name: str) -> None:
        """Put the selected objects into a class, in its colour."""
        color = self._annotations.book.class_colors.get(name)
        changed = []
        for held in self._held():
            one = replace(held.one, object_class=name)
            if color is not None:
                shapes = (replace(shape, style=replace(shape.style, stroke=color)) for shape in one.shapes)
                one = replace(one, shapes=tuple(shapes))
            changed.append(one)
        self._annotations.modify(changed, "set class of" if len(changed) > 1 else "set class")

    def delete_chosen(self) -> None:
        """Delete the selected objects; they are kept to be restored."""
        self._annotations.delete(self._uuids)

    def _set_text(self, field: str, line: QLineEdit) -> None:
        if line.isModified():
            line.setModified(False)
            self._change(field, **{field: line.text().strip()})

    def _on_class(self) -> None:
        name = self.object_class.currentText().strip()
        if self._uuids and (name or len({held.one.object_class for held in self._held()}) == 1):
            self.set_class(name)

    def _change(self, title: str, **values: Any) -> None:
        self._annotations.modify([replace(held.one, **values) for held in self._held()], f"set {title}")

    def _held(self) -> list[Held]:
        held = self._annotations.book.held
        return [held[uuid] for uuid in self._uuids if uuid in held]

    def _show_planes(self) -> None:
        menu = self.planes_menu()
        menu.exec(self.planes.mapToGlobal(self.planes.rect().bottomLeft()))

    def planes_menu(self) -> QMenu:
        """Return what can be done with the selected objects and other planes and fields."""
        menu = QMenu(self)
        held = self._held()
        if not held:
            return menu
        image, shapes = held[0].image, held[0].one.shapes
        for name in ("z", "t"):
            size, plane = image.size(name), getattr(shapes[0], name, None) if shapes else None
            if size < 2 or plane is None:
                continue
            for word, other in (("previous", plane - 1), ("next", plane + 1)):
                if 0 <= other < size:
                    act = menu.addAction(f"Copy to the {word} {name}")
                    act.triggered.connect(lambda _=False, n=name, o=other: self._copy(**{n: [o]}))
            every = menu.addAction(f"Copy to every {name}")
            every.triggered.connect(lambda _=False, n=name, s=size: self._copy(**{n: range(s)}))
            whole = menu.addAction(f"Lay on all {name}, as one object")
            whole.triggered.connect(lambda _=False, n=name: self._annotations.lay_on_all(self._uuids, [n]))
        grid: Any = next((watch.grid for watch in self._annotations.book.watches_of(self._uuids[0])), None)
        if hasattr(grid, "well_fields"):
            same = menu.addAction("Copy to the other fields of the well")
            same.triggered.connect(lambda _=False: self._copy(fields=grid.well_fields(image)))
        if menu.isEmpty():
            menu.addAction("There are no other planes or fields").setEnabled(False)
        return menu

    def _copy(self, **where: Any) -> None:
        self._annotations.copy(self._uuids, **where)
