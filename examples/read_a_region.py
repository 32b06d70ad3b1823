"""Read exact pixels of a region, as an array and as a file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from repository import first, repository

import napari_idr


def main(address: str) -> None:
    image = first(address, "image").address
    metadata = napari_idr.describe(image)
    (levels,) = napari_idr.open_arrays(image)
    print(f"{metadata.name}: axes {'/'.join(metadata.axis_names)}, pixels of {metadata.levels[0].scale}")
    print(f"{len(levels)} levels, the finest {levels[0].shape} of {levels[0].dtype}")

    # Nothing was read so far, and indexing is lazy too. Converting reads, completely and exactly.
    y, x = metadata.axis_index("y"), metadata.axis_index("x")
    where = tuple(slice(0, 64) if axis in (y, x) else slice(None) for axis in range(levels[0].ndim))
    corner = np.asarray(levels[0][where])
    print(f"its corner: {corner.shape}, mean {corner.mean():.1f}")

    with tempfile.TemporaryDirectory() as folder:
        file = napari_idr.export(image, Path(folder) / "corner.npy", region="y=0:64,x=0:64")
        print(f"the same from a file: {np.array_equal(np.load(file), corner)}")


if __name__ == "__main__":
    with repository() as where:
        main(where)
