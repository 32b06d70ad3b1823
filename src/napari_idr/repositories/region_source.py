"""Which image a part of it was read from, and its licence, as its repository states them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.model.catalog import WellSample
from napari_idr.model.saved_region import SavedRegion, stated_licence
from napari_idr.remote.object_store import last_part, scheme, shown_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.catalog import Node
    from napari_idr.model.image import ImageMetadata


def region_source(
    node: Node, metadata: ImageMetadata, level: int, box: Sequence[tuple[int, int]], *, label: str = ""
) -> SavedRegion:
    """Return where the pixels of a box come from.

    Parameters
    ----------
    node
        The image, described.
    metadata
        What its file says.
    level, box
        Start and stop along each axis of the file, in pixels of the level.
    label
        Name of the label image they are of, "" for the image.
    """
    address = node.address or metadata.address
    is_local = scheme(address) in ("", "file")
    return SavedRegion(
        address=last_part(address) if is_local else shown_address(address),
        image=node.name,
        repository="" if is_local else node.repository,
        accession=node.accession,
        image_id="" if is_local else node.image_id if isinstance(node, WellSample) else node.id,
        license=stated_licence(node.labelled),
        label=label,
        level=level,
        box=tuple((name, start, stop) for name, (start, stop) in zip(metadata.axis_names, box, strict=True)),
        is_rendered=metadata.source_kind == "rendered",
    )
