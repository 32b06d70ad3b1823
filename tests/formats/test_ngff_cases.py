"""Every case of the specification's own suites, through the real reader, against a committed table.

``ngff_cases.tsv`` says of each case whether it opens silently, opens with a warning, or is refused, which key is
named, and why. ``python tests/formats/test_ngff_cases.py`` prints the first three columns as they are now.
"""

from __future__ import annotations

import asyncio
import csv
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from made_zarr import multiscales, ramp, write_array, write_group
from napari_idr.errors import FormatError
from napari_idr.formats.ngff import group_kind
from napari_idr.readers.ome_zarr import (
    Group,
    open_group,
    read_collection,
    read_image,
    read_label,
    read_plate,
    read_well_metadata,
)
from napari_idr.remote.object_store import open_store

TABLE = Path(__file__).with_name("ngff_cases.tsv")


def table() -> dict[str, dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["case"]: row for row in csv.DictReader(file, delimiter="\t")}


def case_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.json") if "schemas" not in path.parts)


def attributes_of(case: Path) -> tuple[dict[str, Any], int]:
    """Group attributes of a case and the zarr format of its version."""
    document = json.loads(case.read_text(encoding="utf-8"))
    version = next(part for part in case.parts if part in ("0.4", "0.5"))
    return (document.get("attributes", document), 3) if version == "0.5" else (document, 2)


def inner(attributes: dict[str, Any]) -> dict[str, Any]:
    return attributes.get("ome", attributes)


def make_arrays(folder: Path, attributes: dict[str, Any], zarr_format: int) -> None:
    """Arrays as the metadata declare them: as many dimensions as axes, levels as much coarser as their scales."""
    block = inner(attributes)
    for image in block.get("multiscales", [])[:1]:
        declared = image.get("axes") or []
        first: list[Any] | None = None
        for dataset in image.get("datasets", []):
            transforms = dataset.get("coordinateTransformations") or []
            scale = next((t["scale"] for t in transforms if "scale" in t), None)
            count = len(declared) or len(scale or []) or 2
            scale = scale if scale and len(scale) == count else [1] * count
            first = first or scale
            shape = [round(16 * a / b) for a, b in zip(first, scale, strict=True)]
            if len(declared) == count:
                shape = [
                    len(block.get("omero", {}).get("channels", [0, 0])) if axis.get("name") == "c" else size
                    for axis, size in zip(declared, shape, strict=True)
                ]
            path = folder / str(dataset.get("path", "0"))
            if not path.exists():
                write_array(path, ramp(tuple(shape), "uint8"), zarr_format=zarr_format)


def wrapped(block: dict[str, Any], zarr_format: int) -> dict[str, Any]:
    return block if zarr_format == 2 else {"ome": {"version": "0.5", **block}}


def small_image(folder: Path, zarr_format: int) -> None:
    image = {"multiscales": multiscales("yx", [[1, 1]])}
    write_group(folder, wrapped(image, zarr_format), zarr_format=zarr_format)
    make_arrays(folder, image, zarr_format)


def make_store(case: Path, folder: Path) -> tuple[Path, int]:
    """Store a case belongs in, with the least around it that makes it whole."""
    attributes, zarr_format = attributes_of(case)
    kind = group_kind(attributes)
    if "image-label" in inner(attributes):
        small_image(folder, zarr_format)
        write_group(folder / "labels", wrapped({"labels": ["case"]}, zarr_format), zarr_format=zarr_format)
        inner(attributes)["multiscales"] = multiscales("yx", [[1, 1]])
        write_group(folder / "labels/case", attributes, zarr_format=zarr_format)
        make_arrays(folder / "labels/case", attributes, zarr_format)
    elif kind == "collection":
        layout = {"bioformats2raw.layout": 3}
        write_group(folder, wrapped(layout, zarr_format), zarr_format=zarr_format)
        if "series" in inner(attributes):
            write_group(folder / "OME", attributes, zarr_format=zarr_format)
        small_image(folder / "0", zarr_format)
        small_image(folder / "1", zarr_format)
    else:
        write_group(folder, attributes, zarr_format=zarr_format)
        make_arrays(folder, attributes, zarr_format)
    return folder, zarr_format


async def read(folder: Path, suite: str) -> tuple[str, ...]:
    """Warnings of the thing a suite is about."""
    group = await open_group(open_store(str(folder)), str(folder))
    return await _warnings(group, suite)


async def _warnings(group: Group, suite: str) -> tuple[str, ...]:
    if "label" in suite:
        image = await read_image(group)
        assert image.metadata.labels == ("case",)
        return (await read_label(group, "case")).metadata.warnings
    kind = group_kind(group.attributes)
    if "well" in suite:
        return read_well_metadata(group).warnings
    if "plate" in suite or kind == "plate":
        return (await read_plate(group)).warnings
    if kind == "collection":
        collection = await read_collection(group)
        assert len(collection.images) == 2
        return collection.warnings
    image = await read_image(group)
    pixels = await image.arrays[0].getitem(...)
    assert pixels.shape == image.metadata.levels[0].shape
    return image.metadata.warnings


def outcome(case: Path, folder: Path) -> tuple[str, str]:
    """What became of a case, and the keys that were named."""
    store, _ = make_store(case, folder)
    try:
        warnings = asyncio.run(read(store, case.parent.parent.name + case.parent.name))
    except FormatError as error:
        is_named = error.rule and error.on.startswith(str(folder))
        return "refused", error.key if is_named else "no rule or file is named"
    keys = [sentence.removeprefix(str(folder)).split(": ")[1] for sentence in warnings]
    return ("warns" if keys else "opens"), "; ".join(keys)


@pytest.mark.parametrize("name", sorted(table()))
def test_case_becomes_what_the_table_says(name: str, shared: Path, tmp_path: Path) -> None:
    row = table()[name]
    assert outcome(shared / "data/ngff-cases" / name, tmp_path) == (row["outcome"], row["key"])


def test_table_holds_every_case(shared: Path) -> None:
    cases = shared / "data/ngff-cases"
    assert {str(path.relative_to(cases)) for path in case_files(cases)} == set(table())


def test_valid_cases_open_and_every_row_says_why() -> None:
    for name, row in table().items():
        assert row["why"].strip(), name
        assert (row["key"] == "") == (row["outcome"] == "opens"), name
        if "/valid/" in name or "/examples/" in name:
            assert row["outcome"] == "opens" or "SHOULD" in row["why"] or "schema cannot" in row["why"], name
        if "strict_" in name:
            assert row["outcome"] == "opens", name


if __name__ == "__main__":
    root = Path(sys.argv[1])
    for path in case_files(root):
        with tempfile.TemporaryDirectory() as folder:
            sys.stdout.write("\t".join([str(path.relative_to(root)), *outcome(path, Path(folder))]) + "\n")
