"""What the command prints: nodes and metadata as JSON documents and as lines."""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from napari_idr.errors import Unsupported
from napari_idr.model.catalog import ImageNode, Node, Plate, Study, Well, WellSample
from napari_idr.model.image import CollectionMetadata, ImageMetadata, PlateMetadata
from napari_idr.model.study_list import citation
from napari_idr.remote.object_store import child_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_idr.model.image import Axis, Channel, LevelInfo, WellInfo
    from napari_idr.model.labelled_values import LabelledValue
    from napari_idr.session import Session

Document = dict[str, Any]


def describe_address(session: Session, address: str, *, fields: bool = False, warn: Callable[[str], None]) -> Document:
    """Return what an address is, as the document of ``info --json``; warnings of its file go to ``warn``."""
    node = session.resolve(address)
    metadata = session.info(node, fields=fields)
    for warning in getattr(metadata, "warnings", ()):
        warn(f"napari-idr: {warning}")
    if isinstance(metadata, ImageMetadata):
        served = session.repository(node.repository).renders
        described = session.describe(node) if served else node
        return image_document(
            metadata,
            key_values=described.key_values if served else (),
            rois=len(session.rois(node)) if served else None,
        )
    if isinstance(metadata, PlateMetadata):
        return plate_document(metadata)
    if isinstance(metadata, CollectionMetadata):
        images = [{"name": name, "address": place} for name, place in metadata.images]
        return {"kind": "collection", "name": metadata.name, "address": metadata.address, "images": images}
    return node_document(metadata)


def image_document(
    image: ImageMetadata, *, key_values: tuple[tuple[str, str], ...] = (), rois: int | None = None
) -> Document:
    """Return an image as a document; ``rois`` is null where nobody counts them."""
    return {
        "kind": "image",
        "name": image.name,
        "address": image.address,
        "source": {"kind": image.source_kind, "version": image.source_version},
        "axes": [_axis(axis) for axis in image.axes],
        "levels": [_level(level) for level in image.levels],
        "channels": [_channel(channel) for channel in image.channels],
        "labels": list(image.labels),
        "rois": rois,
        "key_values": [list(pair) for pair in key_values],
    }


def _axis(axis: Axis) -> Document:
    return {"name": axis.name, "type": axis.type, "unit": axis.unit}


def _level(level: LevelInfo) -> Document:
    return {
        "path": level.path,
        "shape": list(level.shape),
        "chunks": list(level.chunks),
        "dtype": level.dtype,
        "scale": list(level.scale),
        "translation": list(level.translation),
    }


def _channel(channel: Channel) -> Document:
    window = channel.window
    bounds = None if window is None else {k: getattr(window, k) for k in ("start", "end", "min", "max")}
    return {"name": channel.name, "color": channel.color, "active": channel.active, "window": bounds}


def plate_document(plate: PlateMetadata) -> Document:
    """Return a plate as a document; a well has ``fields`` where they are known."""
    return {
        "kind": "plate",
        "name": plate.name,
        "address": plate.address,
        "rows": list(plate.rows),
        "columns": list(plate.columns),
        "wells": [_well(plate.address, well) for well in plate.wells],
        "acquisitions": [{"id": run.id, "name": run.name} for run in plate.acquisitions],
    }


def _well(address: str, well: WellInfo) -> Document:
    document: Document = {
        "row": well.row,
        "column": well.column,
        "row_index": well.row_index,
        "column_index": well.column_index,
    }
    if well.fields is not None:
        document["fields"] = [
            {
                "name": f.path,
                "address": child_address(address, f"{well.path}/{f.path}"),
                "acquisition": f.acquisition,
            }
            for f in well.fields
        ]
    return document


