"""Open a whole plate as one lazy array per channel and level, and measure its overview."""

from __future__ import annotations

import numpy as np
from repository import first, repository

import napari_idr


def main(address: str) -> None:
    plate = first(address, "plate").address
    metadata = napari_idr.describe(plate)
    print(f"{metadata.name}: {len(metadata.rows)} x {len(metadata.columns)}, {len(metadata.wells)} wells with images")
    for number, levels in enumerate(napari_idr.open_arrays(plate)):
        overview = np.asarray(levels[-1])
        print(f"channel {number}: {levels[0].shape} at level 0, {overview.shape} at level {len(levels) - 1}")
        print(f"    mean of all wells: {overview[overview > 0].mean():.1f}")


if __name__ == "__main__":
    with repository() as where:
        main(where)
