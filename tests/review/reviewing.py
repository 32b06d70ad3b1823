"""Queues, desks and sets that the tests of this room share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from napari_idr.model.annotation import Rectangle
from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, AnnotationSet, new_uuid
from napari_idr.model.annotator import Annotator
from napari_idr.review.desk import Desk
from napari_idr.review.queue_file import QueueDefinition
from napari_idr.review.queue_store import make_queue, open_queue

if TYPE_CHECKING:
    from napari_idr.workspace.events import Batch
    from napari_idr.workspace.workspace import Workspace

ADA, GRACE = Annotator("Ada Lovelace", "0000-0002-1825-0097"), Annotator("Grace Hopper")
MADE = datetime(2026, 1, 2, tzinfo=UTC)


def square(x: float, name: str = "", object_class: str = "nucleus", side: float = 10) -> AnnotatedObject:
    """A square with its corner at (x, x)."""
    shape = Rectangle(x=x, y=x, width=side, height=side, z=0, t=0)
    return AnnotatedObject(
        uuid=new_uuid(), shapes=(shape,), name=name, object_class=object_class, annotator=ADA, created=MADE
    )


def image(number: int) -> AnnotatedImage:
    return AnnotatedImage(
        address=f"https://idr.example.org/webclient/?show=image-{number}",
        name=f"image {number}",
        repository="idr",
        image_id=str(number),
        size_x=200,
        size_y=200,
        dtype="uint8",
    )


def sets(images: int = 3, objects: int = 4) -> list[AnnotationSet]:
    return [
        AnnotationSet(
            image=image(i),
            objects=tuple(square(10 * k, f"{i}.{k}", ("nucleus", "cell")[k % 2], side=10 + k) for k in range(objects)),
        )
        for i in range(images)
    ]


class Typist:
    """Writes what is said into a workspace at once, under one ticket after the other."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace, self.ticket = workspace, 0

    def __call__(self, image: AnnotatedImage, batch: Batch, *, who: Annotator | None = None) -> int:
        self.workspace.record(batch)
        self.ticket += 1
        return self.ticket


class Sitting:
    """A desk whose verdicts are durable as soon as they are given; ``heard`` is what it told the reviewer."""

    def __init__(self, workspace: Workspace, queue: str, who: Annotator = ADA, **options: object) -> None:
        self.typist = Typist(workspace)
        self.desk = Desk(open_queue(workspace, queue), who, self.typist, **options)  # type: ignore[arg-type]
        self.heard: list[str] = []
        self.desk.said.connect(self.heard.append)
        self.confirm()

    def confirm(self) -> None:
        self.desk.confirm(self.typist.ticket)


def new_queue(workspace: Workspace, made: list[AnnotationSet] | None = None, **options: object) -> str:
    definition = QueueDefinition(name="cells", **options)  # type: ignore[arg-type]
    return make_queue(workspace, sets() if made is None else made, definition, ADA)
