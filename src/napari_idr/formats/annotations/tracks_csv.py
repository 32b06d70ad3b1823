"""Tracks as a table: a row per place, in napari's order ID, T, Z, Y, X, from pixel centres; of any number of images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_idr.errors import FormatError
from napari_idr.formats.delimited import read_table, table_text
from napari_idr.formats.model_json import DocumentError, from_document, json_text, json_value, to_document
from napari_idr.model.annotation import Point
from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, AnnotationSet

from .files import HINT, told_of, write_text
from .held import held_objects, image_words, losses, naming
from .image_documents import image_document, named_image, statements_of
from .kept_shapes import kept_documents, restored
from .omero_shape_fields import checked
from .placing import another_image, image_of, uuid_for
from .plain_numbers import centre_text, corner_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_idr.formats.delimited import Row
    from napari_idr.model.annotation import Shape
    from napari_idr.model.finding import Loss

COLUMNS = (
    "track_id", "t", "z", "y", "x", "c", "coord_convention", "track_uuid", "track_name", "parent_ids", "image_id",
    "image_address", "point", "details", "image",
)  # fmt: skip
NEEDED = ("track_id", "t", "y", "x")
CONVENTION = "pixel_center"


def hold(one: AnnotatedObject, _: AnnotationSet) -> AnnotatedObject | str:
    """Return a track, or why an object is not written."""
    if not one.is_track:
        return "it is no track"
    is_right = one.shapes and all(isinstance(s, Point) and s.t is not None and s.transform is None for s in one.shapes)
    return one if is_right else "its places are not points with a time"


class TracksCsv:
    """Tracks as CSV."""

    key = "tracks-csv"
    title = "Tracks (CSV)"
    endings = (".tracks.csv", "tracks.csv")
    images_per_file: int | None = None
    reads = True

    def losses(self, sets: Sequence[AnnotationSet]) -> tuple[Loss, ...]:
        """Return which objects are no tracks, and of which images the file says nothing."""
        from napari_idr.model.finding import Loss

        silent = [image_words(one.image) for one in sets if not held_objects(one, hold)]
        return losses(sets, hold) + tuple(
            Loss("", where, "that it was looked at: it has no tracks") for where in silent
        )

    def write(self, sets: Sequence[AnnotationSet], path: Path) -> tuple[Path, ...]:
        """Write the tracks of all images. Raises ``FormatError`` naming the track."""
        return write_text(path, table_text(COLUMNS, [row for one in sets for row in _rows(one)]))

    def read(self, path: Path, image: AnnotatedImage | None = None) -> tuple[AnnotationSet, ...]:
        """Return the sets of a table, also of one with the columns of napari alone. Raises ``FormatError``."""
        table = read_table(path, needed=NEEDED)
        groups: dict[tuple[str, str], list[tuple[int, Row]]] = {}
        for number, row in enumerate(table.rows, 2):
            groups.setdefault((row.get("image_id", ""), row.get("image_address", "")), []).append((number, row))
        if image is not None and len(groups) > 1:
            fitting = {key: listed for key, listed in groups.items() if key == (image.image_id, image.address)}
            if not fitting:
                raise another_image(path, f"{len(groups)} others", image.key)
            groups = fitting
        if image is not None and not groups:
            return (AnnotationSet(image=image, remarks=table.remarks),)
        return tuple(_set(listed, path, image, table.remarks) for listed in groups.values())


def _rows(one: AnnotationSet) -> Iterator[Row]:
    tracks = held_objects(one, hold)
    numbers = {track.uuid: number for number, track in enumerate(tracks, 1)}
    document = json_text(image_document(one))
    for track in tracks:
        with naming(one.image, track):
            rows = _track_rows(track, one.image, numbers)
        yield {**rows[0], "image": document}
        yield from rows[1:]
        document = ""


def _track_rows(track: AnnotatedObject, image: AnnotatedImage, numbers: dict[str, int]) -> list[Row]:
    parents = " ".join(str(numbers[uuid]) for uuid in track.parents if uuid in numbers)
    kept = kept_documents(track.shapes, _as_read) or [None] * len(track.shapes)
    fixed = {
        "track_id": str(numbers[track.uuid]), "coord_convention": CONVENTION, "track_uuid": track.uuid,
        "image_id": image.image_id, "image_address": image.address,
    }  # fmt: skip
    rows = [
        {**fixed, **_cells(point), "point": json_text(document) if document else ""}
        for point, document in zip(track.shapes, kept, strict=True)
    ]
    details = json_text(to_document(track, ("shapes",)))
    rows[0] |= {"track_name": " ".join(track.name.split()), "parent_ids": parents, "details": details}
    return rows


def _cells(point: Shape) -> Row:
    assert isinstance(point, Point)
    planes = {axis: getattr(point, axis) for axis in "tzc"}
    place = {"y": centre_text(checked(point.y)), "x": centre_text(checked(point.x))}
    return place | {axis: "" if number is None else str(number) for axis, number in planes.items()}


def _point(row: Row) -> Shape:
    if row.get("coord_convention", CONVENTION) not in (CONVENTION, ""):
        raise DocumentError(f"coord_convention is not {CONVENTION}")
    planes: dict[str, Any] = {axis: _index(row.get(axis, ""), axis) for axis in "tzc"}
    if planes["t"] is None:
        raise DocumentError("t is empty")
    return Point(y=checked(corner_number(row["y"])), x=checked(corner_number(row["x"])), **planes)


def _as_read(point: Shape) -> Shape:
    return _point(_cells(point))


def _index(text: str, axis: str) -> int | None:
    """Return the index of a plane; napari's z and t are floats, and the nearest plane is meant."""
    if text.strip() == "":
        return None
    number = corner_number(text) - 0.5
    if not -0.5 <= number < 1e9:
        raise DocumentError(f"{axis} is no index of a plane")
    return round(number)


