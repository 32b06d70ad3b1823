"""What one click can mend. Pure: a set goes in, a new one comes out, and nothing else of it changes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_idr.formats.annotations.outlines import ELLIPSE_CORNERS
from napari_idr.model.annotation import Label as TextLabel
from napari_idr.model.annotation import Line, Mask, Point, Polygon, Polyline, Rectangle, Shape
from napari_idr.model.annotation_set import new_uuid
from napari_idr.model.shape_geometry import PIXEL_CENTRE, ellipse_outline, place

from .checks_shapes import is_inside
from .checks_texts import RESERVED_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shapely.geometry.base import BaseGeometry

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, AnnotationSet
    from napari_idr.model.finding import Finding

    from .checks_terms import KnownTerms


def apply_fix(finding: Finding, annotations: AnnotationSet, known: KnownTerms) -> AnnotationSet:
    """Return a set without what a finding says is wrong with it; the same set where its fix does not apply."""
    image = annotations.image
    if finding.fix == "renumber":
        return renumber(annotations)
    if finding.fix == "rename" and finding.id == "P11":
        return rename(annotations)
    mend: Callable[[AnnotatedObject], Iterable[AnnotatedObject]] | None = {
        "clip": lambda one: clip(image, one),
        "make-valid": lambda one: [make_valid(one)],
        "rename": lambda one: [rename_columns(one)],
        "fill-accession": lambda one: [fill_accessions(one, known)],
        "split": split,
    }.get(finding.fix)
    if mend is None:
        return annotations
    changed = [new for one in annotations.objects for new in (mend(one) if one.uuid == finding.uuid else [one])]
    return annotations.with_objects(changed)


def clip(image: AnnotatedImage, one: AnnotatedObject) -> list[AnnotatedObject]:
    """Return an object cut at the edges of its image; none where nothing of it lies inside."""
    shapes = [part for shape in one.shapes for part in _clipped(image, shape)]
    return [replace(one, shapes=tuple(shapes))] if shapes else []


def _clipped(image: AnnotatedImage, shape: Shape) -> list[Shape]:
    if is_inside(image, shape):
        return [shape]
    if isinstance(shape, Point | TextLabel):
        return []
    if isinstance(shape, Mask):
        return _clipped_mask(image, shape)
    if isinstance(shape, Rectangle) and shape.transform is None:
        return _clipped_rectangle(image, shape)
    import shapely

    frame = shapely.box(0, 0, image.size_x, image.size_y)
    return _shapes_of(_geometry(shape).intersection(frame), shape)


def _clipped_rectangle(image: AnnotatedImage, shape: Rectangle) -> list[Shape]:
    left, top = max(shape.x, 0.0), max(shape.y, 0.0)
    right, bottom = min(shape.x + shape.width, image.size_x), min(shape.y + shape.height, image.size_y)
    if right <= left or bottom <= top:
        return []
    return [replace(shape, x=left, y=top, width=right - left, height=bottom - top)]


def _clipped_mask(image: AnnotatedImage, shape: Mask) -> list[Shape]:
    """Return a mask with the rows and columns that lie inside; one that is turned or lies between pixels stays."""
    whole = all(float(number).is_integer() for number in (shape.x, shape.y, shape.width, shape.height))
    if shape.transform is not None or shape.bits is None or not whole:
        return [shape]
    x, y, width, height = int(shape.x), int(shape.y), int(shape.width), int(shape.height)
    pixels = np.unpackbits(np.frombuffer(shape.bits, np.uint8), count=width * height).reshape(height, width)
    inside = pixels[max(0, -y) : max(0, image.size_y - y), max(0, -x) : max(0, image.size_x - x)]
    if not inside.size:
        return []
    bits = np.packbits(inside.reshape(-1)).tobytes()
    rows, columns = inside.shape
    left, top = float(max(x, 0)), float(max(y, 0))
    return [replace(shape, x=left, y=top, width=float(columns), height=float(rows), bits=bits)]


def _geometry(shape: Shape) -> BaseGeometry:
    """Return a shape as shapely's, transforms applied, in OME's coordinates."""
    import shapely

    kind, corners = place(shape)
    xy = corners[:, ::-1] + PIXEL_CENTRE
    if kind == "ellipse":
        return shapely.Polygon(ellipse_outline(xy, ELLIPSE_CORNERS))
    if isinstance(shape, Line | Polyline):
        return shapely.LineString(xy)
    return shapely.make_valid(shapely.Polygon(xy))


def _shapes_of(geometry: BaseGeometry, like: Shape) -> list[Shape]:
    """Return the parts of a geometry as shapes that look like another one; areas without their holes' share."""
    shared = {name: getattr(like, name) for name in ("text", "z", "t", "c", "style", "locked")}
    parts = getattr(geometry, "geoms", [geometry])
    shapes: list[Shape] = []
    for part in parts:
        if part.is_empty:
            continue
        if part.geom_type == "Polygon":
            shapes += [Polygon(points=_points(ring), **shared) for ring in _rings(part)]
        elif part.geom_type == "LineString" and isinstance(like, Line):
            (x1, y1), (x2, y2) = part.coords[0], part.coords[-1]
            shapes.append(Line(x1=x1, y1=y1, x2=x2, y2=y2, **shared))
        elif part.geom_type == "LineString" and isinstance(like, Polyline):
            shapes.append(Polyline(points=tuple((x, y) for x, y in part.coords), **shared))
    return shapes


