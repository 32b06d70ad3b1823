"""Small plates made for tests, 0.4 and 0.5: every field may be unlike the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from made_zarr import write_array, write_group

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (24, 32)
TYPES = {"t": "time", "c": "channel"}


@dataclass(frozen=True)
class Field:
    """One field: a pyramid whose pixels are unlike those of any other field with another ``start``."""

    axes: str = "cyx"
    shape: tuple[int, ...] = (2, *SIZE)
    levels: int = 2
    factor: int = 2
    dtype: str = "uint16"
    start: int = 0
    scale: float = 0.5
    unit: str | None = "micrometer"
    translation: tuple[float, float] | None = None
    chunks: int = 16
    acquisition: int | None = None
    channels: tuple[str, ...] = ()
    labels: dict[str, Field] = field(default_factory=dict)
    properties: tuple[dict[str, Any], ...] = ()

    def pixels(self, level: int = 0) -> np.ndarray:
        """Pixels of a level, in the axis order of the file."""
        values = np.arange(1, int(np.prod(self.shape)) + 1).reshape(self.shape) + self.start
        whole = (values % np.iinfo(self.dtype).max if np.dtype(self.dtype).kind in "iu" else values).astype(self.dtype)
        step = self.factor**level
        sampled = whole[tuple(slice(step // 2, None, step) if name in "yx" else slice(None) for name in self.axes)]
        keep = tuple(
            slice(0, max(1, size // step)) if name in "yx" else slice(None)
            for name, size in zip(self.axes, self.shape, strict=True)
        )
        return sampled[keep]

    def plane(self, level: int = 0, **at: int) -> np.ndarray:
        """Pixels of one plane, y before x."""
        pixels = self.pixels(level)
        index = tuple(slice(None) if name in "yx" else at.get(name, 0) for name in self.axes)
        plane = pixels[index]
        return plane.T if self.axes.index("x") < self.axes.index("y") else plane

    def attributes(self) -> dict[str, Any]:
        datasets = []
        for level in range(self.levels):
            size = self.scale * self.factor**level
            scale = [size if name in "yx" else 1.0 for name in self.axes]
            transforms: list[dict[str, Any]] = [{"type": "scale", "scale": scale}]
            if self.translation is not None:
                place = dict(zip("yx", self.translation, strict=True))
                transforms.append({"type": "translation", "translation": [place.get(name, 0.0) for name in self.axes]})
            datasets.append({"path": str(level), "coordinateTransformations": transforms})
        axes = [{"name": name, "type": TYPES.get(name, "space")} for name in self.axes]
        for axis in axes:
            if self.unit and axis["type"] == "space":
                axis["unit"] = self.unit
        said: dict[str, Any] = {"multiscales": [{"version": "0.4", "axes": axes, "datasets": datasets}]}
        if self.channels:
            window = {"start": 0, "end": 100, "min": 0, "max": 65535}
            said["omero"] = {
                "channels": [{"label": name, "color": "FF0000", "window": window} for name in self.channels]
            }
        if self.properties:
            said["image-label"] = {"version": "0.4", "properties": list(self.properties)}
        return said


def write_field(folder: Path, made: Field, zarr_format: int = 2) -> None:
    """Write one image with its levels and labels."""
    put_group(folder, made.attributes(), zarr_format)
    for level in range(made.levels):
        pixels = made.pixels(level)
        sizes = zip(made.axes, pixels.shape, strict=True)
        chunks = tuple(min(made.chunks, size) if name in "yx" else 1 for name, size in sizes)
        names = list(made.axes) if zarr_format == 3 else None
        write_array(folder / str(level), pixels, zarr_format=zarr_format, chunks=chunks, dimension_names=names)
    if made.labels:
        put_group(folder / "labels", {"labels": list(made.labels)}, zarr_format)
        for name, label in made.labels.items():
            write_field(folder / "labels" / name, label, zarr_format)


def put_group(folder: Path, attributes: dict[str, Any], zarr_format: int) -> None:
    """Write a group; what is of 0.4 is said as 0.5 says it where the format is 3."""
    if zarr_format == 3:
        inner = {key: _without_version(value) for key, value in attributes.items()}
        attributes = {"ome": {"version": "0.5", **inner}}
    write_group(folder, attributes, zarr_format=zarr_format)


def _without_version(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_version(member) for member in value]
    return {k: v for k, v in value.items() if k != "version"} if isinstance(value, dict) else value


def write_plate(
    folder: Path,
    wells: dict[str, list[Field]],
    *,
    rows: str = "AB",
    columns: int = 3,
    zarr_format: int = 2,
    acquisitions: tuple[int, ...] = (),
    missing: tuple[str, ...] = (),
) -> Path:
    """Write a plate; ``missing`` are paths of wells (``A/1``) and fields (``A/1/0``) that are listed and not there."""
    plate: dict[str, Any] = {
        "version": "0.4",
        "name": "a plate",
        "rows": [{"name": name} for name in rows],
        "columns": [{"name": str(number + 1)} for number in range(columns)],
        "wells": [{"path": path, "rowIndex": rows.index(path[0]), "columnIndex": int(path[2:]) - 1} for path in wells],
        "field_count": max(len(fields) for fields in wells.values()),
    }
    if acquisitions:
        plate["acquisitions"] = [{"id": number, "name": f"run {number}"} for number in acquisitions]
    put_group(folder, {"plate": plate}, zarr_format)
    for path, fields in wells.items():
        if path in missing:
            continue
        listed = []
        for index, made in enumerate(fields):
            run = {} if made.acquisition is None else {"acquisition": made.acquisition}
            listed.append({"path": str(index), **run})
            if f"{path}/{index}" not in missing:
                write_field(folder / path / str(index), made, zarr_format)
        put_group(folder / path, {"well": {"version": "0.4", "images": listed}}, zarr_format)
    return folder
