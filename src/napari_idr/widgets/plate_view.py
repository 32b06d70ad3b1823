"""What keys and the mouse do on a plate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QPoint, QRect, Qt, Signal

from .plate_canvas import PlateCanvas

if TYPE_CHECKING:
    from qtpy.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
    from qtpy.QtWidgets import QWidget

    from .plate_geometry import Cell
    from .plate_selection import Move
    from .theme import Theme

_MOVES: dict[int, Move] = {
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
}
_FAR_MOVES: dict[tuple[int, bool], Move] = {
    (Qt.Key.Key_Home, False): "row start",
    (Qt.Key.Key_End, False): "row end",
    (Qt.Key.Key_Home, True): "first",
    (Qt.Key.Key_End, True): "last",
}
ZOOM_STEP = 1.25


class PlateView(PlateCanvas):
    """A grid of wells to walk in: arrows, Enter, Space, Ctrl+A, + - 0, clicks, rubber band.

    Signals
    -------
    open_requested
        The chosen wells are to be opened; the argument says whether beside what is open.
    hovered
        The cell under the pointer, None outside.
    """

    open_requested = Signal(bool)
    hovered = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._band_from: tuple[Cell, frozenset[Cell]] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk with arrows, extend with Shift, open with Enter, zoom with + - 0."""
        if not self._pressed(event.key(), event.modifiers()):
            super().keyPressEvent(event)

    def _pressed(self, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        shift = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        control = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        move = _MOVES.get(key) or _FAR_MOVES.get((key, control))
        if move is not None:
            self.choose(self.selection.moved(move, extend=shift))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_requested.emit(control)
        elif key == Qt.Key.Key_Space:
            self.choose(self.selection.toggled(self.selection.cursor))
        elif key == Qt.Key.Key_A and control:
            self.choose(self.selection.all())
        elif key == Qt.Key.Key_Escape and self.selection.chosen:
            self.choose(self.selection.none())
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(ZOOM_STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / ZOOM_STEP)
        elif key == Qt.Key.Key_0:
            self.fit_width()
        else:
            return False
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a well, a row or column by its label, or begin a rubber band."""
        if event.button() != Qt.MouseButton.LeftButton or not self.wells.row_labels:
            return
        at, control = event.pos(), bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if self._choose_by_label(at):
            return
        cell = self.geometry_now.nearest(at.x(), at.y())
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.choose(self.selection.extended(cell))
        elif control:
            self.choose(self.selection.toggled(cell))
        else:
            self.choose(self.selection.at(cell))
        self._band_from = (cell, self.selection.chosen if control else frozenset())
        self.band = QRect(at, at)

    def _choose_by_label(self, at: QPoint) -> bool:
        last_row, last_column = self.geometry_now.rows - 1, self.geometry_now.columns - 1
        row = self.geometry_now.row_header_at(at.x(), at.y())
        column = self.geometry_now.column_header_at(at.x(), at.y())
        if row is not None:
            self.choose(self.selection.with_rectangle((), (row, 0), (row, last_column)))
        elif column is not None:
            self.choose(self.selection.with_rectangle((), (0, column), (last_row, column)))
        elif at.x() < self.geometry_now.header_width and at.y() < self.geometry_now.header_height:
            self.choose(self.selection.all())
        else:
            return False
        return True

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Stretch the rubber band, or tell what is below the pointer."""
        at = event.pos()
        if self._band_from is None:
            self.hovered.emit(self.geometry_now.cell_at(at.x(), at.y()))
            return
        self.band.setBottomRight(at)
        start, kept = self._band_from
        end = self.geometry_now.nearest(at.x(), at.y())
        if end != start or self.selection.cursor != end:
            self.choose(self.selection.with_rectangle(kept, start, end))
        self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the rubber band."""
        self._band_from = None
        self.band = QRect()
        self.viewport().update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open the well that was clicked."""
        cell = self.geometry_now.cell_at(event.pos().x(), event.pos().y())
        if cell in self.wells.cells:
            self.open_requested.emit(False)

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that the pointer left."""
        self.hovered.emit(None)
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom with Ctrl, else scroll."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(ZOOM_STEP if event.angleDelta().y() > 0 else 1 / ZOOM_STEP)
            event.accept()
        else:
            super().wheelEvent(event)
