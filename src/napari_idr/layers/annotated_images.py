"""Which image a layer of ours shows, in the words of annotations: enough to find it again anywhere."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from napari_idr.errors import Unsupported
from napari_idr.model.annotation_set import AnnotatedImage, Spacing
from napari_idr.remote.object_store import child_address

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_idr.model.image import ImageMetadata, WellInfo

    from .level_places import Stated

UNKNOWN_UNIT = "pixel"
"""What a layer says of an axis for which nobody gave a unit."""


def image_of_layer(layer: Any) -> AnnotatedImage:
    """Return the image that a layer shows. Raises ``Unsupported`` for a layer that we did not make of one image."""
    ours = layer.metadata.get("napari_idr", {})
    if ours.get("kind") == "plate" or not {"axes", "size", "address"} <= set(ours):
        what = "Annotations belong to an image that was opened from a repository or a file"
        raise Unsupported(what, layer.name, "choose the layer of such an image")
    axes, sizes = ours["axes"], ours["size"]
    units = {name: str(unit) for name, unit in zip(layer.axis_labels, layer.units, strict=True)}
    local = "://" not in str(ours["address"])
    return AnnotatedImage(
        address=name_in_path(ours["address"]) if local else ours["address"],
        name=str(ours.get("name", "")),
        repository="" if local else str(ours.get("repository", "")),
        accession=str(ours.get("accession", "")),
        image_id="" if local else _image_id(ours),
        well=str(ours.get("well", "")),
        field=str(ours.get("field", "")),
        **sizes_of(axes, sizes),
        dtype=str(layer.dtype) if hasattr(layer, "dtype") else "",
        spacing=spacing_of(axes, ours.get("pixel_size", ()), units),
        checksum=checksum_of(axes, sizes, ours) if local else "",
        source_kind=str(ours.get("source_kind", "")),
        level_factors=factors_of(ours.get("levels")),
    )


def image_of_field(
    ours: Mapping[str, Any], well: WellInfo, field: int, path: str, metadata: ImageMetadata, image_id: str
) -> AnnotatedImage:
    """Return one field of a plate as an image.

    Parameters
    ----------
    ours
        What ties the plate's layers to the plate.
    well, field
        Where it is; fields count from 0 among those of the acquisition.
    path
        Of the field below its well.
    metadata
        Of the field.
    image_id
        The repository's own id, empty where it has none.
    """
    local = "://" not in str(ours["address"])
    where, plate = f"{well.path}/{path}", str(ours["address"])
    shown = f"plate-{ours.get('plate_id')}"
    if local:
        address = f"{name_in_path(plate)}/{where}"
    elif image_id and shown in plate:
        address = plate.replace(shown, f"image-{image_id}")
    else:
        address = child_address(str(ours["source"]), where)
    levels, axes = metadata.levels, list(metadata.axis_names)
    units = {axis.name: axis.unit or UNKNOWN_UNIT for axis in metadata.axes}
    stated: Stated = [{n: [s, 0.0] for n, s in zip(axes, level.scale, strict=True)} for level in levels]
    return AnnotatedImage(
        address=address,
        name=metadata.name,
        repository="" if local or not image_id else str(ours.get("repository", "")),
        accession=str(ours.get("accession", "")),
        image_id="" if local else image_id,
        plate=str(ours.get("name", "")),
        well=well.name,
        field=str(field),
        acquisition="" if ours.get("acquisition") is None else str(ours["acquisition"]),
        **sizes_of(axes, levels[0].shape),
        dtype=levels[0].dtype,
        spacing=spacing_of(axes, levels[0].scale, units),
        checksum=checksum_of(axes, levels[0].shape, ours) if local else "",
        source_kind=metadata.source_kind,
        level_factors=factors_of(stated),
    )


def sizes_of(axes: Sequence[str], sizes: Sequence[int]) -> dict[str, Any]:
    """Return ``size_x`` and the others; an axis that is not there has one pixel."""
    known = dict(zip(axes, sizes, strict=True))
    return {f"size_{name}": int(known.get(name, 1)) for name in ("x", "y", "z", "c", "t")}


def spacing_of(
    axes: Sequence[str], pixel_size: Sequence[float], units: Mapping[str, str]
) -> tuple[tuple[str, Spacing], ...]:
    """Return the sizes of pixels that are known: 1 without a unit is what files say that do not know."""
    found = []
    for name, size in zip(axes, pixel_size, strict=False):
        unit = units.get(name, UNKNOWN_UNIT)
        known = None if unit == UNKNOWN_UNIT else unit
        if name in ("x", "y", "z", "t") and (known is not None or size != 1):
            found.append((name, Spacing(float(size), known)))
    return tuple(found)


def factors_of(stated: Any) -> tuple[float, ...]:
    """Return how many pixels of the finest level one of each level covers along x."""
    try:
        first = stated[0]["x"][0]
        return tuple(float(level["x"][0] / first) for level in stated)
    except (LookupError, TypeError, ZeroDivisionError):
        return (1.0,)


def checksum_of(axes: Sequence[str], sizes: Sequence[int], ours: Mapping[str, Any]) -> str:
    """Return what tells a local image from another of the same name: over its axes, sizes, pixel size and levels."""
    said = [list(axes), [int(size) for size in sizes], ours.get("pixel_size"), ours.get("levels"), ours.get("name")]
    return "sha256:" + hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def name_in_path(address: Any) -> str:
    """Return the last piece of a path: no path of a machine leaves it."""
    return str(address).rstrip("/\\").replace("\\", "/").rpartition("/")[2]


def _image_id(ours: Mapping[str, Any]) -> str:
    """Return the repository's own id; an OME-Zarr's "id" is its address, which is none."""
    known = str(ours.get("image_id", ""))
    return "" if "/" in known or known == ours.get("source") else known
