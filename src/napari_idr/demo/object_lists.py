"""Which objects of the catalogue a list of the JSON API holds, in OMERO's order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .served import Catalogue, ServedPlate, ServedWell


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a list; None does not."""

    id: int | None = None
    project: int | None = None
    dataset: int | None = None
    image: int | None = None
    screen: int | None = None
    plate: int | None = None
    plateacquisition: int | None = None
    well: int | None = None
    index: int | None = None
    """Index of a field within its well, counted through all acquisitions."""
    orphaned: bool = False


def list_objects(catalogue: Catalogue, kind: str, filters: Filters) -> Sequence[Any]:
    """All objects of a kind that pass the filters, ordered by name, wells by column and row, ROIs by id.

    Raises ``IndexError`` for the acquisitions of a plate without images, as OMERO.web does.
    """
    found = LISTS[kind](catalogue, filters)
    if filters.id is not None:
        number = filters.id
        found = [one for one in found if (one[0] if kind == "rois" else one.id) == number]
    if kind in ("rois", "wells", "plateacquisitions"):
        return found
    return sorted(found, key=lambda one: (one.name.lower(), one.id))


def _projects(catalogue: Catalogue, filters: Filters) -> list[Any]:
    if filters.dataset is not None:
        return _known(catalogue.project_of_dataset.get(filters.dataset))
    return list(catalogue.projects)


def _datasets(catalogue: Catalogue, filters: Filters) -> list[Any]:
    if filters.image is not None:
        return _known(catalogue.dataset_of_image.get(filters.image))
    if filters.project is not None:
        return [one for project in catalogue.projects if project.id == filters.project for one in project.datasets]
    return [] if filters.orphaned else list(catalogue.datasets.values())


def _images(catalogue: Catalogue, filters: Filters) -> list[Any]:
    if filters.dataset is not None:
        dataset = catalogue.datasets.get(filters.dataset)
        return list(dataset.images) if dataset else []
    return [] if filters.orphaned else list(catalogue.images.values())


def _screens(catalogue: Catalogue, filters: Filters) -> list[Any]:
    if filters.plate is not None:
        return _known(catalogue.screen_of_plate.get(filters.plate))
    return list(catalogue.screens)


def _plates(catalogue: Catalogue, filters: Filters) -> list[Any]:
    if filters.well is not None:
        return _known(catalogue.plate_of_well.get(filters.well))
    if filters.screen is not None:
        return [one for screen in catalogue.screens if screen.id == filters.screen for one in screen.plates]
    return [] if filters.orphaned else list(catalogue.plates.values())


def _acquisitions(catalogue: Catalogue, filters: Filters) -> list[Any]:
    if filters.plate is None:
        return [one for plate in catalogue.plates.values() for one in plate.acquisitions]
    plate = catalogue.plates.get(filters.plate)
    if plate and not plate.field_count:
        raise IndexError("list index out of range")
    return list(plate.acquisitions) if plate else []


def _wells(catalogue: Catalogue, filters: Filters) -> list[Any]:
    if filters.plateacquisition is not None:
        plate = catalogue.plate_of_acquisition(filters.plateacquisition)
        return _wells_of_run(plate, filters) if plate else []
    if filters.plate is None:
        wells = list(catalogue.wells.values())
        return sorted(wells, key=lambda one: (one.column, one.row))
    plate = catalogue.plates.get(filters.plate)
    wells = list(plate.wells) if plate else []
    index = filters.index
    return wells if index is None else [one for one in wells if index < len(one.fields)]


def _wells_of_run(plate: ServedPlate, filters: Filters) -> list[ServedWell]:
    wells = [one for one in plate.wells if any(field.acquisition == filters.plateacquisition for field in one.fields)]
    if filters.index is None:
        return wells
    return [one for one in wells if any(field.index == filters.index for field in one.fields)]


def _rois(catalogue: Catalogue, filters: Filters) -> Sequence[Any]:
    if filters.image is None:
        return [roi for image in catalogue.images.values() for roi in image.rois]
    image = catalogue.images.get(filters.image)
    return image.rois if image else []


def _known(one: Any) -> list[Any]:
    return [] if one is None else [one]


LISTS: dict[str, Callable[[Catalogue, Filters], Sequence[Any]]] = {
    "projects": _projects,
    "datasets": _datasets,
    "images": _images,
    "screens": _screens,
    "plates": _plates,
    "plateacquisitions": _acquisitions,
    "wells": _wells,
    "rois": _rois,
}
