from __future__ import annotations

import numpy as np
from fake_source import array_of
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.streaming.label_offsets import UNIQUE_TYPE, VALUE_BITS, OffsetLevel, original_value, unique_value
from napari_idr.streaming.level import Wishes, in_memory
from napari_idr.streaming.pyramid import array_levels


@given(
    st.sampled_from(["uint8", "uint16", "uint32", "int8", "int32"]),
    st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20),
    st.integers(0, 32766),
)
def test_every_value_of_every_field_goes_there_and_back(dtype, values, ordinal):
    stored = np.array(values, "uint64").astype(dtype)
    unique = np.asarray(OffsetLevel(in_memory(stored), ordinal))
    assert unique.dtype == UNIQUE_TYPE
    for value, shown in zip(stored.tolist(), unique.tolist(), strict=True):
        if value == 0:
            assert shown == 0
        else:
            assert original_value(shown) == (ordinal, value)
            assert unique_value(ordinal, value) == shown
            assert shown > 0


def test_values_of_different_fields_never_meet():
    stored = in_memory(np.array([0, 1, 2, 65535], "uint16"))
    first, second = (np.asarray(OffsetLevel(stored, ordinal)) for ordinal in (0, 1))
    assert not set(first[1:].tolist()) & set(second[1:].tolist())
    np.testing.assert_array_equal(first, [0, 1, 2, 65535])


def test_the_stored_values_stay_to_be_read_and_a_display_shows_unique_ones(loader):
    stored = np.arange(64, dtype="uint16").reshape(8, 8)
    (inner,) = array_levels([array_of(stored, (4, 4))[0]], loader)
    level = OffsetLevel(inner, 3)
    np.testing.assert_array_equal(level.inner, stored)
    np.testing.assert_array_equal(level[1:3], np.where(stored > 0, stored + np.int64(3 << VALUE_BITS), 0)[1:3])
    wishes = Wishes()
    np.testing.assert_array_equal(level.for_display(wishes)[1:3], level[1:3])
    assert level.chunks == (4, 4)
