"""Four fields with which a server is added: address, user, password, and whether to keep it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QFormLayout, QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from .buttons import text_button

if TYPE_CHECKING:
    from .theme import Theme

PUBLIC = "Leave user and password empty to see what the server shows to everybody."


@dataclass(frozen=True, slots=True)
class Entry:
    """What was typed."""

    address: str
    user: str
    password: SecretStr
    keep: bool


class ServerForm(QWidget):
    """Asks for a server and who one is there.

    Signals
    -------
    test_requested, add_requested
        The ``Entry`` to try, or to add.
    """

    test_requested = Signal(object)
    add_requested = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.address, self.user, self.password = QLineEdit(), QLineEdit(), QLineEdit()
        self.keep, self.why_not = QCheckBox("Keep the password in this computer's keyring"), QLabel(PUBLIC)
        self.test = text_button(theme, "", "Test", lambda: self.test_requested.emit(self.entry()))
        self.add = text_button(theme, "", "Add", self._submit)
        self._lay_out()
        for field in (self.address, self.user, self.password):
            field.textChanged.connect(self._on_changed)
            field.returnPressed.connect(self._submit)
        self._on_changed()

    def _lay_out(self) -> None:
        self.address.setPlaceholderText("omero.uni.edu, any link of it, or OME-Zarr")
        self.user.setPlaceholderText("empty for what is public")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        for name, field in (("&Address", self.address), ("&User", self.user), ("&Password", self.password)):
            form.addRow(name, field)
            field.setAccessibleName(name.replace("&", ""))
        self.why_not.setWordWrap(True)
        self.why_not.setTextFormat(Qt.TextFormat.PlainText)
        self.why_not.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.keep.setEnabled(False)
        self.add.setAutoDefault(False)
        self.test.setAutoDefault(False)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.test, self.add):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self.keep)
        layout.addWidget(self.why_not)
        layout.addLayout(buttons)

    def entry(self) -> Entry:
        """Return what is typed now."""
        keep = self.keep.isEnabled() and self.keep.isChecked()
        return Entry(self.address.text().strip(), self.user.text().strip(), SecretStr(self.password.text()), keep)

    def fill(self, address: str, user: str = "") -> None:
        """Write a server and a user into the form, and wait where something is missing."""
        self.address.setText(address)
        self.address.setCursorPosition(0)
        self.user.setText(user)
        missing = next((field for field in (self.address, self.user) if not field.text()), self.password)
        missing.setFocus()

    def say_why_not(self, sentence: str) -> None:
        """Offer to keep the password, unless a sentence says why that cannot be done."""
        self.keep.setEnabled(not sentence)
        self.why_not.setText(sentence or PUBLIC)

    def forget_password(self) -> None:
        """Empty the password."""
        self.password.clear()

    def _on_changed(self) -> None:
        """Offer what can be done: a server needs an address, somebody who signs in a password."""
        entry = self.entry()
        ready = bool(entry.address) and bool(entry.user) == bool(self.password.text())
        self.test.setEnabled(ready)
        self.add.setEnabled(ready)
        self.add.setText("Sign in" if entry.user else "Add")

    def _submit(self) -> None:
        if self.add.isEnabled():
            self.add_requested.emit(self.entry())
