"""Every change is written down at once, in a thread: what was confirmed is there whatever happens next."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_idr.errors import NapariIdrError, NotKept
from napari_idr.formats.model_json import encode
from napari_idr.model.annotator import NOBODY, Annotator

from .changes import ObjectChange, coalesced, described_event, object_events, painted_event
from .events import Batch, Document, joined
from .label_pixels import Snapshot, painted, snapshot
from .telling import tell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from napari_idr.model.annotation_set import AnnotatedImage, LabelImage

    from .workspace import Workspace

AGAIN_SECONDS = 2.0
"""How soon something is tried again that could not be written, or not be sent."""


@dataclass(frozen=True, slots=True)
class _Change:
    """What was handed over by one call."""

    ticket: int
    image: AnnotatedImage
    who: Annotator
    why: str
    what: tuple[ObjectChange, ...] | Snapshot | Batch


class Autosave:
    """Writes changes to a workspace in a thread of its own; a context manager.

    ``save``, ``paint`` and ``record`` return at once, with a ticket. What comes while something is written is written
    together after it, so that a slow disk costs no time on the screen, and a quick one no more than a few milliseconds.

    Parameters
    ----------
    workspace
        Where to; it stays open.
    who
        Who works here, unless a call says otherwise.
    """

    saved = Signal(int)
    """The ticket up to which everything is durable, but for what ``refused`` named; emitted in the thread."""
    failed = Signal(NapariIdrError)
    """Why nothing could be written down, once; it is kept in memory and tried again."""
    refused = Signal(NapariIdrError)
    """One object that cannot be kept, because it holds what no workspace can: an array for a name."""

    def __init__(self, workspace: Workspace, who: Annotator = NOBODY) -> None:
        self.workspace, self.who = workspace, who
        self._changes: list[_Change] = []
        self._tickets, self._saved = 0, 0
        self._state = threading.Condition()
        self._closing = False
        self._known = _Known(workspace)
        self._thread = threading.Thread(target=self._run, name="napari-idr-autosave", daemon=True)
        self._thread.start()

    @property
    def saved_up_to(self) -> int:
        """The ticket up to which everything is durable."""
        return self._saved

    @property
    def unsaved(self) -> int:
        """How many calls are not durable yet."""
        return self._tickets - self._saved

    def save(
        self, image: AnnotatedImage, changes: Iterable[ObjectChange], *, why: str = "", who: Annotator | None = None
    ) -> int:
        """Write down how objects of an image changed. Any thread; returns its ticket."""
        return self._hand_over(image, tuple(changes), why, who)

    def paint(
        self,
        image: AnnotatedImage,
        label: LabelImage,
        box: Sequence[tuple[int, int]] | None = None,
        *,
        why: str = "",
        who: Annotator | None = None,
    ) -> int:
        """Write down what was painted: the pixels as they are now, of the chunks that a box touches.

        Parameters
        ----------
        image, label
            The label image of the image; it may be painted on at once again.
        box
            Start and stop per axis of the label image; None for all of it.
        why, who
            As for ``save``.

        Raises
        ------
        FormatError
            Its pixels are no whole numbers.
        """
        return self._hand_over(image, snapshot(label, box), why, who)

    def record(self, image: AnnotatedImage, batch: Batch, *, who: Annotator | None = None) -> int:
        """Write down any other events of an image: verdicts, comments, statements."""
        return self._hand_over(image, batch, "", who)

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until all is durable that was handed over before; return whether it is. Not in the GUI thread."""
        with self._state:
            ticket = self._tickets
            return self._state.wait_for(lambda: self._saved >= ticket, timeout)

    def close(self) -> bool:
        """Write what there is, once more if need be, and end the thread; return whether all is durable."""
        with self._state:
            self._closing = True
            self._state.notify_all()
        self._thread.join()
        return not self.unsaved

    def __enter__(self) -> Autosave:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _hand_over(
        self, image: AnnotatedImage, what: tuple[ObjectChange, ...] | Snapshot | Batch, why: str, who: Annotator | None
    ) -> int:
        with self._state:
            if self._closing:
                raise RuntimeError("the autosave was closed")
            self._tickets += 1
            self._changes.append(_Change(self._tickets, image, who or self.who, why, what))
            self._state.notify_all()
            return self._tickets

    # -- in the thread

    def _run(self) -> None:
        batch, ticket, told = Batch(), 0, False
        while True:
            changes, closing = self._next(waits=not batch)
            batch, ticket = joined([batch, *self._batches(changes)]), changes[-1].ticket if changes else ticket
            error = self._write(batch, ticket)
            if error is None:
                batch, told = Batch(), False
            elif not told:
                told = True
                tell(self.failed, error)
            if closing:
                return

    def _next(self, *, waits: bool) -> tuple[list[_Change], bool]:
        """Return what was handed over since; waits for it, or a while only where something has to be tried again."""
        with self._state:
            again = None if waits and not self.workspace.waiting else AGAIN_SECONDS
            self._state.wait_for(lambda: self._changes or self._closing, again)
            changes, self._changes = self._changes, []
            return changes, self._closing

    def _write(self, batch: Batch, ticket: int) -> NapariIdrError | None:
        try:
            if batch:
                self.workspace.record(batch)
            elif self.workspace.waiting:
                self.workspace.send_waiting()
        except NapariIdrError as error:
            return error
        self._confirm(ticket)
        return None

    def _confirm(self, ticket: int) -> None:
        with self._state:
            if ticket <= self._saved:
                return
            self._saved = ticket
            self._state.notify_all()
        tell(self.saved, ticket)

    def _batches(self, changes: list[_Change]) -> Iterator[Batch]:
        """Yield the events of changes; those to objects of one image, one after the other, as few as possible."""
        for key, group in groupby(changes, key=lambda one: (one.image.key, one.who, one.why, type(one.what))):
            same = list(group)
            yield self._known.described(same[-1].image, key[1])
            objects = [change for one in same if isinstance(one.what, tuple) for change in one.what]
            yield from self._objects(key[0], coalesced(objects), key[1], key[2])
            for one in same:
                if isinstance(one.what, Batch):
                    yield one.what
                elif isinstance(one.what, Snapshot):
                    yield self._known.painted(key[0], one.what, key[1], key[2])

    def _objects(self, image: str, changes: list[ObjectChange], who: Annotator, why: str) -> Iterator[Batch]:
        """Yield the events of changes to objects, those of them that can be kept."""
        try:
            yield self._known.objects(image, changes, who, why)
        except (TypeError, ValueError) as error:
            if len(changes) == 1:
                what = f"An object cannot be kept: {error}"
                tell(self.refused, NotKept(what, changes[0].uuid, "change what was given to it last"))
                return
            for change in changes:
                yield from self._objects(image, [change], who, why)


