"""View files as text: their schema, newer ones, and what is no view file at all."""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_idr.errors import FormatError, NapariIdrError
from napari_idr.formats.packed_array import LARGEST, TYPES, PackedArray, pack, unpack
from napari_idr.formats.view_file import Source, ViewDocument, parse_view, view_text

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "idrview.schema.json"


def plain(schema: Any) -> Any:
    """Leave out what holds anyway and pydantic says since 2.11: that a mapping may have any key."""
    if isinstance(schema, list):
        return [plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: plain(one) for key, one in schema.items() if (key, one) != ("additionalProperties", True)}


def test_the_schema_in_the_documentation_is_that_of_the_code_and_holds() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert plain(schema) == plain(ViewDocument.model_json_schema())
    document = ViewDocument(sources=[Source(address="idr://image/1")])
    jsonschema.validate(json.loads(view_text(document)), schema)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "is not a view file"),
        (b"[1]", "is not a view file of napari-idr"),
        (b"\xff\xfe\x00", "is not a view file"),
        (b"[" * 200_000, "is not a view file"),
        (b'{"format": "napari-idr view", "camera": {"center": [0], "zoom": -1}}', "camera.zoom"),
        (b'{"format": "napari-idr view", "camera": {"center": [NaN], "zoom": 1}}', "camera.center"),
        (b'{"format": "napari-idr view", "sources": [{"address": 3}]}', "sources.0.address"),
        (b'{"format": "napari-idr view", "sources": 7}', "sources"),
        (b'{"format": "napari-idr view", "annotations": [{"kind": "os.system"}]}', "annotations.0.kind"),
    ],
)
def test_a_hostile_file_is_one_sentence(content: bytes, said: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse_view(content, "evil.idrview.json")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
)


@given(anything)
def test_any_json_is_a_view_or_one_sentence(value: object) -> None:
    said = []
    for part in ("sources", "annotations", "camera", "dims", "version", "active"):
        try:
            parse_view(json.dumps({"format": "napari-idr view", part: value}).encode(), "x")
        except NapariIdrError as error:
            said.append(str(error))
    assert not any("\n" in sentence for sentence in said)


def test_a_newer_version_opens_with_a_warning() -> None:
    document, remarks = parse_view(b'{"format": "napari-idr view", "version": 9, "made_by": "napari-idr 7"}', "x")
    assert document.version == 9
    assert remarks == ["The view was saved by napari-idr 7, which is newer than this version."]
    assert parse_view(ViewDocument().model_dump_json().encode(), "x")[1] == []


@given(st.sampled_from(TYPES).flatmap(lambda name: arrays(name, st.tuples(*[st.integers(0, 5)] * 3))))
def test_an_array_comes_back_as_it_was(array: np.ndarray) -> None:
    back = unpack(PackedArray.model_validate_json(pack(array).model_dump_json()), "x")
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert np.array_equal(back, array, equal_nan=array.dtype.kind == "f")


def packed(content: bytes) -> str:
    return b64encode(content).decode()


@pytest.mark.parametrize(
    ("shape", "content", "said"),
    [
        ([LARGEST + 1], packed(zlib.compress(b"")), "would be"),
        ([4], packed(zlib.compress(bytes(1 << 20))), "not as long"),
        ([4], packed(zlib.compress(bytes(3))), "not as long"),
        ([4], packed(b"no zlib"), "damaged"),
        ([4], "no base64!", "damaged"),
    ],
)
def test_an_array_that_lies_is_one_sentence(shape: list[int], content: str, said: str) -> None:
    with pytest.raises(FormatError, match=said):
        unpack(PackedArray(dtype="uint8", shape=shape, zlib=content), "painted")


def test_values_that_only_python_understands_are_refused() -> None:
    with pytest.raises(FormatError, match="cannot be kept"):
        pack(np.array([object()]))
