"""Arrays of any kind that zarr writes, windows into them and faults of their server, drawn by hypothesis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr
from hypothesis import strategies as st
from numcodecs import Blosc, GZip, Zstd
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec

from made_zarr import multiscales, write_group

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Part = int | slice
DTYPES = ["bool", "uint8", "int8", "<u2", ">u2", ">i4", "<i8", ">f4", "<f8"]
MOST_CHUNKS, MOST_PIXELS = 60, 6000
CODECS: dict[int, dict[str, Callable[[], Any]]] = {
    2: {"none": lambda: None, "blosc": lambda: Blosc("lz4"), "zstd": Zstd, "gzip": GZip},
    3: {"none": lambda: None, "blosc": lambda: BloscCodec(cname="lz4"), "zstd": ZstdCodec, "gzip": GzipCodec},
}
WRONG_BODIES = ["short", "byte", "empty", "overlong", "truncate", "html", "range"]
FAILURES = ["status500", "status503", "status429", "whole", "forbid"]
"""Not 404 and 403: they say that a chunk is absent, which nothing contradicts."""


@dataclass(frozen=True)
class ArrayPlan:
    """How an array is stored, and what it holds."""

    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    shards: tuple[int, ...] | None
    dtype: str
    zarr_format: int
    codec: str
    order: str
    fill: int
    absent: float
    """Part of the chunks that are not stored."""
    seed: int

    def pixels(self) -> np.ndarray:
        """Values of any kind, and the fill value where chunks are absent."""
        random = np.random.default_rng(self.seed)
        values = random.integers(0, 256, (*self.shape, np.dtype(self.dtype).itemsize), "uint8")
        if np.dtype(self.dtype).kind in "bf":
            made = random.integers(0, 2 if self.dtype == "bool" else 1000, self.shape).astype(self.dtype)
        else:
            made = np.ascontiguousarray(values).view(self.dtype)[..., 0]
        for start in np.ndindex(*(-(-size // chunk) for size, chunk in zip(self.shape, self.chunks, strict=True))):
            if random.random() < self.absent:
                made[tuple(slice(i * chunk, (i + 1) * chunk) for i, chunk in zip(start, self.chunks, strict=True))] = (
                    self.fill
                )
        return made

    def write(self, folder: Path) -> np.ndarray:
        """Write it as an image of one level, and return its pixels."""
        pixels = self.pixels()
        names = "tczyx"[-len(self.shape) :]
        image = {"multiscales": multiscales(names, [[1.0] * len(names)])}
        attributes = image if self.zarr_format == 2 else {"ome": {"version": "0.5", **image}}
        write_group(folder, attributes, zarr_format=self.zarr_format)
        array = zarr.create_array(
            store=str(folder / "0"),
            shape=self.shape,
            chunks=self.chunks,
            shards=self.shards,
            dtype=self.dtype,
            zarr_format=self.zarr_format,  # type: ignore[arg-type]
            compressors=CODECS[self.zarr_format][self.codec](),
            fill_value=self.fill,
            order=self.order if self.zarr_format == 2 else None,  # type: ignore[arg-type]
            chunk_key_encoding={"name": "v2" if self.zarr_format == 2 else "default", "separator": "/"},
        )
        array[...] = pixels
        return pixels


@st.composite
def array_plans(draw: st.DrawFn) -> ArrayPlan:
    """One to five axes of odd sizes, in not too many chunks."""
    shape: list[int] = []
    chunks: list[int] = []
    for _ in range(draw(st.integers(1, 5))):
        most = max(1, min(40, MOST_PIXELS // int(np.prod(shape or [1]))))
        size = draw(st.integers(max(1, most // 4), most) | st.integers(1, most))
        before = int(np.prod([-(-s // c) for s, c in zip(shape, chunks, strict=True)] or [1]))
        count = draw(st.integers(1, min(size, 4, max(1, MOST_CHUNKS // before))))
        shape.append(size)
        chunks.append(-(-size // count))
    zarr_format = draw(st.sampled_from([2, 3]))
    shards = None
    if zarr_format == 3 and draw(st.booleans()):
        shards = tuple(chunk * draw(st.integers(1, 3)) for chunk in chunks)
    dtype = draw(st.sampled_from(DTYPES))
    return ArrayPlan(
        tuple(shape),
        tuple(chunks),
        shards,
        dtype,
        zarr_format,
        draw(st.sampled_from(["none", "blosc", "blosc", "gzip", "zstd"])),  # blosc believes the most
        draw(st.sampled_from("CF")),
        draw(st.integers(0, 1 if dtype == "bool" else 100)),
        draw(st.sampled_from([0.0, 0.0, 0.3, 1.0])),
        draw(st.integers(0, 2**32)),
    )


def parts(size: int) -> st.SearchStrategy[Part]:
    """An integer, negative ones too, or a slice of any step, of an axis."""
    return st.integers(-size, size - 1) | st.slices(size)


def windows(shape: tuple[int, ...]) -> st.SearchStrategy[tuple[Part, ...]]:
    """Basic indices into an array; some leave the last axes out."""
    return st.integers(0, len(shape)).flatmap(lambda count: st.tuples(*map(parts, shape[:count])))


@dataclass(frozen=True)
class FaultPlan:
    """A fault as the server takes it."""

    kind: str
    every: int
    times: int
    retry_after: str


fault_plans = st.builds(
    FaultPlan,
    st.sampled_from(WRONG_BODIES) | st.sampled_from(FAILURES),
    st.integers(1, 4),
    st.integers(1, 20),
    st.sampled_from(["", "0"]),
) | st.builds(FaultPlan, st.just("hang"), st.integers(2, 6), st.just(1), st.just(""))
