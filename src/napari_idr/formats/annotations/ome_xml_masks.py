"""Masks as OME-XML ROIs, one file per image: one ROI per object or label value, one mask per plane.

Bits are packed as OMERO does it (row after row without padding); other readers take such files in other ways, so they
are apart from the shapes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.formats.model_json import json_text, to_document
from napari_idr.model.annotation import Mask
from napari_idr.model.annotation_set import AnnotatedObject, LabelPlace

from .details import NAMESPACE
from .files import write_text
from .held import held_objects, losses, naming, only
from .label_frame import frame_document
from .label_masks import LabelMasks, all_masks, values_of
from .ome_reading import read_document
from .ome_writing import as_read, write_document
from .roi_entries import RoiEntry, entry_of
from .roi_names import roi_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet
    from napari_idr.model.finding import Loss

    from .held import Hold


def holding(sets: Sequence[AnnotationSet]) -> Hold:
    """Return what tells which objects of some sets have pixels; looks at all label images once."""
    values = {(id(one), image.name): values_of(image) for one in sets for image in one.labels}

    def hold(one: AnnotatedObject, whole: AnnotationSet) -> AnnotatedObject | str:
        if one.label is None:
            has_masks = any(isinstance(shape, Mask) for shape in one.shapes)
            return one if has_masks else "it has no pixels of its own"
        is_there = one.label.value in values.get((id(whole), one.label.image), ())
        return one if is_there else "its value is not in its label image"

    return hold


class OmeXmlMasks:
    """Pixels of objects as masks."""

    key = "ome-xml-masks"
    title = "OME-XML masks"
    endings = (".masks.ome.xml",)
    images_per_file: int | None = 1
    reads = True

    def losses(self, sets: Sequence[AnnotationSet]) -> tuple[Loss, ...]:
        """Return which objects are not written here: those without pixels."""
        return losses(sets, holding(sets), labels=True)

    def write(self, sets: Sequence[AnnotationSet], path: Path) -> tuple[Path, ...]:
        """Write the masks of one image. Raises ``FormatError`` naming the object or label image."""
        one = only(sets, path)
        masks = all_masks(one)
        objects = held_objects(one, holding([one]))
        bare = _bare_objects(masks, {_key(thing) for thing in objects if thing.label is not None})
        names = roi_names([*objects, *bare])
        entries = []
        for thing in objects:
            with naming(one.image, thing):
                shapes = thing.shapes if thing.label is None else masks[_key(thing)]
                entries.append(
                    (thing, entry_of(thing, names[thing.uuid], shapes, as_read if thing.label is None else None))
                )
        entries += [(thing, _bare_entry(thing, names[thing.uuid], masks[_key(thing)])) for thing in bare]
        frames = [frame_document(image) for image in one.labels]
        return write_text(path, write_document(one, entries, **({"labels": frames} if frames else {})))

    def read(self, path: Path, image: AnnotatedImage | None = None) -> tuple[AnnotationSet, ...]:
        """Return the set of a file: label images as they were, other masks as shapes. Raises ``FormatError``."""
        return (read_document(path, image),)


def _key(one: AnnotatedObject) -> tuple[str, int]:
    assert one.label is not None
    return one.label.image, one.label.value


def _bare_objects(masks: LabelMasks, known: set[tuple[str, int]]) -> list[AnnotatedObject]:
    """Return a nameless stand-in for each value that nothing is said of: its pixels are not left out."""
    return [
        AnnotatedObject(uuid=f"{name}#{value}", name=f"{name} {value}", label=LabelPlace(name, value))
        for name, value in masks
        if (name, value) not in known
    ]


def _bare_entry(one: AnnotatedObject, name: str, masks: tuple[Mask, ...]) -> RoiEntry:
    place = json_text(to_document(one.label))
    return RoiEntry(name, masks, ((NAMESPACE, (("label", place),)),))


FORMAT = OmeXmlMasks()
