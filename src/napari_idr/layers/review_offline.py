"""What a review needs of its images to go on without a network, how much of it is missing, and fetching that.

A curator needs, of each image, what is drawn when one steps through its objects: the channels that are shown, around
each object at the level that a window shows, and each of these planes at the coarsest level. That is what is counted
and fetched; whoever looks elsewhere in an image without a network sees its coarsest level.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from napari_idr.errors import Cancelled, NapariIdrError, Unsupported
from napari_idr.model.image import ImageReference
from napari_idr.model.sizes import said_bytes
from napari_idr.remote.chunk_fetcher import ZarrChunks
from napari_idr.streaming.level import Wishes

from .images import image_title, plan_image
from .review_ahead import views_of
from .review_outlines import ImageOutlines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from napari_idr.model.annotation_set import AnnotatedImage
    from napari_idr.session import Session
    from napari_idr.streaming.chunks import Chunk

    from .images import LayerPlan
    from .review_ahead import View

    Told = Callable[[int, int], object]

AT_ONCE = 8
"""Chunks on their way: as many as leave the line usable for what is looked at meanwhile."""
PAUSE = 0.05
"""Seconds between two looks whether the disk has caught up."""


@dataclass(frozen=True, slots=True)
class ImageNeeds:
    """What one image needs."""

    name: str
    missing: tuple[Chunk, ...] = ()
    """Chunks that are not on disk."""
    problem: str = ""
    """Why it cannot be prepared, in a sentence."""

    @property
    def nbytes(self) -> int:
        """Bytes of the missing chunks once they are unpacked: no more than that comes over the line."""
        return sum(chunk.array.chunk_nbytes for chunk in self.missing)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a queue needs."""

    images: tuple[ImageNeeds, ...] = ()
    fits: int = 0
    """Bytes that the cache on disk may have."""

    @property
    def missing(self) -> tuple[Chunk, ...]:
        """Chunks of all images that are not on disk."""
        return tuple(chunk for image in self.images for chunk in image.missing)

    @property
    def sentence(self) -> str:
        """What is there and what is not, for a person."""
        waits = [one for one in self.images if one.missing]
        wrong = [one for one in self.images if one.problem]
        here = len(self.images) - len(waits) - len(wrong)
        nbytes = sum(one.nbytes for one in waits)
        parts = [f"{_counted(here)} on this computer"] if here or not (waits or wrong) else []
        if waits:
            parts.append(f"{_counted(len(waits))}, up to {said_bytes(nbytes)}, to fetch")
        if wrong:
            parts.append(f"{_counted(len(wrong))} cannot be kept: {wrong[0].problem}")
        if nbytes > self.fits > 0:
            parts.append(f"more than the {said_bytes(self.fits)} that are kept on disk: raise that in the preferences")
        return "; ".join(parts) + "."


@dataclass(slots=True)
class Fetched:
    """What fetching came to."""

    done: int = 0
    errors: list[NapariIdrError] = field(default_factory=list)


def needs_of(
    session: Session,
    images: Mapping[str, AnnotatedImage],
    uuids: Iterable[str],
    told: Told = lambda done, total: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Needs:
    """Return what a queue needs to go on without a network. May block: asks for metadata, reads no pixels.

    Parameters
    ----------
    session
        Reads.
    images
        Of the queue, by key.
    uuids
        Objects of the queue.
    told
        Called with how many images were looked at, and how many there are.
    is_cancelled
        Asked between two images.

    Raises
    ------
    Cancelled
        Nobody wants to know any more.
    """
    wanted, found = set(uuids), []
    for number, image in enumerate(images.values()):
        if is_cancelled():
            raise Cancelled("Looking for what is missing was stopped", image.name)
        told(number, len(images))
        try:
            found.append(_needs(session, image, wanted))
        except NapariIdrError as error:
            found.append(ImageNeeds(image.name or image.address, problem=str(error)))
    return Needs(tuple(found), session.cache.usage().limit)


def _needs(session: Session, image: AnnotatedImage, wanted: set[str]) -> ImageNeeds:
    name = image.name or image.address
    if "://" not in image.address:
        return ImageNeeds(name)  # a file of this computer
    state = session.workspace.state(image.key)
    chosen = [one.uuid for one in state.objects if one.uuid in wanted] if state is not None else []
    if state is None or not chosen:
        return ImageNeeds(name)
    plans = _planned(session, image)
    options = plans[0].options
    ours = options["metadata"]["napari_idr"]
    sizes = dict(zip(ours["axes"], ours["size"], strict=True))
    names = tuple(options["axis_labels"])
    outlines = ImageOutlines(state, chosen, names, [int(sizes[one]) for one in names])
    return ImageNeeds(name, tuple(_missing(views_needed(plans, outlines, chosen))))


def _planned(session: Session, image: AnnotatedImage) -> list[LayerPlan]:
    reference = session.reference(session.resolve(image.address))
    if not isinstance(reference, ImageReference):
        raise Unsupported("It is not an image", image.address, "make the queue anew")
    pyramid = session.open_image(reference)
    return plan_image(pyramid, reference, image_title(pyramid.metadata, reference))


def views_needed(plans: Sequence[LayerPlan], outlines: ImageOutlines, uuids: Iterable[str]) -> list[View]:
    """Return what is drawn of an image when one steps through some of its objects, each once."""
    shown = [plan for plan in plans if plan.visible]
    found: list[View] = [(plan.levels[-1], plan.preload) for plan in plans if plan.preload is not None]
    for uuid in uuids:
        ends = outlines.ends(uuid)
        if ends is not None:
            found += [view for plan in shown for view in views_of(plan.levels, ends)]
    return list(dict.fromkeys(found))


def _missing(views: Iterable[View]) -> list[Chunk]:
    """Return the chunks of views that are neither on disk nor on this computer anyway."""
    wishes = Wishes()
    for level, box in views:
        level.want(box, wishes)
    return [want.chunk for want in wishes.chunks.values() if _is_missing(want.chunk)]


def _is_missing(chunk: Chunk) -> bool:
    source = chunk.array.source
    if not source.host:
        return False
    if not isinstance(source, ZarrChunks) or source.kept_by is None:
        raise Unsupported("its pixels are never kept on disk", source.host, "work on it while you are connected")
    return not source.is_kept(chunk.index)


def fetch(
    session: Session, chunks: Sequence[Chunk], told: Told, is_cancelled: Callable[[], bool] = lambda: False
) -> Fetched:
    """Fetch chunks so that they are on disk; what fails is told and the rest comes. May block.

    Raises ``Cancelled``; what came until then stays.
    """
    found = Fetched()
    future: Future[None] = session.loader.run(_fetch_all(session, chunks, found, told, is_cancelled))
    try:
        future.result()
    except CancelledError:
        raise Cancelled("Fetching was stopped", "the session was closed") from None
    if is_cancelled():
        raise Cancelled("Fetching was stopped", f"{found.done} of {len(chunks)} parts are here")
    return found


async def _fetch_all(
    session: Session, chunks: Sequence[Chunk], found: Fetched, told: Told, is_cancelled: Callable[[], bool]
) -> None:
    waiting = iter(chunks)

    async def work() -> None:
        for chunk in waiting:
            while session.cache.is_behind and not is_cancelled():
                await asyncio.sleep(PAUSE)
            if is_cancelled():
                return
            try:
                await cast("ZarrChunks", chunk.array.source).keep(chunk.index)
            except NapariIdrError as error:
                found.errors.append(error)
            found.done += 1
            told(found.done, len(chunks))

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


def _counted(count: int) -> str:
    return f"{count:,} image" if count == 1 else f"{count:,} images"
