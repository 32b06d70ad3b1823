"""Label images in chunks: bit for bit, only what was painted, and nothing unpacked that is larger than it may be."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_idr.errors import FormatError
from napari_idr.model.annotation_set import LabelImage
from napari_idr.workspace.label_pixels import header_of, label_image, painted, snapshot

if TYPE_CHECKING:
    from napari_idr.workspace.events import PaintedChunk


def made(dtype: str = "uint16", shape: tuple[int, ...] = (2, 600, 300)) -> LabelImage:
    pixels = np.zeros(shape, dtype)
    pixels[..., 10:400, 5:9] = 7
    pixels[..., -1, -1] = np.iinfo(pixels.dtype).max
    return LabelImage(name="nuclei", axes=("t", "z", "y", "x")[-len(shape) :], pixels=pixels, origin=(3,) * len(shape))


def stored(chunks: tuple[PaintedChunk, ...]) -> dict[tuple[int, ...], bytes]:
    return {chunk.place: chunk.data for chunk in chunks if chunk.digest}


@pytest.mark.parametrize("dtype", ["uint8", "int16", ">u2", "uint32", "int64", ">i8"])
@pytest.mark.parametrize("shape", [(7, 5), (256, 256), (2, 600, 300), (2, 2, 300, 30)])
def test_every_label_image_comes_back_bit_for_bit(dtype: str, shape: tuple[int, ...]) -> None:
    image = replace(made(shape=shape) if min(shape[-2:]) > 9 else _small(shape), colors=((7, (1, 2, 3, 4)),), level=1)
    image = replace(image, pixels=image.pixels.astype(dtype))
    again = label_image(header_of(image), stored(painted(snapshot(image), {})))
    assert np.array_equal(again.pixels, image.pixels)
    assert again.pixels.dtype == np.dtype(dtype).newbyteorder("=")
    assert (again.name, again.axes, again.origin, again.colors, again.level) == (
        image.name,
        image.axes,
        image.origin,
        image.colors,
        image.level,
    )


def _small(shape: tuple[int, ...]) -> LabelImage:
    pixels = np.arange(np.prod(shape)).reshape(shape)
    return LabelImage(name="small", axes=("y", "x"), pixels=pixels)


def test_only_chunks_that_changed_are_written_and_background_is_none() -> None:
    image = made()
    first = painted(snapshot(image), {})
    assert {chunk.place for chunk in first} == {(t, y, x) for t in (0, 1) for y, x in ((0, 0), (1, 0), (2, 1))}
    known = {chunk.place: chunk.digest for chunk in first}
    assert painted(snapshot(image), known) == ()
    image.pixels[1, 300, 290] = 3
    image.pixels[0, 0:256, 0:256] = 0
    second = painted(snapshot(image), known)
    assert [(chunk.place, bool(chunk.digest), bool(chunk.data)) for chunk in second] == [
        ((0, 0, 0), False, False),
        ((1, 1, 1), True, True),
    ]


def test_a_box_copies_the_chunks_it_touches_and_painting_on_does_not_change_them() -> None:
    image = made()
    taken = snapshot(image, ((1, 2), (255, 257), (0, 1)))
    image.pixels[:] = 0
    chunks = painted(taken, {})
    assert [chunk.place for chunk in chunks] == [(1, 0, 0), (1, 1, 0)]
    assert all(chunk.data for chunk in chunks)


@pytest.mark.parametrize("data", [b"", b"nonsense", zlib.compress(bytes(10)), zlib.compress(bytes(1 << 20))])
def test_a_chunk_of_another_size_is_one_sentence(data: bytes) -> None:
    image = made()
    with pytest.raises(FormatError, match="chunk of a label image"):
        label_image(header_of(image), {(0, 0, 0): data})


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "float32"},
        {"dtype": "object"},
        {"dtype": "no"},
        {"shape": (1, 2)},
        {"shape": (10**6,) * 3},
        {"shape": (0, 1, 1)},
    ],
)
def test_a_header_that_is_none_is_one_sentence(change: dict[str, object]) -> None:
    header = replace(header_of(made()), **change)
    with pytest.raises(FormatError, match="label image cannot be read"):
        label_image(header, {})


def test_labels_that_are_no_whole_numbers_are_refused_before_anything_is_written() -> None:
    with pytest.raises(FormatError, match="whole numbers"):
        snapshot(replace(made(), pixels=np.zeros((2, 9, 9), np.float32)))
