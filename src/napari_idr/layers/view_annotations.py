"""Layers of shapes, points and labels as pieces of a view file, and back: whole, whoever made them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import FormatError, NapariIdrError
from napari_idr.formats.packed_array import pack, unpack
from napari_idr.formats.view_file import Annotation, Column, Placement, TextLook

from .view_looks import look_of, show_look

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Layer

ARRAYS = {
    "shapes": ("edge_color", "face_color", "edge_width", "z_index"),
    "points": ("data", "size", "face_color", "border_color", "border_width", "shown"),
    "labels": ("data",),
}
WORDS = {"shapes": "shape_type", "points": "symbol", "labels": ""}


def kind_of(layer: Any) -> str:
    """Return the kind of a layer of annotations, "" for any other layer."""
    from napari.layers import Labels, Points, Shapes

    for kind, name in ((Shapes, "shapes"), (Points, "points"), (Labels, "labels")):
        if isinstance(layer, kind) and not getattr(layer, "multiscale", False):
            return name
    return ""


def annotation_of(layer: Any, place: int) -> Annotation:
    """Return a layer of annotations as a piece of a view file. Raises ``FormatError`` where it holds odd values."""
    kind: Any = kind_of(layer)
    arrays = {name: pack(np.asarray(getattr(layer, name))) for name in ARRAYS[kind]}
    if kind == "shapes":
        corners = [np.asarray(corners, float) for corners in layer.data]
        arrays["vertices"] = pack(np.concatenate(corners) if corners else np.zeros((0, layer.ndim)))
        arrays["counts"] = pack(np.array([len(one) for one in corners], np.int64))
    word = WORDS[kind]
    return Annotation(
        kind=kind,
        place=place,
        look=look_of(layer),
        placement=placement_of(layer),
        arrays=arrays,
        words={word: [str(getattr(one, "value", one)) for one in getattr(layer, word)]} if word else {},
        features=[_column(layer.features, name) for name in layer.features.columns],
        text=None if kind == "labels" else _text(layer),
        label_colors=_label_colors(layer) if kind == "labels" else {},
        metadata={key: value for key, value in layer.metadata.items() if key == "napari_idr"},
    )


def placement_of(layer: Any) -> Placement:
    """Return where a layer lies."""
    affine = np.asarray(layer.affine.affine_matrix, float)
    return Placement(
        scale=_numbers(layer.scale),
        translate=_numbers(layer.translate),
        rotate=np.asarray(layer.rotate, float).tolist(),
        shear=_numbers(layer.shear),
        affine=[] if np.array_equal(affine, np.eye(len(affine))) else affine.tolist(),
        units=[str(unit) for unit in layer.units],
        axis_labels=list(layer.axis_labels),
    )


def _numbers(values: Any) -> list[float]:
    return [float(value) for value in values]


def _column(table: Any, name: str) -> Column:
    values = table[name]
    categories = [str(one) for one in values.cat.categories] if values.dtype.name == "category" else None
    return Column(
        name=str(name), dtype=str(values.dtype), values=[_plain(one) for one in values], categories=categories
    )


def _plain(value: Any) -> str | bool | int | float | None:
    """Return one value of a table as JSON has it."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, (np.bool_, np.integer)):
        return value.item()
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return None if value != value else str(value)  # what pandas calls missing is not itself


def _text(layer: Any) -> TextLook | None:
    written = getattr(layer.text.string, "format", "") or getattr(layer.text.string, "constant", "")
    if not str(written):
        return None
    color = np.asarray(getattr(layer.text.color, "constant", (1, 1, 1, 1)), float)
    return TextLook(
        string=str(written),
        size=float(layer.text.size),
        color=_numbers(color),
        anchor=str(layer.text.anchor.value),
        visible=bool(layer.text.visible),
    )


def _label_colors(layer: Any) -> dict[str, list[float]]:
    """Return the colours of labels by value, none where napari makes them up; "" stands for all other values."""
    colors = getattr(layer.colormap, "color_dict", {})
    return {"" if value is None else str(int(value)): _numbers(color) for value, color in colors.items()}


