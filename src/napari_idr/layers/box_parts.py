"""A box of an image that is shown: what is to be read of each of its layers, and the layers that come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

from napari_idr.errors import AddressError, Unsupported
from napari_idr.model.sizes import said_bytes
from napari_idr.readers.region import parse_region, region_box
from napari_idr.streaming.boxes import MOST_CHUNKS, box_at_level
from napari_idr.streaming.chunks import box_shape, chunk_count

from . import napari_seam as seam
from .annotation_grid import world_matrix
from .images import NAME_LENGTH, short_name
from .level_places import steps_along

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from napari.layers import Layer

    from napari_idr.streaming.chunks import Box
    from napari_idr.streaming.level import Level

Region = str | Mapping[str, int | slice]
"""Part of an image in pixels of its finest level, by names of axes; those not named are whole."""

KEPT = {
    "image": ("colormap", "contrast_limits", "gamma", "interpolation2d", "interpolation3d", "rendering"),
    "labels": ("colormap", "features"),
}
"""What the new layer has from the one it is a part of, beside its place."""

EVERY = ("opacity", "blending", "rotate", "shear", "units", "axis_labels")

FREE_PART = 2
"""A box may take one part in so many of the memory that is free."""


@dataclass(frozen=True, eq=False, slots=True)
class BoxPart:
    """One layer's part of a box."""

    level: Level
    box: Box
    """In pixels of the level, with all of its axes."""
    kind: str
    options: dict[str, Any] = field(default_factory=dict)
    range: tuple[float, float] | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of its pixels."""
        return prod(box_shape(self.box)) * self.level.dtype.itemsize

    def layer(self, pixels: np.ndarray) -> Layer:
        """Return an ordinary layer of the pixels. GUI thread only."""
        from napari.layers import Image, Labels

        made = (Labels if self.kind == "labels" else Image)(pixels, **self.options)
        if self.range is not None:
            made.contrast_limits_range = self.range
        return made


def levels_of(layer: Any) -> tuple[Level, ...]:
    """Return the levels of a layer of ours, finest first; none of any other."""
    if not hasattr(layer, "multiscale") or not seam.holds_levels(layer):
        return ()
    return tuple(layer.data) if layer.multiscale else (layer.data,)


def layers_of_image(layers: Sequence[Any], one: Any) -> list[Any]:
    """Return one of the layers and all visible others that show the same image, with the same levels."""
    shapes = [level.shape for level in levels_of(one)]

    def belongs(layer: Any) -> bool:
        same = layer.visible and _image(layer) == _image(one)
        return same and [level.shape for level in levels_of(layer)] == shapes

    return [layer for layer in layers if layer is one or belongs(layer)]


def _image(layer: Any) -> tuple[Any, ...]:
    ours = layer.metadata.get("napari_idr", {})
    return tuple(ours.get(name) for name in ("kind", "address", "source", "acquisition"))


def box_of(layer: Any, region: Region) -> Box:
    """Return a region of a layer in pixels of its finest level, along the axes that napari counts.

    Raises ``AddressError`` where an axis is not there, or nothing of it lies in the image.
    """
    wanted = parse_region(region) if isinstance(region, str) else region
    return region_box(wanted, layer.axis_labels, levels_of(layer)[0].shape[: layer.ndim])


def part_of(layer: Any, region: Region, level: int) -> BoxPart:
    """Return what to read of one layer.

    Raises
    ------
    AddressError
        There is no such level or axis, or nothing of the region lies in the image.
    """
    levels = levels_of(layer)
    if not levels:
        raise AddressError("This layer does not come from a repository", layer.name, "choose one that does")
    if not 0 <= level < len(levels):
        raise AddressError(f"There is no level {level}", layer.name, f"choose 0 (the finest) to {len(levels) - 1}")
    box = box_of(layer, region)
    read = box_at_level(box, levels[0].shape[: layer.ndim], levels[level].shape[: layer.ndim])
    samples = [(0, size) for size in levels[level].shape[layer.ndim :]]
    kind = "image" if hasattr(layer, "contrast_limits") else "labels"
    options = {name: getattr(layer, name) for name in (*EVERY, *KEPT[kind])}
    options |= _place(layer, levels, level, read)
    options["name"] = box_name(layer.name, level)
    options["metadata"] = {"napari_idr": _provenance(layer, level, box)}
    if kind == "image":
        options["rgb"] = bool(samples)
    limits = tuple(layer.contrast_limits_range) if kind == "image" else None
    return BoxPart(levels[level], (*read, *samples), kind, options, limits)


def _place(layer: Any, levels: Sequence[Level], level: int, box: Box) -> dict[str, Any]:
    """Return scale and translation of a box of a level: of a pixel, and of the centre of the first one."""
    from napari.utils.transforms import Affine

    stated = layer.metadata.get("napari_idr", {}).get("levels")
    steps = [
        steps_along(name, [one.shape[axis] for one in levels], level, stated)
        for axis, name in enumerate(layer.axis_labels)
    ]
    first = [step.first + start * step.step for step, (start, _) in zip(steps, box, strict=True)]
    to_world = Affine(scale=layer.scale, translate=layer.translate, rotate=layer.rotate, shear=layer.shear)
    return {
        "scale": layer.scale * [step.step for step in steps],
        "translate": to_world(first),
        "affine": layer.affine.affine_matrix.copy(),  # the layer's own object would tie the two to one another
    }


def box_name(name: str, level: int) -> str:
    """Return what a box is called: as its layer, or where that is too long as its channel."""
    box = f"box level {level}"
    whole = f"{name} · {box}"
    return whole if len(whole) <= NAME_LENGTH else short_name(name.rsplit(" · ", 1)[-1], box)


def _provenance(layer: Any, level: int, box: Box) -> dict[str, Any]:
    """Return what ties a box to its image, as JSON."""
    ours = layer.metadata.get("napari_idr", {})
    kept = {key: value for key, value in ours.items() if key not in ("show", "levels")}
    region = {name: list(ends) for name, ends in zip(layer.axis_labels, box, strict=True)}
    grid = {"axes": list(layer.axis_labels), "world": world_matrix(layer).tolist()}
    return {**kept, "box": {"level": level, "region": region}, "grid": grid}


# -- what fits


@dataclass(frozen=True, slots=True)
class LevelChoice:
    """One level at which a box can be loaded, or why it cannot."""

    level: int
    shape: tuple[int, ...]
    nbytes: int
    """Of each layer."""
    refusal: str = ""
    """Why it is too much; empty where it is not."""

    @property
    def text(self) -> str:
        """What a list says: ``level 0 · 1,024 × 1,024 × 60 · 126 MB per channel``, x first."""
        sizes = " × ".join(f"{size:,}" for size in reversed(self.shape) if size > 1) or "1"
        said = f"level {self.level} · {sizes} · {said_bytes(self.nbytes)} per channel"
        return f"{said} · {self.refusal}" if self.refusal else said


def choices(layers: Sequence[Any], region: Region) -> list[LevelChoice]:
    """Return all levels of an image with the size that a box has there. Raises as ``part_of``."""
    found = []
    for level in range(len(levels_of(layers[0]))):
        parts = [part_of(layer, region, level) for layer in layers]
        shape = box_shape(parts[0].box)[: layers[0].ndim]
        found.append(LevelChoice(level, shape, max(part.nbytes for part in parts), refusal_of(parts)))
    return found


def refusal_of(parts: Sequence[BoxPart]) -> str:
    """Return why parts of a box are too much to load, empty where they are not."""
    free, nbytes = free_memory(), sum(part.nbytes for part in parts)
    if nbytes > free // FREE_PART:
        return f"needs {said_bytes(nbytes)}, more than half of the {said_bytes(free)} of memory that are free"
    count = sum(chunk_count(part.box, part.level.chunks) for part in parts)
    return f"has {count:,} chunks, more than {MOST_CHUNKS:,}" if count > MOST_CHUNKS else ""


def check_fits(parts: Sequence[BoxPart], title: str) -> None:
    """Raise ``Unsupported`` where a box is too much to load."""
    refusal = refusal_of(parts)
    if refusal:
        raise Unsupported(f"The box {refusal}", title, "choose a coarser level or a smaller box")


def free_memory() -> int:
    """Return the bytes of memory that programs can still have."""
    import psutil

    return int(psutil.virtual_memory().available)
