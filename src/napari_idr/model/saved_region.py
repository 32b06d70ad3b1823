"""A part of an image that was saved to a file of its own: where it comes from, and what marks it on the image."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from .annotation import Rectangle
from .annotation_set import AnnotatedObject, new_uuid
from .annotator import NOBODY, Annotator

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from .image import ImageMetadata, KeyValue, LevelInfo
    from .labelled_values import LabelledValue

MOST_RECTANGLES = 10_000
"""Planes that a region is marked on one by one."""
REGION_CLASS = "saved region"
"""Of the objects that mark them."""
LICENCE_KEYS = frozenset({"license", "licence"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRegion:
    """Which part of which image some pixels are."""

    address: str
    """Of the image, as a user would paste it; of a local one its name only."""
    image: str = ""
    """Name of the image."""
    repository: str = ""
    accession: str = ""
    image_id: str = ""
    license: str = ""
    """As the repository states it, empty where it does not."""
    label: str = ""
    """Name of the label image that the pixels are of, empty for the image itself."""
    level: int = 0
    box: tuple[tuple[str, int, int], ...] = ()
    """Axis, first pixel and the one after the last, in pixels of the level, in the file's order of axes."""
    is_rendered: bool = False
    """Whether the pixels are pictures that a server drew, no measured values."""

    def pairs(self) -> tuple[KeyValue, ...]:
        """Return what is known of it, as keys and values."""
        said = (
            ("Source image", self.address),
            ("Source image name", self.image),
            ("Repository", self.repository),
            ("Study", self.accession),
            ("Image id", self.image_id),
            ("License", self.license),
            ("Label image", self.label),
            ("Pyramid level", str(self.level)),
            ("Region", ",".join(f"{axis}={start}:{stop}" for axis, start, stop in self.box)),
            ("Pixels", "pictures drawn by the server, no measured values" if self.is_rendered else ""),
        )
        return tuple((key, value) for key, value in said if value)


def stated_licence(values: Iterable[LabelledValue]) -> str:
    """Return the licence among what is said of an image and of the study it lies in, "" where none is stated."""
    found = [value.value for value in values if value.key.casefold() in LICENCE_KEYS]
    return "; ".join(dict.fromkeys(found))


def region_object(
    region: SavedRegion,
    metadata: ImageMetadata,
    *,
    file: str,
    annotator: Annotator = NOBODY,
    created: datetime | None = None,
) -> AnnotatedObject:
    """Return what marks a saved region on its image: a rectangle in pixels of the finest level, and where it went.

    A region of some planes is a rectangle on each of them; one of all planes is a single one. ``file`` is the name of
    the file, without folders. Raises ``ValueError`` where it covers more planes than anybody looks at.
    """
    places = _Places(region, metadata)
    left, right = places.ends("x")
    top, bottom = places.ends("y")
    planes = [places.indices(axis) for axis in ("t", "z", "c")]
    if len(planes[0]) * len(planes[1]) * len(planes[2]) > MOST_RECTANGLES:
        raise ValueError(f"The region lies on more than {MOST_RECTANGLES} planes")
    shapes = tuple(
        Rectangle(x=left, y=top, width=right - left, height=bottom - top, t=t, z=z, c=c) for t, z, c in product(*planes)
    )
    return AnnotatedObject(
        uuid=new_uuid(),
        shapes=shapes,
        name=file,
        object_class=REGION_CLASS,
        key_values=(("File", file), *region.pairs()),
        annotator=annotator,
        created=created,
        modified=created,
        level=region.level,
    )


class _Places:
    """Where a box of a level lies in pixels of the finest one."""

    def __init__(self, region: SavedRegion, metadata: ImageMetadata) -> None:
        self._box = {axis: (start, stop) for axis, start, stop in region.box}
        self._names = metadata.axis_names
        self._channel = metadata.channel_axis
        self._finest, self._level = metadata.levels[0], metadata.levels[region.level]

    def ends(self, axis: str) -> tuple[float, float]:
        """Return left and right edge, the corner of the first pixel being 0; never outside of the image."""
        number = self._names.index(axis)
        size = self._finest.shape[number]
        start, stop = self._box.get(axis, (0, self._level.shape[number]))
        first, step = _edge(self._finest, self._level, number)
        return max(0.0, first + start * step), min(float(size), first + stop * step)

    def indices(self, axis: str) -> Sequence[int | None]:
        """Return the planes of the finest level that the box lies on; (None,) for all of them."""
        number = self._channel if axis == "c" else self._names.index(axis) if axis in self._names else None
        if number is None:
            return (None,)
        start, stop = self._box.get(self._names[number], (0, self._level.shape[number]))
        if stop - start == self._level.shape[number]:
            return (None,)
        size = self._finest.shape[number]
        step = size / self._level.shape[number]
        return range(int(start * step), min(size, max(int(start * step) + 1, int(stop * step))))


def _edge(finest: LevelInfo, level: LevelInfo, axis: int) -> tuple[float, float]:
    """Return where the first pixel of a level begins and how long it is, in pixels of the finest.

    Where a file says nothing of a shift, levels begin where the finest one does, as viewers draw them.
    """
    step = level.scale[axis] / finest.scale[axis]
    shift = (level.translation[axis] - finest.translation[axis]) / finest.scale[axis]
    return (shift - step / 2 + 0.5, step) if shift else (0.0, step)
