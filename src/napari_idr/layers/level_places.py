"""Where the pixels of each level lie, in pixels of the finest one: pixel centres, as OME-Zarr and napari count them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.image import Axis, ImageMetadata

Stated = list[dict[str, list[float]]]
"""Of each level, by name of the axis, size of a pixel and place of the first one; as JSON, in a layer's metadata."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Pixel ``i`` of a level has its centre at ``first + i * step`` in pixels of the finest level, along one axis."""

    step: float
    first: float

    @classmethod
    def by_size(cls, size: int, level_size: int) -> Steps:
        """Return the steps of a level that covers the same stretch as the finest one: as napari draws it."""
        return cls.corner_to_corner(size / level_size)

    @classmethod
    def corner_to_corner(cls, step: float) -> Steps:
        """Return the steps of a level whose first pixel begins where the finest one's begins."""
        return cls(step, (step - 1) / 2)


def stated_of_image(metadata: ImageMetadata) -> Stated:
    """Return what an image's file says of its levels."""
    names = metadata.axis_names
    return [
        {name: [size, place] for name, size, place in zip(names, level.scale, level.translation, strict=True)}
        for level in metadata.levels
    ]


def stated_of_plate(axes: Sequence[Axis], scale: Sequence[float], factors: Sequence[float]) -> Stated:
    """Return where the levels of a plate lie: y and x by their factors, corner on corner."""
    levels: Stated = []
    for factor in factors:
        steps = Steps.corner_to_corner(factor)
        levels.append(
            {
                axis.name: [size * steps.step, size * steps.first] if axis.name in ("y", "x") else [size, 0.0]
                for axis, size in zip(axes, scale, strict=True)
            }
        )
    return levels


def steps_along(name: str, sizes: Sequence[int], level: int, stated: Any) -> Steps:
    """Return where a level's pixels lie along one axis.

    What the file states is taken where it covers the image to within two pixels of the level. A first pixel that is
    stated where the finest level's is (as most files do that state none) lies corner on corner with it: there napari
    draws it, and there the mean of what it stands for lies.

    Parameters
    ----------
    name
        Of the axis.
    sizes
        Pixels of each level along it, finest first.
    level
        Which level.
    stated
        ``Stated``, or anything else that a layer's metadata hold.
    """
    size, own_size = sizes[0], sizes[level]
    fallback = Steps.by_size(size, own_size)
    found = _stated_along(name, level, stated)
    if found is None or found.step <= 0 or not abs(found.step * own_size - size) < 2 * found.step:
        return fallback
    plain = Steps.corner_to_corner(found.step)
    return found if found.first and abs(found.first - plain.first) <= found.step else plain


def _stated_along(name: str, level: int, stated: Any) -> Steps | None:
    """Return what is stated of a level, in pixels of the finest one; None where it is not stated."""
    try:
        (base_size, base_place), (size, place) = stated[0][name], stated[level][name]
        return Steps(size / base_size, (place - base_place) / base_size)
    except (LookupError, TypeError, ValueError, ZeroDivisionError):
        return None
