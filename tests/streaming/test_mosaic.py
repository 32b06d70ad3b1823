from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fake_source import FakeSource, array_of, counting, settle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_idr.errors import FormatError, Unreachable
from napari_idr.streaming import mosaic
from napari_idr.streaming.canvas import PAINTED_AT_ONCE
from napari_idr.streaming.field_piece import FieldLevels, MosaicAxes, sample_axis
from napari_idr.streaming.level import Wishes
from napari_idr.streaming.mosaic import MosaicLevel
from napari_idr.streaming.mosaic_layout import Layout, PlateShape, lay_out
from napari_idr.streaming.pyramid import array_levels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_idr.streaming.chunk_cache import ChunkKey
    from napari_idr.streaming.loader import ChunkLoader
    from napari_idr.streaming.mosaic_layout import FieldKey


@dataclass
class Made:
    """One field in memory."""

    pixels: list[np.ndarray]
    axes: str
    steps: list[tuple[float, float]]
    levels: FieldLevels
    sources: list[FakeSource]


@dataclass
class FakeFields:
    """Fields that become known when the test says so."""

    made: dict[FieldKey, Made] = field(default_factory=dict)
    now: dict[FieldKey, FieldLevels] = field(default_factory=dict)
    asked: list[tuple[FieldKey, bool]] = field(default_factory=list)
    failing: Exception | None = None

    def known(self, key: FieldKey) -> FieldLevels | None:
        return self.now.get(key)

    def ask(self, key: FieldKey, complete: bool) -> None:
        self.asked.append((key, complete))

    def holds(self, key: ChunkKey) -> bool:
        return any(key in made.levels.levels[0].loader.cache for made in self.made.values())

    def wait(self, keys: Sequence[FieldKey]) -> Mapping[FieldKey, FieldLevels]:
        if self.failing is not None:
            raise self.failing
        return {key: self.made[key].levels if key in self.made else FieldLevels.absent() for key in keys}

    def all_known(self) -> FakeFields:
        self.now = {key: made.levels for key, made in self.made.items()}
        return self

    def glance(self, key: FieldKey) -> None:
        """Have only the coarsest level of a field known."""
        whole = self.made[key].levels
        self.now[key] = FieldLevels(whole.levels[-1:], whole.axes, whole.pixel[-1:], complete=False)


def make_field(
    loader: ChunkLoader,
    size: tuple[int, int],
    *,
    axes: str = "yx",
    depth: tuple[int, ...] = (),
    steps: Sequence[float] = (1, 2),
    chunks: int = 8,
    dtype: str = "uint16",
    start: int = 0,
    gated: bool = False,
) -> Made:
    """Return a field of ``size`` canvas pixels; ``steps`` are canvas pixels per pixel of each level."""
    pixels, sources, arrays = [], [], []
    for number, step in enumerate(steps):
        plane = {"y": max(1, int(size[0] / step)), "x": max(1, int(size[1] / step))}
        sizes = dict(zip((name for name in axes if name not in "yx"), depth, strict=True)) | plane
        shape = tuple(sizes[name] for name in axes)
        pixels.append((counting(shape, "int64") + start + 500 * number).astype(dtype))
        array, source = array_of(pixels[-1], tuple(chunks if name in "yx" else 1 for name in axes), gated=gated)
        arrays.append(array)
        sources.append(source)
    levels = FieldLevels(array_levels(arrays, loader), tuple(axes), tuple((s, s) for s in steps), complete=True)
    return Made(pixels, axes, [(s, s) for s in steps], levels, sources)


