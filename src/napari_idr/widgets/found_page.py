"""What a search found, and what can be done with it: open the wells, show them on their plates."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_idr.errors import AddressError
from napari_idr.formats.search_text import query_text

from .buttons import text_button
from .found_hits import chosen_groups
from .found_tree import FoundTree
from .search_run import SearchRun
from .start_page import SUGGESTIONS
from .wording import counted

if TYPE_CHECKING:
    from napari_idr.model.catalog import Node
    from napari_idr.model.search import HitGroup, Suggestion
    from napari_idr.session import Session

    from .found_hits import Looked
    from .progress_strip import ProgressStrip, Task
    from .theme import Theme

SPREAD_OUT = 100
"""Wells up to which the plates of a page are expanded."""


class FoundPage(QWidget):
    """The answer to one search.

    Signals
    -------
    open_requested
        Groups of wells or images to open (``HitGroup``), and whether beside what is open.
    plate_requested
        The plate whose grid shall show what was found, with the wells to choose on it (``HitGroup``).
    node_selected
        The node the user went to.
    search_requested
        A text to search for instead.
    failed
        An error, and what tries again.
    copied
        What was copied, to be said.
    """

    open_requested = Signal(tuple, bool)
    plate_requested = Signal(object)
    node_selected = Signal(object)
    search_requested = Signal(str)
    failed = Signal(object, object)
    copied = Signal(str)

    def __init__(self, session: Session, theme: Theme, progress: ProgressStrip, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._progress, self._session = theme, progress, session
        self._task: Task | None = None
        self._text = ""
        self.run = SearchRun(session, self)
        self.said, self.tree = QLabel(), FoundTree(session.thumbnails, theme)
        self.open = text_button(theme, "open", "Open", lambda: self._request_open(False))
        self.on_plate = text_button(theme, "plate", "Show on plate", self._request_plate)
        self._lay_out()
        self._connect()
        self._say(_examples())
        self._on_chosen()

    def _lay_out(self) -> None:
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.RichText)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.open.setToolTip("Opens the chosen wells, those of each plate as one image (Enter)")
        self.on_plate.setToolTip("Shows the grid of the plate, with what was found and the controls outlined")
        buttons = QHBoxLayout()
        buttons.addWidget(self.on_plate)
        buttons.addStretch(1)
        buttons.addWidget(self.open)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.said)
        layout.addWidget(self.tree, 1)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self.said.linkActivated.connect(self.search_requested)
        self.tree.node_selected.connect(self.node_selected)
        self.tree.open_requested.connect(self._request_open)
        self.tree.plate_requested.connect(self._request_plate)
        self.tree.said_row_activated.connect(self._on_said_row)
        self.tree.chosen_changed.connect(self._on_chosen)
        self.tree.copied.connect(self.copied)
        self.run.containers_arrived.connect(self._on_containers)
        self.run.looking.connect(lambda one: self.tree.rows.set_tail(one.container.key, "loading", "Loading…"))
        self.run.groups_arrived.connect(self._on_groups)
        self.run.look_failed.connect(self._on_look_failed)
        self.run.repository_failed.connect(self._on_repository_failed)
        self.run.finished.connect(self._on_finished)
        self.run.meant.connect(self._on_meant)

    def search(self, text: str) -> None:
        """Search all repositories for a text; half a condition is told and what was found before stays."""
        try:
            self.run.start(text)
        except AddressError as error:
            self.failed.emit(error, None)
            return
        self._end_task()
        self._text = text
        self.tree.forget()
        self._say(f"Searching {_quoted(text)}…")
        self._task = self._progress.begin(f"Searching “{text}”", on_cancel=self._on_cancelled)
        self._on_chosen()

    def stop(self) -> None:
        """Forget everything that is on its way."""
        self.run.stop()
        self.tree.stop()
        self._end_task()

    def group_of(self, plate: Node) -> HitGroup | None:
        """Return what was found on a plate."""
        return self.run.hits.group_of(plate)

    # What comes

    def _on_containers(self, fresh: tuple[Looked, ...], note: str) -> None:
        self.tree.rows.add_containers(fresh)
        if note:
            self.tree.rows.add_note("note", note)
        if fresh:
            self.tree.go_to_first()
        self._say_found()

    def _on_groups(self, looked: Looked, groups: tuple[HitGroup, ...]) -> None:
        rows, key = self.tree.rows, looked.container.key
        rows.clear_tail(key)
        rows.add_groups(key, groups)
        if not looked.is_complete:
            rows.set_tail(key, "more", looked.said)
        elif not looked.groups:
            rows.set_tail(key, "empty", "Nothing of it is listed")
        place = rows.place_of(key)
        self.tree.expand(place.parent())
        self.tree.expand(place)
        if sum(len(group.members) for group in groups) <= SPREAD_OUT:
            for row in range(rows.rowCount(place)):
                self.tree.expand(rows.index(row, 0, place))
        self._say_found()
        self._on_chosen()

    def _on_look_failed(self, looked: Looked, error: Exception) -> None:
        self.tree.rows.set_tail(looked.container.key, "failed", f"{error} · Retry")

    def _on_repository_failed(self, repository: str, error: Exception) -> None:
        self.tree.rows.add_note("failed", f"{error} · Retry", ("", "repository", repository))

    def _on_finished(self) -> None:
        self._end_task()
        self._say_found()

    def _on_meant(self, meant: tuple[Suggestion, ...]) -> None:
        if meant:
            offered = " · ".join(_offer(one) for one in meant)
            self._say(f"{self._nothing()} Did you mean {offered}?")

    def _on_said_row(self, kind: str, key: tuple[str, str, str]) -> None:
        looked = self.run.hits.looked.get(key)
        if looked is not None:
            self.run.look(looked)
        elif kind == "failed" and key is not None:
            self._forget_failure(key)
            self.run.ask_again(key[2])

    def _forget_failure(self, key: tuple[str, str, str]) -> None:
        index = self.tree.currentIndex()
        if index.isValid():
            self.tree.rows.removeRow(index.row(), index.parent())

    # What is said

    def _say_found(self) -> None:
        hits = self.run.hits
        if not hits.is_empty:
            more = " so far" if self.run.is_running else ""
            self._say(f"{_quoted(self._text)}: {escape(hits.said)}{more}")
        elif not self.run.is_running:
            self._say(f"{self._nothing()} Check the spelling, or {_examples('try')}")

    def _nothing(self) -> str:
        return f"Nothing is annotated with {_quoted(self._text)}."

    def _say(self, text: str) -> None:
        color = self._theme.colors.accent.name()
        self.said.setText(text.replace("<a ", f'<a style="color:{color}" '))

    # What the user does

    def _on_chosen(self) -> None:
        groups = self._chosen()
        members = sum(len(group.members) for group in groups)
        plates = [group for group in groups if group.node.kind == "plate"]
        wells = sum(len(group.members) for group in plates)
        self.open.setEnabled(bool(groups))
        self.open.setText(f"Open {_named(wells, members, len(groups))}".strip())
        self.on_plate.setEnabled(bool(plates))

    def _chosen(self) -> tuple[HitGroup, ...]:
        return chosen_groups(self.run.hits, self.tree.chosen())

    def _request_open(self, beside: bool) -> None:
        groups = self._chosen()
        if groups:
            self.open_requested.emit(groups, beside)

    def _request_plate(self) -> None:
        plates = [group for group in self._chosen() if group.node.kind == "plate"]
        if plates:
            self.plate_requested.emit(plates[0])

    def _on_cancelled(self) -> None:
        self.stop()
        found = escape(self.run.hits.said) or "nothing yet"
        self._say(f"Searching was stopped: {found}. {_link(self._text, 'Search again')}")

    def _end_task(self) -> None:
        if self._task is not None:
            self._task.finish()
            self._task = None


def _named(wells: int, members: int, groups: int) -> str:
    if not members:
        return counted(groups, "plate", "plates") if groups else ""
    return counted(wells, "well", "wells") if wells == members else counted(members, "image", "images")


def _quoted(text: str) -> str:
    return f"“{escape(text)}”"


def _examples(word: str = "Try:") -> str:
    return f"{word} {' · '.join(_link(text, text) for text in SUGGESTIONS)}"


def _offer(one: Suggestion) -> str:
    shown = one.value.upper() if one.group == "Gene" else one.value
    count = "" if one.count is None else f" ({counted(one.count, 'image', 'images')})"
    return f"{_link(query_text(one.query), f'<b>{escape(shown)}</b>', is_html=True)}{count}"


def _link(target: str, text: str, *, is_html: bool = False) -> str:
    return f'<a href="{escape(target)}">{text if is_html else escape(text)}</a>'
