"""Draws a plate: headers, wells, thumbnails, what is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, QRect, QSize, Qt
from qtpy.QtGui import QBrush, QColor, QImage, QPen, QPixmap

if TYPE_CHECKING:
    from collections.abc import Set

    from qtpy.QtGui import QPainter

    from .plate_geometry import Cell, PlateGeometry
    from .plate_selection import PlateSelection
    from .plate_wells import PlateWells
    from .theme import Colors

_ROOM_FOR_GAP = 8
_ROOM_FOR_MARK = 14
_ROOM_FOR_TICK = 28


class PlatePainter:
    """Draws wells; keeps thumbnails scaled to the size they are drawn in."""

    def __init__(self) -> None:
        self.images: dict[str, QImage] = {}
        """Thumbnails by image id, as they came."""
        self.failed: set[str] = set()
        """Images without a thumbnail."""
        self._scaled: dict[str, QPixmap] = {}
        self._scaled_to = (0, 0.0)

    def add(self, image_id: str, image: QImage) -> None:
        """Take a thumbnail in."""
        self.images[image_id] = image
        self._scaled.pop(image_id, None)
        self.failed.discard(image_id)

    def clear(self) -> None:
        """Forget all thumbnails."""
        self.images.clear()
        self.failed.clear()
        self._scaled.clear()

    def paint_cells(
        self, painter: QPainter, wells: PlateWells, geometry: PlateGeometry, shown: Set[Cell], colors: Colors
    ) -> None:
        """Draw the cells in ``shown``: thumbnail, waiting, failed, or hatched where there is no well."""
        for cell in shown:
            rect = cell_rect(geometry, cell)
            well = wells.cells.get(cell)
            if well is None:
                _paint_empty(painter, rect, colors, hatched=wells.is_known)
            elif well.image_id in self.images:
                painter.drawPixmap(rect.topLeft(), self._pixmap(well.image_id, rect.size(), painter))
            else:
                _paint_waiting(painter, rect, colors, failed=well.image_id in self.failed)

    def _pixmap(self, image_id: str, size: QSize, painter: QPainter) -> QPixmap:
        ratio = painter.device().devicePixelRatioF()
        if self._scaled_to != (size.width(), ratio):
            self._scaled.clear()
            self._scaled_to = (size.width(), ratio)
        if image_id not in self._scaled:
            self._scaled[image_id] = _fitted(self.images[image_id], size, ratio)
        return self._scaled[image_id]


def paint_headers(
    painter: QPainter, wells: PlateWells, geometry: PlateGeometry, size: QSize, colors: Colors, cursor: Cell
) -> None:
    """Draw the row and column labels over whatever is below them; those of the cursor stand out."""
    rows, columns = geometry.visible(size.width(), size.height())
    across, down = geometry.header_width, geometry.header_height
    painter.fillRect(0, 0, size.width(), down, colors.base)
    painter.fillRect(0, 0, across, size.height(), colors.base)
    metrics = painter.fontMetrics()
    column_step = geometry.label_step(metrics.horizontalAdvance(f"{wells.column_labels[-1]}0"))  # apart by a digit
    row_step = geometry.label_step(metrics.height() - 2)
    for column in columns:
        x, _, width, _ = geometry.place((0, column))
        room = QRect(x - width, 0, 3 * width, down)
        if column % column_step == 0 and room.center().x() > across:
            _paint_label(painter, room, wells.column_labels[column], colors, column == cursor[1])
    for row in rows:
        _, y, _, height = geometry.place((row, 0))
        room = QRect(0, y - height, across, 3 * height)
        if row % row_step == 0 and room.center().y() > down:
            _paint_label(painter, room, wells.row_labels[row], colors, row == cursor[0])


def paint_chosen(
    painter: QPainter, geometry: PlateGeometry, selection: PlateSelection, shown: Set[Cell], colors: Colors
) -> None:
    """Mark chosen wells with a frame of two tones, seen on dark and bright pictures, and a tick where there is room."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for cell in selection.chosen & shown:
        rect = cell_rect(geometry, cell)
        if geometry.cell >= _ROOM_FOR_MARK:
            _frame(painter, rect, colors.accent, 2)
            _frame(painter, rect.adjusted(2, 2, -2, -2), colors.on_accent, 1)
        else:
            _frame(painter, rect, colors.accent, 1)
        if geometry.cell >= _ROOM_FOR_TICK:
            _paint_tick(painter, rect, colors)