def reference(level: MosaicLevel, fields: FakeFields) -> np.ndarray:
    """The mosaic pixel by pixel: what lies under the centre of each."""
    out = np.zeros(level.shape, level.dtype)
    names = [name for name, _ in level.axes.leading]
    for slots in level.layout.slots.values():
        for slot in slots:
            made = fields.made.get(slot.key)
            if made is None:
                continue
            fit = [i for i, step in enumerate(made.steps) if max(step) <= level.factor * 1.01]
            chosen = fit[-1] if fit else 0
            pixels = made.pixels[chosen]
            canonical = np.moveaxis(pixels, [made.axes.index("y"), made.axes.index("x")], [-2, -1])
            others = [name for name in made.axes if name not in "yx"]
            for y, x in np.ndindex(level.shape[-2:]):
                cy, cx = (y + 0.5) * level.factor - slot.y, (x + 0.5) * level.factor - slot.x
                if not (0 <= cy < slot.height and 0 <= cx < slot.width):
                    continue
                py, px = int(cy / made.steps[chosen][0]), int(cx / made.steps[chosen][1])
                if py >= canonical.shape[-2] or px >= canonical.shape[-1]:
                    continue
                for leading in np.ndindex(level.shape[:-2]):
                    at = dict(zip(names, leading, strict=True))
                    index = tuple(at.get(name, 0) for name in others)
                    beyond = any(i >= n for i, n in zip(index, canonical.shape, strict=False))
                    absent = any(at[name] > 0 for name in names if name not in others)
                    if not beyond and not absent:
                        out[(*leading, y, x)] = canonical[(*index, py, px)]
    return out


def layout_of(
    fields: Mapping[tuple[int, int], Sequence[FieldKey]],
    extent: tuple[int, int],
    align: int = 4,
    positions: dict[FieldKey, tuple[float, float]] | None = None,
) -> Layout:
    rows, columns = max(r for r, _ in fields) + 1, max(c for _, c in fields) + 1
    per_well = max(len(keys) for keys in fields.values())
    return lay_out(PlateShape(rows, columns, fields, per_well, extent, positions), align)


A, B, C, D = ("A/1", 0), ("A/2", 0), ("B/1", 0), ("B/2", 0)
FOUR = {(0, 0): [A], (0, 1): [B], (1, 0): [C], (1, 1): [D]}


@pytest.fixture
def unlike(loader) -> FakeFields:
    """Four fields that differ in everything but the plate."""
    return FakeFields(
        {
            A: make_field(loader, (24, 32), axes="zyx", depth=(2,), steps=(1, 2, 4), start=1),
            B: make_field(loader, (13, 21), axes="yx", steps=(1, 2), chunks=5, dtype="uint8", start=3),
            C: make_field(loader, (22, 30), axes="zyx", depth=(3,), steps=(0.5, 1), chunks=64, start=7000),
            D: make_field(loader, (20, 32), axes="tzyx", depth=(2, 2), steps=(2, 4), chunks=7, start=9000),
        }
    )


def mosaic_levels(
    layout: Layout, fields: FakeFields, *, leading: tuple[tuple[str, int], ...] = (("z", 3),), factors=(1, 2, 4, 8)
) -> list[MosaicLevel]:
    levels: list[MosaicLevel] = []
    for factor in reversed(factors):
        coarser = levels[-1] if levels else None
        levels.append(MosaicLevel(layout, fields, MosaicAxes(leading), factor, np.dtype("uint16"), (8, 8), coarser))
    return levels[::-1]


def paint(level: MosaicLevel, key: object = ...) -> tuple[np.ndarray, Wishes]:
    wishes = Wishes()
    return np.asarray(level.for_display(wishes)[key]), wishes


def fetch_wishes(loader: ChunkLoader, wishes: Wishes) -> None:
    """Do for a viewer what a display does."""
    loader.show("viewer", list(wishes.chunks.values()))
    settle(loader)


def settled(loader: ChunkLoader, level: MosaicLevel, key: object = ...) -> np.ndarray:
    """Draw until nothing is missing any more."""
    for _ in range(10):
        picture, wishes = paint(level, key)
        if not wishes.missing:
            return picture
        fetch_wishes(loader, wishes)
    raise AssertionError(f"{wishes.missing} things are missing still")


# -- exact


