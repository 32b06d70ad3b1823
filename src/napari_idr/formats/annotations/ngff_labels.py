"""Label images as OME-Zarr 0.4 and 0.5: alone or in the ``labels`` group of their image; folder or zip.

Labels of a remote image stand alone: nobody can write into its bucket, and ``source`` only leads to what lies beside.
Which image it was is noted under a key of our own. Only parts in which something is labelled are read and written.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import FormatError
from napari_idr.formats.ngff import ArrayInfo, dataset_paths, group_kind, parse_image

from .label_objects import losses_but_labels, objects_of, only_set
from .label_pixels import boxes, label_values, placed
from .ngff_label_metadata import LabelLevel, group_attributes, label_attributes, levels_of
from .ngff_label_reading import read_labels
from .stored_zip import zip_folder
from .zarr_groups import make_array, open_local_group, write_group

if TYPE_CHECKING:
    from collections.abc import Sequence

    import zarr

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet, LabelImage
    from napari_idr.model.finding import Loss
    from napari_idr.model.image import ImageMetadata

    from .label_pixels import PlacedLabels
    from .ngff_label_metadata import Version
    from .zarr_groups import LocalGroup, ZarrFormat


class OmeZarrLabels:
    """Reads both versions, from folders and zips; writes one."""

    images_per_file: int | None = 1
    reads = True
    endings = (".ome.zarr.zip", ".ome.zarr", ".ozx", ".zarr.zip", ".zarr")

    def __init__(self, version: Version) -> None:
        self.version: Version = version
        self.key = "ome-zarr-labels" if version == "0.4" else "ome-zarr-labels-0.5"
        self.title = f"OME-Zarr {version} labels"

    def losses(self, sets: Sequence[AnnotationSet]) -> tuple[Loss, ...]:
        """Return the objects that are no labels."""
        return tuple(losses_but_labels(sets))

    def write(self, sets: Sequence[AnnotationSet], path: Path) -> tuple[Path, ...]:
        """Write the label images of one set: one is the root, several are a ``labels`` group; see ``base``."""
        one = only_set(sets, self.title)
        if path.name.lower().endswith((".zip", ".ozx")):
            with tempfile.TemporaryDirectory(dir=path.parent, prefix=".napari-idr-") as folder:
                write_labels(Path(folder) / "labels", one, self.version)
                zip_folder(Path(folder) / "labels", path, self.version)
        else:
            write_labels(path, one, self.version)
        return (path,)

    def read(self, path: Path, image: AnnotatedImage | None = None) -> tuple[AnnotationSet, ...]:
        """Return the set of a label image, of a ``labels`` group, or of the labels in an image."""
        return (read_labels(open_local_group(path), image),)


FORMAT = OmeZarrLabels("0.4")


def write_labels(folder: Path, one: AnnotationSet, version: Version) -> None:
    """Write the label images of a set into a folder that is not there yet. Raises ``FormatError``."""
    if not one.labels:
        raise FormatError("There is no label image to write", one.image.name, "draw or open one first")
    _check_names(one.labels)
    if len(one.labels) > 1:
        write_group(
            folder, group_attributes([label.name for label in one.labels], version), 2 if version == "0.4" else 3
        )
    for label in one.labels:
        target = folder if len(one.labels) == 1 else folder / label.name
        axes = label.axes
        _write(target, one, label, _Form(axes, levels_of(one.image, axes), version, source=False))


def nest_labels(folder: Path, one: AnnotationSet) -> tuple[Path, ...]:
    """Add the label images of a set to the OME-Zarr image in a folder, of its version and with its levels.

    Returns the folders made. Raises ``FormatError`` where the image is another one, or has labels of such a name.
    """
    group = open_local_group(folder)
    metadata = _image_metadata(group)
    version: Version = "0.4" if group.zarr_format == 2 else "0.5"
    _check_names(one.labels)
    known = _known_labels(group)
    made = []
    for label in one.labels:
        if label.name in known:
            raise FormatError("The image has labels of that name already", label.name, "give them another name")
        axes, levels = _levels_in(metadata, one.image)
        (folder / "labels").mkdir(exist_ok=True)
        _write(folder / "labels" / label.name, one, label, _Form(axes, levels, version, source=True))
        made.append(folder / "labels" / label.name)
    names = [*known, *(label.name for label in one.labels)]
    write_group(folder / "labels", group_attributes(names, version), group.zarr_format)
    return tuple(made)


def _known_labels(group: LocalGroup) -> tuple[str, ...]:
    from napari_idr.errors import NotFound
    from napari_idr.formats.ngff import parse_label_names

    try:
        return parse_label_names(group.group("labels").attributes)
    except NotFound:
        return ()


def _image_metadata(group: LocalGroup) -> ImageMetadata:
    if group_kind(group.attributes) != "image":
        raise FormatError("It is no OME-Zarr image", group.name, "choose the folder of one image")
    infos = []
    for path in dataset_paths(group.attributes, address=group.name):
        array = group.array(path)
        infos.append(ArrayInfo(path, tuple(array.shape), tuple(array.chunks), array.dtype.name))
    return parse_image(group.attributes, infos, address=group.name)


def _levels_in(metadata: ImageMetadata, image: AnnotatedImage) -> tuple[tuple[str, ...], tuple[LabelLevel, ...]]:
    """Return the axes of an image but for channels, and its levels along them."""
    kept = [number for number, name in enumerate(metadata.axis_names) if name in "tzyx"]
    axes = tuple(metadata.axis_names[number] for number in kept)
    for number in kept:
        axis, size = metadata.axis_names[number], metadata.levels[0].shape[number]
        if image.size(axis) != size:
            what = f"The image has {size} pixels along {axis}, the annotations are of one with {image.size(axis)}"
            raise FormatError(what, metadata.address, "choose the image that was annotated")
    levels = tuple(
        LabelLevel(
            tuple(info.shape[number] for number in kept),
            tuple(info.scale[number] for number in kept),
            tuple(info.translation[number] for number in kept),
        )
        for info in metadata.levels
    )
    return axes, levels


def _check_names(labels: Sequence[LabelImage]) -> None:
    """Refuse names that are no path inside a ``labels`` group."""
    for label in labels:
        if not label.name or label.name in (".", "..") or label.name.startswith(("__", ".z")) or set(label.name) & BAD:
            raise FormatError("A label image cannot have this name", label.name, "use letters, digits, - and _")
    if len({label.name for label in labels}) != len(labels):
        raise FormatError("Two label images have one name", labels[0].name, "rename one of them")


BAD = set('/\\:*?"<>|') | {chr(code) for code in range(32)}


@dataclass(frozen=True, slots=True)
class _Form:
    """How a label image is written."""

    axes: tuple[str, ...]
    levels: tuple[LabelLevel, ...]
    version: Version
    source: bool
    """Whether it lies beside its image."""

    @property
    def zarr_format(self) -> ZarrFormat:
        return 2 if self.version == "0.4" else 3


def _write(folder: Path, one: AnnotationSet, label: LabelImage, form: _Form) -> None:
    found = label_values(label).tolist()
    full = placed(label, one.image, form.axes)
    objects = objects_of(one, label)
    attributes = label_attributes(
        one.image, label, objects, form.axes, form.levels, form.version, found=found, source=form.source
    )
    write_group(folder, attributes, form.zarr_format)
    _write_levels(folder, full, form)


def _write_levels(folder: Path, full: PlacedLabels, form: _Form) -> None:
    dtype = np.dtype(full.label.pixels.dtype.name)
    axes, levels, zarr_format = form.axes, form.levels, form.zarr_format
    finer = make_array(folder / "0", _shape(levels[0], full), dtype, zarr_format, axes)
    for box in boxes(finer.shape, finer.chunks):
        if not full.is_empty(box):
            finer[box] = full.read(box)
    for number, level in enumerate(levels[1:], 1):
        coarser = make_array(folder / str(number), _shape(level, full), dtype, zarr_format, axes)
        steps = [down / up for down, up in zip(level.scale, levels[number - 1].scale, strict=True)]
        _shrink(finer, coarser, steps)
        finer = coarser


def _shape(level: LabelLevel, full: PlacedLabels) -> tuple[int, ...]:
    """Return the shape of a level: 1 along an axis on all of whose planes the labels hold."""
    return tuple(size if axis in full.label.axes else 1 for size, axis in zip(level.shape, full.axes, strict=True))


def _shrink(finer: zarr.Array[Any], coarser: zarr.Array[Any], steps: Sequence[float]) -> None:
    """Fill a level with the pixels in the middle of those of the finer one."""
    for box in boxes(coarser.shape, coarser.chunks):
        sources = [
            np.minimum(np.floor((np.arange(part.start, part.stop) + 0.5) * step).astype(int), size - 1)
            for part, step, size in zip(box, steps, finer.shape, strict=True)
        ]
        window: Any = finer[tuple(slice(int(source[0]), int(source[-1]) + 1) for source in sources)]
        if window.any():
            coarser[box] = window[np.ix_(*(source - source[0] for source in sources))]
