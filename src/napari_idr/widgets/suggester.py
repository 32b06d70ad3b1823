"""Asks what a text may mean, once the typing pauses; the latest text counts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_idr.repositories.suggesting import merge_suggestions

from .address_box import is_address
from .workers import Job, run

if TYPE_CHECKING:
    from napari_idr.model.search import Suggestions
    from napari_idr.session import Session

PAUSE = 150
"""Milliseconds without a key before anybody is asked."""
SHOWN = 4
"""Suggestions of each kind."""
SHORTEST = 2
_SIGNS = frozenset('=~"')


class Suggester(QObject):
    """Brings suggestions for what is typed: one request to each repository per pause.

    ``arrived`` is emitted with ``Suggestions``, anew as each repository answers; with none where there is nothing to
    suggest any more.
    """

    arrived = Signal(object)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs: list[Job] = []
        self._came: list[Suggestions] = []
        self._text = ""
        self._pause = QTimer(self, singleShot=True, interval=PAUSE)
        self._pause.timeout.connect(self._ask)

    def type(self, text: str) -> None:
        """Take a text as it is being typed."""
        self.stop()
        self._text = text.strip()
        if is_suggestible(self._text):
            self._pause.start()
        else:
            self.arrived.emit(None)

    def stop(self) -> None:
        """Ask nobody, and forget what is on its way."""
        self._pause.stop()
        for job in self._jobs:
            job.cancel()
        self._jobs.clear()
        self._came.clear()

    def _ask(self) -> None:
        text = self._text
        for repository in self._session.repositories:
            ask = partial(self._session.suggest, text, repository.key)
            # a repository that fails suggests nothing: the search itself will say what is wrong
            self._jobs.append(run(ask, on_done=self._on_came, on_error=lambda _: None, parent=self))

    def _on_came(self, suggestions: Suggestions) -> None:
        self._came.append(suggestions)
        self.arrived.emit(merge_suggestions(self._text, self._came, SHOWN))


def is_suggestible(text: str) -> bool:
    """Whether a text may be the beginning of a value: not an address, not a condition."""
    return len(text) >= SHORTEST and _SIGNS.isdisjoint(text) and not is_address(text)
