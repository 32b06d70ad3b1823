"""Any JSON in any place of the metadata either parses or is one FormatError: nothing else gets out."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from made_zarr import axes, multiscales
from napari_idr.errors import FormatError, Unsupported
from napari_idr.formats import ngff
from napari_idr.formats.zarr_documents import array_from_document, parse_document
from napari_idr.remote.object_store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

IMAGE: dict[str, Any] = {
    "multiscales": multiscales(
        "tczyx", [[1, 1, 1, 0.5, 0.5], [1, 1, 1, 1, 1]], coordinateTransformations=[{"type": "scale", "scale": [1] * 5}]
    ),
    "omero": {
        "channels": [
            {"label": "DNA", "color": "0000ff", "active": True, "window": {"start": 0, "end": 9, "min": 0, "max": 9}}
        ],
        "rdefs": {"defaultT": 0, "defaultZ": 1, "model": "color"},
    },
    "image-label": {
        "colors": [{"label-value": 1, "rgba": [0, 0, 0, 255]}],
        "properties": [{"label-value": 1, "class": "x"}],
        "source": {"image": "../../"},
    },
    "labels": ["a", "b/c"],
    "series": ["0", "1"],
}
PLATE: dict[str, Any] = {
    "plate": {
        "rows": [{"name": "A"}, {"name": "B"}],
        "columns": [{"name": "1"}],
        "wells": [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}, {"path": "B/1", "rowIndex": 1, "columnIndex": 0}],
        "acquisitions": [{"id": 0, "name": "x", "starttime": 1, "maximumfieldcount": 1}],
        "field_count": 1,
        "version": "0.4",
    },
    "well": {"images": [{"path": "0", "acquisition": 0}], "version": "0.4"},
}
ARRAYS = [
    ngff.ArrayInfo("0", (2, 1, 3, 16, 16), (1, 1, 1, 8, 8), "uint8"),
    ngff.ArrayInfo("1", (2, 1, 3, 8, 8), (1, 1, 1, 8, 8), "uint8", (None, "c", "z", "y", "x")),
]
WORDS = st.sampled_from(
    ["", "..", "/", "0", "x", "scale", "translation", "space", "0.4", "nan", "#ff0000", "\0", "A/1"]
)
NUMBERS = st.one_of(
    st.integers(), st.floats(), st.sampled_from([10**400, -(10**30), 2**63, 1e308, -0.0, 5e-324, float("nan")])
)
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=5), WORDS)
KEYS = st.sampled_from(
    [
        "ome",
        "multiscales",
        "axes",
        "name",
        "path",
        "plate",
        "rows",
        "wells",
        "well",
        "images",
        "omero",
        "channels",
        "id",
    ]
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Path of every value of a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, child in inner for found in places(child, (*path, key)))]


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Copy of a document with one value in another's place."""
    if not path:
        return value
    document = copy.deepcopy(document)
    parent = document
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    return document


def parsers() -> list[Callable[[Any], Any]]:
    return [
        ngff.group_kind,
        ngff.parse_label_names,
        ngff.parse_series,
        lambda a: ngff.dataset_paths(a, address="f"),
        lambda a: ngff.parse_image(a, ARRAYS, address="f"),
        lambda a: ngff.parse_plate(a, address="f"),
        lambda a: ngff.parse_well(a, address="f"),
    ]


def refusal(call: Callable[[], object], *errors: type[FormatError | Unsupported]) -> FormatError | Unsupported | None:
    """Our error that a call raises, None where it raises none; any other gets out."""
    try:
        call()
    except errors as error:
        return error
    return None


def check(attributes: Any) -> None:
    for parse in parsers():
        error = refusal(lambda parse=parse: parse(attributes), FormatError)  # type: ignore[misc]
        assert error is None or (error.rule and "f/" in error.on)  # type: ignore[union-attr]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), wrapped=st.booleans(), document=st.sampled_from([IMAGE, PLATE]))
def test_any_value_in_any_place_parses_or_is_a_format_error(
    data: st.DataObject, wrapped: bool, document: dict[str, Any]
) -> None:
    path = data.draw(st.sampled_from(places(document)))
    hostile = replaced(document, path, data.draw(JSON))
    check({"ome": hostile} if wrapped or not isinstance(hostile, dict) else hostile)


@settings(max_examples=200, deadline=None)
@given(attributes=st.dictionaries(KEYS, JSON))
def test_any_object_parses_or_is_a_format_error(attributes: dict[str, Any]) -> None:
    check(attributes)


