"""Open a plate in napari from a script; it streams while you look. ``--no-run`` ends at once."""

from __future__ import annotations

import sys

import napari
from repository import first, repository


def main(address: str, run: bool) -> None:
    viewer = napari.Viewer(show=run)
    # Before the event loop runs, opening waits for the metadata and returns the layers.
    layers = viewer.open(first(address, "plate").address, plugin="napari-idr")
    for layer in layers:
        print(f"{layer.name}: {layer.data[0].shape if layer.multiscale else layer.data.shape}")
    if run:
        napari.run()
    viewer.close()


if __name__ == "__main__":
    window = "--no-run" not in sys.argv
    sys.argv = [word for word in sys.argv if word != "--no-run"]
    with repository() as where:
        main(where, window)
