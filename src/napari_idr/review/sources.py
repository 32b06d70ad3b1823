"""What is to be reviewed, read from wherever it is: a repository, a file, a package, one's own workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import NAMESPACE_URL, uuid5

from napari_idr.errors import AddressError, Cancelled, FormatError, NapariIdrError, Unsupported
from napari_idr.formats.annotations.convert import read_any
from napari_idr.formats.annotations.registry import format_of_path
from napari_idr.formats.annotations.stored_rois import stored_set
from napari_idr.formats.file_endings import REVIEW
from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet, LabelImage, LabelPlace
from napari_idr.model.image import ImageMetadata, ImageReference
from napari_idr.repositories.annotated_image import annotated_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy as np

    from napari_idr.model.annotation import RoiSet
    from napari_idr.model.catalog import Node, Page
    from napari_idr.model.image import CollectionMetadata, PlateMetadata, Reference
    from napari_idr.workspace.workspace import Workspace

    Told = Callable[[int, str], None]
    """Images read so far, and the name of the one that is read."""

WORKSPACE = "workspace"
MOST_LABEL_PIXELS = 1 << 26
"""Of a label image that is read whole; a larger one is said to be left out."""


class Archive(Protocol):
    """What is asked of a session; its methods may block."""

    @property
    def workspace(self) -> Workspace:
        """What the user made."""
        ...

    def resolve(self, address: str) -> Node:
        """Return what an address points at."""
        ...

    def describe(self, node: Node) -> Node:
        """Return a node with all there is to know of it."""
        ...

    def children(self, node: Node, *, offset: int = 0, limit: int = 200) -> Page:
        """Return a page of children."""
        ...

    def reference(self, node: Node, *, acquisition: str = "") -> Reference:
        """Return where pixels are."""
        ...

    def info(
        self, what: str | Node, *, fields: bool = False
    ) -> ImageMetadata | PlateMetadata | CollectionMetadata | Node:
        """Return metadata."""
        ...

    def roi_set(
        self,
        repository_key: str,
        image_id: str,
        *,
        plane: tuple[int, int] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> RoiSet:
        """Return the ROIs of an image."""
        ...

    def read(
        self, address: str, *, level: int = 0, label: str = "", region: str | Mapping[str, int | slice] | None = None
    ) -> tuple[np.ndarray, ImageMetadata]:
        """Return exact pixels."""
        ...


def sets_of(
    archive: Archive,
    what: str,
    *,
    told: Told = lambda done, name: None,
    is_cancelled: Callable[[], bool] = lambda: False,
    warn: Callable[[str], None] = lambda sentence: None,
) -> Iterator[AnnotationSet]:
    """Yield what carries ROIs or labels of something, image by image as it is read. May block.

    Parameters
    ----------
    archive
        A session.
    what
        "workspace", a file of annotations, the folder of a package, or any address of a repository.
    told
        Called before each image is read.
    is_cancelled
        Looked at between images, and between answers.
    warn
        Told of each image that could not be read: the others go on.

    Raises
    ------
    Cancelled
        It was stopped.
    NapariIdrError
        It is nothing of these, or cannot be reached.
    """
    for done, one in enumerate(_read(archive, what, told, is_cancelled, warn), 1):
        told(done, one.image.name or one.image.address)
        if is_cancelled():
            raise Cancelled("Reading was stopped", what)
        for remark in one.remarks:
            warn(remark)
        if one.objects:
            yield one


def _read(
    archive: Archive, what: str, told: Told, is_cancelled: Callable[[], bool], warn: Callable[[str], None]
) -> Iterator[AnnotationSet]:
    if what == WORKSPACE:
        yield from _of_workspace(archive.workspace, warn)
    elif _is_here(what):
        yield from _of_path(Path(what).expanduser(), warn)
    else:
        yield from _of_node(archive, archive.resolve(what), is_cancelled, warn)


def _is_here(what: str) -> bool:
    """Whether it is a file of annotations, or a folder that holds some; an OME-Zarr is an image."""
    path = Path(what).expanduser()
    if "://" in what or not path.exists():
        return False
    zarr = any((path / name).exists() for name in (".zattrs", ".zgroup", "zarr.json"))
    return not zarr and (path.is_dir() or not what.lower().endswith((".tif", ".tiff", ".ozx", ".zip")))


def _of_workspace(workspace: Workspace, warn: Callable[[str], None]) -> Iterator[AnnotationSet]:
    for image in workspace.images():
        try:
            state = workspace.state(image.key)
        except FormatError as error:
            warn(str(error))
            continue
        if state is not None:
            yield state


def _of_path(path: Path, warn: Callable[[str], None]) -> Iterator[AnnotationSet]:
    if path.name.lower().endswith(REVIEW):
        hint = "take it over with: napari-idr review merge FILE"
        raise AddressError("A review file has its queues with it", path.name, hint)
    if not path.is_dir() or path.name.lower().endswith(".zarr"):
        yield from read_any(path)
        return
    files = sorted(one for one in path.rglob("*") if one.is_file() and not _is_inside_zarr(one, path))
    readable = [one for one in files if _can_be_read(one)]
    if not readable:
        raise FormatError("There are no annotations in the folder", path.name, "choose a package or a file")
    for one in readable:
        try:
            yield from read_any(one)
        except NapariIdrError as error:
            warn(str(error))


def _is_inside_zarr(file: Path, folder: Path) -> bool:
    return any(part.lower().endswith(".zarr") for part in file.relative_to(folder).parts[:-1])


def _can_be_read(file: Path) -> bool:
    try:
        return format_of_path(file).reads and not file.is_symlink()
    except Unsupported:
        return False


def _of_node(
    archive: Archive, node: Node, is_cancelled: Callable[[], bool], warn: Callable[[str], None]
) -> Iterator[AnnotationSet]:
    for image in images_below(archive, node, is_cancelled):
        try:
            yield _of_image(archive, image, is_cancelled, warn)
        except Cancelled:
            raise
        except NapariIdrError as error:
            if image is node:
                raise
            warn(str(error))


def images_below(archive: Archive, node: Node, is_cancelled: Callable[[], bool]) -> Iterator[Node]:
    """Yield the images of a node, depth first, page by page."""
    if node.kind in ("image", "field"):
        yield node
        return
    offset: int | None = 0
    while offset is not None:
        if is_cancelled():
            raise Cancelled("Reading was stopped", node.name)
        page = archive.children(node, offset=offset)
        for child in page.nodes:
            yield from images_below(archive, child, is_cancelled)
        offset = page.next_offset


def _of_image(
    archive: Archive, node: Node, is_cancelled: Callable[[], bool], warn: Callable[[str], None]
) -> AnnotationSet:
    described = archive.describe(node)
    reference, metadata = archive.reference(node), archive.info(node)
    if not isinstance(reference, ImageReference) or not isinstance(metadata, ImageMetadata):
        raise AddressError("ROIs and labels lie on one image", node.address or node.name, "name an image or field")
    image = annotated_image(reference, metadata, described)
    found = AnnotationSet(image=image)
    if image.image_id:
        found = stored_set(archive.roi_set(node.repository, image.image_id, is_cancelled=is_cancelled), image)
    for name in metadata.labels:
        found = _with_label(archive, found, node.address, name, warn)
    return found


def _with_label(
    archive: Archive, found: AnnotationSet, address: str, name: str, warn: Callable[[str], None]
) -> AnnotationSet:
    """Return a set with the objects of a label image that its archive keeps."""
    import numpy as np

    image = found.image
    if image.size_x * image.size_y * image.size_z * image.size_t > MOST_LABEL_PIXELS:
        warn(f"The label image {name} of {image.name} is too large to be reviewed whole and was left out.")
        return found
    try:
        pixels, metadata = archive.read(address, label=name)
    except NapariIdrError as error:
        warn(str(error))
        return found
    kept = [axis for axis in metadata.axis_names if axis in "tzyx"]
    dropped = tuple(i for i, axis in enumerate(metadata.axis_names) if axis not in kept)
    if pixels.dtype.kind not in "iu" or any(pixels.shape[i] != 1 for i in dropped):
        warn(f"The label image {name} of {image.name} holds no whole numbers of one channel and was left out.")
        return found
    label = LabelImage(name=name, axes=tuple(kept), pixels=np.squeeze(pixels, dropped))
    values = [int(value) for value in np.unique(label.pixels) if value > 0]
    objects = tuple(
        AnnotatedObject(
            uuid=str(uuid5(NAMESPACE_URL, f"{image.key}/label/{name}/{value}")),
            label=LabelPlace(name, value),
            layer=name,
        )
        for value in values
    )
    labels, every = (*found.labels, label), (*found.objects, *objects)
    return AnnotationSet(image=image, objects=every, labels=labels, statements=found.statements, remarks=found.remarks)
