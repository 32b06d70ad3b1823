"""States the size of a pixel where images do not say it: by whom is kept, and nothing is guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_idr.model.annotation_set import AnnotatedImage, Spacing

from .buttons import text_button
from .wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .theme import Theme

UNITS = ("micrometer", "nanometer", "millimeter")


class PixelSizeRow(QWidget):
    """Shown only where it is needed."""

    stated = Signal(object, object)
    """Images, and their spacing as ``(axis, Spacing)``."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images: tuple[AnnotatedImage, ...] = ()
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.pixel, self.step, self.unit = self._number("Size of a pixel"), self._number("Step in z"), QComboBox()
        self.unit.addItems(UNITS)
        self.unit.setAccessibleName("Unit")
        self.z_label = QLabel("z")
        self.state = text_button(theme, "", "State it", self._on_state)
        self.state.setAutoDefault(False)
        line = QHBoxLayout()
        for part in (QLabel("x, y"), self.pixel, self.z_label, self.step, self.unit, self.state):
            line.addWidget(part)
        line.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text)
        layout.addLayout(line)
        self.show_images(())

    def _number(self, name: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setAccessibleName(name)
        box.setDecimals(5)
        box.setRange(0.0, 1e6)
        box.setSpecialValueText("unknown")
        box.valueChanged.connect(self._show_button)
        return box

    def show_images(self, images: Sequence[AnnotatedImage]) -> None:
        """Offer to state the pixel size of those of these images that do not say it."""
        self._images = tuple(one for one in images if lacks_size(one))
        self.setVisible(bool(self._images))
        count = len(self._images)
        who = counted(count, "image says", "images say")
        self.text.setText(f"{who} no pixel size. If you know it, state it; it is kept with your name.")
        deep = any(one.size_z > 1 for one in self._images)
        self.z_label.setVisible(deep)
        self.step.setVisible(deep)
        self._show_button()

    def _show_button(self, *_: object) -> None:
        self.state.setEnabled(bool(self._images) and self.pixel.value() > 0)

    def _on_state(self) -> None:
        unit = self.unit.currentText()
        spacing = [(axis, Spacing(self.pixel.value(), unit)) for axis in ("x", "y")]
        if self.step.value() > 0 and not self.step.isHidden():
            spacing.append(("z", Spacing(self.step.value(), unit)))
        self.stated.emit(self._images, tuple(spacing))


def lacks_size(image: AnnotatedImage) -> bool:
    """Whether an image does not say how large its pixels are."""
    wanted = ("x", "y", "z") if image.size_z > 1 else ("x", "y")
    found = [image.spacing_of(axis) for axis in wanted]
    return any(one is None or one.unit is None for one in found)
