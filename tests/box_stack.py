"""A small stack of three levels on disk, to cut boxes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from made_zarr import axes, ramp, write_array, write_group

if TYPE_CHECKING:
    from pathlib import Path

SCALES = [[2.0, 1.0, 0.5, 0.25], [2.0, 1.0, 1.0, 0.5], [2.0, 1.0, 2.0, 1.0]]


def write_stack(folder: Path, *, translated: str = "none", labels: bool = False) -> Path:
    """An anisotropic image of odd sizes: t, c, z, y, x without t; y and x are halved, rounded down, twice."""
    names, shapes = "czyx", [(2, 5, 101, 155), (2, 5, 50, 77), (2, 5, 25, 38)]
    datasets = []
    for level in range(3):
        transforms: list[dict[str, Any]] = [{"type": "scale", "scale": [1.0, *SCALES[level][1:]]}]
        if translated != "none":
            half = [0.0, 7.0, *((s - f) / 2 for s, f in zip(SCALES[level][2:], SCALES[0][2:], strict=True))]
            place = half if translated == "centres" else [0.0, 7.0, 0.0, 0.0]
            transforms.append({"type": "translation", "translation": [place[0], place[1], place[2] + 10, place[3] - 3]})
        datasets.append({"path": str(level), "coordinateTransformations": transforms})
    write_group(folder, {"multiscales": [{"version": "0.4", "axes": axes(names), "datasets": datasets}]})
    for level, shape in enumerate(shapes):
        write_array(folder / str(level), ramp(shape), chunks=(1, 2, 32, 32))
    if labels:
        write_group(folder / "labels", {"labels": ["cells"]})
        one = [
            {**d, "coordinateTransformations": [{"type": "scale", "scale": SCALES[i][1:]}]}
            for i, d in enumerate(datasets)
        ]
        attributes = {"multiscales": [{"version": "0.4", "axes": axes("zyx"), "datasets": one}], "image-label": {}}
        write_group(folder / "labels" / "cells", attributes)
        for level, shape in enumerate(shapes):
            write_array(folder / "labels" / "cells" / str(level), ramp(shape[1:], "uint32"), chunks=(2, 32, 32))
    return folder


def stored(folder: Path, level: int) -> np.ndarray:
    import zarr

    return np.asarray(zarr.open_array(str(folder / str(level)), mode="r")[...])
