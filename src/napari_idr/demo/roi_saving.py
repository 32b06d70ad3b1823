"""``/iviewer/persist_rois/``: ROIs that are sent are kept in memory, and read back like any other."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .image_objects import shape_id
from .objects import RIGHTS
from .sessions import forgery

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from .objects import Json
    from .served import Catalogue, MapAnnotation

FIRST_ROI, FIRST_SHAPE = 900_001, 950_000_001
"""Ids of what is sent; those of what was there before lie below."""
LARGEST = 64 << 20
UNSENT = frozenset({"@id", "@type", "oldId", "omero:details", "type", "id"})
LENGTHS = ("StrokeWidth", "FontSize")
TYPES = ("Rectangle", "Ellipse", "Line", "Polyline", "Polygon", "Point", "Label")


class SavedRois:
    """What was sent, in all catalogues that show the image."""

    def __init__(self) -> None:
        self._catalogues: list[Catalogue] = []
        self._roi_ids, self._shape_ids = count(FIRST_ROI), count(FIRST_SHAPE)

    def join(self, catalogue: Catalogue) -> Catalogue:
        """Have a catalogue show what is sent from now on, and what was sent before."""
        for other in self._catalogues[:1]:
            for number in catalogue.images.keys() & other.images.keys():
                catalogue.images[number] = other.images[number]
        self._catalogues.append(catalogue)
        return catalogue

    def edit(self, image_id: int, change: Callable[[dict[int, Json]], None]) -> None:
        """Change the ROIs of an image, by id; each shape gets its id written in. Nothing changes where it raises."""
        image = next(one.images[image_id] for one in self._catalogues if image_id in one.images)
        rois = {number: _with_ids(number, roi) for number, roi in image.rois}
        change(rois)
        for catalogue in self._catalogues:
            if image_id in catalogue.images:
                catalogue.images[image_id] = replace(catalogue.images[image_id], rois=tuple(sorted(rois.items())))

    def annotate(self, image_id: int, change: Callable[[tuple[MapAnnotation, ...]], tuple[MapAnnotation, ...]]) -> None:
        """Change the key-values of an image."""
        for catalogue in self._catalogues:
            if image_id in catalogue.images:
                image = catalogue.images[image_id]
                catalogue.images[image_id] = replace(image, annotations=change(image.annotations))

    def add(self, rois: dict[int, Json], shape: Json) -> str:
        """Add a shape as a ROI of its own; return the new ids, ``roi:shape``."""
        roi_id, number = next(self._roi_ids), next(self._shape_ids)
        rois[roi_id] = {"shapes": [_stored(shape, number)]}
        return f"{roi_id}:{number}"


class RoiSaving:
    """The view of iviewer that saves."""

    def __init__(self, catalogue: Catalogue, saved: SavedRois) -> None:
        self._catalogue, self._saved = catalogue, saved

    def routes(self) -> list[Route]:
        """Return the one route."""
        return [Route("/iviewer/persist_rois/", self._persist, methods=["GET", "POST"])]

    async def _persist(self, request: Request) -> Response:
        if request.method != "POST":
            return _errors("Use HTTP POST to send data!")
        forged = forgery(request, {})
        if forged:
            return JSONResponse({"message": f"CSRF Failed: {forged}"}, 403)
        try:
            document = json.loads((await request.body())[:LARGEST])
        except ValueError as error:
            return _errors(f"Failed to load json: {error!r}")
        if document.get("imageId") is None:
            return _errors("No image id provided!")
        if not isinstance(document.get("rois"), dict):
            return _errors("Could not find rois object!")
        if document["imageId"] not in self._catalogue.images:
            return _errors("Could not find associated image!")
        return JSONResponse(self._save(document["imageId"], document["rois"]))

    def _save(self, image_id: int, rois: Json) -> Json:
        """Do the four steps, each by itself: what goes wrong in one does not stop the others."""
        ids: dict[str, str] = {}
        errors: list[str] = []
        steps = (("new", self._new), ("modified", _modified), ("empty_rois", _empty), ("deleted", _deleted))
        for name, step in steps:
            try:
                ids |= self._do(image_id, step, rois.get(name))
            except (PermissionError, KeyError, TypeError, ValueError) as error:
                errors.append(f"Failed to persist {name}: {type(error).__name__} {error}")
        return {"ids": ids} | ({"errors": errors} if errors else {})

    def _do(self, image_id: int, step: Callable[[dict[int, Json], Any, dict[str, str]], None], wanted: Any) -> Json:
        done: dict[str, str] = {}
        if wanted and not RIGHTS.get():
            raise PermissionError("ome.conditions.SecurityViolation: cannot write to this group")
        if wanted:
            self._saved.edit(image_id, lambda rois: step(rois, wanted, done))
        return done

    def _new(self, rois: dict[int, Json], wanted: list[Json], done: dict[str, str]) -> None:
        for shape in wanted:
            done[shape["oldId"]] = self._saved.add(rois, shape)


def _modified(rois: dict[int, Json], wanted: list[Json], done: dict[str, str]) -> None:
    for shape in wanted:
        roi_id, number = _numbers(shape["oldId"])
        shapes = rois[roi_id]["shapes"]
        at = next(index for index, one in enumerate(shapes) if one["id"] == number)
        if shapes[at]["type"] != _kind(shape):
            raise TypeError(f"a {shapes[at]['type']} cannot become a {_kind(shape)}")
        shapes[at] = _stored(shape, number)
        done[shape["oldId"]] = shape["oldId"]


def _deleted(rois: dict[int, Json], wanted: dict[str, list[str]], done: dict[str, str]) -> None:
    for roi_id, members in wanted.items():
        gone = {_numbers(one)[1] for one in members}
        rois[int(roi_id)]["shapes"] = [one for one in rois[int(roi_id)]["shapes"] if one["id"] not in gone]
        done |= {one: one for one in members}


def _empty(rois: dict[int, Json], wanted: dict[str, list[str]], done: dict[str, str]) -> None:
    for roi_id, members in wanted.items():
        del rois[int(roi_id)]
        done |= {one: one for one in members}


def _with_ids(roi_id: int, roi: Json) -> Json:
    shapes = [{"id": shape_id(roi_id, index), **shape} for index, shape in enumerate(roi["shapes"])]
    return {**roi, "shapes": shapes}


def _stored(shape: Json, number: int) -> Json:
    """Return a shape as it is kept. Raises ``TypeError`` for lengths without a unit, as omero-marshal does."""
    kind = _kind(shape)
    if kind not in TYPES:
        raise TypeError(f"no decoder for {kind}")
    for key in LENGTHS:
        if key in shape and not isinstance(shape[key], dict):
            raise TypeError(f"'{type(shape[key]).__name__}' object is not subscriptable")
    geometry = {key: value for key, value in shape.items() if key not in UNSENT}
    if "Transform" in geometry:
        geometry["Transform"] = {key: geometry["Transform"][key] for key in ("A00", "A10", "A01", "A11", "A02", "A12")}
    return {"type": kind, "id": number, "as_sent": True, **geometry}


def _kind(shape: Json) -> str:
    return str(shape["@type"]).rpartition("#")[2]


def _numbers(old_id: str) -> tuple[int, int]:
    roi_id, _, number = old_id.partition(":")
    return int(roi_id), int(number)


def _errors(said: str) -> Response:
    answer: dict[str, Any] = {"errors": [said]}
    return JSONResponse(answer)
