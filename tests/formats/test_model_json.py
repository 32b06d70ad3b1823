"""The model as JSON: lossless, ASCII, the same text for the same thing; anything else is one sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from made import IMAGE, ME, objects, rectangle, same

from napari_idr.errors import FormatError
from napari_idr.formats.model_json import DocumentError, decode, encode
from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(objects)
def test_any_object_comes_back_as_it_was(made: AnnotatedObject) -> None:
    text = encode(made)
    assert text.isascii()
    assert "\n" not in text
    assert same(decode(AnnotatedObject, text), made)
    assert encode(decode(AnnotatedObject, text)) == text


def test_an_image_comes_back_as_it_was() -> None:
    image = replace(IMAGE, spacing_stated_by=ME, level_factors=(1.0, 2.0, 4.0))
    assert decode(AnnotatedImage, encode(image)) == image


def test_what_is_as_always_is_not_written() -> None:
    assert json.loads(encode(AnnotatedObject(uuid="a"))) == {"uuid": "a"}


def test_numbers_of_numpy_become_plain_ones() -> None:
    made = replace(rectangle(), features=(("area", np.float32(1.5)), ("count", np.int64(3)), ("good", np.bool_(True))))
    assert decode(AnnotatedObject, encode(made)).features == (("area", 1.5), ("count", 3), ("good", True))


@pytest.mark.parametrize("wrong", [np.zeros(3), object(), datetime(2026, 1, 1)], ids=["array", "object", "local time"])
def test_what_is_not_of_the_model_is_not_kept(wrong: Any) -> None:
    with pytest.raises(DocumentError, match="is not kept"):
        encode(replace(rectangle(), features=(("wrong", (wrong,)),)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"name":"no uuid"}',
        '{"uuid":1}',
        '{"uuid":"a","mood":"good"}',
        '{"uuid":"a","status":"perhaps"}',
        '{"uuid":"a","shapes":[{"kind":"Star"}]}',
        '{"uuid":"a","shapes":[{"kind":"Point","x":NaN,"y":1}]}',
        '{"uuid":"a","shapes":[{"kind":"Point","x":"1","y":1}]}',
        '{"uuid":"a","shapes":[{"kind":"Point","x":true,"y":1}]}',
        '{"uuid":"a","shapes":[{"kind":"Point","x":1}]}',
        '{"uuid":"a","shapes":[{"kind":"Mask","x":1,"y":1,"width":1,"height":1,"bits":"?"}]}',
        '{"uuid":"a","created":"yesterday"}',
        '{"uuid":"a","created":"2026-01-01T00:00:00"}',
        '{"uuid":"a","key_values":[["a"]]}',
        "[" * 100_000,
    ],
)
def test_anything_else_is_one_sentence(text: str) -> None:
    with pytest.raises(FormatError) as caught:
        decode(AnnotatedObject, text, on="workspace.sqlite")
    assert "AnnotatedObject" in caught.value.what
    assert caught.value.on == "workspace.sqlite"
    assert "\n" not in str(caught.value)
