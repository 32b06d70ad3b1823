from __future__ import annotations

from dataclasses import replace

import pytest

from napari_idr.model.annotation import Rectangle
from napari_idr.model.image import Axis, ImageMetadata, LevelInfo
from napari_idr.model.labelled_values import LabelledValue
from napari_idr.model.saved_region import SavedRegion, region_object, stated_licence

SHAPE = {"t": 3, "c": 2, "z": 4, "y": 61, "x": 40}


def described(shift: float = 0.0) -> ImageMetadata:
    """An image of two levels, the second half as fine in y and x."""
    levels = []
    for level in range(2):
        factors = [2.0**level if axis in "yx" else 1.0 for axis in SHAPE]
        shape = tuple(int(-(-size // factor)) for size, factor in zip(SHAPE.values(), factors, strict=True))
        place = tuple(shift if level and axis in "yx" else 0.0 for axis in SHAPE)
        levels.append(LevelInfo(str(level), shape, shape, "uint8", tuple(factors), place))
    axes = tuple(Axis(name, "channel" if name == "c" else "space") for name in SHAPE)
    return ImageMetadata("a", "a", "ome-zarr", "0.4", axes, tuple(levels))


def region(level: int = 0, **box: tuple[int, int]) -> SavedRegion:
    shape = described().levels[level].shape
    whole = dict(zip(SHAPE, ((0, size) for size in shape), strict=True)) | box
    return SavedRegion(
        address="https://x/webclient/?show=image-1",
        license="CC BY 4.0",
        level=level,
        box=tuple((axis, *ends) for axis, ends in whole.items()),
    )


def test_a_box_of_one_plane_is_a_rectangle_on_it() -> None:
    one = region_object(region(x=(5, 9), y=(2, 7), z=(3, 4), t=(1, 2), c=(1, 2)), described(), file="a.ome.tif")
    assert one.shapes == (Rectangle(x=5, y=2, width=4, height=5, z=3, t=1, c=1),)
    assert one.key_values[0] == ("File", "a.ome.tif")
    assert ("License", "CC BY 4.0") in one.key_values
    assert ("Region", "t=1:2,c=1:2,z=3:4,y=2:7,x=5:9") in one.key_values


def test_a_box_of_all_planes_is_one_rectangle_and_of_some_one_on_each() -> None:
    (whole,) = region_object(region(), described(), file="a").shapes
    assert (whole.z, whole.t, whole.c) == (None, None, None)
    some = region_object(region(z=(1, 3), t=(0, 2)), described(), file="a").shapes
    assert [(shape.t, shape.z) for shape in some] == [(0, 1), (0, 2), (1, 1), (1, 2)]


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_a_box_of_a_coarser_level_covers_the_pixels_under_it(shift: float) -> None:
    one = region_object(region(1, x=(3, 8), y=(20, 31)), described(shift), file="a")
    (shape,) = one.shapes
    assert (shape.x, shape.width, shape.y, shape.height) == (6, 10, 40, 21)  # the last row is half outside
    assert one.level == 1


def test_a_level_that_is_shifted_is_placed_as_its_file_says() -> None:
    (shape,) = region_object(region(1, x=(3, 8)), described(1.0), file="a").shapes
    assert shape.x == 6.5


def test_a_region_of_too_many_planes_is_refused() -> None:
    long = described()
    levels = tuple(replace(level, shape=(50_000, *level.shape[1:])) for level in long.levels)
    with pytest.raises(ValueError, match="planes"):
        region_object(region(t=(0, 20_000)), replace(long, levels=levels), file="a")


def test_a_licence_is_found_by_either_spelling_and_once() -> None:
    said = [LabelledValue(key, "CC BY 4.0", ()) for key in ("License", "licence")]
    assert stated_licence([LabelledValue("Gene", "KIF11", ()), *said]) == "CC BY 4.0"
    assert stated_licence([]) == ""
