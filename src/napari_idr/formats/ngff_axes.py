"""Axes of an OME-Zarr image, by what the file says or by the rule that supplies what it leaves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_idr.model.image import Axis

from .ngff_document import at_least

if TYPE_CHECKING:
    from .ngff_document import Place

RULE_ORDER = '"multiscales" metadata: axes are ordered time, channel or custom, space'
RULE_NAME = '"axes" metadata: every axis has a name of its own'
RULE_SPACE = '"multiscales" metadata: axes hold 2 or 3 of type space'
RULE_COUNT = '"multiscales" metadata: 2 to 5 axes, as many as the arrays have dimensions'

TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
SPACE_NAMES = ("z", "y", "x")
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Dimensions:
    """What the arrays themselves say of their dimensions."""

    count: int
    names: tuple[str | None, ...] = ()
    """``dimension_names`` of zarr v3, or ``_ARRAY_DIMENSIONS``; may be empty or hold None."""


def parse_axes(multiscale: Place, dimensions: Dimensions) -> tuple[Axis, ...]:
    """Axes of an image, in the order of its arrays' dimensions.

    Raises
    ------
    FormatError
        Where names or order cannot be told without guessing, or where their number is not that of the dimensions.
    """
    place = multiscale["axes"]
    if place.absent:
        axes = _axes_by_rule(place, dimensions)
    elif not place.is_list:
        raise place.refuse("The axes are no list", RULE_COUNT)
    else:
        axes = _listed_axes(place)
    _check(place, axes, dimensions)
    return axes


def _axes_by_rule(place: Place, dimensions: Dimensions) -> tuple[Axis, ...]:
    """Axes of files before 0.3, which have a fixed order, and of later ones that leave them out."""
    names = _names_by_rule(place, dimensions)
    if at_least(place.version, 3):
        place.warn(
            f"the axes are missing and were taken as {', '.join(names)}", '"multiscales" metadata: axes is required'
        )
    return tuple(_axis(name) for name in names)


def _names_by_rule(place: Place, dimensions: Dimensions) -> Sequence[str]:
    known = [name for name in dimensions.names if name]
    if len(known) == dimensions.count:
        return known
    if dimensions.count == 5:
        return "tczyx"
    if dimensions.count == 2:
        return "yx"
    raise place.refuse(
        f"The axes are missing, and {dimensions.count} dimensions can be more than one thing",
        '"multiscales" metadata: axes is required from 0.3 on, before that arrays are t, c, z, y, x',
    )


def _axis(name: str, kind: str | None = None, unit: str | None = None) -> Axis:
    return Axis(name, kind if kind is not None else TYPES.get(name.lower()), unit)


def _listed_axes(place: Place) -> tuple[Axis, ...]:
    entries = place.items()
    if any(isinstance(entry.value, str) for entry in entries):
        return tuple(_plain_axis(entry) for entry in entries)
    names = _names(entries)
    return tuple(
        _axis(name, _type(entry["type"], name), _unit(entry["unit"]))
        for name, entry in zip(names, entries, strict=True)
    )


def _plain_axis(entry: Place) -> Axis:
    """Axis of 0.3, which is a name only."""
    if not isinstance(entry.value, str) or not entry.value:
        raise entry.refuse("The axis has no name", RULE_NAME)
    if at_least(entry.version, 4):
        entry.warn("the axis is a name only, as in 0.3", '"axes" metadata: an axis is an object')
    return _axis(entry.value[:LONGEST_NAME])


def _names(entries: Sequence[Place]) -> list[str]:
    """Names of axes; where one is missing, the rule of their order supplies it."""
    space = [entry for entry in entries if entry["type"].value == "space"]
    by_rule: dict[str, str] = {"time": "t", "channel": "c"}
    names = []
    for entry in entries:
        name = entry["name"]
        if name.text:
            names.append(name.text[:LONGEST_NAME])
            continue
        if not name.absent or not isinstance(entry.value, Mapping):
            raise name.refuse("The axis has no name that is text", RULE_NAME)
        kind = entry["type"].text or ""
        supplied = by_rule.get(kind)
        if kind == "space" and len(space) <= 3:
            supplied = SPACE_NAMES[3 - len(space) + space.index(entry)]
        if supplied is None:
            raise name.refuse("The axis has no name", RULE_NAME)
        name.warn("an axis has no name and was named by its type and order", RULE_NAME)
        names.append(supplied)
    return names


def _type(place: Place, name: str) -> str | None:
    if place.absent:
        return TYPES.get(name.lower())
    if place.text is None:
        place.warn("the type of an axis is not text and was ignored", '"axes" metadata: type is text')
        return TYPES.get(name.lower())
    known = TYPES.get(name.lower())
    if known is not None and place.text not in TYPES.values():
        place.warn(
            f"the axis {name!r} has the type {place.text[:20]!r} and was taken as {known}",
            '"axes" metadata: x, y and z are of type space, t of time, c of channel',
        )
        return known
    return place.text[:LONGEST_NAME]


def _unit(place: Place) -> str | None:
    """Return the unit as the file has it: one outside the list of UDUNITS-2 only misses a SHOULD."""
    if place.absent or place.text == "":
        return None
    if place.text is None:
        place.warn("the unit of an axis is not text and was ignored", '"axes" metadata: unit is text')
        return None
    return place.text[:LONGEST_NAME]


def _check(place: Place, axes: tuple[Axis, ...], dimensions: Dimensions) -> None:
    names = [axis.name for axis in axes]
    if len(axes) != dimensions.count:
        raise place.refuse(f"There are {len(axes)} axes for arrays of {dimensions.count} dimensions", RULE_COUNT)
    if len(set(names)) < len(names):
        raise place.refuse("Two axes have the same name", RULE_NAME)
    space = [index for index, axis in enumerate(axes) if axis.type == "space"]
    if len(space) < 2:
        raise place.refuse("There is no picture plane: fewer than two axes are of type space", RULE_SPACE)
    if len(space) > 3:
        place.warn(f"{len(space)} axes are of type space; the last two are the picture plane", RULE_SPACE)
    if len(axes) > 5:
        place.warn(f"there are {len(axes)} axes", RULE_COUNT)
    if not _is_ordered(axes):
        place.warn("the axes are not in the order of their types", RULE_ORDER)


def _is_ordered(axes: tuple[Axis, ...]) -> bool:
    ranks = [{"time": 0, "space": 2}.get(axis.type or "", 1) for axis in axes]
    return ranks == sorted(ranks)


def dimension_names(attributes: Any, names: Sequence[str | None]) -> tuple[str | None, ...]:
    """Names of dimensions that the array gives, or else the group's ``_ARRAY_DIMENSIONS`` (xarray's)."""
    if any(names):
        return tuple(names)
    listed = attributes.get("_ARRAY_DIMENSIONS") if isinstance(attributes, Mapping) else None
    if isinstance(listed, Sequence) and all(isinstance(name, str) for name in listed):
        return tuple(listed)
    return ()
