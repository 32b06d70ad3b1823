"""A folder served as a plate of 384 wells, small: each well one field of 16 x 16 pixels, in files written by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

ROWS, COLUMNS, SIDE = 16, 24, 16
WELLS = ROWS * COLUMNS
LETTERS = "ABCDEFGHIJKLMNOP"


def write_wide_plate(folder: Path) -> Path:
    """Write the plate as the only one of a screen."""
    plate, wells = folder / "plate.ome.zarr", [(row, column) for row in range(ROWS) for column in range(COLUMNS)]
    layout = {
        "version": "0.4",
        "name": "wide",
        "field_count": 1,
        "acquisitions": [{"id": 1, "name": "first", "maximumfieldcount": 1}],
        "rows": [{"name": letter} for letter in LETTERS],
        "columns": [{"name": str(column + 1)} for column in range(COLUMNS)],
        "wells": [{"path": _path(*well), "rowIndex": well[0], "columnIndex": well[1]} for well in wells],
    }
    _group(plate, {"plate": layout})
    for number, well in enumerate(wells):
        place = plate / _path(*well)
        _group(place, {"well": {"version": "0.4", "images": [{"path": "0", "acquisition": 1}]}})
        _image(place / "0", number)
    plates = [{"path": plate.name, "name": "wide"}]
    screens = [{"name": "idr9909-wide/screenA", "plates": plates}]
    (folder / "catalogue.json").write_text(json.dumps({"version": 1, "screens": screens, "projects": []}))
    return folder


def _path(row: int, column: int) -> str:
    return f"{LETTERS[row]}/{column + 1}"


def _group(folder: Path, attributes: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".zgroup").write_text('{"zarr_format": 2}')
    (folder / ".zattrs").write_text(json.dumps(attributes))


def _image(folder: Path, number: int) -> None:
    axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]
    scaling = [{"type": "scale", "scale": [1.0, 1.0]}]
    datasets = [{"path": "0", "coordinateTransformations": scaling}]
    _group(folder, {"multiscales": [{"version": "0.4", "axes": axes, "datasets": datasets}]})
    array = folder / "0"
    array.mkdir()
    described = {
        "zarr_format": 2,
        "shape": [SIDE, SIDE],
        "chunks": [SIDE, SIDE],
        "dtype": "|u1",
        "order": "C",
        "compressor": None,
        "filters": None,
        "fill_value": 0,
        "dimension_separator": "/",
    }
    (array / ".zarray").write_text(json.dumps(described))
    (array / "0").mkdir()
    (array / "0" / "0").write_bytes(bytes((number + at) % 256 for at in range(SIDE * SIDE)))
