"""The same object on other planes, in other fields, or on all planes at once. Pure."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from .annotation_book import Held

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject


def copies(
    held: Held, z: Sequence[int] = (), t: Sequence[int] = (), fields: Sequence[AnnotatedImage] = ()
) -> list[Held]:
    """Return an object once for each of some planes and images, at the same place; where it is itself is left out.

    Copies have the uuid of the object: whoever adds them gives them their own. Objects of label images and tracks
    have no copies.
    """
    one = held.one
    if one.label is not None or one.is_track or not one.shapes:
        return []
    first = one.shapes[0]
    made = []
    for image, plane, time in product(fields or (held.image,), z or (first.z,), t or (first.t,)):
        if (image.key, plane, time) != (held.image.key, first.z, first.t):
            shapes = tuple(replace(s, z=plane if z else s.z, t=time if t else s.t, id="") for s in one.shapes)
            made.append(Held(image, replace(one, shapes=shapes)))
    return made


def on_all(one: AnnotatedObject, axes: Sequence[str]) -> AnnotatedObject:
    """Return an object that lies on all planes along z, t or both: its shapes name none."""
    shapes = one.shapes
    if "z" in axes:
        shapes = tuple(replace(shape, z=None) for shape in shapes)
    if "t" in axes:
        shapes = tuple(replace(shape, t=None) for shape in shapes)
    return replace(one, shapes=tuple(dict.fromkeys(shapes)))
