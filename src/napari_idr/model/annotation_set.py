"""What people made of one image: objects with shapes, label images, tracks, and what is said of each.

Shapes have OME's coordinates (``annotation``: the corner of the first pixel is (0, 0)), in pixels of the finest level
of the image they lie on, whatever they were drawn over. All times are aware and in UTC. Everything is frozen: a change
is a new set, so that two can be compared and merged.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from .annotation import Point, Roi, Shape
from .annotator import NOBODY, Annotator
from .image import KeyValue  # noqa: TC001 - dataclass fields are resolved by readers of the model
from .ontology import OntologyTerm, Phenotype  # noqa: TC001

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    import numpy as np

Status = Literal["unreviewed", "accepted", "rejected", "flagged"]
STATUSES: tuple[Status, ...] = ("unreviewed", "accepted", "rejected", "flagged")

Value = str | int | float | bool | None
Feature = tuple[str, Value]
"""One column of napari's features table, and the value it has for one object; None where it has none."""

ObjectKind = Literal["region", "label", "track"]


@dataclass(frozen=True, slots=True)
class Spacing:
    """Size of a pixel along one axis."""

    value: float
    unit: str | None = None
    """UDUNITS-2 name ("micrometer"), None where nobody gave one: never guessed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotatedImage:
    """Which image was annotated: enough to find it again, and to see that it is still the same."""

    address: str
    """As a user would paste it; of a local image, its name only (no path of a machine)."""
    name: str = ""
    repository: str = ""
    accession: str = ""
    """Of the study, empty where it has none."""
    image_id: str = ""
    """The repository's own id, empty for a local image."""
    container: str = ""
    """Name of the screen or project ("idr0062-blin-nuclearsegmentation/experimentA")."""
    dataset: str = ""
    plate: str = ""
    well: str = ""
    """As people write it: "B7"."""
    field: str = ""
    acquisition: str = ""
    size_x: int = 0
    size_y: int = 0
    size_z: int = 1
    size_c: int = 1
    size_t: int = 1
    dtype: str = ""
    """numpy's name ("uint16")."""
    spacing: tuple[tuple[str, Spacing], ...] = ()
    """Of the axes "x", "y", "z", "t", as far as they are known."""
    spacing_stated_by: Annotator | None = None
    """Who stated the pixel size, where the file has none."""
    checksum: str = ""
    """Of a local image: "sha256:..." of its metadata and size, as ``layers`` takes it; empty for a repository's."""
    source_kind: str = ""
    """"ome-zarr", "tiff", "rendered" or "" where unknown."""
    license: str = ""
    """As the repository states it, empty where it does not."""
    level_factors: tuple[float, ...] = (1.0,)
    """How many pixels of the finest level one pixel of each level covers along x."""

    @property
    def key(self) -> str:
        """What identifies the image wherever it is named: repository and id, else address and checksum."""
        if self.repository and self.image_id:
            return f"{self.repository}/{self.image_id}"
        return f"{self.address}#{self.checksum}" if self.checksum else self.address

    def size(self, axis: str) -> int:
        """Return the number of pixels along "x", "y", "z", "c" or "t"."""
        return {"x": self.size_x, "y": self.size_y, "z": self.size_z, "c": self.size_c, "t": self.size_t}[axis]

    def spacing_of(self, axis: str) -> Spacing | None:
        """Return the size of a pixel along an axis, None where it is not known."""
        return dict(self.spacing).get(axis)


