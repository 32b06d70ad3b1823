"""Which image is annotated: from what the catalogue and the file's metadata say of it. Pure, no request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_idr.model.annotation_set import AnnotatedImage, Spacing
from napari_idr.model.saved_region import stated_licence

if TYPE_CHECKING:
    from napari_idr.model.catalog import Node
    from napari_idr.model.image import ImageMetadata, ImageReference


def annotated_image(reference: ImageReference, metadata: ImageMetadata, node: Node | None = None) -> AnnotatedImage:
    """Return what a set of annotations says of its image.

    Parameters
    ----------
    reference
        Where the image is.
    metadata
        Its sizes, type and pixel sizes; a size without a unit stays without.
    node
        The described node, which knows container, dataset, plate and licence; without it those stay empty.
    """
    is_kept = reference.image_id.isdigit()
    sizes: dict[str, Any] = {f"size_{axis}": metadata.levels[0].shape[index] for axis, index in _axes(metadata).items()}
    return AnnotatedImage(
        address=_shown(reference.address or reference.source),
        name=reference.name or metadata.name,
        repository=reference.repository if is_kept else "",
        accession=reference.accession or _accession(node),
        image_id=reference.image_id if is_kept else "",
        well=reference.well,
        field=reference.field,
        dtype=metadata.levels[0].dtype,
        spacing=_spacing(metadata),
        source_kind=metadata.source_kind,
        level_factors=_level_factors(metadata),
        **sizes,
        **_places(node),
    )


def _axes(metadata: ImageMetadata) -> dict[str, int]:
    """Return the position of each of x, y, z, c and t that the image has."""
    found = {name: index for name in "xyzt" if (index := metadata.axis_index(name)) is not None}
    channel = metadata.channel_axis
    return found if channel is None else {**found, "c": channel}


def _spacing(metadata: ImageMetadata) -> tuple[tuple[str, Spacing], ...]:
    """Return the pixel sizes that the file states; 1 without a unit is what stands there when it states none."""
    scale, axes = metadata.levels[0].scale, _axes(metadata)
    found = [(axis, Spacing(scale[axes[axis]], metadata.axes[axes[axis]].unit)) for axis in "xyzt" if axis in axes]
    return tuple((axis, size) for axis, size in found if size != Spacing(1.0))


def _level_factors(metadata: ImageMetadata) -> tuple[float, ...]:
    x = metadata.axis_index("x")
    return (1.0,) if x is None else tuple(level.scale[x] / metadata.levels[0].scale[x] for level in metadata.levels)


def _shown(address: str) -> str:
    """Return an address as a user would paste it; of a local file or folder its name only."""
    if "://" in address and not address.startswith("file:"):
        return address
    return address.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _accession(node: Node | None) -> str:
    return "" if node is None else node.accession


def _places(node: Node | None) -> dict[str, Any]:
    """Return names of what the image lies in, and its licence, as its labelled key-values tell."""
    labelled = () if node is None else node.labelled
    names = {place.kind: place.name for value in labelled for place in value.places if place.name}
    return {
        "container": names.get("screen") or names.get("project", ""),
        "dataset": names.get("dataset", ""),
        "plate": names.get("plate", ""),
        "license": stated_licence(labelled),
    }
