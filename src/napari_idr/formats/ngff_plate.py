"""OME-Zarr plates and wells: the grid, and which fields a well has."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_idr.model.image import AcquisitionInfo, FieldInfo, PlateMetadata, WellInfo

from .ngff_document import at_least, check_version, relative_path, root

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .ngff_document import Place

RULE_PLATE = '"plate" metadata: plate is an object with rows, columns and wells'
RULE_LINES = '"plate" metadata: rows and columns list all of the plate, each with a name of its own'
RULE_WELLS = '"plate" metadata: wells is a list of objects'
RULE_WELL = '"plate" metadata: a well has a path of row name / column name, and rowIndex and columnIndex of the same'
RULE_ACQUISITION = '"plate" metadata: an acquisition has a whole, unique id from 0 on; counts and times are whole'
RULE_FIELD_COUNT = '"plate" metadata: field_count is a whole number from 1 on'
RULE_IMAGES = '"well" metadata: images lists objects with a path of their own, and a whole acquisition'

MOST_LINES = 1000
"""Rows or columns of a plate; the densest plates have 48."""


@dataclass(frozen=True, slots=True)
class WellMetadata:
    """Fields of a well, in file order, and what its metadata get wrong."""

    fields: tuple[FieldInfo, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """Names of all rows and columns."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]


def parse_plate(attributes: Mapping[str, Any], *, address: str) -> PlateMetadata:
    """Metadata of a plate; its wells in file order, each once.

    Raises
    ------
    FormatError
        Where rows, columns or wells are missing, or the place of a well cannot be told.
    """
    document = root(attributes, address)
    place = document["plate"]
    if not place.is_object:
        raise place.refuse("This is no OME-Zarr plate", RULE_PLATE)
    check_version(document["version"], "plate")
    check_version(place["version"], "plate")
    version = document["version"].text or place["version"].text or ("0.5" if place.key != "plate" else "")
    place = place.with_version(version[:20])
    grid = Grid(_names(place["rows"]), _names(place["columns"]))
    return PlateMetadata(
        name=place["name"].text or "",
        address=address,
        source_version=place.version,
        rows=grid.rows,
        columns=grid.columns,
        wells=_wells(place["wells"], grid),
        acquisitions=_acquisitions(place["acquisitions"]),
        field_count=_count(place["field_count"], RULE_FIELD_COUNT),
        warnings=document.warnings.sentences(),
    )


def _names(place: Place) -> tuple[str, ...]:
    """Names of rows or columns; one without a name goes by its number."""
    entries = place.items()
    if not entries:
        raise place.refuse("The list is missing or empty: the size of the plate is not known", RULE_LINES)
    if len(entries) > MOST_LINES:
        raise place.refuse(f"There are {len(entries):,} of them, more than any plate has", RULE_LINES)
    names = tuple(_line_name(entry["name"], index) for index, entry in enumerate(entries))
    if len(set(names)) < len(names):
        place.warn("two have the same name; wells were placed by their indexes", RULE_LINES)
    return names


def _line_name(place: Place, index: int) -> str:
    name = place.text if place.text is not None or place.integer is None else str(place.integer)
    if not name:
        place.warn("a name is missing; its number was taken", RULE_LINES)
        return str(index + 1)
    if not name.isalnum():
        place.warn("a name has characters that are neither letters nor digits", RULE_LINES)
    return name[:100]


def _wells(place: Place, grid: Grid) -> tuple[WellInfo, ...]:
    if not place.is_list:
        raise place.refuse("The wells are missing or no list", RULE_WELLS)
    if not place.items():
        place.warn("the plate has no wells", RULE_WELLS)
    wells: dict[str, WellInfo] = {}
    taken: set[tuple[int, int]] = set()
    for entry in place.items():
        well = _well(entry, grid)
        if well.path in wells:
            entry.warn("a well is listed twice", RULE_WELLS)
            continue
        if (well.row_index, well.column_index) in taken:
            raise entry.refuse("Two wells have the same place", RULE_WELL)
        taken.add((well.row_index, well.column_index))
        wells[well.path] = well
    return tuple(wells.values())


def _well(entry: Place, grid: Grid) -> WellInfo:
    if not entry.is_object:
        raise entry.refuse("The well is no object", RULE_WELLS)
    by_index = _place_by_index(entry, grid)
    if entry["path"].absent and by_index is not None:
        entry["path"].warn("the path of a well is missing and was made of its row and column", RULE_WELL)
        return _well_at(f"{grid.rows[by_index[0]]}/{grid.columns[by_index[1]]}", by_index, grid)
    path = relative_path(entry["path"], "plate")
    by_path = _place_by_path(path, grid)
    if by_path is None and by_index is None:
        raise entry.refuse("The place of a well cannot be told", RULE_WELL)
    if by_path is None and not _is_column_first(path, by_index, grid):
        entry["path"].warn("the path of a well is not row name / column name; its indexes were followed", RULE_WELL)
    if by_path is not None and by_index is not None and by_path != by_index:
        entry.warn("rowIndex and columnIndex contradict the path of a well; the path was followed", RULE_WELL)
    return _well_at(path, by_path or by_index or (0, 0), grid)


def _well_at(path: str, place: tuple[int, int], grid: Grid) -> WellInfo:
    row, column = place
    return WellInfo(path, grid.rows[row], grid.columns[column], row, column)


