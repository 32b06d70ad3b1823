"""Colours and icons."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
from napari.qt import get_stylesheet
from napari.utils.theme import get_theme
from qtpy.QtGui import QColor, QPalette
from qtpy.QtWidgets import QToolButton, QWidget

from napari_idr.widgets.theme import READABLE, VISIBLE, Colors, Theme, contrast, tinted_icon

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.qt


def _palette(name: str) -> QPalette:
    theme, palette = get_theme(name), QPalette()
    palette.setColor(QPalette.ColorRole.Window, QColor(theme.background.as_hex()))
    palette.setColor(QPalette.ColorRole.WindowText, QColor(theme.text.as_hex()))
    return palette


@pytest.mark.parametrize("name", ["dark", "light"])
def test_every_colour_of_text_is_readable_in_both_themes(name: str) -> None:
    colors = Colors.from_palette(_palette(name))
    for color in (colors.text, colors.muted, colors.accent, colors.warning, colors.error):
        assert contrast(color, colors.base) >= READABLE
    assert contrast(colors.on_accent, colors.accent) >= READABLE
    assert contrast(colors.line, colors.base) >= VISIBLE


def test_black_on_white_has_the_largest_contrast() -> None:
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21)
    assert contrast(QColor("red"), QColor("red")) == 1


def test_icons_follow_when_napari_changes_its_style_sheet(qtbot: QtBot, host: QWidget) -> None:
    host.setStyleSheet(get_stylesheet("dark"))
    theme, button = Theme(host), QToolButton(host)
    theme.dress(button, "home")
    host.show()
    qtbot.waitUntil(lambda: theme.colors.base.lightness() < 100)
    dark = button.icon().pixmap(24, 24).toImage()
    with qtbot.waitSignal(theme.changed):
        host.setStyleSheet(get_stylesheet("light"))
    assert theme.colors.base.lightness() > 150
    assert button.icon().pixmap(24, 24).toImage() != dark


def test_a_button_that_is_gone_is_forgotten(qtbot: QtBot, host: QWidget) -> None:
    theme, button = Theme(host), QToolButton(host)
    theme.dress(button, "home")
    with qtbot.waitSignal(button.destroyed):
        button.deleteLater()
    with qtbot.waitSignal(theme.changed):
        host.setStyleSheet("QWidget { background-color: #123456; color: #ffffff; }")


def test_every_bundled_icon_can_be_tinted() -> None:
    names = [file.name.removesuffix(".svg") for file in files("napari_idr.widgets").joinpath("icons").iterdir()]
    assert len(names) > 20
    for name in names:
        image = tinted_icon(name, QColor("#ff0000")).pixmap(24, 24).toImage()
        inked = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
        assert any(color.alpha() > 200 and color.red() > 200 and color.green() < 60 for color in inked), name