def node_document(node: Node) -> Document:
    """Return a node of a catalogue as a document."""
    document: Document = {
        "kind": node.kind,
        "id": node.id,
        "name": node.name,
        "address": node.address,
        "accession": node.accession,
        "description": node.description,
        "child_count": node.child_count,
        "key_values": [list(pair) for pair in node.key_values],
        "links": [list(pair) for pair in node.links],
    }
    if node.match_count is not None:
        document["match_count"] = node.match_count
    if node.is_umbrella:
        document["umbrella"] = True
    if node.labelled:
        document["labelled"] = [_labelled(one) for one in node.labelled]
    if isinstance(node, Study):
        document |= _study(node)
    if isinstance(node, Plate):
        document |= {"rows": node.rows, "columns": node.columns}
    if isinstance(node, Well):
        document |= {"row_index": node.row, "column_index": node.column}
    if isinstance(node, WellSample):
        document |= {"image_id": node.image_id, "acquisition": node.acquisition}
    if isinstance(node, ImageNode):
        document |= {"sizes": dict(node.sizes), "dtype": node.pixel_type}
    return document


def _labelled(one: LabelledValue) -> Document:
    return {
        "key": one.key,
        "value": one.value,
        "where": [place.kind for place in one.places],
        "group": one.group,
        "link": one.link,
        "accession": one.accession,
    }


def _study(study: Study) -> Document:
    return {
        **asdict(study.facts),
        "set_count": study.set_count,
        "image_count": study.image_count,
        "ome_zarr": study.has_ome_zarr,
        "containers": [{"kind": one.kind, "id": one.id, "name": one.name} for one in study.containers],
        "citation": citation(study),
    }


def node_line(node: Node) -> str:
    """Return a node as kind, name, number of children (found: of images that match) and address, between tabs."""
    number = node.child_count if node.match_count is None else node.match_count
    count = "" if number is None else str(number)
    return "\t".join(" ".join(text.split()) for text in (node.kind, node.name, count, node.address))


def text_lines(document: Document, indent: str = "") -> Iterator[str]:
    """Yield a document as lines for people: ``key: value``, nested ones indented."""
    for key, value in document.items():
        if value in (None, "", [], {}):
            continue
        if isinstance(value, list) and isinstance(value[0], dict):
            yield f"{indent}{key}: {len(value)}"
            if len(value) <= 24:
                yield from (f"{indent}  {_one_line(entry)}" for entry in value)
        elif isinstance(value, list) and isinstance(value[0], list):
            yield f"{indent}{key}:"
            yield from (f"{indent}  {': '.join(map(str, entry))}" for entry in value)
        elif isinstance(value, list):
            yield f"{indent}{key}: {' '.join(map(str, value))}"
        else:
            yield f"{indent}{key}: {_one_line(value) if isinstance(value, dict) else ' '.join(str(value).split())}"


def _one_line(entry: Document) -> str:
    return "  ".join(
        f"{key} {'×'.join(map(str, value)) if key in ('shape', 'chunks') else _short(value)}"
        for key, value in entry.items()
        if value not in (None, "", [], {})
    )


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return f"{len(value)}" if value and isinstance(value[0], dict) else " ".join(map(_short, value))
    if isinstance(value, dict):
        return " ".join(f"{k}={_short(v)}" for k, v in value.items() if v is not None)
    return str(value)


def json_text(value: Any) -> str:
    """Return JSON that every parser takes: numbers that are not finite become null."""
    return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return value


def is_plain_json(output: Path) -> bool:
    """Return whether a name asks for OMERO's JSON as the server gave it: ".json", and no word of ours before it."""
    name = output.name.lower()
    return name.endswith(".json") and not name.endswith((".coco.json", ".omero.json"))


def write_text(output: Path, text: str) -> Path:
    """Write a JSON file beside its place and move it there; return the path.

    Raises ``Unsupported`` for any other ending.
    """
    if output.suffix.lower() != ".json":
        raise Unsupported(
            f"ROIs cannot be written as {output.suffix or 'a file without ending'}", str(output), "use .json"
        )
    beside = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        beside.write_text(text + "\n", encoding="utf-8")
        os.replace(beside, output)
    finally:
        beside.unlink(missing_ok=True)
    return output
