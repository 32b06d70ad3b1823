"""What is outlined on a plate: wells that a search found, and controls."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, QRect, QSize, Qt
from qtpy.QtGui import QPen, QPolygon

from .plate_painter import cell_rect
from .wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Set

    from qtpy.QtGui import QPainter

    from napari_idr.model.search import Control

    from .plate_geometry import Cell, PlateGeometry
    from .theme import Colors

GLYPHS: dict[Control, str] = {"positive": "+", "negative": "\N{MINUS SIGN}", "control": "c"}
_INSET = 3
"""Pixels that the frame of a chosen well takes."""
_ROOM = 14


@dataclass(frozen=True, slots=True)
class PlateMarks:
    """Cells to outline; shape and letter tell them apart, not colour alone."""

    hits: frozenset[Cell] = frozenset()
    controls: Mapping[Cell, Control] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.hits or self.controls)

    @property
    def said(self) -> str:
        """The key to what is outlined, with counts: ``▲ 12 hits · + 4 positive · − 4 negative controls``."""
        kinds = Counter(self.controls.values())
        named = [f"{glyph} {kinds[kind]:,} {kind}" for kind, glyph in GLYPHS.items() if kinds[kind]]
        controls = " ".join((" · ".join(named), *(["controls"] if kinds["positive"] or kinds["negative"] else [])))
        hits = f"▲ {counted(len(self.hits), 'well', 'wells')} found" if self.hits else ""
        return " · ".join(filter(None, (hits, controls.strip())))

    def describe(self, cell: Cell) -> str:
        """Return what is marked about a well, in words."""
        kind = self.controls.get(cell)
        control = "" if kind is None else "control" if kind == "control" else f"{kind} control"
        return ", ".join(filter(None, ("found" if cell in self.hits else "", control)))


def paint_marks(
    painter: QPainter, geometry: PlateGeometry, marks: PlateMarks, shown: Set[Cell], colors: Colors
) -> None:
    """Outline hits with a whole line and a triangle, controls with a dashed line and their sign."""
    for cell in marks.controls.keys() & shown:
        _paint_control(painter, _inner(geometry, cell), GLYPHS[marks.controls[cell]], geometry.cell, colors)
    for cell in marks.hits & shown:
        _paint_hit(painter, _inner(geometry, cell), geometry.cell, colors)


def _inner(geometry: PlateGeometry, cell: Cell) -> QRect:
    inset = _INSET if geometry.cell >= _ROOM else 0
    return cell_rect(geometry, cell).adjusted(inset, inset, -inset - 1, -inset - 1)


def _paint_hit(painter: QPainter, rect: QRect, side: int, colors: Colors) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if side >= _ROOM:
        painter.setPen(QPen(colors.base, 4))
        painter.drawRect(rect)
    painter.setPen(QPen(colors.warning, 2))
    painter.drawRect(rect)
    if side >= _ROOM:
        leg = max(side // 4, 5)
        corner = rect.topLeft()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.warning)
        painter.drawPolygon(QPolygon([corner, corner + QPoint(leg, 0), corner + QPoint(0, leg)]))


def _paint_control(painter: QPainter, rect: QRect, glyph: str, side: int, colors: Colors) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colors.base, 3))
    painter.drawRect(rect)
    painter.setPen(QPen(colors.text, 1, Qt.PenStyle.DashLine))
    painter.drawRect(rect)
    if side >= _ROOM:
        side_of_sign = min(painter.fontMetrics().height(), rect.height(), rect.width())
        corner = QPoint(rect.left(), rect.bottom() - side_of_sign + 1)
        room = QRect(corner, QSize(side_of_sign, side_of_sign))
        painter.fillRect(room, colors.base)
        painter.setPen(colors.text)
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, glyph)
