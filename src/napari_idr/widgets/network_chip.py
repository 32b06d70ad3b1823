"""Whether the servers answer, in two words; on a click why, what is kept for reading offline, and how to empty it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QMenu, QProgressBar, QToolButton, QVBoxLayout, QWidget, QWidgetAction
from superqt.utils import ensure_main_thread

from .network_words import long_state, missing_note, short_state, usage_text
from .workers import run, while_alive

if TYPE_CHECKING:
    from napari_idr.remote.disk_cache import CacheUsage, DiskCache
    from napari_idr.remote.network_state import NetworkState

    from .notice_strip import NoticeStrip

FULL = 1000
"""Steps of the bar that shows how full the cache is."""


class NetworkChip(QToolButton):
    """A small button that says Online, Slow or Offline, with a menu."""

    def __init__(
        self, network: NetworkState, cache: DiskCache, notices: NoticeStrip, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._network, self._cache, self._notices = network, cache, notices
        self._told: set[str] = set()
        """Hosts about which it was said that something is missing, since they last answered."""
        self.setAutoRaise(True)
        self.setStyleSheet("QToolButton { padding-right: 16px; }")  # the sign that there is a menu stands beside it
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolTip("Whether the servers answer, and what is kept for reading offline")
        self._make_menu()
        network.changed.connect(self._on_changed)
        network.content_changed.connect(self._on_content_changed)
        self._show_state()

    def _make_menu(self) -> None:
        menu = QMenu(self)
        self.states = QLabel()
        self.states.setTextFormat(Qt.TextFormat.PlainText)
        self.usage = QLabel()
        self.bar = QProgressBar()
        self.bar.setRange(0, FULL)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.bar.setAccessibleName("How full the cache is")
        menu.addAction(self._held(menu, self.states))
        self.retry = menu.addAction("Ask the servers again")
        self.retry.triggered.connect(self.ask_again)
        menu.addSeparator()
        menu.addAction(self._held(menu, self.usage, self.bar))
        self.clear = menu.addAction("Clear what is kept")
        self.clear.triggered.connect(self.clear_cache)
        size = menu.addAction("Its size is set in the preferences, under Plugins")
        size.setEnabled(False)
        menu.aboutToShow.connect(self.look)
        self.setMenu(menu)

    @staticmethod
    def _held(menu: QMenu, *widgets: QWidget) -> QWidgetAction:
        """Return an entry of the menu that holds widgets."""
        holder = QWidget()
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(12, 4, 12, 4)
        for widget in widgets:
            layout.addWidget(widget)
        action = QWidgetAction(menu)
        action.setDefaultWidget(holder)
        return action

    def ask_again(self) -> None:
        """Ask servers that did not answer, and believe nothing that was kept before now without asking."""
        self._network.retry()
        self._cache.distrust()
        self._notices.remark("The servers are asked again for what you look at next.")

    def clear_cache(self) -> None:
        """Delete what is kept on disk, in the background."""
        run(self._cache.clear, on_done=lambda freed: self._on_cleared(freed), parent=self)

    def look(self) -> None:
        """Look how full the cache is, in the background."""
        run(self._cache.usage, on_done=self._show_usage, parent=self)

    @while_alive
    def _on_cleared(self, freed: int) -> None:
        self._notices.remark(f"{freed / 1e6:,.0f} MB were freed. What is shown stays.")
        self.look()

    @while_alive
    def _show_usage(self, usage: CacheUsage) -> None:
        problem = f"\nNothing is written at present: {self._cache.problem}" if self._cache.problem else ""
        self.usage.setText(usage_text(usage) + problem)
        self.bar.setVisible(bool(usage.limit))
        self.bar.setValue(FULL * usage.bytes // max(1, usage.limit))
        self.clear.setEnabled(bool(usage.entries))

    @ensure_main_thread
    @while_alive
    def _on_changed(self) -> None:
        self._show_state()
        for state in self._network.hosts:
            if state.status != "offline":
                self._told.discard(state.host)
            elif state.missing and state.host not in self._told:
                self._told.add(state.host)
                self._notices.inform(missing_note(state), ("Retry", self.ask_again))

    @ensure_main_thread
    @while_alive
    def _on_content_changed(self, address: str) -> None:
        name = address.rsplit("/", 1)[-1]
        self._notices.inform(f"{name} has changed on its server since it was read. Open it again to see the new one.")

    def _show_state(self) -> None:
        text = short_state(self._network.worst)
        self.setText(text)
        self.setAccessibleName(text[2:])
        asked = [long_state(state) for state in self._network.hosts if state.status != "unasked"]
        self.states.setText("\n".join(asked) or "No server was asked yet")
        self.retry.setEnabled(bool(asked))
