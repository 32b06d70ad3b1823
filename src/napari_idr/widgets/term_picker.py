"""Choose an ontology term by typing: a list that completes, keyboard only if you like, off line too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from qtpy.QtCore import QEvent, QModelIndex, QObject, Qt, QTimer, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QLineEdit,
    QListView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from .term_list import TermList
from .theme import Theme
from .wording import counted
from .workers import Latest, run

if TYPE_CHECKING:
    from qtpy.QtGui import QKeyEvent

    from napari_idr.errors import NapariIdrError
    from napari_idr.model.ontology import OntologyTerm
    from napari_idr.workspace.term_index import KeptRelease, TermHit
    from napari_idr.workspace.terms import Terms

PAUSE_MS = 200
"""So long nobody types before the ontology service is asked: five requests a second are its measure."""
_EMPTY = "Type a name, a synonym or an accession; terms you used come first."
_MOVES = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 5, Qt.Key.Key_PageUp: -5}


class HasTerms(Protocol):
    """What a picker needs of a session."""

    @property
    def terms(self) -> Terms:
        """Terms to choose from; may block."""


class TermPicker(QWidget):
    """A line to type in, and below it the terms that it may mean.

    Up, Down and Enter choose, Escape empties the line. What is kept shows at once, what only the service knows is added
    below. CMPO is fetched when the picker is used for the first time. One that is ``brief`` says nothing while there is
    nothing to choose.

    Signals
    -------
    chosen
        The ``OntologyTerm``.
    no_term_chosen
        The text for which no term fits.
    """

    chosen = Signal(object)
    no_term_chosen = Signal(str)

    def __init__(self, session: HasTerms, parent: QWidget | None = None, *, brief: bool = False) -> None:
        super().__init__(parent)
        self._session, self._brief = session, brief
        self._preparing, self._finding, self._asking = Latest(self), Latest(self), Latest(self)
        self._is_prepared = False
        self._kept_words = ""
        self._online: tuple[str, list[TermHit]] = ("", [])
        """What the service answered last, and to which text: what is kept may come after it, or once more."""
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._ask_service)
        self._lay_out()
        self._theme = Theme(self)
        self._theme.changed.connect(self._color)
        self._color()
        self.line.textEdited.connect(self._on_edited)
        self.list.clicked.connect(self._choose)
        self.list.selectionModel().currentChanged.connect(self._show_definition)
        self._model.rowsInserted.connect(self._select_first)
        self._say(_EMPTY)

    def _lay_out(self) -> None:
        self.line, self.list, self._model = QLineEdit(), QListView(), TermList(self)
        self.line.setPlaceholderText("Term: type “mitot”, “CMPO:0000118” …")
        self.line.setAccessibleName("Ontology term")
        self.line.setToolTip(
            "Find a term by its name, a synonym or its accession. Up, Down, Enter choose; Esc empties."
        )
        self.line.setClearButtonEnabled(True)
        self.line.installEventFilter(self)
        self.list.setModel(self._model)
        self.list.setAccessibleName("Terms that fit")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys go to the line, which moves the selection
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.hide()
        self.definition, self.status, self.again = QLabel(), QLabel(), QToolButton()
        for label in (self.definition, self.status):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.definition.hide()
        self.again.setText("Try again")
        self.again.setToolTip("Ask the ontology service again")
        self.again.clicked.connect(self._prepare)
        self.again.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 0)
        layout.setSpacing(3)
        for part in (self.line, self.list, self.definition, self.status, self.again):
            layout.addWidget(part)
        layout.addStretch()

    def _color(self) -> None:
        """Have the row that Enter chooses stand out in both themes, though the list never has the focus."""
        colors = self._theme.colors
        self.list.setStyleSheet(
            "QListView::item { padding: 2px; }"
            f"QListView::item:selected {{ background: {colors.accent.name()}; color: {colors.on_accent.name()}; }}"
        )

    # -- keys and pointer

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the keys of the line move through the list; begin when the line gets the focus."""
        if event.type() == QEvent.Type.FocusIn:
            self._begin()
        if event.type() == QEvent.Type.KeyPress:
            return self._on_key(event)
        return super().eventFilter(watched, event)

    def _on_key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if key in _MOVES:
            self._move(_MOVES[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.list.currentIndex())
        elif key == Qt.Key.Key_Escape and (self.line.text() or self.list.isVisible()):
            self.clear()
        else:
            return False
        return True

    def _move(self, by: int) -> None:
        if self._model.rowCount():
            row = min(max(self.list.currentIndex().row() + by, 0), self._model.rowCount() - 1)
            self.list.setCurrentIndex(self._model.index(row))

    def _choose(self, index: QModelIndex) -> None:
        row = self._model.row(index)
        if row is None or self._finding.is_running:  # what is shown belongs to what was typed before
            return
        self.clear()
        if row.hit is None:
            self.no_term_chosen.emit(row.typed)
        else:
            self._remember(row.hit.term)
            self.chosen.emit(row.hit.term)

    def clear(self) -> None:
        """Empty the line and close the list."""
        for job in (self._finding, self._asking):
            job.cancel()
        self._pause.stop()
        self._online = "", []
        self.line.clear()
        self._model.show((), "")
        self.list.hide()
        self.definition.hide()
        self._say(self._kept_words or _EMPTY)

    def _remember(self, term: OntologyTerm) -> None:
        run(lambda: self._session.terms.use(term), on_error=lambda error: self._say(str(error)), parent=self)

    # -- finding

    def _begin(self) -> None:
        """Show what was used last, and fetch CMPO where it is not kept yet."""
        if not self._is_prepared and not self._preparing.is_running:
            self._prepare()
        self._find(self.line.text())

    def _prepare(self) -> None:
        self.again.hide()
        self._say("Looking whether CMPO is kept here; it is fetched where it is not …")
        ask = self._session
        self._preparing.run(lambda: ask.terms.prepare(), on_done=self._on_prepared, on_error=self._on_unprepared)

    def _on_prepared(self, releases: tuple[KeptRelease, ...]) -> None:
        self._is_prepared = True
        self._kept_words = "; ".join(release_words(one) for one in releases)
        self._say(self._kept_words)
        if self.line.hasFocus() or self.line.text():
            self._find(self.line.text())

    def _on_unprepared(self, error: NapariIdrError) -> None:
        self.again.show()
        self._say(f"CMPO could not be fetched: {error}. Terms that are kept here are found all the same.")

    def _on_edited(self, text: str) -> None:
        self._asking.cancel()
        self._find(text)
        self._pause.start()

    def _find(self, text: str) -> None:
        ask = self._session
        self._finding.run(lambda: ask.terms.kept(text), on_done=lambda hits: self._show(hits, text.strip()))

    def _show(self, hits: list[TermHit], typed: str) -> None:
        self._model.show(hits, typed)
        asked, online = self._online
        if typed == asked:
            self._model.add(online)
        self.list.setVisible(bool(self._model.rows))
        self._fit_height()
        self._select_first()

    def _ask_service(self) -> None:
        text, ask = self.line.text(), self._session
        if text.strip():
            self._asking.run(
                lambda: ask.terms.online(text),
                on_done=lambda hits: self._add(hits, text.strip()),
                on_error=self._on_offline,
            )

    def _add(self, hits: list[TermHit], typed: str) -> None:
        self._online = typed, hits
        if not self._finding.is_running:  # else what is shown belongs to what was typed before
            self._model.add(hits)
            self._fit_height()
        if self._kept_words:
            self._say(self._kept_words)

    def _on_offline(self, error: NapariIdrError) -> None:
        self._say(f"Only terms that are kept here are shown: {error}")

    # -- showing

    def _select_first(self, *_: object) -> None:
        """Have Enter choose the best term; that none fits has to be gone to."""
        first = self._model.row(self._model.index(0)) if self._model.rows else None
        if first is not None and first.hit is not None and not self.list.currentIndex().isValid():
            self.list.setCurrentIndex(self._model.index(0))
        if first is None or first.hit is None:
            self.definition.hide()

    def _show_definition(self, index: QModelIndex, *_: object) -> None:
        row = self._model.row(index)
        self.definition.setVisible(row is not None)
        if row is not None:
            self.definition.setText(row.definition)

    def _fit_height(self) -> None:
        shown = min(self._model.rowCount(), 6)
        height = sum(self.list.sizeHintForRow(row) for row in range(shown)) + 2 * self.list.frameWidth()
        self.list.setFixedHeight(max(height, 1))

    def _say(self, text: str) -> None:
        self.status.setText(text)
        self.status.setVisible(not self._brief or text not in (_EMPTY, self._kept_words))


def release_words(kept: KeptRelease) -> str:
    """Return what is kept of an ontology: "CMPO, release 2017-12-19, 399 terms, fetched 2026-11-30"."""
    release = f", release {kept.release}" if kept.release else ""
    count = counted(kept.terms, "term", "terms")
    return f"{kept.ontology.upper()}{release}, {count}, fetched {kept.fetched.astimezone():%Y-%m-%d}"
