"""Paint the tiny plate that the package brings along: six wells in one OME-Zarr 0.5 file (``.ozx``).

The same versions of numpy, Pillow and numcodecs write the same bytes: fixed times, stored, sorted, with
``zarr.json`` first as the single-file form of OME-Zarr (RFC-9) asks for.

Run ``python scripts/make_tiny_plate.py`` after a change to how cells are painted.
"""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import numpy as np
from numcodecs import Zstd

from napari_idr.demo.fields import FieldPainter, PaintedField
from napari_idr.demo.metadata import multiscale, omero
from napari_idr.demo.plate_content import CHANNELS, PIXEL, field_seed, image_label
from napari_idr.demo.plate_layout import Treatment, layout
from napari_idr.demo.writer import pyramid

TARGET = Path(__file__).resolve().parents[1] / "src" / "napari_idr" / "data" / "tiny-plate.ozx"
WELLS = {"A/1": "A1", "A/2": "A4", "A/3": "B10", "B/1": "E1", "B/2": "E8", "B/3": "H8"}
"""Wells of the tiny plate, and those of the demonstration plate they are taken from."""
SIDE, LEVELS = 256, 3
EPOCH = (2026, 1, 1, 0, 0, 0)
Documents = dict[str, bytes]


def build() -> Documents:
    """Return all files of the plate by their path."""
    treatments = {one.well: one for one in layout()}
    painter = FieldPainter(SIDE)
    files = _group("", {"ome": {"version": "0.5", "plate": _plate()}})
    for row in "AB":
        files |= _group(row, {})
    for path, source in WELLS.items():
        files |= _well(path, treatments[source], painter)
    return files


def write(target: Path) -> None:
    """Write the plate as one file."""
    files = build()
    order = sorted(files, key=lambda path: (not path.endswith("zarr.json"), path.count("/"), path))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        archive.comment = json.dumps(
            {"ome": {"version": "0.5", "zipFile": {"centralDirectory": {"jsonFirst": True}}}}
        ).encode()
        for path in order:
            entry = zipfile.ZipInfo(path, EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[path])


def _plate() -> dict[str, object]:
    wells = [{"path": path, "rowIndex": "AB".index(path[0]), "columnIndex": int(path[2]) - 1} for path in WELLS]
    return {
        "name": "Tiny plate",
        "field_count": 1,
        "acquisitions": [{"id": 1, "name": "Run 1", "maximumfieldcount": 1}],
        "rows": [{"name": "A"}, {"name": "B"}],
        "columns": [{"name": "1"}, {"name": "2"}, {"name": "3"}],
        "wells": wells,
        "version": "0.5",
    }


def _well(path: str, treatment: Treatment, painter: FieldPainter) -> Documents:
    well = {"images": [{"path": "0", "acquisition": 1}], "version": "0.5"}
    files = _group(path, {"ome": {"version": "0.5", "well": well}})
    return files | _field(f"{path}/0", painter.paint(treatment.mix(), field_seed(treatment, 0)))


def _field(path: str, painted: PaintedField) -> Documents:
    name = f"Tiny plate {path[:-2].replace('/', '')}"
    scale = (1.0, PIXEL, PIXEL)
    image = {"multiscales": [multiscale(name, "cyx", scale, LEVELS)], "omero": omero(name, CHANNELS)}
    files = _group(path, {"ome": {"version": "0.5"} | image})
    files |= _levels(path, pyramid(painted.pixels, LEVELS), "cyx")
    files |= _group(f"{path}/labels", {"ome": {"version": "0.5", "labels": ["nuclei"]}})
    label = {key: value for key, value in image_label(painted).items() if key != "version"}
    nuclei = {"multiscales": [multiscale("nuclei", "yx", scale[1:], LEVELS)], "image-label": label}
    files |= _group(f"{path}/labels/nuclei", {"ome": {"version": "0.5"} | nuclei})
    return files | _levels(f"{path}/labels/nuclei", pyramid(painted.nuclei, LEVELS, labels=True), "yx")


def _levels(path: str, levels: list[np.ndarray], axes: str) -> Documents:
    files: Documents = {}
    for number, pixels in enumerate(levels):
        files |= _array(f"{path}/{number}", pixels, axes)
    return files


def _array(path: str, pixels: np.ndarray, axes: str) -> Documents:
    chunk = (1,) * (pixels.ndim - 2) + pixels.shape[-2:]
    document = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": pixels.shape,
        "data_type": pixels.dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "codecs": [
            {"name": "bytes", "configuration": {"endian": "little"}},
            {"name": "zstd", "configuration": {"level": 19, "checksum": False}},
        ],
        "fill_value": 0,
        "dimension_names": list(axes),
        "attributes": {},
    }
    files = {f"{path}/zarr.json": _json(document)}
    for index in np.ndindex(*pixels.shape[:-2]):
        key = "/".join(map(str, (*index, 0, 0)))
        raw = np.ascontiguousarray(pixels[index], pixels.dtype.newbyteorder("<"))
        files[f"{path}/c/{key}"] = bytes(Zstd(19).encode(raw))
    return files


def _group(path: str, attributes: dict[str, object]) -> Documents:
    document = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    return {f"{path}/zarr.json".lstrip("/"): _json(document)}


def _json(document: dict[str, object]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    target.parent.mkdir(parents=True, exist_ok=True)
    write(target)
    print(f"{target} {target.stat().st_size:,} bytes")