def _rings(part: BaseGeometry) -> list[BaseGeometry]:
    """Return outlines whose union is a polygon: itself, or, as OME knows no holes, its pieces cut at each hole."""
    import shapely

    if not part.interiors:
        return [part.exterior]
    left, top, right, bottom = part.bounds
    cut = part.interiors[0].centroid.x
    halves = (shapely.box(left, top, cut, bottom), shapely.box(cut, top, right, bottom))
    pieces = [piece for half in halves for piece in _polygons(part.intersection(half))]
    return [ring for piece in pieces for ring in _rings(piece)]


def _polygons(geometry: BaseGeometry) -> list[BaseGeometry]:
    return [part for part in getattr(geometry, "geoms", [geometry]) if part.geom_type == "Polygon" and part.area]


def _points(ring: BaseGeometry) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in list(ring.coords)[:-1])


def make_valid(one: AnnotatedObject) -> AnnotatedObject:
    """Return an object whose polygons do not cross themselves and name no corner twice in a row."""
    shapes = [part for shape in one.shapes for part in _made_valid(shape)]
    return replace(one, shapes=tuple(shapes)) if shapes else one


def _made_valid(shape: Shape) -> list[Shape]:
    if not isinstance(shape, Polygon):
        return [shape]
    import shapely

    points = without_repeats(shape.points)
    if len(set(points)) < 3:
        return [shape]
    outline = shapely.Polygon(points)
    if outline.is_valid:
        return [replace(shape, points=points)]
    parts = _polygons(shapely.make_valid(outline))
    return [replace(shape, points=_points(ring)) for part in parts for ring in _rings(part)]


def without_repeats(points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    """Return the corners of an outline without those that repeat the one before."""
    kept = [point for index, point in enumerate(points) if index == 0 or point != points[index - 1]]
    return tuple(kept[:-1] if len(kept) > 1 and kept[0] == kept[-1] else kept)


def split(one: AnnotatedObject) -> list[AnnotatedObject]:
    """Return an object as one object per plane; the first keeps its uuid."""
    planes: dict[tuple[int | None, int | None], list[Shape]] = {}
    for shape in one.shapes:
        planes.setdefault((shape.z, shape.t), []).append(shape)
    several = len(planes) > 1
    return [
        replace(
            one,
            uuid=one.uuid if not index else new_uuid(),
            name=f"{one.name} {index + 1}" if one.name and several else one.name,
            shapes=tuple(shapes),
        )
        for index, shapes in enumerate(planes.values())
    ]


def renumber(annotations: AnnotationSet) -> AnnotationSet:
    """Return a set in which no two objects share a uuid; the first keeps its own. Label values stay as painted."""
    seen: set[str] = set()
    objects = []
    for one in annotations.objects:
        objects.append(replace(one, uuid=new_uuid()) if one.uuid in seen else one)
        seen.add(one.uuid)
    return annotations.with_objects(objects)


def rename(annotations: AnnotationSet) -> AnnotationSet:
    """Return a set in which no two objects share a name: the second becomes "name 2"."""
    taken = Counter(one.name for one in annotations.objects)
    seen: Counter[str] = Counter()
    objects = []
    for one in annotations.objects:
        seen[one.name] += 1
        if one.name and seen[one.name] > 1:
            one = replace(one, name=_free_name(one.name, taken))
        objects.append(one)
    return annotations.with_objects(objects)


def _free_name(name: str, taken: Counter[str]) -> str:
    number = 2
    while taken[f"{name} {number}"]:
        number += 1
    taken[f"{name} {number}"] += 1
    return f"{name} {number}"


def rename_columns(one: AnnotatedObject) -> AnnotatedObject:
    """Return an object whose columns and name a table can hold; values stay as they are."""
    taken: set[str] = set(RESERVED_COLUMNS)
    features = []
    for name, value in one.features:
        plain = "".join(letter for letter in name if letter.isprintable()).strip() or "column"
        number, free = 2, plain
        while free in taken:
            free, number = f"{plain} {number}", number + 1
        taken.add(free)
        features.append((free, value))
    plain_name = "".join(letter for letter in one.name if letter.isprintable())
    return replace(one, features=tuple(features), name=plain_name)


def fill_accessions(one: AnnotatedObject, known: KnownTerms) -> AnnotatedObject:
    """Return an object whose phenotypes have the term that bears their name."""
    filled = []
    for phenotype in one.phenotypes:
        term = known.term(known.accession_of_label(phenotype.name)) if phenotype.term is None else None
        filled.append(phenotype if term is None else replace(phenotype, term=term))
    return replace(one, phenotypes=tuple(filled))