def test_fields_unlike_in_size_levels_chunks_type_scale_and_depth_lie_right(unlike):
    for level in mosaic_levels(layout_of(FOUR, (24, 32)), unlike):
        np.testing.assert_array_equal(level, reference(level, unlike))


@pytest.mark.parametrize("factor", [1, 2])
def test_windows_of_a_mosaic_are_windows_of_the_whole(unlike, factor):
    level = MosaicLevel(layout_of(FOUR, (24, 32)), unlike, MosaicAxes((("z", 3),)), factor, np.dtype("uint16"))
    whole = np.asarray(level)
    rng = np.random.default_rng(1)
    for _ in range(40):
        window = tuple(slice(*np.sort(rng.integers(0, size + 1, 2))) for size in level.shape)
        np.testing.assert_array_equal(level[window], whole[window])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_mosaic_is_exact(data, loader):
    extent = data.draw(st.tuples(st.integers(3, 20), st.integers(3, 20)), label="extent")
    keys: list[FieldKey] = [("A/1", 0), ("A/1", 1), ("A/2", 0)]
    fields = FakeFields()
    for number, key in enumerate(keys[: data.draw(st.integers(1, 3), label="fields")]):
        fields.made[key] = make_field(
            loader,
            (data.draw(st.integers(2, extent[0])), data.draw(st.integers(2, extent[1]))),
            steps=data.draw(st.sampled_from([(1,), (1, 2), (1, 2, 4), (2,), (1, 3), (0.5, 1), (1.5, 3)])),
            chunks=data.draw(st.integers(1, 9)),
            start=1000 * number,
        )
    corner = st.tuples(st.integers(0, 15), st.integers(0, 15))
    positions = {key: data.draw(corner) for key in keys} if data.draw(st.booleans(), label="positions") else None
    layout = layout_of({(0, 0): keys[:2], (0, 1): keys[2:]}, extent, data.draw(st.sampled_from([1, 4])), positions)
    factor = data.draw(st.sampled_from([1, 2, 2.5, 4]), label="factor")
    level = MosaicLevel(layout, fields, MosaicAxes(()), factor, np.dtype("uint16"), (8, 8))
    expected = reference(level, fields)
    np.testing.assert_array_equal(level, expected)
    np.testing.assert_array_equal(settled(loader, level.__class__(*_as_known(level, fields))), expected)


def _as_known(level: MosaicLevel, fields: FakeFields) -> tuple:
    known = fields.all_known()
    known.now |= {slot.key: FieldLevels.absent() for s in level.layout.slots.values() for slot in s} | known.now
    return level.layout, known, level.axes, level.factor, level.dtype, (8, 8)


def test_levels_below_the_coarsest_stored_one_are_sampled_from_it(loader):
    fields = FakeFields({A: make_field(loader, (64, 64), steps=(1, 2))})
    (level,) = mosaic_levels(layout_of({(0, 0): [A]}, (64, 64), 8), fields, leading=(), factors=(8,))
    np.testing.assert_array_equal(level, fields.made[A].pixels[1][2::4, 2::4])
    assert fields.made[A].sources[0].asked == []


def test_an_exact_read_asks_only_for_what_it_needs(loader):
    fields = FakeFields({key: make_field(loader, (24, 32), steps=(1, 2)) for key in (A, B, C, D)})
    level, *_ = mosaic_levels(layout_of(FOUR, (24, 32)), fields, leading=())
    np.asarray(level[0:8, 0:8])
    assert fields.made[A].sources[0].asked == [(0, 0)]
    assert all(not fields.made[key].sources[0].asked for key in (B, C, D))
    assert fields.asked == []


def test_a_place_without_a_field_is_empty(loader):
    fields = FakeFields({A: make_field(loader, (24, 32))})
    level, *_ = mosaic_levels(layout_of(FOUR, (24, 32)), fields, leading=())
    assert not np.asarray(level)[:, 40:].any()
    assert not np.asarray(level)[28:].any()


