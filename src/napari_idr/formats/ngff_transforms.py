"""Coordinate transformations of an OME-Zarr image: scale and translation of each level, in axis order."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .ngff_document import at_least, is_known_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.image import Axis

    from .ngff_document import Place

RULE_LIST = '"multiscales" metadata: coordinateTransformations is a list with exactly one scale'
RULE_TYPE = '"multiscales" metadata: a transformation is a scale or a translation, listed with its numbers'
RULE_LENGTH = '"multiscales" metadata: scale and translation have one finite number per axis'
RULE_FACTOR = '"multiscales" metadata: scale tells how much coarser a level is'


@dataclass(frozen=True, slots=True)
class Transform:
    """Pixel size and place of the first pixel's centre, per axis; None where the file does not say."""

    scale: tuple[float | None, ...]
    translation: tuple[float, ...]

    def then_scale(self, factors: Sequence[float | None]) -> Transform:
        """Transform followed by a scale; where that is unknown the pixel size becomes unknown."""
        return Transform(
            tuple(None if f is None or s is None else s * f for s, f in zip(self.scale, factors, strict=True)),
            tuple(t if f is None else t * f for t, f in zip(self.translation, factors, strict=True)),
        )

    def then_translation(self, offset: Sequence[float]) -> Transform:
        """Transform followed by a translation."""
        return Transform(self.scale, tuple(t + o for t, o in zip(self.translation, offset, strict=True)))


def parse_transform(place: Place, axes: Sequence[Axis], *, required: bool) -> tuple[Transform, bool]:
    """Return what a list of transformations does, and whether it holds a scale.

    Parameters
    ----------
    place
        The ``coordinateTransformations``.
    axes
        Axes of the image.
    required
        Whether the list has to be there: that of a dataset from 0.4 on.

    Raises
    ------
    FormatError
        Where a transformation is none we know, or its numbers do not fit the axes.
    """
    transform = Transform((1.0,) * len(axes), (0.0,) * len(axes))
    entries = place.items()
    if required and not entries:
        place.warn("the transformations are missing; pixel sizes were taken from the arrays' shapes", RULE_LIST)
    if not place.absent and not place.is_list:
        raise place.refuse("The transformations are no list", RULE_LIST)
    kinds = []
    for entry in entries:
        transform, kind = _followed_by(transform, entry, axes)
        kinds.append(kind)
    if kinds.count("scale") > 1 or kinds.count("translation") > 1:
        place.warn("there are several of one kind; they were applied one after the other", RULE_LIST)
    if required and entries and "scale" not in kinds:
        place.warn("the scale is missing; pixel sizes were taken from the arrays' shapes", RULE_LIST)
    return transform, "scale" in kinds


def _followed_by(transform: Transform, entry: Place, axes: Sequence[Axis]) -> tuple[Transform, str]:
    kind = entry["type"].value
    if kind == "scale":
        return transform.then_scale(_scale(entry["scale"], axes)), kind
    if kind == "translation":
        return transform.then_translation(_translation(entry["translation"], axes)), kind
    if kind == "identity":
        return transform, kind
    raise entry["type"].refuse("The transformation is of a type that cannot be placed", RULE_TYPE)


def _scale(place: Place, axes: Sequence[Axis]) -> list[float | None]:
    factors: list[float | None] = []
    for number in _numbers(place, axes, default=1.0):
        if number is None or number == 0:
            place.warn("a pixel has no size; it was taken from the arrays' shapes", RULE_LENGTH)
            factors.append(None)
        elif number < 0:
            raise place.refuse("The pixel size is negative", RULE_LENGTH)
        else:
            factors.append(number)
    return factors


def _translation(place: Place, axes: Sequence[Axis]) -> list[float]:
    offsets = _numbers(place, axes, default=0.0)
    if any(offset is None for offset in offsets):
        raise place.refuse("The translation is not finite", RULE_LENGTH)
    return [offset for offset in offsets if offset is not None]


def _numbers(place: Place, axes: Sequence[Axis], default: float) -> list[float | None]:
    """One number per axis, None for NaN and infinity.

    As many numbers as there are axes of space belong to these: nothing else fits them.
    """
    if not place.is_list:
        raise place.refuse("The transformation has no list of numbers", RULE_TYPE)
    numbers = [_number(entry) for entry in place.items()]
    if len(numbers) == len(axes):
        return numbers
    space = [axis.type == "space" for axis in axes]
    if len(numbers) != sum(space):
        raise place.refuse(f"There are {len(numbers)} numbers for {len(axes)} axes", RULE_LENGTH)
    place.warn(
        f"there are {len(numbers)} numbers for {len(axes)} axes; they were taken for those of space", RULE_LENGTH
    )
    given = iter(numbers)
    return [next(given) if is_space else default for is_space in space]


def _number(place: Place) -> float | None:
    if isinstance(place.value, float) and not math.isfinite(place.value):
        return None
    if place.number is None:
        raise place.refuse("The transformation holds something that is not a number", RULE_LENGTH)
    return place.number


@dataclass(frozen=True, slots=True)
class LevelSource:
    """One dataset as the file lists it: where it is and how large its array is."""

    dataset: Place
    path: str
    shape: tuple[int, ...]


def level_transforms(multiscale: Place, levels: Sequence[LevelSource], axes: Sequence[Axis]) -> list[Transform]:
    """Scale and translation of each level, every scale known: where the file is silent the shapes tell.

    Dataset transformations come first, those of the whole image after them. Where a scale and the shapes disagree
    about how much coarser a level is, the shapes win.

    Raises
    ------
    FormatError
        Where a transformation cannot be placed or its numbers grow beyond all bounds.
    """
    place = multiscale["coordinateTransformations"]
    common, has_common_scale = parse_transform(place, axes, required=False)
    if not place.absent and place.items() and not has_common_scale and at_least(place.version, 4):
        place.warn("the scale is missing; it was taken as 1", RULE_LIST)
    transforms: list[Transform] = []
    finest: Transform | None = None
    for level in levels:
        own = _own_transform(level, levels[0], finest, axes)
        finest = finest or own
        transforms.append(_composed(own, common, level.dataset))
    return transforms


def _own_transform(
    level: LevelSource, finest_level: LevelSource, finest: Transform | None, axes: Sequence[Axis]
) -> Transform:
    """Transform of a dataset alone, in which every scale is known and fits the shapes."""
    place = level.dataset["coordinateTransformations"]
    required = at_least(place.version, 4) or not is_known_version(place.version)
    transform, has_scale = parse_transform(place, axes, required=required)
    if finest is None:
        return Transform(tuple(size or 1.0 for size in transform.scale), transform.translation)
    scale = []
    for axis, size in enumerate(transform.scale):
        base, n, finest_n = finest.scale[axis] or 1.0, level.shape[axis], finest_level.shape[axis]
        by_shape = base * finest_n / n
        if size is None or not has_scale:
            scale.append(by_shape)
        elif abs(finest_n * base / size - n) <= 1:
            scale.append(size)
        else:
            place.warn("the scale does not fit the shapes of the arrays; the shapes were followed", RULE_FACTOR)
            scale.append(by_shape)
    return Transform(tuple(scale), transform.translation)


def _composed(own: Transform, common: Transform, dataset: Place) -> Transform:
    composed = own.then_scale([factor or 1.0 for factor in common.scale]).then_translation(common.translation)
    numbers = (*composed.scale, *composed.translation)
    if not all(number is not None and math.isfinite(number) for number in numbers) or 0 in composed.scale:
        raise dataset["coordinateTransformations"].refuse("The numbers grow beyond all bounds", RULE_LENGTH)
    return composed
