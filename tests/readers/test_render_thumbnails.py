from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from napari_idr.model.image import Axis, Channel, ImageMetadata, LevelInfo, Window
from napari_idr.readers.thumbnails import render_thumbnail
from napari_idr.streaming.level import in_memory
from napari_idr.streaming.pyramid import Pyramid

if TYPE_CHECKING:
    from collections.abc import Sequence


def pyramid_of(arrays: Sequence[np.ndarray], names: str, **more: object) -> Pyramid[ImageMetadata]:
    axes = tuple(Axis(name, {"t": "time", "c": "channel", "s": "channel"}.get(name, "space")) for name in names)
    ones, zeros = (1.0,) * len(names), (0.0,) * len(names)
    levels = tuple(
        LevelInfo(str(n), array.shape, array.shape, array.dtype.name, ones, zeros) for n, array in enumerate(arrays)
    )
    metadata = ImageMetadata("image", "/image", "ome-zarr", "0.4", axes, levels, **more)  # type: ignore[arg-type]
    return Pyramid(tuple(in_memory(array) for array in arrays), metadata)


def rendered(pyramid: Pyramid[ImageMetadata], size: int) -> np.ndarray:
    image = Image.open(io.BytesIO(render_thumbnail(pyramid, size)))
    assert image.format == "PNG"
    return np.asarray(image)


def gradient(shape: tuple[int, int] = (32, 64), top: int = 1000) -> np.ndarray:
    return np.broadcast_to(np.linspace(0, top, shape[1]).astype("uint16"), shape)


@pytest.mark.parametrize(("shape", "size", "expected"), [((32, 64), 32, (16, 32)), ((64, 32), 96, (96, 48))])
def test_the_longer_side_is_as_long_as_asked(shape, size, expected):
    assert rendered(pyramid_of([gradient(shape)], "yx"), size).shape == (*expected, 3)


def test_a_very_thin_image_keeps_a_pixel():
    assert rendered(pyramid_of([gradient((1, 500))], "yx"), 50).shape == (1, 50, 3)


def test_one_channel_without_a_colour_is_grey_over_its_own_range():
    picture = rendered(pyramid_of([gradient()], "yx"), 64)
    assert (picture[..., 0] == picture[..., 1]).all()
    assert (picture[..., 0] == picture[..., 2]).all()
    assert picture[0, 0, 0] == 0
    assert picture[0, -1, 0] == 255
    assert (np.diff(picture[0, :, 0].astype(int)) >= 0).all()


def test_channels_are_windowed_coloured_and_added():
    pixels = np.stack([gradient(), gradient()[:, ::-1]])
    channels = (Channel("a", "FF0000", True, Window(0, 500)), Channel("b", "0000FF", True, Window(500, 1000)))
    picture = rendered(pyramid_of([pixels], "cyx", channels=channels), 64)
    assert picture[0, -1].tolist() == [255, 0, 0]
    assert picture[0, 0].tolist() == [0, 0, 255]
    assert picture[0, 40, 0] == 255, "above its window a channel is as bright as it gets"


def test_inactive_channels_are_left_out_unless_none_is_active():
    pixels = np.stack([gradient(), gradient()])
    red, green = (Channel(name, color, True, Window(0, 1000)) for name, color in (("a", "FF0000"), ("b", "00FF00")))
    off = Channel("b", "00FF00", False, Window(0, 1000))
    assert rendered(pyramid_of([pixels], "cyx", channels=(red, green)), 64)[0, -1].tolist() == [255, 255, 0]
    assert rendered(pyramid_of([pixels], "cyx", channels=(red, off)), 64)[0, -1].tolist() == [255, 0, 0]
    assert rendered(pyramid_of([pixels], "cyx", channels=(off, off)), 64)[0, -1].tolist() == [0, 255, 0]


def test_channels_that_name_no_colour_get_different_ones():
    pixels = np.zeros((2, 8, 8), "uint16")
    pixels[0, 0], pixels[1, 7] = 1, 1
    picture = rendered(pyramid_of([pixels], "cyx"), 8)
    assert picture[0, 0].tolist() != picture[7, 0].tolist()


def test_the_middle_of_the_stack_at_the_default_time_is_shown():
    pixels = np.zeros((3, 5, 8, 8), "uint8")
    pixels[2, 2, 4:] = 9
    assert rendered(pyramid_of([pixels], "tzyx", default_t=2), 8).any()
    assert not rendered(pyramid_of([pixels], "tzyx", default_t=1), 8).any()


def test_the_coarsest_level_that_is_large_enough_is_read():
    levels = [np.full((n, n), value, "uint8") for n, value in ((64, 1), (32, 2), (16, 3))]
    channels = (Channel("a", "FFFFFF", True, Window(0, 3)),)

    def shown(size: int) -> int:
        return round(int(rendered(pyramid_of(levels, "yx", channels=channels), size)[0, 0, 0]) / 85)

    assert [shown(16), shown(20), shown(32), shown(64), shown(200)] == [3, 2, 2, 1, 1]


@pytest.mark.parametrize("names", ["cyx", "yxs"])
def test_a_colour_picture_keeps_its_colours(names):
    pixels = np.zeros((8, 8, 3), "uint8")
    pixels[:4] = (200, 100, 50)
    stored = pixels if names == "yxs" else np.moveaxis(pixels, -1, 0)
    np.testing.assert_array_equal(rendered(pyramid_of([stored], names, rgb=True), 8), pixels)


def test_an_image_of_one_value_and_one_with_nan_are_rendered():
    assert not rendered(pyramid_of([np.full((8, 8), 7, "uint8")], "yx"), 8).any()
    pixels = np.linspace(0, 1, 64).astype("float32").reshape(8, 8)
    pixels[0, 0] = np.nan
    assert rendered(pyramid_of([pixels], "yx"), 8).max() == 255


def test_x_before_y_is_set_upright():
    pixels = np.zeros((4, 8), "uint8")
    pixels[1] = 1
    picture = rendered(pyramid_of([pixels], "xy"), 8)
    assert picture.shape == (8, 4, 3)
    assert (picture[:, 1] == 255).all()