# -- back


def layer_of(annotation: Annotation) -> Layer:
    """Return the layer of a piece of a view file. May take seconds: not for the GUI thread.

    Raises ``FormatError`` where the piece contradicts itself.
    """
    name = annotation.look.name or annotation.kind
    arrays = {key: unpack(packed, name) for key, packed in annotation.arrays.items()}
    makers: dict[str, Callable[..., Layer]] = {"shapes": _shapes, "points": _points, "labels": _labels}
    try:
        layer = makers[annotation.kind](annotation, arrays, _options(annotation))
    except NapariIdrError:
        raise
    except Exception as error:
        raise FormatError("A layer of the view file is damaged", name, "it is left out") from error
    show_look(layer, annotation.look)
    return layer


def _options(annotation: Annotation) -> dict[str, Any]:
    place = annotation.placement
    options: dict[str, Any] = {
        "scale": place.scale,
        "translate": place.translate,
        "metadata": annotation.metadata,
        "features": _table(annotation.features),
    }
    wanted = {name: getattr(place, name) for name in ("rotate", "shear", "affine", "units", "axis_labels")}
    return options | {name: np.array(v) if name in ("rotate", "affine") else v for name, v in wanted.items() if v}


def _table(columns: list[Column]) -> Any:
    import pandas as pd

    series = {}
    for column in columns:
        if column.categories is not None:
            series[column.name] = pd.Series(pd.Categorical(column.values, categories=column.categories))
        else:
            made: Any = pd.Series(column.values, dtype=object)
            series[column.name] = made.astype(column.dtype) if _takes(made, column.dtype) else made
    return pd.DataFrame(series)


def _takes(values: Any, dtype: str) -> bool:
    """Whether the values of a column are of the type that they had; a missing one is no whole number."""
    if dtype.startswith(("int", "uint", "bool")):
        return not values.isna().any()
    return dtype.startswith(("float", "str", "string"))


def _shapes(annotation: Annotation, arrays: dict[str, Any], options: dict[str, Any]) -> Layer:
    from napari.layers import Shapes

    vertices, counts = arrays["vertices"], arrays["counts"]
    if counts.sum() != len(vertices) or vertices.ndim != 2:
        name = annotation.look.name or "the shapes"
        raise FormatError("Shapes do not have the corners that they should", name, "save the view again")
    corners = np.split(vertices, np.cumsum(counts)[:-1]) if len(counts) else None
    drawn: dict[str, Any] = {}
    if corners is not None:
        drawn = {name: arrays[name] for name in ("edge_color", "face_color")}
        drawn |= {name: arrays[name].tolist() for name in ("edge_width", "z_index")}
        drawn["shape_type"] = annotation.words["shape_type"]
        drawn["text"] = _written(annotation)
    return Shapes(corners, ndim=vertices.shape[1], **drawn, **options)


def _points(annotation: Annotation, arrays: dict[str, Any], options: dict[str, Any]) -> Layer:
    from napari.layers import Points

    data = arrays.pop("data")
    if not len(data):
        return Points(None, ndim=data.shape[1], **options)
    symbols = annotation.words["symbol"]
    return Points(data, symbol=symbols, text=_written(annotation), **arrays, **options)


def _labels(annotation: Annotation, arrays: dict[str, Any], options: dict[str, Any]) -> Layer:
    from napari.layers import Labels
    from napari.utils.colormaps import DirectLabelColormap

    if annotation.label_colors:
        colors: dict[int | None, Any] = {
            (int(value) if value else None): np.array(color) for value, color in annotation.label_colors.items()
        }
        options["colormap"] = DirectLabelColormap(color_dict=colors)
    return Labels(arrays["data"], **options)


def _written(annotation: Annotation) -> dict[str, Any] | None:
    text = annotation.text
    if text is None:
        return None
    return {
        "string": text.string,
        "size": text.size,
        "color": text.color,
        "anchor": text.anchor,
        "visible": text.visible,
    }