class _Known:
    """What the workspace knows already of the images that are worked on."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._described: dict[str, str] = {}
        self._chunks: dict[tuple[str, str], dict[tuple[int, ...], str]] = {}
        self._headers: dict[tuple[str, str], object] = {}
        self._gone: dict[str, set[str]] = {}

    def described(self, image: AnnotatedImage, who: Annotator) -> Batch:
        """Return what has to be said of an image before anything else is; nothing where it was."""
        self._look(image.key)
        digest = Document("image", encode(image)).digest
        if self._described[image.key] == digest:
            return Batch()
        self._described[image.key] = digest
        return described_event(image, who)

    def objects(self, image: str, changes: list[ObjectChange], who: Annotator, why: str) -> Batch:
        """Return the events of changes to objects."""
        gone = self._gone[image]
        batch = object_events(image, changes, who, why=why, gone=frozenset(gone))
        for event in batch.events:
            (gone.add if event.kind == "deleted" else gone.discard)(event.object)
        return batch

    def painted(self, image: str, taken: Snapshot, who: Annotator, why: str) -> Batch:
        """Return the event of what was painted; nothing where it is what is known."""
        label = image, taken.header.name
        known = self._chunks.setdefault(label, {})
        chunks = painted(taken, known)
        if not chunks and self._headers.get(label) == taken.header:
            return Batch()
        known.update({chunk.place: chunk.digest for chunk in chunks})
        self._headers[label] = taken.header
        return painted_event(image, taken.header, chunks, who, why=why)

    def _look(self, image: str) -> None:
        """Ask the workspace once what it has; where it cannot be asked, all counts as new, which does no harm."""
        if image in self._described:
            return
        try:
            history = self._workspace.history(image)
        except NapariIdrError:
            self._described[image], self._gone[image] = "", set()
            return
        self._described[image] = history.described
        self._gone[image] = {one.uuid for one in history.objects.values() if one.is_deleted}
        for name, label in history.labels.items():
            self._chunks[image, name] = dict(label.chunks)
