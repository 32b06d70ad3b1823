"""The first thing a user sees: examples, recent things, repositories. Nothing here needs a network."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QRect, QSize, Qt, Signal
from qtpy.QtGui import QFontMetrics, QImage, QPainter, QPen, QPixmap
from qtpy.QtWidgets import (
    QAbstractButton,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from .buttons import RowButton, text_button
from .examples import EXAMPLES, Example

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QPaintEvent

    from .theme import Theme

SUGGESTIONS = ("KIF11", "mitotic arrest", "Danio rerio", "idr0013")
_RECENT = 5
_PICTURE_HEIGHT = 84


class StartPage(QWidget):
    """What to begin with.

    Signals
    -------
    example_requested
        An ``Example`` to open.
    address_requested
        An address to open.
    search_requested
        A text to search for.
    repository_requested
        Key of the repository to show, empty for the demonstration.
    repository_added
        Path of a folder to add.
    servers_requested
        Add a server, or sign in to one.
    paste_requested
        Open the link on the clipboard.
    """

    example_requested = Signal(object)
    address_requested = Signal(str)
    search_requested = Signal(str)
    repository_requested = Signal(str)
    repository_added = Signal(str)
    servers_requested = Signal()
    paste_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.suggestions = QLabel()
        self.suggestions.setWordWrap(True)
        self.suggestions.linkActivated.connect(self.search_requested)
        self.cards = [PictureCard(example, theme) for example in EXAMPLES]
        self.recent, self.repositories = QVBoxLayout(), QVBoxLayout()
        self._recent_title = _title("Recent")
        self._lay_out()
        theme.changed.connect(self._show_suggestions)
        self._show_suggestions()
        self.show_recent(())

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setSpacing(6)
        for place, card in enumerate(self.cards):
            card.clicked.connect(lambda _=False, card=card: self.example_requested.emit(card.example))
            grid.addWidget(card, place // 2, place % 2)
        paste = RowButton(self._theme, "paste", "Paste a link (Ctrl+N)", "Opens the link on the clipboard")
        paste.clicked.connect(lambda _=False: self.paste_requested.emit())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(4)
        for part in (self.suggestions, _title("Examples"), grid, self._recent_title, self.recent, paste):
            layout.addLayout(part) if isinstance(part, QGridLayout | QVBoxLayout) else layout.addWidget(part)
        layout.addWidget(_title("Repositories"))
        layout.addLayout(self.repositories)
        layout.addLayout(self._adding())
        layout.addStretch(1)

    def _adding(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.addWidget(text_button(self._theme, "folder", "Add a folder…", self._choose_folder), 1)
        line.addWidget(text_button(self._theme, "server", "Servers…", self.servers_requested.emit), 1)
        return line

    def show_recent(self, entries: Sequence[tuple[str, str]]) -> None:
        """Show what was opened last: (name, address), newest first."""
        _clear(self.recent)
        for name, address in entries[:_RECENT]:
            row = RowButton(self._theme, "recent", name, address)
            row.clicked.connect(lambda _=False, address=address: self.address_requested.emit(address))
            self.recent.addWidget(row)
        self._recent_title.setVisible(bool(entries))

    def show_repositories(self, repositories: Sequence[tuple[str, str, str]], demonstration: bool) -> None:
        """Show the repositories known, as (key, name, address), and whether to offer the demonstration."""
        _clear(self.repositories)
        offered = [*repositories]
        if demonstration:
            offered.append(("", "Demonstration", "Made on this computer, works offline"))
        for key, name, hint in offered:
            row = RowButton(self._theme, "repository", name, hint)
            row.clicked.connect(lambda _=False, key=key: self.repository_requested.emit(key))
            self.repositories.addWidget(row)

    def _show_suggestions(self) -> None:
        color = self._theme.colors.accent.name()
        links = (f'<a style="color:{color}" href="{escape(text)}">{escape(text)}</a>' for text in SUGGESTIONS)
        self.suggestions.setText("Try: " + " · ".join(links))

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder with OME-Zarr or TIFF images")
        if folder:
            self.repository_added.emit(folder)


class PictureCard(QAbstractButton):
    """A picture with a title and a caption, to click or to press Enter on."""

    def __init__(self, example: Example, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.example, self._theme = example, theme
        self._picture = QImage.fromData(example.picture_bytes())
        self.setText(example.title)
        self.setAccessibleName(f"Example: {example.title}, {example.caption}")
        self.setToolTip(f"Open the example: {example.title}, {example.caption}")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Ask for the picture and two lines of text."""
        return QSize(140, _PICTURE_HEIGHT + 3 * self.fontMetrics().height() + 10)

    def minimumSizeHint(self) -> QSize:
        """Get along with less width."""
        return QSize(100, self.sizeHint().height())

    def event(self, event: QEvent) -> bool:
        """Show that the pointer or the keyboard is here."""
        if event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self.update()
        return bool(super().event(event))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw picture, title and caption."""
        painter, colors = QPainter(self), self._theme.colors
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), colors.raised)
        painter.drawPixmap(0, 0, self._covering(QSize(self.width(), _PICTURE_HEIGHT)))
        line = self.fontMetrics().height()
        room = QRect(6, _PICTURE_HEIGHT + 4, self.width() - 10, line)
        self._write_title(painter, room)
        painter.setFont(self.font())
        painter.setPen(colors.muted)
        caption = room.translated(0, line).adjusted(0, 0, 0, line)
        painter.drawText(caption, int(Qt.TextFlag.TextWordWrap), self.example.caption)
        if self.underMouse() or self.hasFocus():
            painter.setPen(QPen(colors.accent, 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _write_title(self, painter: QPainter, room: QRect) -> None:
        """Write the title in bold, or plainly where bold would have to be cut."""
        font = self.font()
        font.setBold(True)
        if QFontMetrics(font).horizontalAdvance(self.example.title) > room.width():
            font.setBold(False)
        painter.setFont(font)
        painter.setPen(self._theme.colors.text)
        elided = painter.fontMetrics().elidedText(self.example.title, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, elided)

    def _covering(self, size: QSize) -> QPixmap:
        """Return the picture scaled so that it covers a size, its middle in the middle."""
        ratio = self.devicePixelRatioF()
        wanted = QSize(round(size.width() * ratio), round(size.height() * ratio))
        keep = Qt.AspectRatioMode.KeepAspectRatioByExpanding
        image = self._picture.scaled(wanted, keep, Qt.TransformationMode.SmoothTransformation)
        left, top = (image.width() - wanted.width()) // 2, (image.height() - wanted.height()) // 2
        pixmap = QPixmap.fromImage(image.copy(left, top, wanted.width(), wanted.height()))
        pixmap.setDevicePixelRatio(ratio)
        return pixmap


def _title(text: str) -> QLabel:
    label = QLabel(text)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label


def _clear(layout: QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if isinstance(widget, QPushButton):
            widget.hide()
            widget.deleteLater()
