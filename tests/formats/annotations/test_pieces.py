"""Small pieces of the formats: numbers, names, run lengths, colours, documents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation_makers import IMAGE, regions
from napari_idr.formats.annotations.coco_rle import counts_of, marked_of, pack_counts, unpack_counts
from napari_idr.formats.annotations.omero_shape_fields import encode_color
from napari_idr.formats.annotations.plain_numbers import centre_text, corner_number, number_of, plain
from napari_idr.formats.annotations.roi_names import roi_names
from napari_idr.formats.model_json import DocumentError, from_document, time_text, to_document
from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject


@pytest.mark.parametrize(
    ("number", "text"), [(6.7, "6.7"), (16.0, "16"), (1e-7, "0.0000001"), (-0.0, "0"), (1e22, "1" + "0" * 22)]
)
def test_numbers_are_plain_decimals(number: float, text: str) -> None:
    assert plain(number) == text


@given(st.floats(-1e9, 1e9))
def test_numbers_come_back_to_the_last_digit(number: float) -> None:
    assert number_of(plain(number)) == number
    assert corner_number(centre_text(number)) == number


@pytest.mark.parametrize("text", ["", "nan", "inf", "1_000", "0x1", "1,5", "1e999", "9" * 500])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no number|too large"):
        number_of(text)


def test_names_of_rois_are_unique_in_their_image() -> None:
    given_names = ["a", "a", "", "a 2", "", "a"]
    objects = [AnnotatedObject(uuid=str(n), name=name, object_class="nucleus") for n, name in enumerate(given_names)]
    assert list(roi_names(objects).values()) == ["a", "a 3", "nucleus 1", "a 2", "nucleus 2", "a 4"]


@settings(max_examples=30)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**30))
def test_run_lengths_come_back(height: int, width: int, seed: int) -> None:
    marked = np.random.default_rng(seed).random((height, width)) < 0.5
    counts = counts_of(marked)
    assert unpack_counts(pack_counts(counts)) == counts
    np.testing.assert_array_equal(marked_of(counts, height, width), marked)


def test_opaque_red_is_what_omero_calls_it() -> None:
    assert encode_color((255, 0, 0, 255)) == -16776961
    assert encode_color((255, 255, 255, 255)) == -1


def test_documents_keep_everything() -> None:
    assert from_document(AnnotatedImage, to_document(IMAGE)) == IMAGE


@settings(max_examples=20)
@given(regions())
def test_documents_of_objects_keep_everything(one: AnnotatedObject) -> None:
    assert from_document(AnnotatedObject, to_document(one)) == one


@pytest.mark.parametrize("document", [[], {"size_x": "1"}, {"address": 1}, {"address": "a", "spacing": [["x"]]}, {}])
def test_documents_of_something_else_are_refused(document: object) -> None:
    with pytest.raises(DocumentError):
        from_document(AnnotatedImage, document)


def test_times_are_in_utc_and_never_guessed() -> None:
    there = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    assert time_text(there) == time_text(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00Z"
    with pytest.raises(DocumentError, match="time zone"):
        time_text(datetime(2026, 1, 1))
