from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.streaming.mosaic_layout import (
    FieldKey,
    Layout,
    PlateShape,
    Slot,
    alignment,
    grid_of,
    lay_out,
    level_factors,
    snap,
)


def plate_of(
    rows: int,
    columns: int,
    per_well: int = 1,
    extent: tuple[int, int] = (100, 200),
    positions: dict[FieldKey, tuple[float, float]] | None = None,
) -> PlateShape:
    fields = {
        (row, column): [(f"{row}/{column}", index) for index in range(per_well)]
        for row in range(rows)
        for column in range(columns)
    }
    return PlateShape(rows, columns, fields, per_well, extent, positions)


def all_slots(layout: Layout) -> list[Slot]:
    return [slot for slots in layout.slots.values() for slot in slots]


def overlap(a: Slot, b: Slot) -> bool:
    return a.y < b.y + b.height and b.y < a.y + a.height and a.x < b.x + b.width and b.x < a.x + a.width


@pytest.mark.parametrize(
    ("count", "grid"), [(1, (1, 1)), (2, (2, 1)), (3, (2, 2)), (4, (2, 2)), (5, (3, 2)), (9, (3, 3)), (10, (4, 3))]
)
def test_fields_without_positions_form_a_near_square_grid(count: int, grid: tuple[int, int]):
    assert grid_of(count) == grid


@given(
    st.integers(1, 5),
    st.integers(1, 6),
    st.integers(1, 10),
    st.tuples(st.integers(1, 300), st.integers(1, 300)),
    st.sampled_from([1, 2, 8, 64]),
)
def test_fields_never_overlap_and_lie_inside_the_canvas(rows, columns, per_well, extent, align):
    layout = lay_out(plate_of(rows, columns, per_well, extent), align)
    slots = all_slots(layout)
    assert len(slots) == rows * columns * per_well
    assert not any(overlap(a, b) for i, a in enumerate(slots) for b in slots[:i])
    for slot in slots:
        assert (slot.height, slot.width) == extent
        assert slot.y % align == slot.x % align == 0
        assert 0 <= slot.y <= layout.height - slot.height
        assert 0 <= slot.x <= layout.width - slot.width


def test_fields_lie_in_file_order_row_by_row():
    layout = lay_out(plate_of(1, 1, 4), 1)
    assert [(slot.y, slot.x) for slot in layout.slots[(0, 0)]] == [(0, 0), (0, 200), (100, 0), (100, 200)]
    assert layout.cell == (200, 400)


def test_wells_are_told_apart_by_a_gap_and_empty_rows_take_their_place():
    plate = PlateShape(3, 2, {(0, 0): [("A/1", 0)], (2, 1): [("C/2", 0)]}, 1, (100, 100))
    layout = lay_out(plate, 1)
    assert layout.pitch == (104, 104)
    assert (layout.height, layout.width) == (3 * 104 - 4, 2 * 104 - 4)
    (last,) = layout.slots[(2, 1)]
    assert (last.y, last.x) == (208, 104)


def test_stage_positions_are_kept_to_the_pixel_and_each_well_begins_at_its_corner():
    positions = {
        ("0/0", 0): (1000.0, 5000.4),
        ("0/0", 1): (1090.0, 5000.4),
        ("0/1", 0): (7.0, 9.0),
        ("0/1", 1): (7, 29),
    }
    layout = lay_out(plate_of(1, 2, 2, positions=positions), 16)
    left, right = layout.slots[(0, 0)], layout.slots[(0, 1)]
    assert [(slot.y, slot.x) for slot in left] == [(0, 0), (90, 0)]
    assert [(slot.y, slot.x - layout.pitch[1]) for slot in right] == [(0, 0), (0, 20)]
    assert layout.cell == (192, 224)  # 90 + 100 and 20 + 200, up to a multiple of 16
    assert layout.pitch[0] % 16 == layout.pitch[1] % 16 == 0


def test_of_a_well_with_positions_a_field_without_one_is_not_placed_and_a_well_without_any_is_laid_out_by_order():
    layout = lay_out(plate_of(1, 2, 2, positions={("0/0", 1): (3.0, 3.0)}), 1)
    assert [(slot.key, slot.y, slot.x) for slot in layout.slots[(0, 0)]] == [(("0/0", 1), 0, 0)]
    right = layout.slots[(0, 1)]
    assert [(slot.y, slot.x - layout.pitch[1]) for slot in right] == [(0, 0), (0, 200)]
    assert layout.cell == (100, 400)


@given(st.integers(1, 4), st.floats(0, 500), st.floats(0, 500), st.floats(1, 200), st.floats(1, 200))
def test_a_window_touches_exactly_the_fields_that_lie_in_it(per_well, y, x, height, width):
    positions = {("1/1", 0): (0.0, 0.0), ("1/1", 1): (60.0, 30.0)} if per_well == 2 else None
    layout = lay_out(plate_of(3, 4, per_well, (50, 40), positions), 4)
    window = (y, y + height, x, x + width)
    expected = [
        slot
        for slot in all_slots(layout)
        if slot.y < window[1] and slot.y + 50 > window[0] and slot.x < window[3] and slot.x + 40 > window[2]
    ]
    assert list(layout.touching(*window)) == expected


def test_what_lies_under_a_point():
    positions = {("0/0", 0): (0.0, 0.0), ("0/0", 1): (50.0, 0.0)}
    layout = lay_out(plate_of(1, 2, 2, positions=positions), 1)
    assert layout.slot_at(10, 10).key == ("0/0", 0)
    assert layout.slot_at(60, 10).key == ("0/0", 1), "the topmost of two that overlap"
    assert layout.cell_at(60, 10) == (0, 0)
    gap = layout.cell[1] + 1
    assert layout.cell_at(10, gap) is layout.slot_at(10, gap) is None
    assert layout.cell_at(10, layout.pitch[1] + 1) == (0, 1)
    assert layout.cell_at(-1, 10) is layout.cell_at(10, layout.width + 1) is layout.slot_at(-5, -5) is None


def test_levels_are_added_below_the_coarsest_until_the_plate_fits_a_screen():
    assert level_factors([1, 2, 4], 30_000) == (1, 2, 4, 8, 16, 32)
    assert level_factors([1, 2, 4], 900) == (1, 2, 4)
    assert level_factors([1, 3.02], 9_000) == (1, 3, 6, 12)
    assert 30_000 / 32 <= 1024 < 30_000 / 16


def test_a_factor_is_the_whole_number_it_means():
    assert [snap(factor) for factor in (905 / 227, 1.999, 2.5, 0.5, 1.0)] == [4, 2, 2.5, 0.5, 1]
    assert alignment((1, 2, 4, 8)) == 8
    assert alignment((1, 2.5)) == 3