def test_a_field_that_does_not_fit_its_place_is_not_cut_silently(loader):
    fields = FakeFields({A: make_field(loader, (30, 30))})
    level, *_ = mosaic_levels(layout_of({(0, 0): [A]}, (24, 24)), fields, leading=())
    with pytest.raises(FormatError, match=r"larger than its place.*A/1|A/1.*larger than its place"):
        np.asarray(level)


def test_a_field_of_a_wider_type_is_not_cut_silently(loader):
    fields = FakeFields({A: make_field(loader, (24, 24), dtype="float32")})
    level, *_ = mosaic_levels(layout_of({(0, 0): [A]}, (24, 24)), fields, leading=())
    with pytest.raises(FormatError, match="float32"):
        np.asarray(level)


def test_an_exact_read_raises_where_metadata_cannot_be_had(unlike):
    unlike.failing = Unreachable("no answer")
    level, *_ = mosaic_levels(layout_of(FOUR, (24, 32)), unlike)
    with pytest.raises(Unreachable):
        np.asarray(level[0])


def test_fields_that_overlap_lie_in_file_order(loader):
    keys: list[FieldKey] = [("A/1", 0), ("A/1", 1)]
    fields = FakeFields({key: make_field(loader, (20, 20), start=1000 * n) for n, key in enumerate(keys)})
    positions = {keys[0]: (0.0, 0.0), keys[1]: (5.0, 7.0)}
    layout = layout_of({(0, 0): keys}, (20, 20), 4, positions)
    for level in mosaic_levels(layout, fields, leading=(), factors=(1, 2)):
        np.testing.assert_array_equal(level, reference(level, fields))
    finest = np.asarray(MosaicLevel(layout, fields, MosaicAxes(()), 1, np.dtype("uint16")))
    np.testing.assert_array_equal(finest[5:25, 7:27], fields.made[keys[1]].pixels[0])


# -- for display


@pytest.fixture(params=["canvas", "no canvas"])
def kept(request, monkeypatch) -> str:
    """Run with overviews kept, and without."""
    if request.param == "no canvas":
        monkeypatch.setattr(mosaic, "CANVAS_PIXELS", 0)
    return request.param


def test_a_plate_of_which_nothing_is_known_is_empty_and_asks_for_its_fields(unlike, kept):
    level = mosaic_levels(layout_of(FOUR, (24, 32)), unlike)[2]
    picture, wishes = paint(level, 0)
    assert not picture.any()
    assert set(wishes.metadata) == {A, B, C, D}
    assert wishes.chunks == {}
    assert unlike.asked == [], "asking is the display's business"
    for ask in wishes.metadata.values():
        ask()
    assert set(unlike.asked) == {(key, False) for key in (A, B, C, D)}


def test_only_fields_in_view_are_asked_for(unlike, kept):
    level = mosaic_levels(layout_of(FOUR, (24, 32)), unlike)[0]
    _, wishes = paint(level, (0, slice(0, 8), slice(0, 8)))
    assert set(wishes.metadata) == {A}


def test_a_plate_fills_in_as_its_fields_come_and_ends_exact(loader, unlike, kept):
    layout = layout_of(FOUR, (24, 32))
    for level in mosaic_levels(layout, unlike):
        unlike.now = {}
        loader.cache.clear()
        expected = reference(level, unlike)
        for count, key in enumerate((D, A, C, B), start=1):
            unlike.now[key] = unlike.made[key].levels
            _, wishes = paint(level, 0)
            fetch_wishes(loader, wishes)
            picture, wishes = paint(level, 0)
            assert len(wishes.metadata) == 4 - count
            for slots in layout.slots.values():
                for slot in slots:
                    place = tuple(
                        slice(int(v / level.factor), int((v + n) / level.factor))
                        for v, n in ((slot.y, slot.height), (slot.x, slot.width))
                    )
                    shown = expected[0][place] if slot.key in unlike.now else 0
                    np.testing.assert_array_equal(picture[place], np.broadcast_to(shown, picture[place].shape))
        for z in range(3):
            np.testing.assert_array_equal(settled(loader, level, z), expected[z])


