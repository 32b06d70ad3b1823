"""What formats of label images share: which objects they hold, whose image it is, and what they lose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.errors import FormatError
from napari_idr.model.annotation_set import AnnotatedObject, LabelPlace
from napari_idr.model.finding import Loss

from .image_documents import called_after
from .object_facts import derived_uuid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet, LabelImage


def only_set(sets: Sequence[AnnotationSet], title: str) -> AnnotationSet:
    """Return the one set that is written. Raises ``FormatError`` for none and for several."""
    if len(sets) != 1:
        raise FormatError(f"A file of {title} holds one image, not {len(sets)}", "", "write a file per image")
    return sets[0]


def only_label(one: AnnotationSet, title: str) -> LabelImage:
    """Return the one label image of a set. Raises ``FormatError`` for none and for several."""
    if len(one.labels) != 1:
        what = f"A file of {title} holds one label image, not {len(one.labels)}"
        raise FormatError(what, one.image.name or one.image.address, "write a file per label image")
    return one.labels[0]


def objects_of(one: AnnotationSet, label: LabelImage) -> tuple[AnnotatedObject, ...]:
    """Return the objects of a label image. Raises ``FormatError`` where a value has two."""
    found: dict[int, AnnotatedObject] = {}
    for each in one.objects:
        if each.label is not None and each.label.image == label.name:
            if each.label.value in found or each.label.value < 1:
                what = f"The value {each.label.value} of the label image has two objects, or is the background"
                raise FormatError(what, label.name, "give each object a value of its own, from 1 on")
            found[each.label.value] = each
    return tuple(found.values())


def losses_but_labels(sets: Sequence[AnnotationSet]) -> Iterator[Loss]:
    """Yield what a format of label images leaves out: objects with shapes, and what is said of the image."""
    for one in sets:
        where = one.image.name or one.image.address
        names = {label.name for label in one.labels}
        for each in one.objects:
            if each.label is None or each.label.image not in names:
                yield Loss(
                    each.uuid, f"{where}, {each.name or each.uuid}", "all of it: it is no value of a label image"
                )
        if one.statements:
            yield Loss("", where, "what is said of the image, its well or its study")


def objects_by_value(values: np.ndarray, image: AnnotatedImage, name: str) -> tuple[AnnotatedObject, ...]:
    """Return an object for every value of a label image that describes none."""
    return tuple(
        AnnotatedObject(
            uuid=derived_uuid(image.key, name, int(value)),
            label=LabelPlace(name, int(value)),
            name=f"{name} {value}",
            layer=name,
        )
        for value in values
    )


def agreed_image(stated: AnnotatedImage, given: AnnotatedImage | None, file: str, *, by_key: bool) -> AnnotatedImage:
    """Return the image that a file is read onto, which must be the one that it states.

    Parameters
    ----------
    stated
        What the file says.
    given
        The image that the user has open; the one that is stated where None.
    file
        Name of the file, for messages.
    by_key
        Whether the file says which image it is, not only how large.
    """
    if given is None:
        return called_after(stated, file)
    if by_key and stated.address and stated.key != given.key:
        what = f"It was made of another image, {stated.name or stated.key}"
        raise FormatError(what, file, f"open that image, or another file for {given.name or given.key}")
    wrong = [axis for axis in "xyzt" if stated.size(axis) not in (given.size(axis), 1 if axis in "zt" else -1)]
    if wrong:
        sizes = f"{stated.size(wrong[0])} pixels along {wrong[0]}, the image {given.size(wrong[0])}"
        raise FormatError(f"It has {sizes}", file, "check which image it belongs to", key=wrong[0])
    return given
