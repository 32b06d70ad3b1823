"""View files (``*.idrview.json``): what a window shows, as JSON of a versioned schema. Pure.

Pixels of repositories are not in it, only where they are; what people drew is, whole. What a newer version adds is
passed over and named. No user, password, session or token ever gets into it.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from napari_idr.errors import FormatError
from napari_idr.version import VERSION

from .packed_array import PackedArray  # noqa: TC001 - pydantic resolves the fields of its models

FORMAT = "napari-idr view"
SCHEMA = 1
"""Goes up when a file of the new kind, read by the old rules, would show something wrong."""
LARGEST_FILE = 256 << 20
"""Bytes of a view file that is read."""
MOST_LAYERS = 1000

Number = Annotated[float, Field(allow_inf_nan=False)]
Numbers = Annotated[list[Number], Field(max_length=64)]
Matrix = Annotated[list[Numbers], Field(max_length=64)]
Text = Annotated[str, Field(max_length=4096)]
Index = Annotated[int, Field(ge=0)]
Part = Annotated[float, Field(ge=0, le=1)]


class _Piece(BaseModel):
    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)


class ColormapDocument(_Piece):
    """A colormap: one of napari's by name, or its colours from the lowest to the highest value."""

    name: Text
    colors: Annotated[list[Numbers], Field(max_length=1024)] = []


class Look(_Piece):
    """How a layer is shown; what is absent stays as it is."""

    name: Text | None = None
    visible: bool = True
    opacity: Part | None = None
    blending: Text | None = None
    gamma: Annotated[float, Field(gt=0, le=100)] | None = None
    contrast_limits: tuple[Number, Number] | None = None
    contrast_limits_range: tuple[Number, Number] | None = None
    colormap: ColormapDocument | None = None
    interpolation2d: Text | None = None
    interpolation3d: Text | None = None
    rendering: Text | None = None
    iso_threshold: Number | None = None
    attenuation: Number | None = None
    contour: Index | None = None


class BoxDocument(_Piece):
    """A box of an image that was loaded into a layer of its own."""

    level: Index
    region: Annotated[dict[Text, tuple[Index, Index]], Field(max_length=8)]
    """From and to, in pixels of the finest level, by name of the axis."""


class SourceLayer(_Piece):
    """One layer of an image or plate."""

    role: Literal["channel", "label", "wells", "box"]
    place: Index
    """Among all layers of the window, from the bottom."""
    channel: Index | None = None
    label: Text | None = None
    box: BoxDocument | None = None
    look: Look = Look()


class Source(_Piece):
    """An image or plate that is opened again."""

    address: Text
    acquisition: int | None = None
    wells: Annotated[list[Text], Field(max_length=4096)] = []
    layers: Annotated[list[SourceLayer], Field(max_length=MOST_LAYERS)] = []


class Column(_Piece):
    """One column of a layer's table of features."""

    name: Text
    dtype: Text = "object"
    values: list[str | bool | int | float | None]
    categories: list[str] | None = None


class TextLook(_Piece):
    """Texts beside shapes or points."""

    string: Text
    size: Annotated[float, Field(gt=0, le=1000)] = 12
    color: Numbers = [1, 1, 1, 1]
    anchor: Text = "center"
    visible: bool = True


class Placement(_Piece):
    """Where a layer lies in the world."""

    scale: Numbers
    translate: Numbers
    rotate: Matrix = []
    shear: Numbers = []
    affine: Matrix = []
    units: Annotated[list[Text], Field(max_length=64)] = []
    axis_labels: Annotated[list[Text], Field(max_length=64)] = []


class Annotation(_Piece):
    """A layer of shapes, points or labels, with all that was drawn."""

    kind: Literal["shapes", "points", "labels"]
    place: Index
    look: Look = Look()
    placement: Placement
    arrays: dict[Text, PackedArray]
    """``data`` of points and labels; of shapes ``vertices`` (of all, one below the other) and ``counts``."""
    words: dict[Text, list[Text]] = {}
    """``shape_type`` of each shape, ``symbol`` of each point."""
    features: Annotated[list[Column], Field(max_length=4096)] = []
    text: TextLook | None = None
    label_colors: Annotated[dict[str, Numbers], Field(max_length=100_000)] = {}
    metadata: dict[str, Any] = {}
    """What ties the layer to an image."""


class Camera(_Piece):
    """Where the window looks."""

    center: Numbers
    zoom: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    angles: Numbers = [0, 0, 90]
    perspective: Number = 0


class Dims(_Piece):
    """Sliders, by name of the axis, and how many dimensions are shown."""

    ndisplay: Literal[2, 3] = 2
    axis_labels: Annotated[list[Text], Field(max_length=64)] = []
    point: Numbers = []
    """In world coordinates, one per axis label."""


class ViewDocument(_Piece):
    """All of a view file."""

    format: Literal["napari-idr view"] = "napari-idr view"
    version: Annotated[int, Field(ge=1)] = SCHEMA
    made_by: Text = f"napari-idr {VERSION}"
    made: Text = ""
    """When, in ISO 8601."""
    title: Text = ""
    sources: Annotated[list[Source], Field(max_length=MOST_LAYERS)] = []
    annotations: Annotated[list[Annotation], Field(max_length=MOST_LAYERS)] = []
    camera: Camera | None = None
    dims: Dims | None = None
    scale_bar: bool | None = None
    active: Index | None = None
    """Place of the layer that is active."""


def view_text(document: ViewDocument) -> str:
    """Return a view as the text of its file."""
    return document.model_dump_json(indent=1, exclude_none=True) + "\n"


def parse_view(text: bytes, where: str) -> tuple[ViewDocument, list[str]]:
    """Return a view, and a sentence about what in it is newer than this version.

    Raises
    ------
    FormatError
        It is no view file, or a part of it breaks the schema; the message names the part.
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError("This is not a view file", where, "choose a file that was saved with Share") from error
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise FormatError("This is not a view file of napari-idr", where, "choose a file that was saved with Share")
    try:
        document = ViewDocument.model_validate(raw)
    except (ValidationError, RecursionError) as error:
        raise _broken(error, where) from error
    return document, _newer(document)


def _broken(error: ValidationError | RecursionError, where: str) -> FormatError:
    """Return the error of a file that breaks the schema: its first wrong part."""
    if isinstance(error, RecursionError):
        return FormatError("The view file is nested too deeply", where, "ask its author to save it again")
    first = error.errors(include_url=False, include_input=False)[0]
    key = ".".join(str(step) for step in first["loc"])[:200]
    return FormatError("The view file is damaged", where, "ask its author to save it again", key=key, rule=first["msg"])


def _newer(document: ViewDocument) -> list[str]:
    unknown = sorted(set(_unknown(document)))
    if document.version <= SCHEMA and not unknown:
        return []
    names = ", ".join(unknown[:8]) + (f" and {len(unknown) - 8} more" if len(unknown) > 8 else "")
    ignored = f"; some of it was ignored: {names}" if names else ""
    return [f"The view was saved by {document.made_by[:80]}, which is newer than this version{ignored}."]


def _unknown(piece: Any) -> list[str]:
    """Return the names of fields, in a piece and all below it, that this version does not know."""
    if isinstance(piece, BaseModel):
        below = [getattr(piece, name) for name in type(piece).model_fields]
        return [*(name[:40] for name in piece.model_extra or ()), *(name for one in below for name in _unknown(one))]
    if isinstance(piece, list):
        return [name for one in piece if isinstance(one, BaseModel) for name in _unknown(one)]
    return []
