"""What a server of this package serves: a catalogue with OMERO's ids over a folder of OME-Zarr."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FoundBy = Literal["lsid", "files", "list", "guess", "rendered", "nothing"]
"""By what the server says of it, by its files, by a list of samples, by the name of a folder; only as pictures; not
even so."""
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MapAnnotation:
    """Key-values under a namespace; keys may repeat."""

    id: int
    namespace: str
    values: Pairs
    is_saved: bool = False
    """Whether somebody sent it, who may change it."""


@dataclass(frozen=True, slots=True)
class ServedImage:
    """One image; ``path`` is its OME-Zarr group, relative to the served folder."""

    id: int
    name: str
    description: str
    path: str
    series: int = 0
    annotations: tuple[MapAnnotation, ...] = ()
    rois: Sequence[tuple[int, dict[str, Any]]] = ()
    """(id, ROI with its shapes) each, ids in order."""
    found_by: FoundBy = "lsid"
    """How a client gets at its pixels."""

    @property
    def only_rendered(self) -> bool:
        """Whether its OME-Zarr is not named: pictures of it are all that the server itself has."""
        return self.found_by != "lsid"


@dataclass(frozen=True, slots=True)
class ServedField:
    """A field of a well (``WellSample``)."""

    id: int
    index: int
    """Counted through all acquisitions of the well."""
    image: ServedImage
    acquisition: int | None = None


@dataclass(frozen=True, slots=True)
class ServedWell:
    """A well; row and column are 0-based. A well that was not imaged has no fields."""

    id: int
    row: int
    column: int
    fields: tuple[ServedField, ...] = ()
    annotations: tuple[MapAnnotation, ...] = ()


@dataclass(frozen=True, slots=True)
class ServedAcquisition:
    """A run over a plate; ``first_field`` and ``last_field`` index the fields of its wells, inclusive."""

    id: int
    name: str
    description: str
    maximum_fields: int | None
    start: int | None
    end: int | None
    first_field: int
    last_field: int


@dataclass(frozen=True, slots=True)
class ServedPlate:
    """A plate; ``path`` is its OME-Zarr group, relative to the served folder."""

    id: int
    name: str
    description: str
    path: str
    rows: int
    columns: int
    wells: tuple[ServedWell, ...]
    """Ordered by column, then row."""
    acquisitions: tuple[ServedAcquisition, ...] = ()

    @property
    def field_count(self) -> int:
        """Largest number of fields of a well."""
        return max((len(well.fields) for well in self.wells), default=0)

    def acquisition(self, number: int) -> ServedAcquisition | None:
        """Return the acquisition of an id, None where there is none."""
        return next((one for one in self.acquisitions if one.id == number), None)


@dataclass(frozen=True, slots=True)
class ServedDataset:
    """A dataset and its images."""

    id: int
    name: str
    description: str
    images: tuple[ServedImage, ...]
    annotations: tuple[MapAnnotation, ...] = ()


@dataclass(frozen=True, slots=True)
class ServedProject:
    """A project and its datasets."""

    id: int
    name: str
    description: str
    datasets: tuple[ServedDataset, ...]
    annotations: tuple[MapAnnotation, ...] = ()


@dataclass(frozen=True, slots=True)
class ServedScreen:
    """A screen and its plates."""

    id: int
    name: str
    description: str
    plates: tuple[ServedPlate, ...]
    annotations: tuple[MapAnnotation, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All screens and projects, and where to find each thing by its id."""

    screens: tuple[ServedScreen, ...]
    projects: tuple[ServedProject, ...]
    screen_of_plate: dict[int, ServedScreen] = field(init=False)
    plates: dict[int, ServedPlate] = field(init=False)
    plate_of_well: dict[int, ServedPlate] = field(init=False)
    wells: dict[int, ServedWell] = field(init=False)
    project_of_dataset: dict[int, ServedProject] = field(init=False)
    datasets: dict[int, ServedDataset] = field(init=False)
    dataset_of_image: dict[int, ServedDataset] = field(init=False)
    well_of_image: dict[int, ServedWell] = field(init=False)
    images: dict[int, ServedImage] = field(init=False)

    def __post_init__(self) -> None:
        plates = [(screen, plate) for screen in self.screens for plate in screen.plates]
        wells = [(plate, well) for _, plate in plates for well in plate.wells]
        datasets = [(project, dataset) for project in self.projects for dataset in project.datasets]
        fields = [(well, one.image) for _, well in wells for one in well.fields]
        images = [(dataset, image) for _, dataset in datasets for image in dataset.images]
        indexes: dict[str, dict[int, Any]] = {
            "screen_of_plate": {plate.id: screen for screen, plate in plates},
            "plates": _by_id(plate for _, plate in plates),
            "plate_of_well": {well.id: plate for plate, well in wells},
            "wells": _by_id(well for _, well in wells),
            "project_of_dataset": {dataset.id: project for project, dataset in datasets},
            "datasets": _by_id(dataset for _, dataset in datasets),
            "dataset_of_image": {image.id: dataset for dataset, image in images},
            "well_of_image": {image.id: well for well, image in fields},
            "images": _by_id([image for _, image in fields] + [image for _, image in images]),
        }
        for name, index in indexes.items():
            object.__setattr__(self, name, index)

    def plate_of_acquisition(self, number: int) -> ServedPlate | None:
        """Return the plate that an acquisition ran over, None where there is none of that id."""
        return next((plate for plate in self.plates.values() if plate.acquisition(number)), None)


def _by_id(things: Iterable[Any]) -> dict[int, Any]:
    return {thing.id: thing for thing in things}
