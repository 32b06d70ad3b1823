"""Layers of images as we open them, without a window or a repository."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Image

from napari_idr.layers.annotation_grid import grid_of_layer
from napari_idr.model.annotation_set import AnnotatedObject, AnnotationSet

IMAGE = "https://idr.example/webclient/?show=image-17"


def image_layer(names: str, sizes: tuple[int, ...], *, levels: int = 1, image_id: str = "17", **options: Any) -> Image:
    """The layer of an image of a repository; levels halve y and x."""
    scale = list(options.get("scale", (1.0,) * len(names)))
    stated = [
        {name: [step * (2**level if name in "yx" else 1), 0.0] for name, step in zip(names, scale, strict=True)}
        for level in range(levels)
    ]
    ours = {
        "address": IMAGE.replace("17", image_id),
        "source": f"https://idr.example/zarr/{image_id}",
        "repository": "https://idr.example",
        "image_id": image_id,
        "name": f"image {image_id}",
        "axes": list(names),
        "size": list(sizes),
        "pixel_size": scale,
        "levels": stated,
        "channel": 0,
    }
    return Image(np.zeros(sizes, np.uint8), axis_labels=tuple(names), metadata={"napari_idr": ours}, **options)


def plain_set(layer: Any, *objects: AnnotatedObject) -> AnnotationSet:
    """The set of some objects of the image of a layer."""
    return AnnotationSet(image=grid_of_layer(layer).image, objects=objects)  # type: ignore[union-attr]
