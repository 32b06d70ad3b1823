"""Plates as one image: requests, exact pixels in every cell, what differs from field to field, labels, positions."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from made_plate import SIZE, Field, write_plate

from faulty_server import FolderServer
from napari_idr.errors import FormatError, NotFound, ServerFailure
from napari_idr.model.image import FieldPosition, PlateReference
from napari_idr.readers import plate_fields
from napari_idr.readers.open import open_plate
from napari_idr.readers.plate import PlateLabels, PlateMosaic, open_labels
from napari_idr.remote.object_store import Access
from napari_idr.streaming.level import Wishes
from napari_idr.streaming.loader import ChunkLoader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_idr.streaming.level import Level

PATIENCE = 20


@pytest.fixture
def loader() -> Iterator[ChunkLoader]:
    loader = ChunkLoader(1 << 26, 8)
    yield loader
    loader.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[FolderServer]:
    with FolderServer(tmp_path) as server:
        yield server


def opened(loader: ChunkLoader, address: object, **more: Any) -> PlateMosaic:
    reference = PlateReference("", "", "", str(address), **more)
    return loader.wait(open_plate(reference, Access(timeout=PATIENCE), loader))


def complete(loader: ChunkLoader, address: object, **more: Any) -> PlateMosaic:
    """A plate of which everything is known, laid out for it."""
    mosaic = opened(loader, address, **more)
    mosaic.fields.wait_all()
    return mosaic.rebuilt() if mosaic.is_outgrown else mosaic


def labels_of(loader: ChunkLoader, mosaic: PlateMosaic, name: str) -> PlateLabels:
    return loader.wait(open_labels(mosaic, name))


def sweep(mosaic: PlateMosaic) -> None:
    mosaic.fields.loader.wait(mosaic.fields.sweep())


def slot_of(mosaic: PlateMosaic, well: str, index: int = 0) -> Any:
    return next(slot for slots in mosaic.layout.slots.values() for slot in slots if slot.key == (well, index))


def cell(mosaic: PlateMosaic, levels: tuple[Level, ...], well: str, field: int = 0, *, level: int = 0) -> np.ndarray:
    """The place of one field in a mosaic level, read exactly; the last two axes."""
    slot, factor = slot_of(mosaic, well, field), int(mosaic.factors[level])
    y, x = slot.y // factor, slot.x // factor
    box = (slice(y, y + slot.height // factor), slice(x, x + slot.width // factor))
    return np.asarray(levels[level][(..., *box)])


def shown(loader: ChunkLoader, mosaic: PlateMosaic, level: Level, key: Any = ...) -> np.ndarray:
    """What a display shows when all it wished for has come."""
    changed, arrived = threading.Event(), threading.Event()
    mosaic.fields.changed.connect(changed.set)
    loader.arrived.connect(lambda _: arrived.set())
    for _ in range(200):
        changed.clear()
        arrived.clear()
        wishes = Wishes()
        picture = np.asarray(level.for_display(wishes)[key])
        if not wishes.missing:
            return picture
        for ask in wishes.metadata.values():
            ask()
        loader.show("viewer", list(wishes.chunks.values()))
        assert (changed if wishes.metadata else arrived).wait(PATIENCE)
    raise AssertionError("something is missing still")


THREE = {"A/1": [Field(start=1)], "A/3": [Field(start=3000)], "B/2": [Field(start=6000)]}


# -- what opening costs


@pytest.mark.parametrize(("zarr_format", "levels"), [(2, 2), (2, 4), (3, 2), (3, 4)])
def test_requests_before_the_first_pixels_do_not_depend_on_the_plate(loader, served, tmp_path, zarr_format, levels):
    fields = [Field(levels=levels), Field(levels=levels, start=2000)]
    write_plate(tmp_path / "small", {"A/1": fields}, zarr_format=zarr_format)
    wells = {f"{row}/{column + 1}": fields for row in "AB" for column in range(6)}
    write_plate(tmp_path / "large", wells, columns=6, zarr_format=zarr_format)
    counts = []
    for name in ("small", "large"):
        served.requests.clear()
        opened(loader, f"{served.address}/{name}")
        counts.append(len(served.requests))
    # the plate in either format (3 at once), one well, one image, then its arrays and its list of labels at once
    assert counts == [3 + 1 + 1 + levels + 1] * 2


def test_what_is_asked_before_the_first_pixels(loader, served, tmp_path):
    write_plate(tmp_path / "plate", THREE)
    opened(loader, f"{served.address}/plate")
    assert served.paths == sorted(
        f"/plate/{path}"
        for path in (
            "zarr.json .zattrs .zmetadata A/1/.zattrs A/1/0/.zattrs A/1/0/0/.zarray A/1/0/1/.zarray "
            "A/1/0/labels/.zattrs"
        ).split()
    )


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("per_well", [1, 2])
def test_at_most_three_requests_per_well_make_the_rest_known(loader, served, tmp_path, per_well, zarr_format):
    wells = {
        f"{row}/{column + 1}": [Field(levels=3, start=100 * column + 50 * n) for n in range(per_well)]
        for row in "AB"
        for column in range(6)
    }
    write_plate(tmp_path / "plate", wells, columns=6, zarr_format=zarr_format)
    mosaic = opened(loader, f"{served.address}/plate")
    served.requests.clear()
    sweep(mosaic)
    # the first well and its first field are known; a lone field's own metadata are read too
    assert len(served.requests) == 11 * 3 + (per_well - 1)
    assert len(mosaic.fields.images) == 12 * per_well
    assert not mosaic.is_outgrown
    served.requests.clear()
    sweep(mosaic)
    assert served.requests == [], "nothing is asked twice"


def test_all_channels_of_an_overview_share_what_was_asked(loader, served, tmp_path):
    write_plate(tmp_path / "plate", THREE)
    mosaic = opened(loader, f"{served.address}/plate")
    served.requests.clear()
    for index in range(2):
        shown(loader, mosaic, mosaic.channel(index)[-1])
    asked = [path for path in served.paths if "/.z" in path]
    assert len(asked) == len(set(asked)) == 6
    chunks = [path for path in served.paths if "/.z" not in path]
    assert len(chunks) == len(set(chunks)) == 3 * 2, "one chunk of each field's coarsest level per channel"


def test_consolidated_metadata_spare_the_requests(loader, served, tmp_path):
    plate = write_plate(tmp_path / "plate", THREE)
    documents = {
        str(path.relative_to(plate)): json.loads(path.read_text())
        for path in plate.rglob(".z*")
        if path.name != ".zmetadata"
    }
    (plate / ".zmetadata").write_text(json.dumps({"zarr_consolidated_format": 1, "metadata": documents}))
    mosaic = opened(loader, f"{served.address}/plate")
    sweep(mosaic)
    assert len(served.requests) == 3
    assert all(image.complete for _, image in mosaic.fields.images)


# -- exact pixels


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_every_field_lies_in_its_cell(loader, tmp_path, zarr_format):
    mosaic = opened(loader, write_plate(tmp_path / "plate", THREE, zarr_format=zarr_format))
    assert mosaic.factors[:2] == (1, 2)
    for channel in range(2):
        levels = mosaic.channel(channel)
        assert levels[0].shape == (mosaic.layout.height, mosaic.layout.width)
        for well, (made,) in THREE.items():
            for level in range(2):
                got = cell(mosaic, levels, well, level=level)
                np.testing.assert_array_equal(got, made.plane(level, c=channel))
    pitch = mosaic.layout.pitch
    assert {well: (slot_of(mosaic, well).y // pitch[0], slot_of(mosaic, well).x // pitch[1]) for well in THREE} == {
        "A/1": (0, 0), "A/3": (0, 2), "B/2": (1, 1),
    }  # fmt: skip


def test_a_display_ends_with_the_same_pixels_as_an_exact_read(loader, served, tmp_path):
    write_plate(tmp_path / "plate", THREE)
    mosaic = opened(loader, f"{served.address}/plate")
    sweep(mosaic)
    for level in mosaic.channel(1):
        np.testing.assert_array_equal(shown(loader, mosaic, level), level)


def test_the_plate_says_what_its_pixels_are(loader, tmp_path):
    made = Field(axes="tczyx", shape=(2, 2, 3, *SIZE), channels=("DNA", "actin"))
    mosaic = opened(loader, write_plate(tmp_path / "plate", {"A/1": [made]}))
    assert [axis.name for axis in mosaic.axes] == ["t", "z", "y", "x"]
    assert mosaic.scale == (1.0, 1.0, 0.5, 0.5)
    assert [channel.name for channel in mosaic.channels if channel] == ["DNA", "actin"]
    assert mosaic.channel(0)[0].shape[:2] == (2, 3)
    assert mosaic.metadata.name == "a plate"
    np.testing.assert_array_equal(cell(mosaic, mosaic.channel(1), "A/1")[1, 2], made.plane(t=1, c=1, z=2))


def test_levels_are_made_until_the_plate_fits_a_screen(loader, tmp_path):
    made = Field(shape=(1, 128, 160), levels=1, chunks=64)
    mosaic = opened(loader, write_plate(tmp_path / "plate", {"A/1": [made]}, columns=24))
    assert mosaic.factors == (1, 2, 4)
    assert max(mosaic.channel(0)[-1].shape) <= 1100
    small = cell(mosaic, mosaic.channel(0), "A/1", level=2)
    np.testing.assert_array_equal(small, made.plane()[2::4, 2::4])


def test_many_fields_count_for_what_fits_a_screen(loader, tmp_path):
    fields = [Field(shape=(1, 200, 200), levels=1, chunks=256, start=n) for n in range(9)]
    mosaic = opened(loader, write_plate(tmp_path / "plate", {"A/1": fields}, columns=2, rows="ABCD"))
    assert max(mosaic.channel(0)[-1].shape) <= 1100


# -- fields unlike the first


UNLIKE = {
    "wider type": Field(start=5, dtype="float32"),
    "narrower type": Field(start=5, dtype="uint8"),
    "smaller": Field(start=5, shape=(2, 10, 20)),
    "larger": Field(start=5, shape=(2, 40, 50)),
    "odd size": Field(start=5, shape=(2, 27, 39)),
    "more levels": Field(start=5, levels=3),
    "fewer levels": Field(start=5, levels=1),
    "levels by three": Field(start=5, factor=3, shape=(2, 30, 45)),
    "other chunks": Field(start=5, chunks=7),
    "more channels": Field(start=5, shape=(3, *SIZE), channels=("a", "b", "c")),
    "fewer channels": Field(start=5, shape=(1, *SIZE)),
    "deeper": Field(start=5, axes="czyx", shape=(2, 3, *SIZE)),
    "in time": Field(start=5, axes="tcyx", shape=(2, 2, *SIZE)),
    "no channels": Field(start=5, axes="yx", shape=SIZE),
    "finer": Field(start=5, scale=0.25, shape=(2, 48, 64)),
    "coarser": Field(start=5, scale=1.0, shape=(2, 12, 16)),
    "other unit": Field(start=5, scale=500.0, unit="nanometer"),
    "no unit": Field(start=5, scale=7.0, unit=None),
    "x before y": Field(start=5, axes="cxy", shape=(2, 32, 24)),
}


@pytest.mark.parametrize("place", ["a well of its own", "the second field"])
@pytest.mark.parametrize("name", UNLIKE)
def test_a_field_unlike_the_first_is_shown_right(loader, tmp_path, name, place):
    other = UNLIKE[name]
    first = Field(start=1)
    wells = {"A/1": [first], "A/2": [other]} if place == "a well of its own" else {"A/1": [first, other]}
    well, index = ("A/2", 0) if place == "a well of its own" else ("A/1", 1)
    mosaic = complete(loader, write_plate(tmp_path / "plate", wells))
    step = {"finer": 0.5, "coarser": 2}.get(name, 1)
    for channel in range(2):
        levels = mosaic.channel(channel)
        own = cell(mosaic, levels, "A/1")[..., : SIZE[0], : SIZE[1]]
        np.testing.assert_array_equal(own[(0,) * (own.ndim - 2)], first.plane(c=channel))
        expected = _on_canvas(other, channel, step, levels[0].shape)
        got = cell(mosaic, levels, well, index)
        slot = slot_of(mosaic, well, index)
        np.testing.assert_array_equal(got, _padded(expected, (slot.height, slot.width)).astype(got.dtype))
        for level in levels:
            np.testing.assert_array_equal(shown(loader, mosaic, level), level)


def _on_canvas(made: Field, channel: int, step: float, shape: tuple[int, ...]) -> np.ndarray:
    """A field's pixels as the mosaic has them: (leading axes, y, x), nearest neighbours where sizes differ."""
    leading = "".join(name for name in "tz" if name in made.axes)
    assert len(shape) - 2 == len(leading)
    if "c" in made.axes and channel >= made.shape[made.axes.index("c")]:
        return np.zeros((*shape[:-2], 0, 0))
    if "c" not in made.axes and channel:
        return np.zeros((*shape[:-2], 0, 0))
    planes = np.zeros((*shape[:-2], *made.plane().shape), made.dtype)
    for at in np.ndindex(shape[:-2]):
        planes[at] = made.plane(c=channel, **dict(zip(leading, at, strict=True)))
    if step == 2:
        return planes.repeat(2, -2).repeat(2, -1)
    return made.plane(1, c=channel) if step == 0.5 else planes


