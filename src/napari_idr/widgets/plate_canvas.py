"""The plate as a picture: what is shown, how large, and how it is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from qtpy.QtCore import QEvent, QRect, Signal
from qtpy.QtGui import QHelpEvent, QPainter
from qtpy.QtWidgets import QAbstractScrollArea, QStyle, QToolTip, QWidget

from .plate_geometry import Cell, PlateGeometry
from .plate_marks import PlateMarks, paint_marks
from .plate_painter import PlatePainter, cell_rect, paint_band, paint_chosen, paint_cursor, paint_headers
from .plate_selection import PlateSelection
from .plate_wells import PlateWells
from .wording import tooltip

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtpy.QtGui import QImage, QPaintEvent, QResizeEvent

    from napari_idr.model.image import KeyValue

    from .theme import Theme


class PlateCanvas(QAbstractScrollArea):
    """A grid of wells with frozen labels, without what keys and the mouse do.

    Signals
    -------
    selection_changed
        The chosen wells or the cursor changed.
    area_changed
        Other cells came into view.
    """

    selection_changed = Signal()
    area_changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._painter = PlatePainter()
        self.wells = PlateWells((), (), is_known=False)
        self.selection = PlateSelection(0, 0, frozenset())
        self.marks = PlateMarks()
        self.geometry_now = PlateGeometry(0, 0)
        self._fits_width = True
        self.band = QRect()
        self.setMinimumHeight(120)
        self.setAccessibleName("Plate")
        theme.changed.connect(self.viewport().update)

    # What is shown

    def show_wells(self, wells: PlateWells) -> None:
        """Show a plate; what was chosen of another one is forgotten."""
        same = (wells.row_labels, wells.column_labels) == (self.wells.row_labels, self.wells.column_labels)
        self.wells = wells
        rows, columns = len(wells.row_labels), len(wells.column_labels)
        fresh = PlateSelection(rows, columns, frozenset(wells.cells))
        self.selection = fresh.only(self.selection.chosen) if same else fresh
        self.geometry_now = self._measured(rows, columns)
        self._lay_out()

    def show_key_values(self, key_values: Mapping[Cell, tuple[KeyValue, ...]]) -> None:
        """Let hover texts say what is known of each well."""
        wells = self.wells
        self.wells = PlateWells(wells.row_labels, wells.column_labels, wells.cells, key_values, wells.is_known)
        self._tell()

    def show_marks(self, marks: PlateMarks) -> None:
        """Outline wells."""
        self.marks = marks
        self._tell()

    def show_thumbnail(self, image_id: str, image: QImage) -> None:
        """Show a thumbnail that arrived."""
        self._painter.add(image_id, image)
        self.viewport().update()

    def show_failed(self, image_ids: set[str]) -> None:
        """Mark wells whose thumbnail could not be had."""
        self._painter.failed = image_ids
        self.viewport().update()

    def forget_thumbnails(self) -> None:
        """Forget all thumbnails, for those of another plate."""
        self._painter.clear()

    def lacks(self, image_id: str) -> bool:
        """Whether an image has no thumbnail yet."""
        return image_id not in self._painter.images

    def visible_cells(self) -> tuple[Cell, ...]:
        """Return the cells in view, row by row."""
        rows, columns = self.geometry_now.visible(self.viewport().width(), self.viewport().height())
        return tuple((row, column) for row in rows for column in columns)

    def choose(self, selection: PlateSelection) -> None:
        """Choose wells, and bring the cursor into view."""
        if selection == self.selection:
            return
        self.selection = selection
        self._reveal(selection.cursor)
        self._tell()
        self.selection_changed.emit()

    # Zoom

    def fit_width(self) -> None:
        """Make a whole row fit the width, now and whenever the width changes."""
        self._fits_width = True
        self._lay_out()

    def zoom(self, factor: float) -> None:
        """Make cells larger or smaller."""
        cell = self.geometry_now.cell
        step = 1 if factor > 1 else -1
        self._fits_width = False
        self.geometry_now = self.geometry_now.zoomed(
            max(round(cell * factor), cell + step) if factor > 1 else min(round(cell * factor), cell + step)
        )
        self._lay_out()
        self._reveal(self.selection.cursor)

    def _measured(self, rows: int, columns: int) -> PlateGeometry:
        metrics = self.fontMetrics()
        widest = max((metrics.horizontalAdvance(label) for label in self.wells.row_labels), default=8)
        cell = self.geometry_now.cell
        return PlateGeometry(rows, columns, cell, header_width=widest + 8, header_height=metrics.height() + 2)

    def _lay_out(self) -> None:
        if self._fits_width:
            self.geometry_now = self._fitted()
        width, height = self.geometry_now.size
        view = self.viewport().size()
        room = (
            view.width() - self.geometry_now.header_width,
            view.height() - self.geometry_now.header_height,
        )
        for bar, size, shown in zip(
            (self.horizontalScrollBar(), self.verticalScrollBar()), (width, height), room, strict=True
        ):
            bar.setRange(0, max(size - shown, 0))
            bar.setPageStep(max(shown, 1))
            bar.setSingleStep(self.geometry_now.cell)
        self._scroll()

    def _fitted(self) -> PlateGeometry:
        """Fit the width, leaving room for the vertical scroll bar only where it is needed."""
        frame = 2 * self.frameWidth()
        wide = self.geometry_now.fitted(self.width() - frame)
        if wide.size[1] + wide.header_height <= self.height() - frame:
            return wide
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent, None, self)
        bar = max(bar, self.verticalScrollBar().sizeHint().width())
        return self.geometry_now.fitted(self.width() - frame - bar)

    def _scroll(self) -> None:
        self.geometry_now = self.geometry_now.scrolled(
            self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        )
        self.viewport().update()
        self.area_changed.emit()

    def _reveal(self, cell: Cell) -> None:
        x, y, side, _ = self.geometry_now.place(cell)
        view, geometry = self.viewport().size(), self.geometry_now
        for bar, start, header, end in (
            (self.horizontalScrollBar(), x, geometry.header_width, view.width()),
            (self.verticalScrollBar(), y, geometry.header_height, view.height()),
        ):
            if start < header:
                bar.setValue(bar.value() + start - header)
            elif start + side > end:
                bar.setValue(bar.value() + start + side - end)

    def _tell(self) -> None:
        chosen = len(self.selection.chosen)
        if self.wells.row_labels:
            cursor = self.selection.cursor
            here = ", ".join(filter(None, (self.wells.describe(cursor), self.marks.describe(cursor))))
            self.setAccessibleDescription(f"{here}; {chosen:,} of {len(self.wells.cells):,} wells chosen")
        self.viewport().update()

    # What Qt asks

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the plate."""
        painter, colors = QPainter(self.viewport()), self._theme.colors
        painter.setFont(self.font())
        painter.fillRect(event.rect(), colors.base)
        if not self.wells.row_labels:
            return
        shown = frozenset(self.visible_cells())
        self._painter.paint_cells(painter, self.wells, self.geometry_now, shown, colors)
        paint_marks(painter, self.geometry_now, self.marks, shown, colors)
        paint_chosen(painter, self.geometry_now, self.selection, shown, colors)
        if self.hasFocus():
            paint_cursor(painter, self.geometry_now, self.selection.cursor, colors)
        if not self.band.isNull():
            paint_band(painter, self.band, colors)
        cursor = self.selection.cursor
        paint_headers(painter, self.wells, self.geometry_now, self.viewport().size(), colors, cursor)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep a whole row in view."""
        super().resizeEvent(event)
        self._lay_out()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Scroll the cells below their labels."""
        self._scroll()

    def viewportEvent(self, event: QEvent) -> bool:
        """Show a well's name and key-values as the tooltip."""
        if event.type() != QEvent.Type.ToolTip:
            return bool(super().viewportEvent(event))
        asked = cast("QHelpEvent", event)
        cell = self.geometry_now.cell_at(asked.pos().x(), asked.pos().y())
        if cell is None:
            QToolTip.hideText()
        else:
            QToolTip.showText(asked.globalPos(), self.tooltip_at(cell), self, cell_rect(self.geometry_now, cell))
        return True

    def tooltip_at(self, cell: Cell) -> str:
        """Return what hovering a well says."""
        if cell not in self.wells.cells:
            return tooltip(self.wells.describe(cell))
        return tooltip(f"Well {self.wells.name(cell)}", self.wells.key_values.get(cell, ()))
