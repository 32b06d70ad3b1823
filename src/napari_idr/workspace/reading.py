"""What is in a workspace, read: rows of the database, with what still waits in the journal on top."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.errors import FormatError
from napari_idr.formats.model_json import decode
from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet, ImageStatement

from .history import History, LabelHistory, fold, object_now
from .label_pixels import LabelHeader, label_image
from .rows import read_chunks, read_documents, read_events, read_painted, read_queue, select_events

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Connection

    from napari_idr.model.annotation_set import LabelImage

    from .events import Batch, Event, PaintedChunk, QueuedObject


@dataclass(frozen=True, slots=True)
class Reader:
    """One moment of a database, and batches that it does not have yet."""

    connection: Connection
    waiting: tuple[Batch, ...] = ()

    def events(self, **wanted: str) -> list[Event]:
        """Return events in the order of the history: ``image="…"``, ``queue="…"``, ``kind="…"``."""
        found = {event.uuid: event for event in read_events(self.connection, select_events(**wanted))}
        for batch in self.waiting:
            for event in batch.events:
                if all(getattr(event, name) == value for name, value in wanted.items()):
                    found.setdefault(event.uuid, event)
        return sorted(found.values(), key=lambda event: event.order)

    def documents(self, digests: Iterable[str]) -> dict[str, str]:
        """Return versions by their names; one that is missing is left out."""
        wanted = set(digests)
        here = {one.digest: one.text for batch in self.waiting for one in batch.documents}
        return {name: here[name] for name in wanted & here.keys()} | read_documents(
            self.connection, wanted - here.keys()
        )

    def painted(self, events: Iterable[str]) -> dict[str, list[PaintedChunk]]:
        """Return the chunks that each event painted."""
        wanted = set(events)
        found = read_painted(self.connection, wanted)
        for batch in self.waiting:
            for event, chunk in batch.chunks:
                if event in wanted:
                    found.setdefault(event, []).append(chunk)
        return found

    def chunks(self, digests: Iterable[str]) -> dict[str, bytes]:
        """Return the compressed pixels of chunks."""
        wanted = set(digests)
        here = {chunk.digest: chunk.data for batch in self.waiting for _, chunk in batch.chunks if chunk.data}
        rest = read_chunks(self.connection, wanted - here.keys())
        return rest | {name: here[name] for name in wanted & here.keys()}

    def queue(self, queue: str) -> list[QueuedObject]:
        """Return the objects of a queue of review, in its order."""
        waiting = (one for batch in self.waiting for one in batch.queued if one.queue == queue)
        found = {one.position: one for one in (*waiting, *read_queue(self.connection, queue))}
        return [found[position] for position in sorted(found)]

    def history(self, **wanted: str) -> History:
        """Return what the events of an image, or of a queue, come to."""
        events = self.events(**wanted)
        return fold(events, self.painted(event.uuid for event in events if event.kind == "painted"))


def read_images(reader: Reader) -> list[AnnotatedImage]:
    """Return the images of which there is a history, as they were described last, the latest first."""
    latest: dict[str, str] = {}
    for event in reader.events(kind="described"):
        latest.pop(event.image, None)
        latest[event.image] = event.version
    texts = reader.documents(latest.values())
    return [decode(AnnotatedImage, texts[version]) for version in reversed(latest.values()) if version in texts]


def read_state(reader: Reader, image: str) -> AnnotationSet | None:
    """Return all that was made of an image, by its key, as it is now; None where nothing ever was.

    Raises ``FormatError`` where a version or pixels are missing or cannot be read.
    """
    history = reader.history(image=image)
    texts = reader.documents(history.documents)
    missing = history.documents - texts.keys()
    if missing:
        what = f"{len(missing)} versions of what was annotated are missing"
        raise FormatError(what, image, "take the workspace from a backup")
    if not history.described:
        return None
    return AnnotationSet(
        image=decode(AnnotatedImage, texts[history.described]),
        objects=tuple(object_now(one, texts[one.version]) for one in history.objects.values() if one.is_there),
        labels=tuple(_label(reader, one, texts[one.header]) for one in history.labels.values()),
        statements=tuple(decode(ImageStatement, texts[one]) for one in history.statements),
    )


def _label(reader: Reader, one: LabelHistory, header: str) -> LabelImage:
    chunks = reader.chunks(one.chunks.values())
    described = decode(LabelHeader, header)
    if set(one.chunks.values()) - chunks.keys():
        raise FormatError("Pixels of a label image are missing", described.name, "take the workspace from a backup")
    return label_image(described, {place: chunks[digest] for place, digest in one.chunks.items()})
