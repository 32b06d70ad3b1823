"""The demonstration plate: OME-Zarr 0.4, three channels, nuclei as labels."""

from __future__ import annotations

import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .fields import FieldPainter, PaintedField
from .metadata import PaintedChannel, multiscale, omero
from .plate_layout import COLUMNS, NOT_IMAGED, ROWS, Treatment, layout
from .writer import pyramid, write_group, write_levels

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PIXEL = 0.325
"""Micrometer, at level 0."""
CHANNELS = (
    PaintedChannel("DNA", "3F6FFF", 13, 235),
    PaintedChannel("alpha-tubulin", "20E040", 15, 135),
    PaintedChannel("phospho-H3", "FF2E63", 11, 250),
)
ACQUISITION = {"id": 2001, "name": "Run 1", "maximumfieldcount": 2, "starttime": 1767225600000}
LABEL_COLORS = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)
"""Okabe and Ito's palette, legible with every kind of colour vision."""


@dataclass(frozen=True, slots=True)
class PlateShape:
    """How much of the plate is painted."""

    rows: int = len(ROWS)
    columns: int = COLUMNS
    fields: int = 2
    side: int = 512
    levels: int = 4
    channels: tuple[PaintedChannel, ...] = field(default=CHANNELS)


def write_plate(folder: Path, shape: PlateShape, on_field: Callable[[], None] = lambda: None) -> list[Treatment]:
    """Paint the plate into ``folder`` and return the treatments of its wells, imaged or not.

    ``on_field`` is called, in any thread, after each field.
    """
    treatments = layout(shape.rows, shape.columns)
    imaged = [one for one in treatments if one.well not in NOT_IMAGED]
    _write_metadata(folder, shape, imaged)
    painter = FieldPainter(shape.side)

    def write(job: tuple[Treatment, int]) -> None:
        treatment, number = job
        path = folder / well_path(treatment) / str(number)
        painted = painter.paint(treatment.mix(), field_seed(treatment, number))
        write_field(path, painted, shape, f"{treatment.well}, field {number + 1}")
        on_field()

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(write, [(one, number) for one in imaged for number in range(shape.fields)]))
    return treatments


def write_field(folder: Path, painted: PaintedField, shape: PlateShape, name: str) -> None:
    """Write one field with its nuclei as ``labels/nuclei``."""
    channels = shape.channels
    pixels = painted.pixels[: len(channels)]
    scale = (1.0, PIXEL, PIXEL)
    image = multiscale(name, "cyx", scale, shape.levels) | {"version": "0.4"}
    write_group(folder, {"multiscales": [image], "omero": omero(name, channels) | {"version": "0.4"}})
    write_levels(folder, pyramid(pixels, shape.levels))
    labels = multiscale("nuclei", "yx", scale[1:], shape.levels) | {"version": "0.4"}
    write_group(folder / "labels", {"labels": ["nuclei"]})
    write_group(folder / "labels" / "nuclei", {"multiscales": [labels], "image-label": image_label(painted)})
    write_levels(folder / "labels" / "nuclei", pyramid(painted.nuclei, shape.levels, labels=True))


def image_label(painted: PaintedField) -> dict[str, Any]:
    """Return the ``image-label`` block: a colour and the kind of cell for each nucleus."""
    colors = [
        {"label-value": label, "rgba": [*LABEL_COLORS[label % len(LABEL_COLORS)], 255]} for label, *_ in painted.cells
    ]
    properties = [
        {"label-value": label, "kind": kind, "y (pixel)": y, "x (pixel)": x} for label, kind, y, x in painted.cells
    ]
    return {"version": "0.4", "colors": colors, "properties": properties, "source": {"image": "../../"}}


def field_seed(treatment: Treatment, number: int) -> int:
    """Where the random numbers of a field start: the same on every machine."""
    return zlib.crc32(f"{treatment.well}/{number}".encode())


def well_path(treatment: Treatment) -> str:
    """Path of a well within the plate, ``"B/3"``."""
    return f"{ROWS[treatment.row]}/{treatment.column + 1}"


def _write_metadata(folder: Path, shape: PlateShape, imaged: Sequence[Treatment]) -> None:
    wells = [{"path": well_path(one), "rowIndex": one.row, "columnIndex": one.column} for one in imaged]
    plate = {
        "version": "0.4",
        "name": "Mitosis knock-down plate 1",
        "field_count": shape.fields,
        "acquisitions": [ACQUISITION | {"maximumfieldcount": shape.fields}],
        "rows": [{"name": name} for name in ROWS[: shape.rows]],
        "columns": [{"name": str(number + 1)} for number in range(shape.columns)],
        "wells": wells,
    }
    write_group(folder, {"plate": plate})
    for row in {one.row for one in imaged}:
        write_group(folder / ROWS[row])
    images = [{"path": str(number), "acquisition": ACQUISITION["id"]} for number in range(shape.fields)]
    for one in imaged:
        write_group(folder / well_path(one), {"well": {"version": "0.4", "images": images}})
