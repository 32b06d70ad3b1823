"""Regions of interest as the OME model has them (2016-06): what people or programs marked in an image.

Coordinates are those of OME: x to the right, y down, in pixels of the finest level, and **the corner of the first
pixel is (0, 0)**, so that its centre is (0.5, 0.5). ``shape_geometry`` leads from here to where pixels are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .image import KeyValue  # noqa: TC001 - dataclass fields are resolved by readers of the model

Color = tuple[int, int, int, int]
"""Red, green, blue, alpha, 0 to 255."""

XY = tuple[float, float]

Marker = Literal["", "Arrow"]


@dataclass(frozen=True, slots=True)
class Transform:
    """An affine map: ``x' = a00 x + a01 y + a02``, ``y' = a10 x + a11 y + a12``."""

    a00: float = 1.0
    a10: float = 0.0
    a01: float = 0.0
    a11: float = 1.0
    a02: float = 0.0
    a12: float = 0.0

    @property
    def determinant(self) -> float:
        """By how much areas grow; 0 where everything falls onto a line."""
        return self.a00 * self.a11 - self.a01 * self.a10


@dataclass(frozen=True, slots=True)
class Style:
    """How a shape is drawn; None is whatever a viewer takes by default."""

    stroke: Color | None = None
    fill: Color | None = None
    stroke_width: float | None = None
    """In pixels of the image."""
    font_size: float | None = None
    """In points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What all shapes share. A plane, time point or channel of None stands for all of them."""

    id: str = ""
    """The repository's id, empty for a shape that no repository knows."""
    text: str = ""
    z: int | None = None
    t: int | None = None
    c: int | None = None
    style: Style = Style()
    transform: Transform | None = None
    locked: bool = False

    @property
    def kind(self) -> str:
        """Name of the shape in the OME model: "Rectangle"."""
        return type(self).__name__


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectangle(Shape):
    """``x`` and ``y`` are the left and upper edge."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ellipse(Shape):
    """``x`` and ``y`` are the centre."""

    x: float
    y: float
    radius_x: float
    radius_y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(Shape):
    """From one end to the other."""

    x1: float
    y1: float
    x2: float
    y2: float
    marker_start: Marker = ""
    marker_end: Marker = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polyline(Shape):
    """Vertices joined in order, open."""

    points: tuple[XY, ...]
    marker_start: Marker = ""
    marker_end: Marker = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polygon(Shape):
    """Vertices joined in order, the last with the first."""

    points: tuple[XY, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point(Shape):
    """A place."""

    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Label(Shape):
    """A text at a place."""

    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask(Shape):
    """Pixels of a box; which of them are marked is in ``bits``, where it is known."""

    x: float
    y: float
    width: float
    height: float
    bits: bytes | None = field(default=None, repr=False)
    """One bit per pixel, row after row without padding, the most significant bit first."""


@dataclass(frozen=True, slots=True)
class Roi:
    """One object: the union of its shapes."""

    id: str
    """The repository's id; it stays the same however often the object is read."""
    shapes: tuple[Shape, ...]
    name: str = ""
    description: str = ""
    key_values: tuple[KeyValue, ...] = ()
    """Phenotype, class and whatever else is said of the object, in order."""


@dataclass(frozen=True, slots=True)
class RoiSet:
    """Regions of one image, and what is to be told about how they were read."""

    rois: tuple[Roi, ...] = ()
    remarks: tuple[str, ...] = ()
    """Sentences about what was left out or could not be read."""

    @property
    def shape_count(self) -> int:
        """Number of shapes of all regions."""
        return sum(len(roi.shapes) for roi in self.rois)
