"""The three that are measured side by side: our plugin, the peer, and napari with the same layers in memory."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from truth import InMemory, StoredImage, StoredPlate, Truth, plate_without_gaps

if TYPE_CHECKING:
    from pathlib import Path

    from napari import Viewer
    from napari.layers import Layer

PLATES = {"plate96": (8, 12), "plate96-1": (8, 12), "plate384": (16, 24)}
"""Rows and columns."""


class Side(Protocol):
    """One way of getting an image into a viewer."""

    def get_ready(self, viewer: Viewer) -> None:
        """Import, and read into memory, what opening shall not be charged with."""
        ...

    def open(self) -> None:
        """Open the image."""
        ...

    def truth(self) -> Truth | None:
        """Return what the layers must show, None while they are not all there."""
        ...

    def close(self) -> None:
        """End whatever runs."""
        ...


@dataclass
class Ours:
    """The plugin, by the call that its dock makes."""

    address: str
    files: Path
    name: str

    def get_ready(self, viewer: Viewer) -> None:
        """Start the session: it warms up in the background."""
        from napari_idr.layers.viewer_session import ViewerSession

        self._session = ViewerSession.for_viewer(viewer)

    def open(self) -> None:
        """Open the address in the background."""
        self._job = self._session.open(self.address)

    def truth(self) -> Truth | None:
        """Return what the files hold, once the layers are there."""
        if self._job.error is not None:
            raise self._job.error
        if self._job.state != "done":
            return None
        return self._plate() if self.name in PLATES else StoredImage(self.files / f"{self.name}.zarr")

    def _plate(self) -> StoredPlate:
        """Return the plate with its fields where the mosaic has put them: the places are ours, the pixels are not."""
        mosaic = self._session.plates[-1].mosaic
        slots = [slot for well in mosaic.layout.slots.values() for slot in well]
        places = {"/".join(map(str, slot.key)): (slot.y, slot.x) for slot in slots}
        return StoredPlate(self.files / f"{self.name}.zarr", places, mosaic.factors)

    def close(self) -> None:
        """Close the session, so that it finishes what it keeps on disk."""
        self._session.close()


@dataclass
class Peer:
    """The reader that a user would pick instead."""

    address: str
    files: Path
    name: str

    def get_ready(self, viewer: Viewer) -> None:
        """Import the reader and what it reads with."""
        import dask.array  # noqa: F401
        import napari_ome_zarr._reader
        import napari_ome_zarr.plate  # noqa: F401

        self._viewer = viewer

    def open(self) -> None:
        """Open the address; returns when everything is there."""
        self._viewer.open(self.address, plugin="napari-ome-zarr")

    def truth(self) -> Truth | None:
        """Return what the files hold."""
        if not self._viewer.layers:
            return None
        folder = self.files / f"{self.name}.zarr"
        return plate_without_gaps(folder, *PLATES[self.name]) if self.name in PLATES else StoredImage(folder)

    def close(self) -> None:
        """Nothing runs."""


@dataclass
class Memory:
    """The layers that our plugin makes of the image, over numpy arrays."""

    kept: Path
    _layers: list[tuple[Any, dict[str, Any], str]] = field(default_factory=list)

    def get_ready(self, viewer: Viewer) -> None:
        """Read the layers."""
        self._viewer = viewer
        for folder in sorted(self.kept.iterdir()):
            options, kind = pickle.loads((folder / "options").read_bytes())
            levels = [np.load(file) for file in sorted(folder.glob("*.npy"))]
            self._layers.append((levels if len(levels) > 1 else levels[0], options, kind))

    def open(self) -> None:
        """Add the layers."""
        from napari.layers import Layer

        for data, options, kind in self._layers:
            self._viewer.add_layer(Layer.create(data, options, kind))

    def truth(self) -> Truth | None:
        """Return the arrays themselves."""
        return InMemory([layer for layer in self._viewer.layers if hasattr(layer, "data_level") and layer.multiscale])

    def close(self) -> None:
        """Nothing runs."""


def keep(layers: list[Layer], folder: Path) -> None:
    """Write layers to a folder, every level read exactly: what :class:`Memory` shows."""
    for number, layer in enumerate(layers):
        data, options, kind = layer.as_layer_data_tuple()
        options.pop("metadata", None)
        target = folder / f"{number:02}"
        target.mkdir(parents=True)
        (target / "options").write_bytes(pickle.dumps((options, kind)))
        for level, pixels in enumerate(data if getattr(layer, "multiscale", False) else [data]):
            np.save(target / f"{level}.npy", np.asarray(pixels))
