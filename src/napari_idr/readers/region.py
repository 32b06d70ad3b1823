"""Which part of an image to read: ``t=0,c=1,z=2:5,y=0:512,x=0:512``, axes not named are whole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from napari_idr.errors import AddressError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PART = re.compile(r"\s*([^=,\s]+)\s*=\s*(-?\d+|(?:-?\d*):(?:-?\d*))\s*")
_HINT = "write it like t=0,z=2:5,y=0:512,x=0:512"


def parse_region(text: str) -> dict[str, slice]:
    """Return a slice per axis named in a region's text; an integer keeps its axis, with length 1.

    Raises
    ------
    AddressError
        The text is not of that form, or names an axis twice.
    """
    region: dict[str, slice] = {}
    for part in text.split(",") if text.strip() else ():
        match = _PART.fullmatch(part)
        if match is None or match[1] in region:
            raise AddressError("The region is not understood", repr(text[:100]), _HINT)
        region[match[1]] = _bounds(match[2])
    return region


def _bounds(text: str) -> slice:
    if ":" not in text:
        return slice(int(text), int(text) + 1 or None)
    start, stop = text.split(":")
    return slice(int(start) if start else None, int(stop) if stop else None)


def region_box(
    region: Mapping[str, int | slice], axes: Sequence[str], shape: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """Return the (start, stop) per axis of a region inside an array.

    Raises
    ------
    AddressError
        An axis is not there, or a bound lies outside the array.
    """
    unknown = sorted(set(region) - set(axes))
    if unknown:
        what = f"The region names the axis {unknown[0]!r}, which the image does not have"
        raise AddressError(what, f"axes {','.join(axes)}", _HINT)
    return tuple(_ends(name, region.get(name, slice(None)), size) for name, size in zip(axes, shape, strict=True))


def _ends(name: str, part: int | slice, size: int) -> tuple[int, int]:
    bounds = slice(part, part + 1 or None) if isinstance(part, int) else part
    given = [bound for bound in (bounds.start, bounds.stop) if bound is not None]
    start, stop, _ = bounds.indices(size)
    if any(not -size <= bound <= size for bound in given) or start >= stop:
        raise AddressError(f"The region lies outside the image on axis {name}", f"its size is {size}", _HINT)
    return start, stop
