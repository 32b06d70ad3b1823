"""Read exact pixels of a region, as an array and as a file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from napari_idr.embedded import EmbeddedRepository

import napari_idr


def first_image(address: str) -> str:
    """Return the address of the first image below an address."""
    for node in napari_idr.list_children(address):
        if node.kind == "image":
            return node.address
        if node.kind in ("study", "project", "dataset"):
            found = first_image(node.address)
            if found:
                return found
    return ""


def main(address: str) -> None:
    image = first_image(address)
    levels = napari_idr.open_arrays(image)
    print(f"{image}: {len(levels)} levels, the finest {levels[0].shape} of {levels[0].dtype}")

    # Nothing was read so far. Indexing is lazy too; converting reads, completely and exactly.
    corner = np.asarray(levels[0][..., :64, :64])
    print(f"corner: {corner.shape}, mean {corner.mean():.1f}")

    with tempfile.TemporaryDirectory() as folder:
        file = napari_idr.export(image, Path(folder) / "corner.npy", region="y=0:64,x=0:64")
        assert np.array_equal(np.load(file), corner)


if __name__ == "__main__":
    repository = EmbeddedRepository()
    try:
        main(repository.start())
    finally:
        repository.stop()
