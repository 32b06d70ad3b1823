"""The data that the streaming benchmarks are measured on, painted once into a folder outside the repository.

========== ================================================================================= ========
name       what                                                                              about
========== ================================================================================= ========
wsi        OME-Zarr 0.4, c y x = 3 x 16384 x 16384, five levels, chunks 1 x 1024 x 1024      1.1 GB
sharded    the same pixels as OME-Zarr 0.5, shards of 4 x 4 such chunks                      1.1 GB
tczyx      OME-Zarr 0.4, 10 x 2 x 20 x 1024 x 1024, three levels, planes in chunks of 512    0.6 GB
plate96    OME-Zarr 0.4, 96 wells of two fields, 2 x 512 x 512, two levels, a chunk each     0.2 GB
plate96-1  the same with the first field of each well only                                   0.1 GB
plate384   OME-Zarr 0.4, 384 wells of one field                                              0.4 GB
========== ================================================================================= ========

All hold uint16 that Blosc (zstd, shuffled) halves, without consolidated metadata: as bioformats2raw writes and as
the Image Data Resource and the BioImage Archive serve.

``python benchmarks/bench_data.py [NAME ...]`` makes what is not there.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr
from numcodecs import Blosc
from platformdirs import user_cache_path

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = "1"
"""Of what is painted: another one is painted anew."""
COLOURS = ("0000FF", "00FF00", "FF0000")
NOISE = 12
"""Standard deviation of the camera's noise; with pictures of 11 bits this compresses about two to one."""
AXIS_TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
FIELD = 512
SLIDE, SLIDE_LEVELS, SLIDE_CHUNK, SHARD = 16384, 5, 1024, 4096


def data_folder() -> Path:
    """Return where the data are kept; ``NAPARI_IDR_BENCH_DATA`` names another place."""
    chosen = os.environ.get("NAPARI_IDR_BENCH_DATA")
    return Path(chosen).absolute() if chosen else user_cache_path("napari-idr-benchmarks", appauthor=False)


def ensure_data(names: tuple[str, ...]) -> Path:
    """Return the folder of the data, with those that are asked for in it. May take a minute or two each."""
    folder = data_folder()
    for name in names:
        mark, target = folder / f"{name}.made-{VERSION}", folder / f"{name}.zarr"
        if not mark.is_file():
            print(f"painting {target}", file=sys.stderr, flush=True)
            shutil.rmtree(target, ignore_errors=True)
            MAKERS[name](target)
            mark.touch()
    return folder


# -- pictures


def textures() -> list[np.ndarray]:
    """Return three pictures of 11 bits, enlarged twice so that structure is smooth as on a slide scanner."""
    from skimage import data
    from skimage.transform import rescale

    stained = 255 - data.immunohistochemistry()
    pictures = (stained[..., 0], data.cell(), data.camera())
    return [rescale(picture.astype(np.float32) * 7, 2, order=1) for picture in pictures]


def paint(shape: tuple[int, int], texture: np.ndarray, seed: int) -> np.ndarray:
    """Return a plane tiled with a texture, each tile of its own brightness, with noise."""
    random = np.random.default_rng(seed)
    noise = random.normal(0, NOISE, (2048, 2048)).astype(np.float32)
    out = np.empty(shape, np.uint16)
    for y in range(0, shape[0], texture.shape[0]):
        for x in range(0, shape[1], texture.shape[1]):
            tile = texture[: shape[0] - y, : shape[1] - x]
            height, width = tile.shape
            top, left = random.integers(0, 2048 - height), random.integers(0, 2048 - width)
            lit = tile * random.uniform(0.6, 1.1) + 200 + noise[top : top + height, left : left + width]
            out[y : y + height, x : x + width] = np.clip(lit, 0, 65535)
    return out


def halved(pixels: np.ndarray) -> np.ndarray:
    """Return the means of 2 x 2 pixels of the last two axes."""
    height, width = pixels.shape[-2:]
    blocks = pixels.reshape(*pixels.shape[:-2], height // 2, 2, width // 2, 2)
    return (blocks.sum(axis=(-3, -1), dtype=np.uint32) // 4).astype(np.uint16)


# -- metadata


def multiscales(axes: str, levels: int, scale: tuple[float, ...], name: str) -> list[dict[str, Any]]:
    """Return the multiscales of a pyramid that is halved in y and x."""

    def scaled(level: int) -> list[float]:
        return [step * 2**level if axis in "yx" else step for axis, step in zip(axes, scale, strict=True)]

    described = [
        {"name": axis, "type": AXIS_TYPES[axis], **({"unit": "micrometer"} if axis in "zyx" else {})} for axis in axes
    ]
    datasets = [
        {"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": scaled(level)}]}
        for level in range(levels)
    ]
    return [{"version": "0.4", "name": name, "axes": described, "datasets": datasets}]


def omero(channels: int) -> dict[str, Any]:
    """Return how the channels are shown."""
    window = {"min": 0, "max": 65535, "start": 150, "end": 1900}
    shown = [
        {"label": f"ch{index}", "color": COLOURS[index], "active": True, "window": window} for index in range(channels)
    ]
    return {"channels": shown, "rdefs": {"defaultT": 0, "defaultZ": 0, "model": "color"}}


def write_group(folder: Path, attributes: dict[str, Any] | None = None) -> None:
    """Write a group of zarr's version 2."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".zgroup").write_text(json.dumps({"zarr_format": 2}))
    if attributes is not None:
        (folder / ".zattrs").write_text(json.dumps(attributes))


def new_array(folder: Path, shape: tuple[int, ...], chunks: tuple[int, ...]) -> zarr.Array:
    """Return an empty array of zarr's version 2."""
    return zarr.create_array(
        str(folder),
        shape=shape,
        chunks=chunks,
        dtype="u2",
        zarr_format=2,
        overwrite=True,
        compressors=Blosc("zstd", 5, Blosc.SHUFFLE),
        fill_value=0,
        chunk_key_encoding={"name": "v2", "separator": "/"},
    )