def _place_by_path(path: str, grid: Grid) -> tuple[int, int] | None:
    """Row and column that a path names, None where it does not name one of each, or names two."""
    row, _, column = path.partition("/")
    if grid.rows.count(row) == 1 and grid.columns.count(column) == 1:
        return grid.rows.index(row), grid.columns.index(column)
    return None


def _is_column_first(path: str, place: tuple[int, int] | None, grid: Grid) -> bool:
    """Whether a path is column name / row name of a place: then nothing but the names' order is unusual."""
    return place is not None and path == f"{grid.columns[place[1]]}/{grid.rows[place[0]]}"


def _place_by_index(entry: Place, grid: Grid) -> tuple[int, int] | None:
    """Row and column by the indexes of a well, None where they are missing (as before 0.4) or outside the plate."""
    indexes = []
    for name, size in (("rowIndex", len(grid.rows)), ("columnIndex", len(grid.columns))):
        index = entry[name].integer
        if index is None and (not entry[name].absent or at_least(entry.version or "0.4", 4)):
            entry[name].warn("the index of a well is missing or no whole number", RULE_WELL)
        elif index is not None and not 0 <= index < size:
            entry[name].warn("the index of a well is outside the plate", RULE_WELL)
            index = None
        indexes.append(index)
    row, column = indexes
    return None if row is None or column is None else (row, column)


def _count(place: Place, rule: str) -> int | None:
    if place.absent:
        return None
    if place.integer is None or place.integer < 1:
        place.warn("the number is not a whole one from 1 on and was ignored", rule)
        return None
    return place.integer


def _acquisitions(place: Place) -> tuple[AcquisitionInfo, ...]:
    if not place.absent and not place.is_list:
        place.warn("the acquisitions are no list and were ignored", RULE_ACQUISITION)
    acquisitions: dict[int, AcquisitionInfo] = {}
    for entry in place.items():
        identifier = _identifier(entry["id"])
        if identifier is None:
            entry["id"].warn("an acquisition has no whole id and was left out", RULE_ACQUISITION)
        elif identifier in acquisitions:
            entry["id"].warn("two acquisitions have the same id; the first was taken", RULE_ACQUISITION)
        else:
            acquisitions[identifier] = _acquisition(entry, identifier)
    return tuple(acquisitions.values())


def _identifier(place: Place) -> int | None:
    """Id of an acquisition; digits in quotes are read as the number they are."""
    identifier = place.integer
    if identifier is None and place.text is not None and place.text.isdecimal() and len(place.text) < 19:
        place.warn("the id of an acquisition is text and was read as a number", RULE_ACQUISITION)
        identifier = int(place.text)
    if identifier is not None and identifier < 0:
        place.warn("the id of an acquisition is negative", RULE_ACQUISITION)
    return identifier


def _acquisition(entry: Place, identifier: int) -> AcquisitionInfo:
    return AcquisitionInfo(
        id=identifier,
        name=entry["name"].text or "",
        description=entry["description"].text or "",
        maximum_field_count=_count(entry["maximumfieldcount"], RULE_ACQUISITION),
        start_time=_time(entry["starttime"]),
        end_time=_time(entry["endtime"]),
    )


def _time(place: Place) -> int | None:
    if place.absent:
        return None
    if place.integer is None or place.integer < 0:
        place.warn("the time of an acquisition is no whole number from 0 on and was ignored", RULE_ACQUISITION)
        return None
    return place.integer


def parse_well(attributes: Mapping[str, Any], *, address: str) -> tuple[FieldInfo, ...]:
    """Fields of a well, in file order.

    Raises
    ------
    FormatError
        Where it is no well, or the path of a field leads nowhere.
    """
    return parse_well_metadata(attributes, address=address).fields


def parse_well_metadata(attributes: Mapping[str, Any], *, address: str) -> WellMetadata:
    """Fields of a well, and what its metadata get wrong; raises as ``parse_well``."""
    document = root(attributes, address)
    place = document["well"]
    if not place.is_object or not place["images"].is_list:
        raise place["images"].refuse("This is no OME-Zarr well: it lists no images", RULE_IMAGES)
    check_version(document["version"], "well")
    check_version(place["version"], "well")
    if not place["images"].items():
        place["images"].warn("the well has no fields", RULE_IMAGES)
    fields = _fields(place["images"].items())
    return WellMetadata(fields, document.warnings.sentences())


def _fields(entries: Sequence[Place]) -> tuple[FieldInfo, ...]:
    paths = [_field_path(entry) for entry in entries]
    for path, times in Counter(paths).items():
        if times > 1:
            entries[paths.index(path)].warn("a field is listed twice", RULE_IMAGES)
    fields = {
        path: FieldInfo(path, _field_acquisition(entry["acquisition"]))
        for path, entry in zip(reversed(paths), reversed(entries), strict=True)
    }
    return tuple(fields[path] for path in dict.fromkeys(paths))


def _field_path(entry: Place) -> str:
    if not entry.is_object:
        raise entry.refuse("The field is no object", RULE_IMAGES)
    return relative_path(entry["path"], "well")


def _field_acquisition(place: Place) -> int | None:
    identifier = _identifier(place)
    if identifier is None and not place.absent:
        place.warn("the acquisition of a field is no whole number and was ignored", RULE_IMAGES)
    return identifier
