"""A form that is scrolled keeps what was chosen in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QComboBox, QLabel, QSpinBox, QVBoxLayout, QWidget

from napari_idr.widgets.condition_builder import ConditionBuilder
from napari_idr.widgets.scrolling import scrolling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from napari_idr.widgets.theme import Theme

pytestmark = pytest.mark.qt


class Form(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.choice, self.number = QComboBox(), QSpinBox()
        self.choice.addItems(["Choose a licence …", "CC0", "CC BY 4.0"])
        layout = QVBoxLayout(self)
        for widget in (self.choice, self.number, *(QLabel("more") for _ in range(30))):
            layout.addWidget(widget)


@pytest.fixture
def form(qtbot: QtBot) -> Iterator[Form]:
    made = Form()
    area = scrolling(made)
    qtbot.addWidget(area)
    area.resize(200, 150)
    area.show()
    qtbot.waitExposed(area)
    yield made
    area.close()


def turn_wheel(widget: QWidget) -> bool:
    """Turn it by a notch; whether the widget took it, so that nothing around it scrolls."""
    at = QPointF(widget.rect().center())
    far = QPointF(widget.mapToGlobal(widget.rect().center()))
    turned = QWheelEvent(
        at,
        far,
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, turned)
    return bool(turned.isAccepted())


@pytest.mark.parametrize("name", ["choice", "number"])
def test_the_wheel_scrolls_and_changes_nothing_it_passes_over(form: Form, name: str) -> None:
    widget = getattr(form, name)
    assert not turn_wheel(widget)
    assert form.choice.currentIndex() == 0
    assert form.number.value() == 0
    assert not widget.hasFocus()


def test_the_wheel_chooses_where_somebody_clicked(qtbot: QtBot, form: Form) -> None:
    form.activateWindow()
    form.choice.setFocus()
    qtbot.waitUntil(form.choice.hasFocus)
    assert turn_wheel(form.choice)
    assert form.choice.currentIndex() == 1


@pytest.mark.parametrize("name", ["join", "key", "operator"])
def test_the_wheel_passes_over_a_condition_that_was_put_in_later(
    qtbot: QtBot, form: Form, theme: Theme, name: str
) -> None:
    conditions = ConditionBuilder(theme)
    form.layout().addWidget(conditions)  # type: ignore[union-attr]
    conditions.add()
    box = getattr(conditions.add(), name)
    before = box.currentIndex()
    assert box.focusPolicy() == Qt.FocusPolicy.StrongFocus
    assert not turn_wheel(box)
    assert box.currentIndex() == before