def paint_cursor(painter: QPainter, geometry: PlateGeometry, cell: Cell, colors: Colors) -> None:
    """Draw the ring that shows where the keyboard is."""
    rect = cell_rect(geometry, cell).adjusted(-1, -1, 0, 0)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colors.base, 1))
    painter.drawRect(rect)
    painter.setPen(QPen(colors.text, 1, Qt.PenStyle.DashLine))
    painter.drawRect(rect)


def paint_band(painter: QPainter, rect: QRect, colors: Colors) -> None:
    """Draw the rubber band."""
    fill = QColor(colors.accent)
    fill.setAlpha(50)
    painter.setPen(QPen(colors.accent, 1))
    painter.setBrush(fill)
    painter.drawRect(rect)


def cell_rect(geometry: PlateGeometry, cell: Cell) -> QRect:
    """Return what a cell covers, without the gap to its neighbours."""
    rect = QRect(*geometry.place(cell))
    return rect.adjusted(0, 0, -1, -1) if geometry.cell >= _ROOM_FOR_GAP else rect


def _frame(painter: QPainter, rect: QRect, color: QColor, width: int) -> None:
    """Draw the edge of a rectangle, inside of it."""
    across, down = (
        QRect(rect.left(), rect.top(), rect.width(), width),
        QRect(rect.left(), rect.top(), width, rect.height()),
    )
    painter.fillRect(across, color)
    painter.fillRect(across.translated(0, rect.height() - width), color)
    painter.fillRect(down, color)
    painter.fillRect(down.translated(rect.width() - width, 0), color)


def _paint_empty(painter: QPainter, rect: QRect, colors: Colors, hatched: bool) -> None:
    painter.fillRect(rect, colors.raised)
    if hatched:
        painter.fillRect(rect, QBrush(colors.line, Qt.BrushStyle.BDiagPattern))


def _paint_waiting(painter: QPainter, rect: QRect, colors: Colors, failed: bool) -> None:
    painter.fillRect(rect, colors.raised)
    painter.setPen(colors.warning if failed else colors.muted)
    if rect.width() >= _ROOM_FOR_MARK:
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, "!" if failed else "·")
    elif failed:
        painter.drawRect(rect.adjusted(1, 1, -2, -2))


def _paint_label(painter: QPainter, room: QRect, label: str, colors: Colors, current: bool) -> None:
    font = painter.font()
    font.setBold(current)
    painter.setFont(font)
    painter.setPen(colors.text if current else colors.muted)
    painter.drawText(room, Qt.AlignmentFlag.AlignCenter, label)


def _paint_tick(painter: QPainter, rect: QRect, colors: Colors) -> None:
    side = 12
    corner = QRect(rect.right() - side, rect.top(), side + 1, side + 1)
    painter.fillRect(corner, colors.accent)
    painter.setPen(QPen(colors.on_accent, 1.6))
    x, y = corner.left(), corner.top()
    painter.drawPolyline(
        [
            QPoint(x + side // 4, y + side // 2),
            QPoint(x + side // 2 - 1, y + side * 3 // 4),
            QPoint(x + side * 5 // 6, y + side // 4),
        ]
    )


def _fitted(image: QImage, size: QSize, ratio: float) -> QPixmap:
    """Return a picture cut to a square and scaled to what the screen shows of it."""
    side = min(image.width(), image.height())
    square = image.copy((image.width() - side) // 2, (image.height() - side) // 2, side, side)
    wanted = QSize(round(size.width() * ratio), round(size.height() * ratio))
    smooth = Qt.TransformationMode.SmoothTransformation
    pixmap = QPixmap.fromImage(square.scaled(wanted, Qt.AspectRatioMode.IgnoreAspectRatio, smooth))
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
