"""OME-XML ROIs (schema 2016-06), one file per image: what the IDR's curators load, and OMERO, QuPath and Bio-Formats.

What is said of an object hangs on its ROI as map annotations, the only place that survives the import. Masks are not
written: see ``ome_xml_masks``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.model.annotation import Mask

from .files import write_text
from .held import held_objects, losses, naming, only
from .ome_reading import read_document
from .ome_writing import as_read, write_document
from .roi_entries import entry_of
from .roi_names import roi_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, AnnotationSet
    from napari_idr.model.finding import Loss


def hold(one: AnnotatedObject, _: AnnotationSet) -> AnnotatedObject | str:
    """Return an object that can be written, or why not."""
    if one.label is not None:
        return "it is part of a label image, which goes into a file of its own"
    if any(isinstance(shape, Mask) for shape in one.shapes):
        return "it has masks, which go into a file of their own (OME-XML masks)"
    return one if one.shapes else "it has no shape"


class OmeXmlRois:
    """Shapes, points and tracks as ROIs."""

    key = "ome-xml"
    title = "OME-XML ROIs"
    endings = (".ome.xml", ".xml")
    images_per_file: int | None = 1
    reads = True

    def losses(self, sets: Sequence[AnnotationSet]) -> tuple[Loss, ...]:
        """Return which objects are not written here: those with pixels."""
        return losses(sets, hold)

    def write(self, sets: Sequence[AnnotationSet], path: Path) -> tuple[Path, ...]:
        """Write the ROIs of one image; valid by the schema. Raises ``FormatError`` naming the object."""
        one = only(sets, path)
        objects = held_objects(one, hold)
        names, entries = roi_names(objects), []
        for thing in objects:
            with naming(one.image, thing):
                entries.append((thing, entry_of(thing, names[thing.uuid], thing.shapes, as_read)))
        return write_text(path, write_document(one, entries))

    def read(self, path: Path, image: AnnotatedImage | None = None) -> tuple[AnnotationSet, ...]:
        """Return the set of a file, masks included. Raises ``FormatError``."""
        return (read_document(path, image),)


FORMAT = OmeXmlRois()
