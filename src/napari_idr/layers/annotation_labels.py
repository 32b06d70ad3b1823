"""Labels layers as label images with an object per value, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import Unsupported
from napari_idr.model.annotation_set import AnnotatedObject, LabelImage, LabelPlace, new_uuid

from .annotation_grid import grid_as_json, pixel_map
from .annotation_layers import NOT_KEPT, place_over
from .annotation_reading import about, kept_features, named
from .annotation_rows import color_of
from .annotation_table import NUMBER, UUID, TableReader, row_of, table_of
from .images import NAME_LENGTH
from .level_places import Steps
from .patched_pixels import PatchedPixels

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_idr.model.annotation import Color

    from .annotation_grid import Grid, ImageGrid, PixelMap

INDEX = "index"
"""napari's column of the value that a row of a Labels layer is of."""
LOOKED_THROUGH = 1 << 26
"""Pixels in which values are looked for: a second."""
OFF_GRID = 0.05
"""Pixels by which labels may lie beside the pixels of their image and still be taken as theirs."""


def read_labels(
    layer: Any, grid: ImageGrid, known: Mapping[str, AnnotatedObject], whole: Any = None
) -> tuple[LabelImage, list[AnnotatedObject]]:
    """Return a Labels layer as a label image, and an object for each of its values.

    A layer that holds a part of a larger whole to paint in (``painting``) gives that whole, the part in its place.

    Values that the table does not know are looked for in the pixels where these are in memory, and get new uuids,
    which are written into the table. Raises ``Unsupported`` where the pixels are not those of a level of the image.
    """
    data = layer.data[0] if layer.multiscale else layer.data
    level, origin = level_and_origin(pixel_map(layer, grid), grid.image.level_factors, layer.name)
    pixels = data
    if whole is not None:
        pixels, origin = PatchedPixels(whole.data[0] if whole.multiscale else whole.data, data, origin), ()
    image = LabelImage(
        name=named(layer),
        axes=pixel_map(layer, grid).names,
        pixels=pixels,
        origin=origin if any(origin) else (),
        colors=colors_of(layer),
        level=level,
    )
    add_known_values(layer)
    return image, label_objects(layer, known)


def colors_of(layer: Any) -> tuple[tuple[int, Color], ...]:
    """Return the values of a Labels layer that have a colour of their own."""
    colors = getattr(layer.colormap, "color_dict", {})
    return tuple((int(value), color_of(rgba)) for value, rgba in colors.items() if value)


def add_known_values(layer: Any) -> None:
    """Give each value in the pixels of a Labels layer a row, where these are in memory and can be looked through."""
    if isinstance(layer.data, np.ndarray) and layer.data.size <= LOOKED_THROUGH:
        add_values(layer, np.unique(layer.data))


def label_objects(layer: Any, known: Mapping[str, AnnotatedObject]) -> list[AnnotatedObject]:
    """Return an object for each row of the table of a Labels layer."""
    table, name = layer.features, named(layer)
    if INDEX not in table.columns or UUID not in table.columns:
        return []
    reader, found = TableReader(table.drop(columns=INDEX)), []
    for row, value in enumerate(table[INDEX].tolist()):
        said = reader.said(row)
        if not said.uuid or not value:
            continue
        before = known.get(said.uuid) or AnnotatedObject(uuid=said.uuid, level=int(about(layer).get("level", 0)))
        found.append(
            replace(
                before,
                label=LabelPlace(name, int(value)),
                layer=name,
                name=said.name,
                object_class=said.object_class,
                status=said.status,
                comment=said.comment,
                features=kept_features(said.features, before.features),
            )
        )
    return found


def add_values(layer: Any, values: Iterable[Any], object_class: str = "") -> list[int]:
    """Give values that the table of a Labels layer does not know a row and a uuid; return them."""
    import pandas as pd

    table = _with_our_columns(layer.features)
    known = set(table[INDEX].tolist())
    new = [int(value) for value in values if value and int(value) not in known]
    if not new and UUID in layer.features.columns:
        return []
    added = table_of([row_of(AnnotatedObject(uuid=new_uuid(), object_class=object_class), 0) for _ in new])
    added.insert(0, INDEX, pd.Series(new, dtype="int64"))
    layer.features = (
        pd.concat([table, added], ignore_index=True) if len(table) and new else table if len(table) else added
    )
    return new


