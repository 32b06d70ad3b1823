"""Colours and icons that follow the window they are shown in, dark or light."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from qtpy.compat import isalive
from qtpy.QtCore import QByteArray, QEvent, QObject, QSize, Qt, QTimer, Signal
from qtpy.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from qtpy.QtSvg import QSvgRenderer

if TYPE_CHECKING:
    from qtpy.QtWidgets import QAbstractButton, QWidget

READABLE = 4.5
"""Contrast of text, WCAG 2.2 level AA, 1.4.3."""
VISIBLE = 3.0
"""Contrast of what is not text, WCAG 2.2 level AA, 1.4.11."""
_ICON_SIZES = (16, 24, 32, 48)
_DRAWN_IN = b"#808080"


@dataclass(frozen=True, slots=True)
class Colors:
    """The colours of one theme; every one of them readable on ``base``."""

    base: QColor
    text: QColor
    muted: QColor
    line: QColor
    raised: QColor
    accent: QColor
    on_accent: QColor
    warning: QColor
    error: QColor

    @classmethod
    def from_palette(cls, palette: QPalette) -> Colors:
        """Derive all colours from the background and text of a palette."""
        base, text = palette.color(QPalette.ColorRole.Window), palette.color(QPalette.ColorRole.WindowText)
        dark = _luminance(base) < 0.2
        return cls(
            base=base,
            text=text,
            muted=readable(mixed(text, base, 0.35), base, text),
            line=readable(mixed(text, base, 0.6), base, text, VISIBLE),
            raised=mixed(base, text, 0.08),
            accent=readable(QColor("#6ea8ff" if dark else "#1d56c9"), base, text),
            on_accent=QColor("#10131a" if dark else "#ffffff"),
            warning=readable(QColor("#f0b429" if dark else "#8a5a00"), base, text),
            error=readable(QColor("#ff8a80" if dark else "#b3121d"), base, text),
        )


class Theme(QObject):
    """The theme of one widget and all it holds.

    ``changed`` is emitted when the style sheet or palette of the widget changed, as napari does for a new theme.
    """

    changed = Signal()

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self._host = host
        self._dressed: list[tuple[weakref.ref[QAbstractButton], str]] = []
        self._icons: dict[tuple[str, str], QIcon] = {}
        self.colors = Colors.from_palette(host.palette())
        self._settle = QTimer(self, singleShot=True, interval=0)
        self._settle.timeout.connect(self._update)
        host.installEventFilter(self)

    def icon(self, name: str) -> QIcon:
        """Return a bundled icon in the colour of text."""
        key = name, self.colors.text.name()
        if key not in self._icons:
            self._icons[key] = tinted_icon(name, self.colors.text)
        return self._icons[key]

    def dress(self, button: QAbstractButton, icon: str) -> None:
        """Give a button an icon that keeps following the theme."""
        button.setIcon(self.icon(icon))
        self._dressed.append((weakref.ref(button), icon))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice a new style sheet or palette; never swallow an event."""
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._settle.start()
        return False

    def _update(self) -> None:
        colors = Colors.from_palette(self._host.palette())
        if colors == self.colors:
            return
        self.colors = colors
        living = [(ref, icon) for ref, icon in self._dressed if _living(ref())]
        for ref, icon in living:
            button = ref()
            if button is not None:
                button.setIcon(self.icon(icon))
        self._dressed = living
        self.changed.emit()


def tinted_icon(name: str, color: QColor) -> QIcon:
    """Return the bundled icon of that name, drawn in one colour."""
    drawing = files("napari_idr.widgets").joinpath("icons", f"{name}.svg").read_bytes()
    renderer = QSvgRenderer(QByteArray(drawing.replace(_DRAWN_IN, color.name().encode())))
    icon = QIcon()
    for size in _ICON_SIZES:
        pixmap = QPixmap(QSize(size, size))
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter)
        painter.end()
        icon.addPixmap(pixmap)
    return icon


def mixed(color: QColor, other: QColor, part: float) -> QColor:
    """Return a colour with ``part`` (0 to 1) of another in it."""
    pairs = zip(_channels(color), _channels(other), strict=True)
    return QColor(*(round(own + (theirs - own) * part) for own, theirs in pairs))


def readable(color: QColor, base: QColor, text: QColor, ratio: float = READABLE) -> QColor:
    """Return a colour, moved towards that of text as far as its contrast on ``base`` needs it."""
    steps = (mixed(color, text, step / 10) for step in range(11))
    return next((step for step in steps if contrast(step, base) >= ratio), text)


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: QColor) -> float:
    red, green, blue = (_linear(part / 255) for part in _channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(color: QColor) -> tuple[int, int, int]:
    return color.red(), color.green(), color.blue()


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _living(button: QAbstractButton | None) -> bool:
    return button is not None and bool(isalive(button))
