"""Which annotation files a package holds, of each image and of all: format, name, role. Pure; writes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_idr.formats.documents.submitted_file import safe_name
from napari_idr.model.annotation import Mask

from .layout import LABELS, ROIS, TABLES, regions_of, stems, types_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet, LabelImage
    from napari_idr.model.submission import Submission


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One annotation file to be: what is written into it, by which format, and what it is for."""

    path: str
    """Relative, with "/"."""
    role: str
    format: str
    """Key of the format that writes it."""
    sets: tuple[AnnotationSet, ...]
    types: tuple[str, ...]
    """The archives' annotation types of what it holds."""
    source: AnnotatedImage | None = None
    """The image it belongs to, None where it is about several."""
    is_image: bool = False
    """Whether the BioImage Archive counts it as an image: a label image."""


def planned_files(submission: Submission, *, parquet: bool = True) -> list[PlannedFile]:
    """Return the annotation files of a package, in the order in which they are written.

    Parameters
    ----------
    submission
        What is written.
    parquet
        Whether the table of all objects is written as Parquet, too.
    """
    names = stems([one.image for one in submission.sets])
    files = [file for one in submission.sets for file in _of_image(one, names[one.image.key])]
    return files + list(_of_all(submission.sets, parquet))


def _of_image(one_set: AnnotationSet, stem: str) -> Iterator[PlannedFile]:
    image, regions = one_set.image, regions_of(one_set)
    masks = [one for one in regions.objects if any(isinstance(shape, Mask) for shape in one.shapes)]
    shapes = [one for one in regions.objects if one not in masks] if masks else list(regions.objects)
    if shapes:
        drawn = regions.with_objects(shapes)
        types = types_of(shapes)
        yield PlannedFile(f"{ROIS}/{stem}.rois.ome.xml", "idr-rois", "ome-xml", (drawn,), types, image)
        yield PlannedFile(f"{ROIS}/{stem}.rois.geojson", "qupath-rois", "geojson", (drawn,), types, image)
    if masks:
        kept = regions.with_objects(masks)
        path = f"{ROIS}/{stem}.masks.ome.xml"
        yield PlannedFile(path, "idr-masks", "ome-xml-masks", (kept,), types_of(masks), image)
    for labels in one_set.labels:
        yield from _of_labels(one_set, labels, f"{LABELS}/{stem}__{safe_name(labels.name)}")
    if any(one.features for one in one_set.objects):
        path = f"{TABLES}/{stem}.omero_table.csv"
        yield PlannedFile(path, "omero-table", "omero-table", (one_set,), types_of(one_set.objects), image)


def _of_labels(one_set: AnnotationSet, labels: LabelImage, path: str) -> Iterator[PlannedFile]:
    own = [one for one in one_set.objects if one.label is not None and one.label.image == labels.name]
    part = replace(one_set, labels=(labels,), objects=tuple(own), statements=())
    types, image = types_of(own) or ("segmentation_mask",), one_set.image
    yield PlannedFile(f"{path}.labels.ome.tif", "label-image", "label-tiff", (part,), types, image, is_image=True)
    yield PlannedFile(f"{path}.ome.zarr.zip", "label-image", "ome-zarr-labels", (part,), types, image, is_image=True)


def _of_all(sets: Sequence[AnnotationSet], parquet: bool) -> Iterator[PlannedFile]:
    types = types_of(one for each in sets for one in each.objects)
    everything = tuple(replace(each, labels=()) for each in sets)
    yield PlannedFile(f"{TABLES}/rois.csv", "roi-table", "rois-csv", everything, types)
    if parquet:
        yield PlannedFile(f"{TABLES}/rois.parquet", "roi-table", "rois-parquet", everything, types)
    tracks = tuple(
        each.with_objects(one for one in each.objects if one.is_track)
        for each in sets
        if any(one.is_track for one in each.objects)
    )
    if tracks:
        yield PlannedFile(f"{TABLES}/tracks.csv", "tracks", "tracks-csv", tracks, ("tracks",))