def test_a_field_seen_from_afar_shows_coarse_until_all_of_it_is_known(loader, kept):
    fields = FakeFields({A: make_field(loader, (32, 32), steps=(1, 2, 4))})
    layout = layout_of({(0, 0): [A]}, (32, 32))
    finest, _, coarsest = mosaic_levels(layout, fields, leading=(), factors=(1, 2, 4))
    fields.glance(A)
    coarse = fields.made[A].pixels[2]
    np.testing.assert_array_equal(settled(loader, coarsest), coarse)
    picture, wishes = paint(finest)
    assert set(wishes.metadata) == {A}
    np.testing.assert_array_equal(picture, coarse.repeat(4, 0).repeat(4, 1))
    wishes.metadata[A]()
    assert fields.asked == [(A, True)]
    fields.all_known()
    np.testing.assert_array_equal(paint(finest)[0], coarse.repeat(4, 0).repeat(4, 1)), "sharper comes, coarse stays"
    np.testing.assert_array_equal(settled(loader, finest), fields.made[A].pixels[0])


def test_a_partial_turn_is_repainted_when_its_chunks_come(loader, kept):
    fields = FakeFields({A: make_field(loader, (32, 32), steps=(1,), gated=True)}).all_known()
    (level,) = mosaic_levels(layout_of({(0, 0): [A]}, (32, 32)), fields, leading=(), factors=(1,))
    source = fields.made[A].sources[0]
    pixels = fields.made[A].pixels[0]
    _, wishes = paint(level)
    assert len(wishes.chunks) == 16
    loader.show("viewer", list(wishes.chunks.values()))
    settle(loader)
    source.let_through(loader, source.asked[0])
    settle(loader)
    picture, wishes = paint(level)
    (y, x) = source.asked[0]
    here = (slice(8 * y, 8 * y + 8), slice(8 * x, 8 * x + 8))
    np.testing.assert_array_equal(picture[here], pixels[here])
    assert len(wishes.chunks) == 15
    assert np.count_nonzero(picture) == 64
    source.let_through(loader)
    settle(loader)
    np.testing.assert_array_equal(settled(loader, level), pixels)


def test_what_was_painted_stays_though_its_chunks_were_evicted(loader):
    fields = FakeFields({A: make_field(loader, (32, 32), steps=(1,))}).all_known()
    (level,) = mosaic_levels(layout_of({(0, 0): [A]}, (32, 32)), fields, leading=(), factors=(1,))
    settled(loader, level)
    loader.cache.clear()
    picture, wishes = paint(level)
    np.testing.assert_array_equal(picture, fields.made[A].pixels[0])
    assert wishes.missing == 0
    picture[...] = 0
    np.testing.assert_array_equal(paint(level)[0], fields.made[A].pixels[0])


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("window", [..., (slice(0, 5), slice(0, 7))])
def test_overlapping_fields_look_as_they_read_whichever_came_first(loader, kept, order, window):
    keys: list[FieldKey] = [("A/1", 0), ("A/1", 1)]
    fields = FakeFields({key: make_field(loader, (20, 20), start=1000 * n) for n, key in enumerate(keys)})
    positions = {keys[0]: (0.0, 0.0), keys[1]: (5.0, 7.0)}
    (level,) = mosaic_levels(layout_of({(0, 0): keys}, (20, 20), 4, positions), fields, leading=(), factors=(1,))
    for number in order:
        fields.now[keys[number]] = fields.made[keys[number]].levels
        view = window if number == 0 else ...
        for _ in range(3):
            fetch_wishes(loader, paint(level, view)[1])
    np.testing.assert_array_equal(settled(loader, level), reference(level, fields))


