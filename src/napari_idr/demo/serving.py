"""From a catalogue document and the OME-Zarr it points at to what is served, with ids as OMERO gives them."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from napari_idr.errors import NapariIdrError
from napari_idr.formats.ngff import parse_plate, parse_well

from .many_rois import ManyRois
from .served import (
    Catalogue,
    MapAnnotation,
    ServedAcquisition,
    ServedDataset,
    ServedField,
    ServedImage,
    ServedPlate,
    ServedProject,
    ServedScreen,
    ServedWell,
)
from .zarr_folder import read_attributes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_idr.model.image import FieldInfo, PlateMetadata, WellInfo

LOG = logging.getLogger(__name__)
Document = dict[str, Any]
Place = tuple[int, int]
FieldsByPlace = dict[Place, tuple[tuple["FieldInfo", str], ...]]
"""Fields of each well with the path of their images."""


def build_catalogue(root: Path, document: Document) -> Catalogue:
    """Read the plates a catalogue document names and give everything its id.

    The same folder gives the same ids. What cannot be read is left out and logged.
    """
    return _Builder(root, document).catalogue()


class _Builder:
    def __init__(self, root: Path, document: Document) -> None:
        self._root, self._document = root, document
        self._rois: dict[str, list[Document]] = document.get("rois", {})
        starts = {
            "project": 101,
            "dataset": 201,
            "screen": 301,
            "plate": 401,
            "acquisition": 2001,
            "well": 10001,
            "field": 30001,
            "image": 100001,
            "roi": 500001,
            "annotation": 700001,
        }
        self._ids = {kind: count(start) for kind, start in starts.items()}
        self._acquisition_ids: set[int] = set()

    def catalogue(self) -> Catalogue:
        screens = tuple(self._screen(one) for one in self._document.get("screens", []))
        projects = tuple(self._project(one) for one in self._document.get("projects", []))
        return Catalogue(screens, projects)

    def _next(self, kind: str) -> int:
        return next(self._ids[kind])

    def _screen(self, document: Document) -> ServedScreen:
        plates = [plate for one in document["plates"] if (plate := self._readable_plate(one))]
        return ServedScreen(self._next("screen"), *_texts(document), tuple(plates), self._annotations(document))

    def _project(self, document: Document) -> ServedProject:
        datasets = tuple(self._dataset(one) for one in document["datasets"])
        return ServedProject(self._next("project"), *_texts(document), datasets, self._annotations(document))

    def _dataset(self, document: Document) -> ServedDataset:
        images = tuple(self._listed_image(one) for one in document["images"])
        return ServedDataset(self._next("dataset"), *_texts(document), images, self._annotations(document))

    def _listed_image(self, document: Document) -> ServedImage:
        """Return an image of a dataset, which may have its own ROIs, or many made ones, or be found in other ways."""
        image = self._image(document["path"], *_texts(document), self._annotations(document))
        rois: Sequence[tuple[int, Document]] = image.rois
        if "rois" in document:
            rois = tuple((self._next("roi"), roi) for roi in document["rois"])
        if "many_rois" in document:
            numbers = [self._next("roi") for _ in range(document["many_rois"]["total"])]
            rois = ManyRois(numbers[0], **document["many_rois"])
        return replace(image, rois=rois, found_by=document.get("found_by", "lsid"))

    def _image(
        self, path: str, name: str, description: str, annotations: tuple[MapAnnotation, ...], series: int = 0
    ) -> ServedImage:
        rois = tuple((self._next("roi"), roi) for roi in self._rois.get(path, []))
        return ServedImage(self._next("image"), name, description, path, series, annotations, rois)

    def _annotations(self, document: Document) -> tuple[MapAnnotation, ...]:
        return self._map_annotations(document.get("annotations", []))

    def _map_annotations(self, documents: Sequence[Document]) -> tuple[MapAnnotation, ...]:
        return tuple(
            MapAnnotation(self._next("annotation"), one["ns"], tuple((key, value) for key, value in one["values"]))
            for one in documents
        )

    def _readable_plate(self, document: Document) -> ServedPlate | None:
        try:
            return self._plate(document)
        except NapariIdrError as error:
            LOG.warning("%s is left out: %s", document.get("path"), error)
            return None

    def _plate(self, document: Document) -> ServedPlate:
        path = document["path"]
        folder = self._root / path
        metadata = parse_plate(read_attributes(folder) or {}, address=str(folder))
        fields = {(well.row_index, well.column_index): self._fields(path, well) for well in metadata.wells}
        numbers = self._acquisition_numbers(metadata)
        noted = {place: notes for name, notes in document.get("wells", {}).items() if (place := well_place(name))}
        places = sorted({*fields, *noted}, key=lambda place: (place[1], place[0]))
        number = self._next("plate")
        name, description = _texts(document)
        wells = tuple(
            self._well(name, place, fields.get(place, ()), numbers, self._map_annotations(noted.get(place, [])))
            for place in places
        )
        runs = tuple(run for one in metadata.acquisitions if (run := _acquisition(one, numbers, fields)))
        return ServedPlate(number, name, description, path, len(metadata.rows), len(metadata.columns), wells, runs)

    def _fields(self, plate: str, well: WellInfo) -> tuple[tuple[FieldInfo, str], ...]:
        folder = self._root / plate / well.path
        try:
            fields = parse_well(read_attributes(folder) or {}, address=str(folder))
        except NapariIdrError as error:
            LOG.warning("Well %s is left out: %s", well.name, error)
            return ()
        return tuple((one, "/".join(filter(None, (plate, well.path, one.path)))) for one in fields)

    def _acquisition_numbers(self, metadata: PlateMetadata) -> dict[int, int]:
        """OMERO's id of each acquisition: the file's own, as on the IDR, where that is possible.

        OMERO has no id 0: a plate whose only acquisition has it is served as one without acquisitions.
        """
        numbers: dict[int, int] = {}
        if len(metadata.acquisitions) == 1 and metadata.acquisitions[0].id <= 0:
            return numbers
        for one in metadata.acquisitions:
            number = one.id
            while number <= 0 or number in self._acquisition_ids:
                number = self._next("acquisition")
            self._acquisition_ids.add(number)
            numbers[one.id] = number
        return numbers

    def _well(
        self,
        plate: str,
        place: Place,
        fields: tuple[tuple[FieldInfo, str], ...],
        numbers: dict[int, int],
        annotations: tuple[MapAnnotation, ...],
    ) -> ServedWell:
        number, served = self._next("well"), []
        for index, (one, path) in enumerate(fields):
            name = f"{plate} [Well {well_name(place)}, Field {index + 1}]"
            image = self._image(path, name, "", (), series=index)
            acquisition = None if one.acquisition is None else numbers.get(one.acquisition)
            served.append(ServedField(self._next("field"), index, image, acquisition))
        return ServedWell(number, *place, tuple(served), annotations)


def well_place(name: str) -> Place | None:
    """0-based (row, column) of a well name like ``B7``, ``b07`` or ``AA12``; None for anything else."""
    match = re.fullmatch(r"\s*([A-Za-z]{1,2})0*([1-9][0-9]{0,2})\s*", name)
    if match is None:
        return None
    row = 0
    for letter in match[1].upper():
        row = row * 26 + ord(letter) - ord("A") + 1
    return row - 1, int(match[2]) - 1


def row_letters(row: int) -> str:
    """Name of a row as OMERO gives it: A to Z, AA and on."""
    return row_letters(row // 26 - 1) + chr(ord("A") + row % 26) if row >= 26 else chr(ord("A") + row)


def well_name(place: Place) -> str:
    """Name of a well, ``"B7"``."""
    return f"{row_letters(place[0])}{place[1] + 1}"


def _texts(document: Document) -> tuple[str, str]:
    return document["name"], document.get("description", "")


def _acquisition(one: Any, numbers: dict[int, int], fields: FieldsByPlace) -> ServedAcquisition | None:
    if one.id not in numbers:
        return None
    of_wells = [[field.acquisition for field, _ in well] for well in fields.values()]
    indexes = [index for well in of_wells for index, number in enumerate(well) if number == one.id]
    if not indexes:
        return None
    return ServedAcquisition(
        numbers[one.id],
        one.name,
        one.description,
        one.maximum_field_count,
        one.start_time,
        one.end_time,
        min(indexes),
        max(indexes),
    )