def test_every_single_place_survives_every_type() -> None:
    for document in (IMAGE, PLATE):
        for path in places(document)[1:]:
            for value in (None, True, -1, 1.5, 10**400, float("inf"), "", "x", [], [[]], {}, {"path": {}}):
                check(replaced(document, path, value))


@pytest.mark.parametrize(
    "path", ["..", "../1", "a/../../b", "/", "", ".", "a\\b", "a\0b", "x" * 2000, None, [], {}, -1]
)
def test_paths_that_lead_out_of_the_group_are_refused(path: Any) -> None:
    attributes = {"multiscales": [{"axes": axes("yx"), "datasets": [{"path": path}]}]}
    with pytest.raises(FormatError, match="path"):
        ngff.dataset_paths(attributes, address="f")


def test_label_paths_that_lead_out_of_the_group_are_left_out() -> None:
    assert ngff.parse_label_names({"labels": ["../x", "a/b", 3, None, "a/b", "..", "c/"]}) == ("a/b", "3", "c")


V2 = {
    "zarr_format": 2,
    "shape": [8, 8],
    "chunks": [4, 4],
    "dtype": "<u2",
    "compressor": {"id": "zlib", "level": 1},
    "fill_value": 0,
    "order": "C",
    "filters": None,
    "dimension_separator": "/",
}
V3 = {
    "zarr_format": 3,
    "node_type": "array",
    "shape": [8, 8],
    "data_type": "uint16",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4, 4]}},
    "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
    "fill_value": 0,
    "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
    "dimension_names": ["y", "x"],
    "attributes": {},
}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), document=st.sampled_from([V2, V3]))
def test_any_array_document_makes_an_array_or_one_of_our_errors(data: st.DataObject, document: dict[str, Any]) -> None:
    hostile = replaced(document, data.draw(st.sampled_from(places(document)[1:])), data.draw(JSON))
    made = []

    def make() -> None:
        made.append(array_from_document(open_store("nowhere"), "0", hostile, "f/0/zarr.json"))

    error = refusal(make, FormatError, Unsupported)
    assert error is None or error.on == "f/0/zarr.json"
    for array in made:
        assert all(isinstance(size, int) and size >= 0 for size in array.shape)
        assert all(size >= 1 for size in array.chunks)


@pytest.mark.parametrize("sizes", [[0, 4], [4, -1], [4.0, 4], [[4, 4], 4], ["4", 4], [], None, 4])
def test_chunks_that_are_no_sizes_are_refused_and_not_guessed_at(sizes: Any) -> None:
    grid = {"name": "regular", "configuration": {"chunk_shape": sizes}}
    for document in ({**V2, "chunks": sizes}, {**V3, "chunk_grid": grid}):
        with pytest.raises(FormatError, match="zarr array metadata"):
            array_from_document(open_store("nowhere"), "0", document, "f/0/zarr.json")


def test_pickled_and_object_arrays_are_refused(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    for changed in (
        {"filters": [{"id": "pickle"}], "dtype": "|O"},
        {"compressor": {"id": "pickle"}},
        {"dtype": "|O", "filters": [{"id": "json2"}]},
        {"dtype": [["a", "<i4"], ["b", "<f8"]]},
        {"dtype": "<M8[s]"},
        {"dtype": "<c16"},
    ):
        with pytest.raises((FormatError, Unsupported)):
            array_from_document(store, "0", {**V2, **changed}, "f")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", '"x"', "null", "\xff", "[" * 100_000, '{"a":' * 100_000, "9" * 5000]
)
def test_documents_that_are_no_json_object_are_format_errors(text: str) -> None:
    with pytest.raises(FormatError, match=r"JSON"):
        parse_document(text.encode("latin-1"), "f")


def test_numbers_are_read_as_json_gives_them() -> None:
    hostile = json.loads('{"multiscales": [{"axes": [{"name": "y"}, {"name": "x"}], "datasets": [{"path": "0"}]}]}')
    image = ngff.parse_image(hostile, [ngff.ArrayInfo("0", (3, 4), (3, 4), "int8")], address="f")
    assert image.axis_names == ("y", "x")


@pytest.mark.parametrize("lines", ["rows", "columns"])
def test_a_plate_of_more_rows_or_columns_than_any_has_is_refused(lines: str) -> None:
    plate = copy.deepcopy(PLATE)
    plate["plate"][lines] = [{"name": f"r{number}"} for number in range(1001)]
    with pytest.raises(FormatError, match=f"plate.{lines}"):
        ngff.parse_plate(plate, address="somewhere")
