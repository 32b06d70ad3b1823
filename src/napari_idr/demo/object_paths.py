"""Where an object hangs in the catalogue: the object of an id, and the path from its owner down to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .objects import OWNER

if TYPE_CHECKING:
    from collections.abc import Callable

    from .objects import Json
    from .served import Catalogue

Step = tuple[str, int]
"""Kind and id."""


def find_object(catalogue: Catalogue, kind: str, number: int) -> Any:
    """Return the object of a kind and id, None where there is none."""
    if kind == "project":
        return next((one for one in catalogue.projects if one.id == number), None)
    if kind == "screen":
        return next((one for one in catalogue.screens if one.id == number), None)
    if kind == "acquisition":
        plate = catalogue.plate_of_acquisition(number)
        return plate.acquisition(number) if plate else None
    indexes: dict[str, dict[int, Any]] = {
        "image": catalogue.images,
        "dataset": catalogue.datasets,
        "well": catalogue.wells,
        "plate": catalogue.plates,
    }
    return indexes[kind].get(number)


def paths_to_object(catalogue: Catalogue, kind: str, number: int) -> list[list[Json]]:
    """Return the paths from the experimenter to an object; none where there is none of that id."""
    if find_object(catalogue, kind, number) is None:
        return []
    steps: list[Step] = [(kind, number)]
    while steps[0][0] in ABOVE:
        steps[:0] = ABOVE[steps[0][0]](catalogue, steps[0][1])
    owner = {"type": "experimenter", "id": OWNER["id"]}
    return [[owner, *({"type": name, "id": one} for name, one in steps)]]


def _above_image(catalogue: Catalogue, number: int) -> list[Step]:
    if number in catalogue.dataset_of_image:
        return [("dataset", catalogue.dataset_of_image[number].id)]
    well = catalogue.well_of_image[number]
    sample = next(one for one in well.fields if one.image.id == number)
    path: list[Step] = [("well", well.id), ("wellsample", sample.id)]
    return path if sample.acquisition is None else [("acquisition", sample.acquisition), *path]


def _above_acquisition(catalogue: Catalogue, number: int) -> list[Step]:
    plate = catalogue.plate_of_acquisition(number)
    return [("plate", plate.id)] if plate else []


ABOVE: dict[str, Callable[[Catalogue, int], list[Step]]] = {
    "image": _above_image,
    "dataset": lambda catalogue, number: [("project", catalogue.project_of_dataset[number].id)],
    "well": lambda catalogue, number: [("plate", catalogue.plate_of_well[number].id)],
    "acquisition": _above_acquisition,
    "plate": lambda catalogue, number: [("screen", catalogue.screen_of_plate[number].id)],
}
"""What comes before an object of a kind on its path; projects and screens hang on the owner."""