def test_planes_shown_lately_are_kept_and_each_is_its_own(loader):
    fields = FakeFields({A: make_field(loader, (16, 16), axes="zyx", depth=(6,), steps=(1,))}).all_known()
    (level,) = mosaic_levels(layout_of({(0, 0): [A]}, (16, 16)), fields, leading=(("z", 6),), factors=(1,))
    for z in (0, 1, 2, 3, 4, 5, 0, 3):
        np.testing.assert_array_equal(settled(loader, level, z), fields.made[A].pixels[0][z])
    assert len(level._canvases) == mosaic.KEPT_PLANES


def test_a_volume_can_be_shown(loader, unlike):
    unlike.all_known()
    level = mosaic_levels(layout_of(FOUR, (24, 32)), unlike)[2]
    np.testing.assert_array_equal(settled(loader, level), reference(level, unlike))


def test_fields_in_the_centre_of_the_view_come_first(loader, kept):
    keys = {(r, c): [(f"{r}/{c}", 0)] for r in range(5) for c in range(5)}
    made = {key: make_field(loader, (8, 8), steps=(1,)) for (key,) in keys.values()}
    fields = FakeFields(made).all_known()
    layout = layout_of(keys, (8, 8))
    (level,) = mosaic_levels(layout, fields, leading=(), factors=(1,))
    pitch = layout.pitch[0]
    window = (slice(0, 3 * pitch), slice(0, 3 * pitch))
    _, wishes = paint(level, window)
    first = min(wishes.chunks.values(), key=lambda want: want.priority)
    assert first.chunk.array is made[("1/1", 0)].levels.levels[0].array


def test_a_display_never_waits_for_metadata_or_chunks(loader, kept):
    fields = FakeFields({A: make_field(loader, (32, 32), gated=True)}, failing=AssertionError("a display waited"))
    level, *_ = mosaic_levels(layout_of({(0, 0): [A]}, (32, 32)), fields, leading=())
    assert not paint(level)[0].any()
    fields.all_known()
    assert not paint(level)[0].any()
    assert fields.made[A].sources[0].asked == []


# -- sampling


def test_a_stretch_that_does_not_meet_a_field_samples_nothing():
    assert sample_axis((0, 10), 1, 10, 20, 1, 20) is None
    assert sample_axis((30, 40), 1, 10, 20, 1, 20) is None
    assert sample_axis((0, 40), 1, 10, 20, 1, 0) is None


def test_a_stretch_is_sampled_at_the_centres_of_its_pixels():
    box, target, take = sample_axis((0, 40), 1, 10, 20, 1, 20)
    assert (box, target, take) == ((0, 20), slice(10, 30), None)
    box, target, take = sample_axis((0, 20), 2, 10, 20, 1, 20)
    assert (box, target) == ((1, 20), slice(5, 15))
    assert take.tolist() == list(range(0, 20, 2))
    box, target, take = sample_axis((12, 14), 1, 10, 20, 4, 5)
    assert (box, target) == ((0, 1), slice(0, 2))
    assert take.tolist() == [0, 0]


@given(
    ends=st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted),
    factor=st.integers(1, 5),
    slot=st.tuples(st.integers(0, 12), st.integers(1, 70)),
    size=st.integers(0, 40),
)
def test_pixel_on_pixel_is_what_sampling_gives(ends: list[int], factor: int, slot: tuple[int, int], size: int) -> None:
    stretch, place, extent = (ends[0], ends[1]), slot[0] * factor, slot[1]
    quick = sample_axis(stretch, factor, place, extent, factor, size)
    slow = sample_axis(stretch, factor, place, extent, factor * (1 + 1e-12), size)
    assert (quick is None) == (slow is None)
    if quick is not None and slow is not None:
        assert quick[:2] == slow[:2]
        assert quick[2] is None
        assert slow[2] is None


# -- many fields, coarse pictures beneath