def _set(
    rows: list[tuple[int, Row]], path: Path, image: AnnotatedImage | None, remarks: tuple[str, ...]
) -> AnnotationSet:
    said = next(((number, row["image"]) for number, row in rows if row.get("image")), None)
    document = None
    if said is not None:
        with told_of(path, f"row {said[0]}"):
            document = json_value(said[1], "image")
    tracks: dict[str, list[tuple[int, Row]]] = {}
    for number, row in rows:
        tracks.setdefault(row["track_id"], []).append((number, row))
    uuids = {key: listed[0][1].get("track_uuid") or uuid_for("", path, listed[0][0]) for key, listed in tracks.items()}
    objects = tuple(_track(listed, uuids, path) for listed in tracks.values())
    placed = image_of(named_image(document), path, image)
    with told_of(path, "image"):
        statements = statements_of(document)
    return AnnotationSet(image=placed, objects=objects, statements=statements, remarks=remarks)


def _track(rows: list[tuple[int, Row]], uuids: dict[str, str], path: Path) -> AnnotatedObject:
    number, first = rows[0]
    points: list[Shape] = []
    for place, row in rows:
        with told_of(path, f"row {place}"):
            kept = row.get("point")
            point = _point(row)
            points += restored([point], [json_value(kept, "point")], _as_read) if kept else [point]
    with told_of(path, f"row {number}"):
        if first.get("details"):
            known = from_document(AnnotatedObject, json_value(first["details"], "details"), "details")
        else:
            parents = tuple(uuids[one] for one in first.get("parent_ids", "").split() if one in uuids)
            known = AnnotatedObject(uuid=uuids[first["track_id"]], name=first.get("track_name", ""), parents=parents)
    ordered = sorted(points, key=lambda point: -1 if point.t is None else point.t)
    if len({point.t for point in ordered}) != len(ordered):
        raise FormatError("A track is in two places at one time", path.name, HINT, key=f"row {number}")
    return replace(known, shapes=tuple(ordered), is_track=True)


FORMAT = TracksCsv()