@dataclass(frozen=True, slots=True)
class LabelPlace:
    """The pixels of one value of a label image."""

    image: str
    """Name of the label image, unique within its set."""
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotatedObject:
    """One object: the union of its shapes, or the pixels of one label value, or a track of points."""

    uuid: str
    """Stays the same in every format and however often the object changes."""
    shapes: tuple[Shape, ...] = ()
    """Empty for an object of a label image. A track has one ``Point`` per time point, in order of t."""
    label: LabelPlace | None = None
    is_track: bool = False
    name: str = ""
    object_class: str = ""
    """"nucleus", "mitotic cell": one of the classes of the study."""
    phenotypes: tuple[Phenotype, ...] = ()
    terms: tuple[OntologyTerm, ...] = ()
    """What it is, besides its phenotypes: cell type, compartment, tissue."""
    key_values: tuple[KeyValue, ...] = ()
    comment: str = ""
    annotator: Annotator = NOBODY
    created: datetime | None = None
    modified: datetime | None = None
    status: Status = "unreviewed"
    reviewer: Annotator | None = None
    reviewed: datetime | None = None
    layer: str = ""
    """Name of the napari layer it belongs to."""
    level: int = 0
    """Pyramid level it was drawn over, 0 is the finest; its coordinates are those of level 0 all the same."""
    parents: tuple[str, ...] = ()
    """Of a track, uuids of the tracks it came from."""
    features: tuple[Feature, ...] = ()
    """Further columns of the layer's features table, in order."""
    look: tuple[Feature, ...] = ()
    """What napari draws it with and no format knows: "symbol", "size", "z_index"."""

    @property
    def kind(self) -> ObjectKind:
        """How its place is given."""
        return "label" if self.label is not None else "track" if self.is_track else "region"

    @property
    def is_point(self) -> bool:
        """Whether it is one place without extent."""
        return len(self.shapes) == 1 and isinstance(self.shapes[0], Point) and not self.is_track

    def roi(self) -> Roi:
        """Return it as a region of the OME model."""
        return Roi(self.uuid, self.shapes, self.name, self.comment, self.key_values)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LabelImage:
    """Whole numbers per pixel: 0 is the background, any other value an object."""

    name: str
    axes: tuple[str, ...]
    """Of "t", "z", "y", "x", in this order; y and x always. An axis that is missing is one where the image has size 1,
    or on all of whose planes the labels hold."""
    pixels: np.ndarray
    """Integer, in the order of ``axes``; numpy or any array that slices to numpy (zarr). Never written to."""
    origin: tuple[int, ...] = ()
    """Of its first pixel in the image, per axis, in pixels of its ``level``; () where it begins with the image."""
    colors: tuple[tuple[int, tuple[int, int, int, int]], ...] = ()
    """``(value, (r, g, b, a))``, 0 to 255, of the values that have a colour of their own."""
    level: int = 0
    """Pyramid level its pixels are those of; 0 unless it was painted over a coarser one."""

    @property
    def start(self) -> tuple[int, ...]:
        """Place of the first pixel, per axis."""
        return self.origin or (0,) * len(self.axes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageStatement:
    """A phenotype or term of the image as a whole, of its well, or of the study."""

    on: Literal["image", "well", "study"]
    phenotype: Phenotype | None = None
    term: OntologyTerm | None = None
    annotator: Annotator = NOBODY
    created: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnnotationSet:
    """All that was made of one image."""

    image: AnnotatedImage
    objects: tuple[AnnotatedObject, ...] = ()
    labels: tuple[LabelImage, ...] = ()
    statements: tuple[ImageStatement, ...] = ()
    remarks: tuple[str, ...] = field(default=())
    """Sentences about what was left out or could not be read; never part of what is written."""

    def by_uuid(self) -> dict[str, AnnotatedObject]:
        """Return the objects by their uuids."""
        return {one.uuid: one for one in self.objects}

    def label_image(self, name: str) -> LabelImage:
        """Return the label image of a name. Raises ``KeyError``."""
        return {image.name: image for image in self.labels}[name]

    def with_objects(self, objects: Iterable[AnnotatedObject]) -> AnnotationSet:
        """Return the set with other objects."""
        return replace(self, objects=tuple(objects))


@dataclass(frozen=True, slots=True)
class SetChange:
    """How one set differs from an earlier one, by uuid."""

    new: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    """Names of label images that are new, gone or hold other pixels."""

    def __bool__(self) -> bool:
        return bool(self.new or self.modified or self.deleted or self.labels)


def new_uuid() -> str:
    """Return a uuid for an object that was just made."""
    return str(uuid4())


def difference(before: AnnotationSet, after: AnnotationSet) -> SetChange:
    """Return how a set became another: objects by their uuids, label images by their names."""
    old, new = before.by_uuid(), after.by_uuid()
    return SetChange(
        tuple(uuid for uuid in new if uuid not in old),
        tuple(uuid for uuid in new if uuid in old and new[uuid] != old[uuid]),
        tuple(uuid for uuid in old if uuid not in new),
        _changed_labels(before.labels, after.labels),
    )


def _changed_labels(before: tuple[LabelImage, ...], after: tuple[LabelImage, ...]) -> tuple[str, ...]:
    old: Mapping[str, LabelImage] = {image.name: image for image in before}
    new: Mapping[str, LabelImage] = {image.name: image for image in after}
    names = dict.fromkeys((*old, *new))
    return tuple(name for name in names if not _same_labels(old.get(name), new.get(name)))


def _same_labels(one: LabelImage | None, other: LabelImage | None) -> bool:
    import numpy as np

    if one is None or other is None:
        return False
    if one.pixels is other.pixels:
        same = True
    else:
        same = one.pixels.dtype == other.pixels.dtype and np.array_equal(one.pixels[...], other.pixels[...])
    return bool(same) and (one.axes, one.start, one.level, one.colors) == (
        other.axes,
        other.start,
        other.level,
        other.colors,
    )


def merge(mine: AnnotationSet, theirs: AnnotationSet) -> tuple[AnnotationSet, tuple[str, ...]]:
    """Return both sets as one, and the uuids of the objects on which they disagree (the later change is kept).

    Label images of the same name that differ are both kept, the second under another name.
    Raises ``ValueError`` where they are sets of different images.
    """
    if mine.image.key != theirs.image.key:
        raise ValueError(f"{theirs.image.key} is another image than {mine.image.key}")
    objects, disputed = mine.by_uuid(), []
    renamed = _names_apart(mine.labels, theirs.labels)
    for one in theirs.objects:
        if one.label is not None and one.label.image in renamed:
            one = replace(one, label=replace(one.label, image=renamed[one.label.image]))
        ours = objects.get(one.uuid)
        if ours is not None and ours != one:
            disputed.append(one.uuid)
        if ours is None or _is_later(one, ours):
            objects[one.uuid] = one
    known = {image.name for image in mine.labels}
    added = [replace(image, name=renamed.get(image.name, image.name)) for image in theirs.labels]
    labels = (*mine.labels, *(image for image in added if image.name not in known))
    statements = tuple(dict.fromkeys((*mine.statements, *theirs.statements)))
    merged = replace(mine, objects=tuple(objects.values()), labels=labels, statements=statements)
    return merged, tuple(disputed)


def _is_later(one: AnnotatedObject, other: AnnotatedObject) -> bool:
    if one.modified is None or other.modified is None:
        return other.modified is None and one.modified is not None
    return one.modified > other.modified


def _names_apart(mine: tuple[LabelImage, ...], theirs: tuple[LabelImage, ...]) -> dict[str, str]:
    """Return new names for label images of the second set that would hide another one of the first."""
    known = {image.name: image for image in mine}
    taken = {*known, *(image.name for image in theirs)}
    renamed = {}
    for image in theirs:
        if image.name in known and not _same_labels(known[image.name], image):
            number = 2
            while f"{image.name} {number}" in taken:
                number += 1
            renamed[image.name] = f"{image.name} {number}"
            taken.add(renamed[image.name])
    return renamed