# -- the slide


def make_slide(target: Path) -> None:
    """Write the slide in plain chunks."""
    scale = multiscales("cyx", SLIDE_LEVELS, (1, 0.25, 0.25), "wsi")
    write_group(target, {"multiscales": scale, "omero": omero(3)})
    sizes = [SLIDE >> level for level in range(SLIDE_LEVELS)]
    fill_slide(
        [new_array(target / str(i), (3, size, size), (1, SLIDE_CHUNK, SLIDE_CHUNK)) for i, size in enumerate(sizes)]
    )


def make_sharded(target: Path) -> None:
    """Write the slide in shards."""
    (scale,) = multiscales("cyx", SLIDE_LEVELS, (1, 0.25, 0.25), "sharded")
    del scale["version"]
    ome = {"version": "0.5", "multiscales": [scale], "omero": omero(3)}
    target.mkdir(parents=True)
    group = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}
    (target / "zarr.json").write_text(json.dumps(group))
    fill_slide([new_sharded(target / str(level), SLIDE >> level) for level in range(SLIDE_LEVELS)])


def new_sharded(folder: Path, size: int) -> zarr.Array:
    """Return an empty array in shards."""
    return zarr.create_array(
        str(folder),
        shape=(3, size, size),
        chunks=(1, SLIDE_CHUNK, SLIDE_CHUNK),
        shards=(1, min(SHARD, size), min(SHARD, size)),
        dtype="u2",
        zarr_format=3,
        overwrite=True,
        compressors=zarr.codecs.BloscCodec(cname="zstd", clevel=5, shuffle="shuffle"),
        fill_value=0,
        dimension_names=["c", "y", "x"],
    )


def fill_slide(levels: list[zarr.Array]) -> None:
    """Write the slide's pixels into the levels of either kind."""
    for channel, texture in enumerate(textures()):
        plane = paint((SLIDE, SLIDE), texture, channel)
        for level in levels:
            for y in range(0, len(plane), SHARD):
                level[channel, y : y + SHARD] = plane[y : y + SHARD]
            plane = halved(plane)


# -- the time-lapse


def make_movie(target: Path) -> None:
    """Write the time-lapse of stacks: each plane is another cut-out of a large picture."""
    write_group(target, {"multiscales": multiscales("tczyx", 3, (1, 1, 1, 0.3, 0.3), "tczyx"), "omero": omero(2)})
    pictures = [paint((4096, 4096), texture, 10 + channel) for channel, texture in enumerate(textures()[:2])]
    sizes = [1024 >> level for level in range(3)]
    levels = [
        new_array(target / str(i), (10, 2, 20, size, size), (1, 1, 1, min(512, size), min(512, size)))
        for i, size in enumerate(sizes)
    ]
    for t in range(10):
        corners = [(37 * t + 60 * z, 41 * t + 53 * z) for z in range(20)]
        stacks = np.stack([np.stack([picture[y : y + 1024, x : x + 1024] for y, x in corners]) for picture in pictures])
        for level in levels:
            level[t] = stacks
            stacks = halved(stacks)


# -- the plates


def make_plate(target: Path, rows: int, columns: int, fields: int) -> None:
    """Write a plate; field 0 of a well holds the same pixels however many fields there are."""
    row_names, column_names = "ABCDEFGHIJKLMNOP"[:rows], [str(column + 1) for column in range(columns)]
    wells = [
        {"path": f"{row}/{column}", "rowIndex": i, "columnIndex": j}
        for i, row in enumerate(row_names)
        for j, column in enumerate(column_names)
    ]
    plate = {
        "version": "0.4",
        "name": target.stem,
        "field_count": fields,
        "rows": [{"name": row} for row in row_names],
        "columns": [{"name": column} for column in column_names],
        "wells": wells,
    }
    write_group(target, {"plate": plate})
    for row in row_names:
        write_group(target / row)
    pictures = [paint((6144, 6144), texture, 20 + channel) for channel, texture in enumerate(textures()[:2])]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        paths = [target / str(well["path"]) for well in wells]
        list(pool.map(lambda pair: make_well(pair[1], pair[0], fields, pictures), enumerate(paths)))


def make_well(folder: Path, number: int, fields: int, pictures: list[np.ndarray]) -> None:
    """Write one well with its fields."""
    images = [{"path": str(field), "acquisition": 0} for field in range(fields)]
    write_group(folder, {"well": {"version": "0.4", "images": images}})
    for field in range(fields):
        name = f"{folder.parent.name}/{folder.name}/{field}"
        scale = multiscales("cyx", 2, (1, 0.65, 0.65), name)
        write_group(folder / str(field), {"multiscales": scale, "omero": omero(2)})
        y, x = (number * 131 + field * 997) % 5600, (number * 263 + field * 577) % 5600
        pixels = np.stack([picture[y : y + FIELD, x : x + FIELD] for picture in pictures])
        for level in range(2):
            new_array(folder / str(field) / str(level), pixels.shape, (1, *pixels.shape[1:]))[:] = pixels
            pixels = halved(pixels)


MAKERS: dict[str, Callable[[Path], None]] = {
    "wsi": make_slide,
    "sharded": make_sharded,
    "tczyx": make_movie,
    "plate96": lambda target: make_plate(target, 8, 12, 2),
    "plate96-1": lambda target: make_plate(target, 8, 12, 1),
    "plate384": lambda target: make_plate(target, 16, 24, 1),
}


if __name__ == "__main__":
    print(ensure_data(tuple(sys.argv[1:]) or tuple(MAKERS)))