def plate_of(loader: ChunkLoader, rows: int, columns: int, **options: Any) -> tuple[Layout, FakeFields]:
    """A plate of one field of 16 x 16 pixels per well, two levels, all known."""
    grid = {(r, c): [(f"{r}/{c}", 0)] for r in range(rows) for c in range(columns)}
    made = {
        keys[0]: make_field(loader, (16, 16), chunks=16, start=n, **options) for n, keys in enumerate(grid.values())
    }
    return layout_of(grid, (16, 16)), FakeFields(made).all_known()


@pytest.fixture(params=["canvas", "no canvas"])
def canvases(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "no canvas":
        monkeypatch.setattr(mosaic, "CANVAS_PIXELS", 64 * 64)  # the coarse level only


def test_one_redraw_paints_a_bounded_number_of_fields_and_says_that_others_follow(loader):
    layout, fields = plate_of(loader, 8, 12)
    level = mosaic_levels(layout, fields, leading=(), factors=(1,))[0]
    exact = np.asarray(level)
    left = []
    for _ in range(4):
        picture, wishes = paint(level)
        assert not wishes.chunks  # the exact read has them here
        left.append(len(wishes.unpainted))
    assert left == [96 - PAINTED_AT_ONCE, 0, 0, 0]
    np.testing.assert_array_equal(picture, exact)


def test_fields_not_known_yet_do_not_keep_a_known_one_from_being_painted(loader):
    layout, fields = plate_of(loader, 8, 12)
    level = mosaic_levels(layout, fields, leading=(), factors=(1,))[0]
    corner = layout.slots[(0, 0)][0]
    fields.now = {corner.key: fields.made[corner.key].levels}
    exact = fields.made[corner.key].levels.levels[0].read(((0, 16), (0, 16)))
    picture, wishes = paint(level)  # the corner is farthest from the centre
    np.testing.assert_array_equal(picture[:16, :16], exact)
    assert len(wishes.metadata) == 95
    assert not wishes.unpainted


def test_a_finer_level_begins_as_the_coarser_picture_and_ends_exact(loader, canvases):
    layout, fields = plate_of(loader, 3, 4)
    fine, coarse = mosaic_levels(layout, fields, leading=(), factors=(1, 2))
    below = settled(loader, coarse)
    picture, wishes = paint(fine)
    assert len(wishes.chunks) == 12  # nothing of the finer level is here
    np.testing.assert_array_equal(
        picture > 0, np.repeat(np.repeat(below > 0, 2, 0), 2, 1)[: fine.shape[0], : fine.shape[1]]
    )
    np.testing.assert_array_equal(settled(loader, fine), np.asarray(fine))


def test_no_rim_of_the_coarser_picture_stays_beside_odd_fields(loader, canvases):
    grid = {(0, 0): [A], (0, 1): [B], (1, 0): [C], (1, 1): [D]}
    sizes = {A: (16, 16), B: (13, 15), C: (15, 9), D: (11, 16)}
    made = {key: make_field(loader, size, steps=(1, 2, 4), start=1) for key, size in sizes.items()}
    fine, middle, coarse = mosaic_levels(
        layout_of(grid, (16, 16)), FakeFields(made).all_known(), leading=(), factors=(1, 2, 4)
    )
    for level in (coarse, middle, fine):
        np.testing.assert_array_equal(settled(loader, level), np.asarray(level))


def test_a_window_of_a_large_level_shows_the_coarser_picture_where_it_lacks_pixels(loader, monkeypatch):
    monkeypatch.setattr(mosaic, "CANVAS_PIXELS", 64 * 64)
    layout, fields = plate_of(loader, 3, 4)
    fine, coarse = mosaic_levels(layout, fields, leading=(), factors=(1, 2))
    settled(loader, coarse)
    whole, _ = paint(fine)
    window, wishes = paint(fine, (slice(5, 38), slice(3, 41)))
    np.testing.assert_array_equal(window, whole[5:38, 3:41])
    assert (window > 0).any()
    assert wishes.chunks
