"""Draws one study of the list: picture, accession and licence, title, what was imaged, how much, when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, QRect, QSize, Qt
from qtpy.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPen, QPixmap
from qtpy.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from napari_idr.model.catalog import Study

from .catalog_model import NODE_ROLE
from .studies_model import PICTURE_ROLE
from .wording import child_count, licence, study_size

if TYPE_CHECKING:
    from qtpy.QtCore import QModelIndex, QObject, QPersistentModelIndex
    from qtpy.QtGui import QIcon

    from napari_idr.model.catalog import Node

    from .theme import Theme

PICTURE = 64
_GAP = 6
_LINES = 5


class StudyRow(QStyledItemDelegate):
    """A row of five lines beside a picture; what has no room is cut."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icon: QIcon = theme.icon("study")
        theme.changed.connect(self._on_theme)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Ask for five lines, whatever the width."""
        lines = _LINES * option.fontMetrics.height() + 2 * _GAP
        return QSize(200, max(lines, PICTURE + 2 * _GAP))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw a row."""
        node, colors = index.data(NODE_ROLE), self._theme.colors
        painter.save()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.fillRect(option.rect, colors.raised if chosen else colors.base)
        if chosen:
            painter.fillRect(QRect(option.rect.topLeft(), QSize(3, option.rect.height())), colors.accent)
        painter.setPen(QPen(colors.raised))
        painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())
        room = option.rect.adjusted(_GAP + 2, _GAP, -_GAP, -_GAP)
        self._paint_picture(painter, QRect(room.topLeft(), QSize(PICTURE, PICTURE)), index.data(PICTURE_ROLE))
        self._paint_text(painter, option, room.adjusted(PICTURE + _GAP, 0, 0, 0), node)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(colors.text, 1, Qt.PenStyle.DashLine))
            painter.drawRect(option.rect.adjusted(0, 0, -1, -1))
        painter.restore()

    def _paint_picture(self, painter: QPainter, place: QRect, picture: QImage | None) -> None:
        if picture is None:
            painter.fillRect(place, self._theme.colors.raised)
            self._icon.paint(painter, place.adjusted(20, 20, -20, -20))
            return
        ratio = painter.device().devicePixelRatioF()
        keep, smooth = Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
        side = round(PICTURE * ratio)
        scaled = picture.scaled(side, side, keep, smooth)
        left, top = (scaled.width() - side) // 2, (scaled.height() - side) // 2
        painter.drawPixmap(place, QPixmap.fromImage(scaled.copy(left, top, side, side)))

    def _paint_text(self, painter: QPainter, option: QStyleOptionViewItem, room: QRect, node: Node) -> None:
        colors, height = self._theme.colors, option.fontMetrics.height()
        first = QRect(room.topLeft(), QSize(room.width(), height))
        right = self._paint_badges(painter, option, first, node)
        bold = QFont(option.font)
        bold.setBold(True)
        _write(painter, bold, colors.text, first.adjusted(0, 0, right - first.right() - _GAP, 0), _head(node))
        plain = QFontMetrics(self._plain(option))
        painter.setFont(self._plain(option))
        painter.setPen(colors.text)
        title = QRect(room.left(), room.top() + height, room.width(), 2 * height)
        for line, text in enumerate(_wrapped(_title(node), plain, title.width())):
            painter.drawText(QPoint(title.left(), title.top() + line * height + plain.ascent()), text)
        painter.setPen(colors.muted)
        for line, text in enumerate(_muted(node)):
            shown = plain.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(QPoint(room.left(), room.top() + (3 + line) * height + plain.ascent()), shown)

    def _paint_badges(self, painter: QPainter, option: QStyleOptionViewItem, line: QRect, node: Node) -> int:
        """Draw framed words at the right end of a line; return where they begin."""
        right, colors = line.right(), self._theme.colors
        painter.setFont(self._plain(option))
        for badge in _badges(node):
            width = painter.fontMetrics().horizontalAdvance(badge) + 8
            if right - width < line.left() + line.width() // 3:
                break
            place = QRect(right - width, line.top(), width, line.height())
            painter.setPen(QPen(colors.line, 1))
            painter.drawRoundedRect(place.adjusted(0, 0, -1, -1), 3, 3)
            painter.setPen(colors.text)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, badge)
            right = place.left() - 4
        return right

    @staticmethod
    def _plain(option: QStyleOptionViewItem) -> QFont:
        font = QFont(option.font)
        font.setBold(False)
        return font

    def _on_theme(self) -> None:
        self._icon = self._theme.icon("study")


def _write(painter: QPainter, font: QFont, color: QColor, room: QRect, text: str) -> None:
    painter.setFont(font)
    painter.setPen(color)
    shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


def _head(node: Node) -> str:
    return node.accession or node.name


def _title(node: Node) -> str:
    if isinstance(node, Study):
        return node.facts.title or node.name
    return node.name if node.accession else node.kind.capitalize()


def _badges(node: Node) -> list[str]:
    if not isinstance(node, Study):
        return []
    names = [licence([("License", text)])[0] or text for text in node.facts.licences]
    return [*dict.fromkeys(names[:1]), *(["OME-Zarr"] if node.has_ome_zarr else [])]


def _muted(node: Node) -> tuple[str, str]:
    """Return what was imaged and how, and how much there is since when."""
    if not isinstance(node, Study):
        return child_count(node), ""
    facts = node.facts
    what = " · ".join((*facts.organisms, *facts.imaging_methods))
    return what, " · ".join(filter(None, (study_size(node), *facts.sample_types, facts.release_date)))


def _wrapped(text: str, metrics: QFontMetrics, width: int, lines: int = 2) -> list[str]:
    """Return a text in at most so many lines, the last one cut with an ellipsis."""
    words = text.split()
    found: list[str] = []
    while words and len(found) < lines - 1:
        taken = 1
        while taken < len(words) and metrics.horizontalAdvance(" ".join(words[: taken + 1])) <= width:
            taken += 1
        found.append(metrics.elidedText(" ".join(words[:taken]), Qt.TextElideMode.ElideRight, width))
        words = words[taken:]
    if words:
        found.append(metrics.elidedText(" ".join(words), Qt.TextElideMode.ElideRight, width))
    return found