def _with_our_columns(table: Any) -> Any:
    """Return the table of a label image with a uuid for each value that it describes."""
    import pandas as pd

    if INDEX not in table.columns:
        return pd.DataFrame({INDEX: pd.Series([], dtype="int64")})
    if UUID in table.columns:
        return table
    blank = [row_of(AnnotatedObject(uuid=new_uuid()), 0) for _ in range(len(table))]
    own = table_of(blank)
    return table.assign(**{name: own[name].to_numpy() for name in own.columns if name not in table.columns})


def level_and_origin(pixels: PixelMap, factors: Sequence[float], name: str) -> tuple[int, tuple[int, ...]]:
    """Return the pyramid level whose pixels a Labels layer has, and which of them is its first, per axis.

    Raises ``Unsupported`` where its pixels are turned, or lie between those of its image.
    """
    steps = np.diag(pixels.matrix)
    if pixels.matrix.shape[0] != pixels.matrix.shape[1] or np.abs(pixels.matrix - np.diag(steps)).max() > 1e-6:
        raise Unsupported("The labels are turned against their image", name, "lay them on the image's pixels")
    level = next((index for index, factor in enumerate(factors) if np.isclose(factor, steps[-1], rtol=0.01)), None)
    if level is None or steps.min() <= 0:
        raise Unsupported("The labels have other pixels than any level of their image", name, "paint them on the image")
    first = [Steps.corner_to_corner(step).first if step != 1 else 0.0 for step in steps]
    places = (pixels.offset - first) / steps
    origin = np.round(places)
    if np.abs(places - origin).max() > (OFF_GRID if level == 0 else 0.5):
        raise Unsupported("The labels lie between the pixels of their image", name, "undo their translation")
    return level, tuple(int(start) for start in origin)


def labels_layer(image: LabelImage, objects: Iterable[AnnotatedObject], grid: ImageGrid, over: Any) -> Any:
    """Return a Labels layer to paint in, of a copy of a label image's pixels, that lies where these lie.

    Parameters
    ----------
    image
        Its pixels are copied into memory.
    objects
        Those whose place is a value of it.
    grid
        Of the image.
    over
        The layer of the whole image.
    """
    import pandas as pd
    from napari.layers import Labels
    from napari.utils.colormaps import DirectLabelColormap

    rows = [(one.label.value, row_of(one, 0)) for one in objects if one.label and one.label.image == image.name]
    table = table_of([row for _, row in rows])
    table.insert(0, INDEX, pd.Series([value for value, _ in rows], dtype="int64"))
    options = place_of_level(over, image.axes, image.level, image.start, grid)
    if image.colors:
        colors: dict[int | None, Any] = {value: np.array(color) / 255 for value, color in image.colors}
        options["colormap"] = DirectLabelColormap(color_dict={None: (0.5, 0.5, 0.5, 1.0), 0: (0, 0, 0, 0), **colors})
    options["name"] = image.name[:NAME_LENGTH]
    options["metadata"] = labels_metadata(over, grid, image.name, image.level)
    return Labels(np.array(image.pixels[...]), features=table.drop(columns=NUMBER), **options)


def labels_metadata(over: Any, grid: Grid, name: str, level: int, **more: Any) -> dict[str, Any]:
    """Return what ties a Labels layer to its image."""
    ours = {key: value for key, value in over.metadata.get("napari_idr", {}).items() if key not in NOT_KEPT}
    said = {"kind": "labels", "layer": name, "named": name[:NAME_LENGTH], "level": level, **more}
    return {"napari_idr": {**ours, "grid": grid_as_json(grid), "annotations": said}}


def place_of_level(
    over: Any, axes: Sequence[str], level: int, origin: Sequence[int], grid: ImageGrid
) -> dict[str, Any]:
    """Return where pixels of a level lie: those of the finest level, ``factor`` times as large, corner on corner."""
    from napari.utils.transforms import Affine

    options = place_over(over, axes)
    factor = grid.image.level_factors[level] if level else 1.0
    steps = [Steps.corner_to_corner(factor if name in ("y", "x") else 1.0) for name in axes]
    first = [step.first + start * step.step for step, start in zip(steps, origin, strict=True)]
    to_world = Affine(scale=options["scale"], translate=options["translate"], rotate=options["rotate"])
    options["scale"] = tuple(np.array(options["scale"]) * [step.step for step in steps])
    options["translate"] = tuple(to_world(first))
    return options
