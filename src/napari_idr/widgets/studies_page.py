"""The studies of a repository as people look through them: filter, facets, order; text first, pictures after."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QSplitter,
    QVBoxLayout,
    QWidget,
)
from superqt.utils import signals_blocked

from napari_idr.model.study_list import SORT_KEYS

from .buttons import icon_button
from .catalog_model import NODE_ROLE
from .facet_list import FacetList
from .studies_loader import StudiesLoader
from .study_list import StudyList
from .wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.catalog import Node
    from napari_idr.session import Session

    from .progress_strip import ProgressStrip, Task
    from .theme import Theme

PAUSE = 60
"""Milliseconds without a key before the list is narrowed."""


class StudiesPage(QWidget):
    """All studies of one repository at a time.

    Signals
    -------
    node_selected
        The study the user went to.
    study_requested
        The study whose screens and projects are to be shown.
    failed
        The error, and what tries again.
    """

    node_selected = Signal(object)
    study_requested = Signal(object)
    failed = Signal(object, object)

    def __init__(self, session: Session, theme: Theme, progress: ProgressStrip, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._theme, self._progress = session, theme, progress
        self._task: Task | None = None
        self._descending = False
        self.repository = ""
        """Key of the repository whose studies are shown, empty before the first."""
        self.repositories, self.order, self.filter = QComboBox(), QComboBox(), QLineEdit()
        self.said, self.facets, self.list = QLabel(), FacetList(theme), StudyList(theme)
        self.rows = self.list.rows
        self.loader = StudiesLoader(session, self)
        self._narrow_soon = QTimer(self, singleShot=True, interval=PAUSE)
        self._set_up_looks()
        self._lay_out()
        self._connect()

    def _set_up_looks(self) -> None:
        self.repositories.setAccessibleName("Repository")
        self.repositories.setToolTip("Whose studies are shown")
        self.repositories.hide()
        self.filter.setPlaceholderText("Filter: title, organism, author, …")
        self.filter.setToolTip(
            "Shows the studies in which every word occurs: in title, authors, key-values or description"
        )
        self.filter.setAccessibleName("Filter the studies")
        self.filter.setClearButtonEnabled(True)
        self.order.addItems([key.capitalize() for key in SORT_KEYS])
        self.order.setAccessibleName("Order of the studies")
        self.order.setToolTip("Order of the studies")
        for combo in (self.repositories, self.order):
            combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.direction = icon_button(self._theme, "sort-up", "Turn the order round", self._turn_round)
        self.narrow = icon_button(self._theme, "filter", "Narrow by organism, method, licence, …", lambda: None)
        self.narrow.setCheckable(True)
        self.facets.hide()
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.RichText)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)

    def _lay_out(self) -> None:
        first, second = QHBoxLayout(), QHBoxLayout()
        first.addWidget(self.filter, 1)
        first.addWidget(self.narrow)
        second.addWidget(self.repositories, 1)
        second.addWidget(self.order, 1)
        second.addWidget(self.direction)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        for part, stretch in ((self.facets, 2), (self.list, 3)):
            split.addWidget(part)
            split.setStretchFactor(split.count() - 1, stretch)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        for line in (first, second):
            line.setSpacing(2)
            layout.addLayout(line)
        layout.addWidget(self.said)
        layout.addWidget(split, 1)

    def _connect(self) -> None:
        self._narrow_soon.timeout.connect(self._narrow)
        self.filter.textChanged.connect(lambda _: self._narrow_soon.start())
        self.facets.chosen_changed.connect(self._narrow_soon.start)
        self.narrow.toggled.connect(self._show_facets)
        self.order.activated.connect(lambda _: self._sort(descending=False))
        self.repositories.activated.connect(lambda row: self.show_repository(self.repositories.itemData(row)))
        self.said.linkActivated.connect(self._on_link)
        self.list.node_selected.connect(self.node_selected)
        self.list.activated_node.connect(self.study_requested)
        self.loader.arrived.connect(self._on_studies)
        self.loader.picture_arrived.connect(self.rows.show_picture)
        self.loader.failed.connect(self._on_failed)
        self._theme.changed.connect(self._say)
        self._theme.changed.connect(self._draw_direction)

    # From the session

    def set_repositories(self, repositories: Sequence[tuple[str, str]]) -> None:
        """Offer the studies of these repositories, as (key, name)."""
        with signals_blocked(self.repositories):
            self.repositories.clear()
            for key, name in repositories:
                self.repositories.addItem(name, key)
            self.repositories.setCurrentIndex(max(self.repositories.findData(self.repository), 0))
        self.repositories.setVisible(len(repositories) > 1)

    def show_repository(self, key: str) -> None:
        """Show the studies of a repository; asked for once, then known."""
        if key == self.repository and (self.rows.all or self.loader.is_running):
            return
        self.repository = key
        with signals_blocked(self.repositories):
            self.repositories.setCurrentIndex(self.repositories.findData(key))
        self.rows.show_studies(())
        self.facets.forget()
        self._load()

    def show_any(self) -> None:
        """Show the studies of the first repository, unless some are shown."""
        if not self.repository and self.repositories.count():
            self.show_repository(self.repositories.itemData(0))

    def show_node(self, node: Node) -> None:
        """Go to a study, if it is in the list."""
        row = self.rows.row_of(node.key)
        if row is not None and self.list.currentIndex().row() != row:
            self.list.setCurrentIndex(self.rows.index(row))

    def stop(self) -> None:
        """Forget everything that is on its way."""
        self.loader.cancel()
        self._end_task()

    def _load(self) -> None:
        self._end_task()
        name = self._session.repository(self.repository).name
        self._task = self._progress.begin("Listing the studies", name, on_cancel=self._on_cancelled)
        self.said.setText(f"Listing the studies of {escape(name)}…")
        self.loader.load(self._session.repository(self.repository).root())

    def _on_studies(self, nodes: tuple[Node, ...]) -> None:
        self._end_task()
        self.rows.show_studies(nodes)
        self._narrow()
        self.loader.load_pictures(self.rows.nodes)

    def _on_failed(self, error: Exception) -> None:
        self._end_task()
        self.said.setText(_colored(f"The studies could not be listed. {_link('retry', 'Retry')}", self._color))
        self.failed.emit(error, self._load)

    def _on_cancelled(self) -> None:
        self.loader.cancel()
        self.said.setText(_colored(f"Listing was stopped. {_link('retry', 'List them')}", self._color))

    def _end_task(self) -> None:
        if self._task is not None:
            self._task.finish()
            self._task = None

    # From the user

    def _show_facets(self, shown: bool) -> None:
        self.facets.setVisible(shown)
        if shown:
            self.facets.show_facets(self.rows.facets())

    def _narrow(self) -> None:
        current = self.list.currentIndex().data(NODE_ROLE)
        self.rows.narrow(self.filter.text(), self.facets.chosen)
        if self.narrow.isChecked():
            self.facets.show_facets(self.rows.facets())
        if current is not None:
            self.show_node(current)
        self._say()

    def _turn_round(self) -> None:
        self._sort(descending=not self._descending)

    def _sort(self, *, descending: bool) -> None:
        self._descending = descending
        self._draw_direction()
        self.rows.sort_by(SORT_KEYS[self.order.currentIndex()], descending)

    def _draw_direction(self) -> None:
        self.direction.setIcon(self._theme.icon("sort-down" if self._descending else "sort-up"))

    def _on_link(self, target: str) -> None:
        if target == "retry":
            self._load()
        elif target == "clear":
            self.facets.forget()
            self.filter.clear()
            self._narrow()
        else:
            facet, _, value = target.partition(":")
            self.facets.drop(facet, value)  # type: ignore[arg-type]

    # What is said

    @property
    def _color(self) -> str:
        return self._theme.colors.accent.name()

    def _say(self) -> None:
        """Say how many of how many are shown, and what they are narrowed to, each with a link that undoes it."""
        shown, total = len(self.rows.nodes), len(self.rows.all)
        if not total:
            if self.repository and not self.loader.is_running:
                self.said.setText("There are no studies in here.")
            return
        ticks = [(facet, value) for facet, values in self.facets.chosen.items() for value in sorted(values)]
        parts = [_link(f"{facet}:{value}", f"{value} ✕") for facet, value in ticks]
        count = f"{shown:,} of {total:,} studies" if shown < total else counted(total, "study", "studies")
        if not shown:
            count = f"No study matches. {_link('clear', 'Show all')}"
        self.said.setText(_colored(" · ".join([count, *parts]), self._color))


def _link(target: str, text: str) -> str:
    return f'<a href="{escape(target)}">{escape(text)}</a>'


def _colored(text: str, color: str) -> str:
    return text.replace("<a ", f'<a style="color:{color}" ')
