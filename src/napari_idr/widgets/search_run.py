"""One search over all repositories at once: what each answers, then the plates and wells, page by page."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_idr.formats.search_text import parse_query
from napari_idr.model.search import Condition, SearchQuery, Suggestion

from .found_hits import FoundHits, Looked
from .workers import Job, run

if TYPE_CHECKING:
    from napari_idr.errors import NapariIdrError
    from napari_idr.model.search import Found, HitPage
    from napari_idr.session import Session

MOST_MEANT = 3
"""Values that are offered where nothing was found."""


class SearchRun(QObject):
    """Asks every repository at once, so that one that does not answer keeps nobody waiting; the newest search counts.

    Signals
    -------
    containers_arrived
        The containers (``Looked``) of one repository's answer, and what it could not look through.
    looking
        A container that is looked at now.
    groups_arrived
        A container, and what its page has of plates and wells.
    look_failed
        A container, and the error.
    repository_failed
        Key of the repository, and the error.
    finished
        Every repository has answered or failed.
    meant
        Where nothing was found: values that are written nearly like it.
    """

    containers_arrived = Signal(tuple, str)
    looking = Signal(object)
    groups_arrived = Signal(object, tuple)
    look_failed = Signal(object, object)
    repository_failed = Signal(str, object)
    finished = Signal()
    meant = Signal(tuple)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs: list[Job] = []
        self._waiting: set[str] = set()
        self._answered: list[str] = []
        self.query = SearchQuery()
        self.hits = FoundHits()

    def start(self, text: str) -> None:
        """Search for a text. Raises ``AddressError`` where it is half a condition."""
        query = parse_query(text)
        self.stop()
        self.query, self.hits, self._answered = query, FoundHits(), []
        repositories = self._session.repositories
        self._waiting = {one.key for one in repositories}
        for one in repositories:
            self._ask(one.key)

    def ask_again(self, repository: str) -> None:
        """Ask a repository that failed once more."""
        self._waiting.add(repository)
        self._ask(repository)

    def look(self, looked: Looked) -> None:
        """Fetch the next page of a container: one request."""
        if looked.is_complete or (looked.is_asked and looked.bookmark is None):
            return
        looked.is_asked, bookmark = True, looked.bookmark
        looked.bookmark = None
        self.looking.emit(looked)
        self._run(
            lambda: self._session.hits(looked.query, looked.container, bookmark=bookmark),
            on_done=partial(self._on_page, looked),
            on_error=partial(self._on_look_failed, looked, bookmark),
        )

    def stop(self) -> None:
        """Forget everything that is on its way."""
        for job in self._jobs:
            job.cancel()
        self._jobs.clear()
        self._waiting.clear()

    @property
    def is_running(self) -> bool:
        """Whether a repository has not answered yet."""
        return bool(self._waiting)

    def _run(self, function: object, **callbacks: object) -> None:
        self._jobs = [job for job in self._jobs if job.is_running]
        self._jobs.append(run(function, parent=self, **callbacks))  # type: ignore[arg-type]

    def _ask(self, repository: str) -> None:
        self._run(
            lambda: self._session.find(self.query, repository),
            on_done=partial(self._on_found, repository),
            on_error=partial(self._on_failed, repository),
        )

    def _on_found(self, repository: str, found: Found) -> None:
        self._answered.append(repository)
        fresh = self.hits.add_found(found)
        self.containers_arrived.emit(fresh, found.note)
        for looked in self.hits.wanted_at_once(fresh):
            self.look(looked)
        self._end(repository)

    def _on_failed(self, repository: str, error: NapariIdrError) -> None:
        self.repository_failed.emit(repository, error)
        self._end(repository)

    def _end(self, repository: str) -> None:
        self._waiting.discard(repository)
        if self._waiting:
            return
        self.finished.emit()
        wanted = _slip(self.query)
        if self.hits.is_empty and wanted is not None:
            self._run(lambda: self._close_values(*wanted), on_done=self.meant.emit)

    def _close_values(self, text: str, key: str) -> tuple[Suggestion, ...]:
        """Return what was meant, from the repositories that answered. In a worker."""
        near = [one for name in self._answered for one in self._session.close_values(text, name)]
        fitting = [one for one in near if not key or one.key.casefold() == key.casefold()]
        return tuple({one.value.casefold(): one for one in reversed(fitting)}.values())[::-1][:MOST_MEANT]

    def _on_page(self, looked: Looked, page: HitPage) -> None:
        self.groups_arrived.emit(looked, looked.add(page))

    def _on_look_failed(self, looked: Looked, bookmark: int | None, error: NapariIdrError) -> None:
        looked.is_asked, looked.bookmark = bookmark is not None, bookmark
        self.look_failed.emit(looked, error)


def _slip(query: SearchQuery) -> tuple[str, str] | None:
    """Return the one text that may be misspelled and the key it is a value of, None where there are several."""
    if query.words:
        return query.words, ""
    match query.conditions:
        case (Condition(key=key, value=str(value), operator="equals"),):
            return value, key
    return None