def _padded(planes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    out = np.zeros((*planes.shape[:-2], *size), planes.dtype)
    out[..., : planes.shape[-2], : planes.shape[-1]] = planes
    return out


@pytest.mark.parametrize("name", UNLIKE)
def test_after_a_glance_at_every_well_a_field_unlike_the_first_has_its_place(loader, served, tmp_path, name):
    write_plate(tmp_path / "plate", {"A/1": [Field(start=1)], "A/2": [UNLIKE[name]]})
    mosaic = opened(loader, f"{served.address}/plate")
    sweep(mosaic)
    differs = {"wider type", "larger", "odd size", "levels by three", "deeper", "in time"}
    assert mosaic.is_outgrown or name not in differs
    mosaic = mosaic.rebuilt()
    mosaic.fields.wait_all()
    assert not mosaic.is_outgrown, "a plate is laid out anew once"
    for index in range(2):
        np.asarray(mosaic.channel(index)[0])


def test_a_field_known_by_likeness_alone_is_looked_at_itself_before_it_is_read(loader, tmp_path):
    coarser = Field(start=9, shape=(2, 12, 16), scale=1.0, levels=1)
    mosaic = opened(loader, write_plate(tmp_path / "plate", {"A/1": [Field(start=1, levels=1), coarser]}))
    sweep(mosaic)
    expected = coarser.plane().repeat(2, 0).repeat(2, 1)
    np.testing.assert_array_equal(cell(mosaic, mosaic.channel(0), "A/1", 1), expected)
    level = mosaic.channel(0)[0]
    np.testing.assert_array_equal(shown(loader, mosaic, level), level)


def test_channels_are_named_by_the_first_field_that_names_them(loader, tmp_path):
    wells = {"A/1": [Field()], "A/2": [Field(channels=("DNA", "actin"))], "A/3": [Field(channels=("no", "no"))]}
    mosaic = complete(loader, write_plate(tmp_path / "plate", wells))
    assert [channel.name if channel else None for channel in mosaic.channels] == ["DNA", "actin"]


def test_a_larger_field_found_later_outgrows_the_plate_and_fits_the_next(loader, tmp_path):
    large = Field(start=9, shape=(2, 40, 50))
    mosaic = opened(loader, write_plate(tmp_path / "plate", {**THREE, "B/3": [large]}))
    assert not mosaic.is_outgrown, "not before every well was seen"
    with pytest.raises(FormatError, match=r"larger than its place"):
        np.asarray(mosaic.channel(0)[0])
    sweep(mosaic)
    assert mosaic.is_outgrown
    mosaic = mosaic.rebuilt()
    assert mosaic.layout.slots[(0, 0)][0].height == 40
    np.testing.assert_array_equal(cell(mosaic, mosaic.channel(1), "B/3"), large.plane(c=1))
    (first,) = THREE["A/1"]
    np.testing.assert_array_equal(cell(mosaic, mosaic.channel(1), "A/1")[:24, :32], first.plane(c=1))


def test_more_fields_found_later_outgrow_the_plate(loader, tmp_path):
    more = [Field(start=100 * n) for n in range(3)]
    mosaic = opened(loader, write_plate(tmp_path / "plate", {"A/1": [Field()], "A/2": more}))
    assert len(mosaic.layout.slots[(0, 0)]) == 1
    sweep(mosaic)
    assert mosaic.is_outgrown
    mosaic = mosaic.rebuilt()
    for index, made in enumerate(more):
        np.testing.assert_array_equal(cell(mosaic, mosaic.channel(0), "A/2", index), made.plane())
    assert not cell(mosaic, mosaic.channel(0), "A/1", 1).any()


# -- what is missing


def test_a_well_or_field_that_is_missing_leaves_its_place_empty(loader, served, tmp_path):
    wells = {**THREE, "B/1": [Field(start=11), Field(start=12)], "B/3": [Field()]}
    write_plate(tmp_path / "plate", wells, missing=("B/3", "B/1/0", "A/3/0"))
    mosaic = opened(loader, f"{served.address}/plate")
    sweep(mosaic)
    mosaic = mosaic.rebuilt()
    levels = mosaic.channel(0)
    for well, index in (("B/3", 0), ("B/1", 0), ("A/3", 0), ("A/1", 1)):
        assert not cell(mosaic, levels, well, index).any()
        assert mosaic.field_at(slot_of(mosaic, well, index).y, slot_of(mosaic, well, index).x) is None
    np.testing.assert_array_equal(cell(mosaic, levels, "B/1", 1), wells["B/1"][1].plane())
    np.testing.assert_array_equal(shown(loader, mosaic, levels[-1]), levels[-1])
    assert "B/3" in mosaic.fields.problems
    mosaic.fields.wait_all()


def test_the_first_field_that_is_there_opens_the_plate(loader, tmp_path):
    plate = write_plate(tmp_path / "plate", THREE, missing=("A/1", "A/3/0"))
    mosaic = opened(loader, plate)
    np.testing.assert_array_equal(cell(mosaic, mosaic.channel(0), "B/2"), THREE["B/2"][0].plane())


def test_a_plate_of_which_nothing_is_there_is_one_error(loader, tmp_path):
    plate = write_plate(tmp_path / "plate", THREE, missing=tuple(THREE))
    with pytest.raises(NotFound, match=r"no well with an image"):
        opened(loader, plate)


def test_a_well_that_breaks_a_rule_is_left_empty_for_display_and_refused_when_read(loader, served, tmp_path):
    plate = write_plate(tmp_path / "plate", THREE)
    (plate / "A/3/0/.zattrs").write_text('{"multiscales": 5}')
    mosaic = opened(loader, f"{served.address}/plate")
    mosaic.fields.wait_all()
    assert isinstance(mosaic.fields.problems["A/3/0"], FormatError)
    np.testing.assert_array_equal(cell(mosaic, mosaic.channel(0), "B/2"), THREE["B/2"][0].plane())
    with pytest.raises(FormatError, match="multiscales"):
        cell(mosaic, mosaic.channel(0), "A/3")


def test_a_display_does_not_ask_for_ever_for_what_fails(loader, served, tmp_path):
    plate = write_plate(tmp_path / "plate", THREE)
    (plate / "A/3/0/.zattrs").write_text('{"multiscales": 5}')
    mosaic = opened(loader, f"{served.address}/plate")
    sweep(mosaic)
    served.requests.clear()
    for _ in range(10):
        wishes = Wishes()
        np.asarray(mosaic.channel(0)[-1].for_display(wishes))
        for ask in wishes.metadata.values():
            ask()
        loader.wait(_turns(mosaic))
    assert len([path for path in served.paths if path.startswith("/plate/A/3")]) <= 4


def test_what_failed_is_tried_again_at_a_later_visit(loader, served, tmp_path, monkeypatch):
    monkeypatch.setattr(plate_fields, "RETRY_SECONDS", 0.0)
    plate = write_plate(tmp_path / "plate", THREE)
    broken = plate / "A/3/0/.zattrs"
    whole = broken.read_text()
    broken.write_text('{"multiscales": 5}')
    mosaic = opened(loader, f"{served.address}/plate")
    sweep(mosaic)
    broken.write_text(whole)
    level = mosaic.channel(0)[-1]
    np.testing.assert_array_equal(shown(loader, mosaic, level), level)


async def _turns(mosaic: PlateMosaic) -> None:
    """Wait until nothing that a display asked for is under way."""
    while mosaic.fields._asked:
        await asyncio.sleep(0)


def test_a_server_that_fails_is_an_error_of_the_exact_read_not_an_empty_place(loader, served, tmp_path):
    write_plate(tmp_path / "plate", THREE)
    mosaic = opened(loader, f"{served.address}/plate")
    served.faults["A/3/.zattrs"] = "500"
    with pytest.raises(ServerFailure):
        mosaic.fields.wait_all()
    with pytest.raises(ServerFailure):
        np.asarray(mosaic.channel(0)[0])
    served.faults.clear()
    np.testing.assert_array_equal(cell(mosaic, mosaic.channel(0), "A/3"), THREE["A/3"][0].plane())


# -- which wells, which acquisition


def test_one_acquisition_is_shown_at_a_time(loader, tmp_path):
    wells = {well: [Field(start=100 * n, acquisition=7 if n < 2 else 9) for n in range(4)] for well in ("A/1", "A/2")}
    wells["A/2"] = wells["A/2"][2:]
    plate = write_plate(tmp_path / "plate", wells, acquisitions=(7, 9))
    first, chosen = complete(loader, plate), complete(loader, plate, acquisition=9)
    assert first.source.acquisition == 7
    np.testing.assert_array_equal(cell(first, first.channel(0), "A/1", 1), Field(start=100).plane())
    assert not cell(first, first.channel(0), "A/2", 0).any()
    for well in wells:
        for index in range(2):
            got = cell(chosen, chosen.channel(0), well, index)
            np.testing.assert_array_equal(got, Field(start=200 + 100 * index).plane())


def test_an_acquisition_of_which_the_plate_knows_nothing_is_the_first(loader, tmp_path):
    plate = write_plate(tmp_path / "plate", {"A/1": [Field(acquisition=7)]}, acquisitions=(7,))
    assert opened(loader, plate, acquisition=55).source.acquisition == 7


def test_wells_that_are_chosen_lie_side_by_side(loader, tmp_path):
    plate = write_plate(tmp_path / "plate", THREE)
    mosaic = opened(loader, plate, wells=("A/1", "B/2"))
    assert (mosaic.layout.rows, mosaic.layout.columns) == (2, 2)
    np.testing.assert_array_equal(cell(mosaic, mosaic.channel(0), "B/2"), THREE["B/2"][0].plane())
    assert slot_of(mosaic, "B/2").x == mosaic.layout.pitch[1]
    (well,) = [well for well in mosaic.source.wells.values() if well.path == "B/2"]
    y, x, height, width = mosaic.box_of(well)
    assert mosaic.well_at(y + height / 2, x + width / 2) == well
    with pytest.raises(NotFound, match="None of the wells"):
        opened(loader, plate, wells=("H/12",))


def test_what_lies_under_the_pointer(loader, tmp_path):
    mosaic = opened(loader, write_plate(tmp_path / "plate", THREE))
    slot = slot_of(mosaic, "A/3")
    well = mosaic.well_at(slot.y, slot.x)
    assert well is not None
    assert well.name == "A3"
    assert mosaic.field_at(slot.y + 5, slot.x + 5) == ("A/3", 0)
    assert mosaic.well_at(slot.y, slot.x - 1) is None, "between wells"
    assert mosaic.well_at(-1, 0) is mosaic.field_at(mosaic.layout.height, 0) is None
    empty = (0, mosaic.layout.pitch[1])
    assert mosaic.well_at(*empty) is None


# -- stage positions


def overlapping() -> dict[str, list[Field]]:
    """Two wells of two fields that overlap by 8 pixels, as their own metadata say (4 micrometres)."""
    return {
        "A/1": [Field(start=1, translation=(3.0, 5.0)), Field(start=9, translation=(3.0, 17.0))],
        "B/2": [Field(start=5, translation=(30.0, 50.0)), Field(start=7, translation=(30.0, 62.0))],
    }


@pytest.mark.parametrize("everything", [True, False])
def test_fields_lie_where_their_translations_say(loader, tmp_path, everything):
    wells = overlapping()
    mosaic = opened(loader, write_plate(tmp_path / "plate", wells))
    if everything:
        mosaic.fields.wait_all()
    else:
        sweep(mosaic)
    assert mosaic.is_outgrown
    mosaic = mosaic.rebuilt()
    for well, (left, right) in wells.items():
        first, second = slot_of(mosaic, well, 0), slot_of(mosaic, well, 1)
        assert (second.y - first.y, second.x - first.x) == (0, 24)
        got = cell(mosaic, mosaic.channel(0), well, 0)
        np.testing.assert_array_equal(got[:, :24], left.plane()[:, :24])
        np.testing.assert_array_equal(cell(mosaic, mosaic.channel(0), well, 1), right.plane())
    mosaic.fields.wait_all()
    assert not mosaic.is_outgrown


def test_translations_that_tell_no_fields_apart_change_nothing(loader, tmp_path):
    wells = {f"A/{n}": [Field(start=n, translation=(1.0, 10.0 * n))] for n in (1, 2, 3)}
    mosaic = opened(loader, write_plate(tmp_path / "plate", wells))
    sweep(mosaic)
    assert not mosaic.is_outgrown


def position(well: str, field: int, y: float, x: float, unit: str = "micrometer") -> FieldPosition:
    return FieldPosition(well, field, y, x, unit)


def test_fields_lie_where_the_repository_says(loader, tmp_path):
    wells = {"A/1": [Field(start=1), Field(start=9)], "B/2": [Field(start=5), Field(start=7)]}
    positions = tuple(position(well, n, 1000.0 + 6 * n, 2000.0, "micrometer") for well in wells for n in range(2))
    mosaic = opened(loader, write_plate(tmp_path / "plate", wells), positions=positions)
    for well, (_, below) in wells.items():
        assert slot_of(mosaic, well, 1).y - slot_of(mosaic, well, 0).y == 12
        np.testing.assert_array_equal(cell(mosaic, mosaic.channel(0), well, 1), below.plane())
    sweep(mosaic)
    assert not mosaic.is_outgrown


def test_positions_are_converted_and_those_of_no_length_left_out(loader, tmp_path):
    wells = {"A/1": [Field(start=1), Field(start=9)]}
    plate = write_plate(tmp_path / "plate", wells)
    metres = tuple(position("A/1", n, 6e-3 * n, 0, "millimeter") for n in range(2))
    mosaic = opened(loader, plate, positions=metres)
    assert slot_of(mosaic, "A/1", 1).y == 12
    frames = tuple(position("A/1", n, 6.0 * n, 0, "referenceframe") for n in range(2))
    mosaic = opened(loader, plate, positions=frames)
    assert (slot_of(mosaic, "A/1", 1).y, slot_of(mosaic, "A/1", 1).x % 32) == (0, 0)


def test_a_well_with_a_field_of_unknown_position_is_laid_out_in_order_and_hides_none(loader, tmp_path):
    wells = {"A/1": [Field(start=1), Field(start=9)], "A/2": [Field(start=5), Field(start=7)]}
    positions = (position("A/1", 0, 0, 0), position("A/1", 1, 6, 0), position("A/2", 1, 6, 0))
    mosaic = complete(loader, write_plate(tmp_path / "plate", wells), positions=positions)
    levels = mosaic.channel(0)
    np.testing.assert_array_equal(cell(mosaic, levels, "A/1", 0)[:12], wells["A/1"][0].plane()[:12])
    np.testing.assert_array_equal(cell(mosaic, levels, "A/1", 1), wells["A/1"][1].plane())
    for index in range(2):
        np.testing.assert_array_equal(cell(mosaic, levels, "A/2", index), wells["A/2"][index].plane())
    assert slot_of(mosaic, "A/2", 1).x - slot_of(mosaic, "A/2", 0).x == 32


def test_positions_count_all_fields_of_a_well_also_those_of_other_acquisitions(loader, tmp_path):
    fields = [Field(start=100 * n, acquisition=n // 2) for n in range(4)]
    plate = write_plate(tmp_path / "plate", {"A/1": fields}, acquisitions=(0, 1))
    positions = tuple(position("A/1", n, 50.0 * n * n, 0) for n in range(4))
    mosaic = opened(loader, plate, acquisition=1, positions=positions)
    assert slot_of(mosaic, "A/1", 1).y - slot_of(mosaic, "A/1", 0).y == 500


# -- labels


def labelled(value: int, **more: Any) -> Field:
    cells = Field(axes="yx", shape=SIZE, start=value, dtype="uint8", **more)
    return Field(start=value, labels={"cells": cells})


def test_label_values_are_unique_on_the_plate_and_lead_back_to_their_field(loader, tmp_path):
    wells = {"A/1": [labelled(1), labelled(2)], "B/3": [labelled(3)]}
    mosaic = complete(loader, write_plate(tmp_path / "plate", wells))
    assert mosaic.labels == ("cells",)
    labels = labels_of(loader, mosaic, "cells")
    assert labels.name == "cells"
    seen: set[int] = set()
    for well, fields in wells.items():
        for index, made in enumerate(fields):
            unique = cell(mosaic, labels.levels, well, index)
            stored = made.labels["cells"].plane()
            values = {int(value) for value in np.unique(unique[unique > 0])}
            assert not values & seen
            seen |= values
            for value in list(values)[:20]:
                origin = labels.origin(value)
                assert origin is not None
                assert origin[0] == (well, index)
                assert set(stored[unique == value]) == {origin[1]}
                assert labels.unique(*origin) == value
            assert not unique[stored == 0].any()
    assert labels.origin(0) is None
    assert labels.origin(999 << 40) is None
    assert labels.unique(("A/1", 0), 0) == 0


def test_stored_label_values_can_be_read_as_they_are(loader, tmp_path):
    mosaic = complete(loader, write_plate(tmp_path / "plate", {"A/1": [labelled(1)], "A/2": [labelled(2)]}))
    labels = labels_of(loader, mosaic, "cells")
    labels.fields.wait([("A/2", 0)])
    image = labels.fields.known(("A/2", 0))
    assert image is not None
    np.testing.assert_array_equal(image.levels[0], labelled(2).labels["cells"].pixels())


def test_a_display_of_labels_ends_as_they_read(loader, served, tmp_path):
    write_plate(tmp_path / "plate", {"A/1": [labelled(1)], "B/3": [labelled(3)]})
    mosaic = opened(loader, f"{served.address}/plate")
    labels = labels_of(loader, mosaic, "cells")
    for level in labels.levels:
        np.testing.assert_array_equal(shown(loader, labels, level), level)  # type: ignore[arg-type]
    wells = [path for path in served.paths if path.endswith(("A/1/.zattrs", "B/3/.zattrs"))]
    assert len(wells) == 2, "which fields there are is read once for images and labels"


def test_a_field_without_the_label_is_empty_and_a_plate_without_it_is_an_error(loader, tmp_path):
    wells = {"A/1": [labelled(1)], "A/2": [Field(start=5)]}
    mosaic = complete(loader, write_plate(tmp_path / "plate", wells))
    labels = labels_of(loader, mosaic, "cells")
    assert not cell(mosaic, labels.levels, "A/2").any()
    assert cell(mosaic, labels.levels, "A/1").any()
    with pytest.raises(NotFound):
        labels_of(loader, mosaic, "nuclei")


def test_a_label_image_that_is_not_of_whole_numbers_is_refused(loader, tmp_path):
    wrong = Field(start=5, labels={"cells": Field(axes="yx", shape=SIZE, dtype="float32")})
    mosaic = complete(loader, write_plate(tmp_path / "plate", {"A/1": [labelled(1)], "A/2": [wrong]}))
    labels = labels_of(loader, mosaic, "cells")
    with pytest.raises(FormatError, match="float32"):
        cell(mosaic, labels.levels, "A/2")


def test_a_label_image_wider_than_the_first_keeps_its_values(loader, tmp_path):
    wide = replace(labelled(2), labels={"cells": Field(axes="yx", shape=SIZE, dtype="uint32", start=70_000)})
    mosaic = complete(loader, write_plate(tmp_path / "plate", {"A/1": [labelled(1)], "A/2": [wide]}))
    labels = labels_of(loader, mosaic, "cells")
    assert cell(mosaic, labels.levels, "A/1").any()
    shown = cell(mosaic, labels.levels, "A/2")
    stored = wide.labels["cells"].plane()
    assert labels.origin(int(shown[0, 0])) == (("A/2", 0), int(stored[0, 0]))
    assert int(stored[0, 0]) > 70_000


def test_labels_smaller_than_their_image_lie_over_it(loader, tmp_path):
    half = Field(axes="yx", shape=(12, 16), scale=1.0, levels=1, dtype="uint8", start=1)
    made = Field(start=1, labels={"cells": half})
    mosaic = complete(loader, write_plate(tmp_path / "plate", {"A/1": [made]}))
    labels = labels_of(loader, mosaic, "cells")
    np.testing.assert_array_equal(cell(mosaic, labels.levels, "A/1"), half.plane().repeat(2, 0).repeat(2, 1))


# -- real plates


def _expected(shared: Path) -> dict[str, Any]:
    return json.loads((shared / "data" / "EXPECTED.json").read_text())  # type: ignore[no-any-return]


PLATES = ("nf1-plate2", "bbbc014-vitra", "imx-9987-two-acquisitions")


@pytest.mark.parametrize("name", PLATES)
def test_a_real_plate_holds_the_pixels_expected(loader, shared, name):
    expected = _expected(shared)[f"plates/{name}.ome.zarr"]
    runs = [acquisition["id"] for acquisition in expected["acquisitions"] or [{"id": None}]]
    address = shared / "data" / "plates" / f"{name}.ome.zarr"
    checked = 0
    for run in runs:
        mosaic = complete(loader, address, acquisition=run)
        for well, listed in expected["wells"].items():
            shown_fields = [field for field in listed if run is None or field["acquisition"] == run]
            for index, field in enumerate(shown_fields):
                image = expected["images"][f"{well}/{field['path']}"][0]
                checked += _check_levels(mosaic, (well, index), image)
    assert checked == sum(len(images[0]["levels"]) for images in expected["images"].values())


def _check_levels(mosaic: PlateMosaic, key: tuple[str, int], image: dict[str, Any]) -> int:
    names = [axis["name"] for axis in image["axes"]]
    slot = slot_of(mosaic, *key)
    for number, level in enumerate(image["levels"]):
        factor = mosaic.factors[number]
        box = dict(zip(names, level["region"], strict=True))
        y, x = (
            slice(int(place / factor) + box[name][0], int(place / factor) + box[name][1])
            for place, name in ((slot.y, "y"), (slot.x, "x"))
        )
        leading = tuple(slice(*box[axis.name]) for axis in mosaic.axes[:-2])
        channels = [
            np.asarray(mosaic.channel(index)[number][(*leading, y, x)]) for index in range(*box.get("c", (0, 1)))
        ]
        pixels = np.stack(channels, names.index("c")) if "c" in names else channels[0]
        digest = hashlib.sha256(np.ascontiguousarray(pixels.astype(level["dtype"])).tobytes()).hexdigest()
        assert digest == level["sha256"], (key, number)
    return len(image["levels"])
