"""What the user made, kept: recorded so that it survives whatever happens, and given back as it was."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_idr.errors import AccessDenied, FormatError, NapariIdrError, NotFound, NotKept, Unreachable, Unsupported

from .database import Database, shown, sqlite_address
from .events import Batch, LamportClock, joined
from .journal import Journal
from .merging import Merged, merge_into
from .opening import open_database
from .reading import Reader, read_images, read_state
from .rows import add_batch, last_lamport, numbered, read_news
from .telling import tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet

    from .events import Event
    from .history import History

AGAIN_SECONDS = 2.0
"""How soon a database that did not take something is asked again."""
_LATER = (Unreachable, NotKept, AccessDenied, Unsupported)
"""Failures that pass, or that somebody can mend: what was made waits in the journal."""
_WRITING = (*_LATER, FormatError)
"""As well as a file that is damaged while it is open: it is set aside when it is opened the next time."""


class Workspace:
    """The history of everything that was annotated and reviewed. Methods may block; thread-safe.

    What ``record`` returned is durable: in the database, or on this computer's disk until the database takes it.

    Parameters
    ----------
    address
        Of the database: ``sqlite:///…``, made where there is none, or ``postgresql+psycopg://…``.
    folder
        On a disk of this computer, for the journal.

    Raises
    ------
    AddressError
        The address is not understood, or its driver is not installed.
    FormatError
        It is the file of some other program.
    """

    recorded = Signal(tuple)
    """Events that are durable now, in the thread that recorded them."""
    waiting_changed = Signal(int)
    """How many events wait in the journal."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address = address
        self.remarks: tuple[str, ...] = ()
        """Sentences the user should read once: a damaged file was set aside."""
        self.problem: NapariIdrError | None = None
        """Why the database does not take what is made, None while it does."""
        self._clock = LamportClock()
        self._lock = threading.RLock()
        self._database: Database | None = None
        self._not_before = 0.0
        self._journal = Journal(folder, address)
        self._waiting: list[Batch] = [batch for _, batches in self._journal.batches() for batch in batches]
        if self._journal.unreadable:
            self.remarks += (f"{self._journal.unreadable[0]} cannot be read by this release; update napari-idr.",)
        try:
            self._opened()
        except _LATER as error:
            self._note(error)
        except BaseException:
            self.close()
            raise
        self.send_waiting()

    # -- writing

    @property
    def waiting(self) -> int:
        """How many events wait in the journal until the database takes them."""
        return sum(len(batch.events) for batch in self._waiting)

    @property
    def shown(self) -> str:
        """Where it is, for people: a file, or a server without name and password."""
        return shown(self.address)

    def record(self, batch: Batch) -> Batch:
        """Make events durable, all of a batch or none; return them with their places in the history.

        A place is 0 while the database was not reached yet in this session: it is given when it is.

        Raises
        ------
        NotKept
            Neither the database nor this computer's disk took them: the caller has them still, and tries again.
        """
        if not batch:
            return batch
        with self._lock:
            written = self._write(batch) if self._is_ready() else self._keep(batch)
        tell(self.recorded, written.events)
        return written

    def send_waiting(self) -> int:
        """Send what waits in the journal, in order, once; return how many events wait still."""
        with self._lock:
            self._is_ready()
        return self.waiting

    def _write(self, batch: Batch) -> Batch:
        """Write to the database; what it does not take goes to the journal, under the numbers it has."""
        try:
            with self._opened().writing() as connection:
                batch = self._numbered(batch, last_lamport(connection))
                add_batch(connection, batch)
        except _WRITING as error:
            self._note(error)
            return self._keep(batch)
        return batch

    def _numbered(self, batch: Batch, seen: int = 0) -> Batch:
        """Give numbers to what has none yet, after whatever was seen and after what of the batch has one."""
        self._clock.witness(max([seen, *(event.lamport for event in batch.events)]))
        return numbered(batch, (self._clock.tick() for _ in batch.events))

    def _keep(self, batch: Batch) -> Batch:
        """Write to the journal; what was made before the database was ever seen gets its numbers when it is sent."""
        batch = batch if self._database is None else self._numbered(batch)
        self._journal.append(batch)
        self._waiting.append(batch)
        tell(self.waiting_changed, self.waiting)
        return batch

    def _is_ready(self) -> bool:
        """Return whether the database takes what is made now: it is there, and nothing waits before it."""
        if self.problem is not None and time.monotonic() < self._not_before:
            return False
        try:
            self._opened()
            self._send()
        except _WRITING as error:
            self._note(error)
            return False
        self.problem = None
        return True

    def _send(self) -> None:
        """Write all journals into the database; those that others left behind, too."""
        if not self._waiting:
            return
        for path, batches in self._journal.batches():
            with self._opened().writing() as connection:
                add_batch(connection, self._numbered(joined(batches), last_lamport(connection)))
            self._journal.forget(path)
        self._waiting.clear()
        tell(self.waiting_changed, 0)

    def _note(self, error: NapariIdrError) -> None:
        self.problem = error
        self._not_before = time.monotonic() + AGAIN_SECONDS

    def _opened(self) -> Database:
        """Return the database, opened once it can be."""
        if self._database is None:
            self._database, remarks = open_database(self.address)
            self.remarks += remarks
            with self._database.reading() as connection:
                self._clock.witness(last_lamport(connection))
            self._waiting = [self._numbered(batch) for batch in self._waiting]
        return self._database

    # -- reading

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Yield one moment of all that was recorded. Raises why the database cannot be read."""
        with self._lock:
            if self.problem is not None and self._database is None and time.monotonic() < self._not_before:
                raise self.problem
            try:
                database = self._opened()
            except _LATER as error:
                self._note(error)
                raise
            waiting = tuple(self._waiting)
        with database.reading() as connection:
            yield Reader(connection, waiting)

    def images(self) -> list[AnnotatedImage]:
        """Return the images of which there is a history, as they were described last, the latest first."""
        with self.reading() as reader:
            return read_images(reader)

    def history(self, image: str) -> History:
        """Return the events of an image, by its key, and what they come to."""
        with self.reading() as reader:
            return reader.history(image=image)

    def state(self, image: str) -> AnnotationSet | None:
        """Return all that was made of an image, by its key, as it is now; None where nothing ever was."""
        with self.reading() as reader:
            return read_state(reader, image)

    def news(self, after: int) -> tuple[int, list[Event]]:
        """Return what came into the database after a place, others' work included, and the place it ends at."""
        with self.reading() as reader:
            place, events = read_news(reader.connection, after)
        for event in events:
            self._clock.witness(event.lamport)
        return place, events

    # -- handing over

    def export(self, path: Path, images: Sequence[str] | None = None, queues: Sequence[str] = ()) -> Path:
        """Write a self-contained file (``.idrreview``) with the history of some images (and queues), or of all.

        Raises ``FormatError`` where there is a file of that name: nothing is written over.
        """
        if path.exists():
            raise FormatError("There is a file of that name", str(path), "choose another name, or merge into it")
        part = path.with_name(f".{path.name}.part")
        part.unlink(missing_ok=True)
        with self._lock:
            self._require_all_sent()
            target = Database(sqlite_address(part), exclusive=True)
            try:
                merge_into(target, self._opened(), images=images, queues=queues)
            finally:
                target.close()
        part.replace(path)
        return path

    def merge(self, path: Path) -> Merged:
        """Add the history of another workspace or review file; the same whatever is merged first.

        Raises ``FormatError`` where the file is damaged, or something else; then nothing was added.
        """
        if not path.is_file():
            raise NotFound("There is no review file", str(path), "check the path")
        with self._lock:
            self._require_all_sent()
            theirs = Database(sqlite_address(path), read_only=True)
            try:
                return merge_into(self._opened(), theirs)
            finally:
                theirs.close()

    @contextmanager
    def other(self, path: Path) -> Iterator[Reader]:
        """Yield what another workspace or review file holds; nothing is taken of it, and nothing is checked.

        Raises like ``merge``.
        """
        if not path.is_file():
            raise NotFound("There is no review file", str(path), "check the path")
        theirs = Database(sqlite_address(path), read_only=True)
        try:
            with theirs.reading() as connection:
                yield Reader(connection)
        finally:
            theirs.close()

    def _require_all_sent(self) -> None:
        if not self._is_ready() and self.problem is not None:
            raise self.problem

    def close(self) -> None:
        """Close the database; what waits is sent by whoever opens the workspace next."""
        with self._lock:
            self._journal.close()
            if self._database is not None:
                self._database.close()
                self._database = None

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
