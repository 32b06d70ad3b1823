"""What the checks found, a row each: click to go there, mend it, or say that you looked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_idr.export.report import Report, key_of
from napari_idr.export.rules import RULES

from .buttons import text_button
from .theme import tinted_icon
from .wording import counted, tooltip

if TYPE_CHECKING:
    from napari_idr.model.finding import Finding

    from .theme import Theme

MOST_SHOWN = 500
"""Rows; further findings are counted, and come up when those before are mended."""
NOTHING = "Nothing is wrong."
_FINDING = int(Qt.ItemDataRole.UserRole)
FIX_WORDS = {
    "clip": "Cut at the edges of the image",
    "make-valid": "Make its outline valid",
    "renumber": "Give it an id of its own",
    "rename": "Rename",
    "fill-accession": "Fill in the accession",
    "split": "Split into one object per plane",
    "drop-duplicate": "",
}


class FindingList(QWidget):
    """Shows a report; what is done about it is its owner's."""

    go_requested = Signal(object)
    """A ``Finding``."""
    fix_requested = Signal(object)
    """A tuple of findings that have a fix."""
    yes_requested = Signal(object)
    """A tuple of warnings that somebody looked at."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._report = Report()
        self.summary, self.tree = QLabel(NOTHING), QTreeWidget()
        self.fix = text_button(theme, "", "Fix", self._on_fix)
        self.yes = text_button(theme, "", "Yes, I looked", self._on_yes)
        self._lay_out()
        self.tree.itemSelectionChanged.connect(self._show_buttons)
        self.tree.itemClicked.connect(lambda item, _column: self._go(item))
        self.tree.itemActivated.connect(lambda item, _column: self._go(item))
        self._show_buttons()

    def _lay_out(self) -> None:
        self.summary.setWordWrap(True)
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self.tree.setHeaderLabels(["Rule", "What", "Where"])
        self.tree.setAccessibleName("Findings")
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().resizeSection(2, 110)
        self.fix.setToolTip("Mend the selected findings; it can be undone")
        self.yes.setToolTip("Say that you looked at the selected warnings and mean it; your name and the time are kept")
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.fix, self.yes):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.addWidget(self.summary)
        layout.addWidget(self.tree, 1)
        layout.addLayout(buttons)

    def show_report(self, report: Report) -> None:
        """Show a report in place of the one before; what was selected stays so where it is still there."""
        before = {key_of(one) for one in self.selected()}
        self._report = report
        said = {one.finding for one in report.acknowledged}
        self.tree.clear()
        for finding in report.findings[:MOST_SHOWN]:
            item = self._item(finding, is_said=key_of(finding) in said)
            self.tree.addTopLevelItem(item)
            item.setSelected(key_of(finding) in before)
        self.summary.setText(summary_of(report))
        self._show_buttons()

    def _item(self, finding: Finding, *, is_said: bool) -> QTreeWidgetItem:
        item = QTreeWidgetItem([finding.id, finding.what, finding.where])
        is_error = finding.severity == "error"
        colors = self._theme.colors
        icon = "done" if is_said else "warning" if is_error else "info"
        item.setIcon(0, tinted_icon(icon, colors.warning if is_error else colors.muted if is_said else colors.text))
        rule = RULES.get(finding.id)
        lines = [("", finding.what), ("", finding.where), ("Otherwise", finding.why or (rule.why if rule else ""))]
        state = "Error" if is_error else "Warning, looked at" if is_said else "Warning"
        hint = tooltip(f"{state}: {rule.title if rule else finding.id}", lines, longest=300)
        for column in range(3):
            item.setToolTip(column, hint)
        item.setData(0, _FINDING, finding)
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{state} {finding.id}: {finding.what}, {finding.where}")
        return item

    def selected(self) -> tuple[Finding, ...]:
        """Return the findings that are selected."""
        return tuple(item.data(0, _FINDING) for item in self.tree.selectedItems())

    def _open_warnings(self) -> tuple[Finding, ...]:
        waiting = {key_of(one) for one in self._report.open_warnings}
        return tuple(one for one in self.selected() if key_of(one) in waiting)

    def _fixable(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.selected() if one.fix and FIX_WORDS[one.fix])

    def _show_buttons(self) -> None:
        fixable, warnings = self._fixable(), self._open_warnings()
        kinds = {one.fix for one in fixable}
        self.fix.setEnabled(bool(fixable))
        self.fix.setText(FIX_WORDS[kinds.pop()] if len(kinds) == 1 else f"Fix {len(fixable)}" if fixable else "Fix")
        self.yes.setEnabled(bool(warnings))

    def _go(self, item: QTreeWidgetItem) -> None:
        self.go_requested.emit(item.data(0, _FINDING))

    def _on_fix(self) -> None:
        self.fix_requested.emit(self._fixable())

    def _on_yes(self) -> None:
        self.yes_requested.emit(self._open_warnings())


def summary_of(report: Report) -> str:
    """Return what there is: "3 errors, 1 warning: …"."""
    if not report.findings:
        return NOTHING
    parts = []
    if report.errors:
        parts.append(f"{counted(len(report.errors), 'error has', 'errors have')} to be mended")
    if report.open_warnings:
        parts.append(f"{counted(len(report.open_warnings), 'warning needs', 'warnings need')} a look")
    more = len(report.findings) - MOST_SHOWN
    text = ", ".join(parts) or "All warnings were looked at"
    return f"{text}. The first {MOST_SHOWN} are shown." if more > 0 else f"{text}."


def chip_text(report: Report) -> str:
    """Return a report in a few words: "3 errors, 1 warning", "" where nothing is wrong."""
    errors, warnings = len(report.errors), len(report.open_warnings)
    parts = [counted(errors, "error", "errors")] if errors else []
    parts += [counted(warnings, "warning", "warnings")] if warnings else []
    return ", ".join(parts)
