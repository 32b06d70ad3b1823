"""Plates of an OMERO.web server as tables: which image is in which well, and what is known of each."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_idr.errors import Cancelled, NapariIdrError, ServerFailure
from napari_idr.formats.omero_annotations import fit_labels, merge_values, parse_annotations, parse_plate_grid
from napari_idr.formats.omero_json import Source, parse_acquisition, parse_field_range, parse_listing, parse_positions
from napari_idr.model.catalog import Plate, PlateAcquisition, PlateGrid
from napari_idr.model.units import convert_length

from .memo import Memo
from .omero_api import ANNOTATION_BATCH, LONGEST_PAGE, OmeroApi, batches

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.formats.omero_annotations import MapAnnotation
    from napari_idr.model.catalog import Node
    from napari_idr.model.image import FieldPosition, KeyValue

    from .omero_api import Ask
    from .omero_tables import BulkTables

LOG = logging.getLogger(__name__)

Place = tuple[int, int]
"""0-based (row, column) of a well."""
Runs = tuple[tuple[PlateAcquisition, ...], int]
"""Acquisitions of a plate, and the number of fields of a well over all of them."""


class PlateTables:
    """Grids, acquisitions and well annotations of plates; the grids shown last are kept."""

    def __init__(self, api: OmeroApi, source: Source, tables: BulkTables) -> None:
        self._api, self._source, self._tables = api, source, tables
        self._runs: Memo[Runs] = Memo(64)
        self._grids: Memo[PlateGrid] = Memo(8)

    def grid(
        self, plate: Node, field: int, acquisition: str, on_wells: Callable[[PlateGrid], object] = lambda _: None
    ) -> PlateGrid:
        """Return the grid of one field of a plate, with its acquisitions and number of fields.

        ``on_wells`` is told the same without those two as soon as the wells are known.
        """
        key = _key(plate.id, field, acquisition)

        def tell(grid: PlateGrid) -> None:
            on_wells(_laid_out(grid, plate, field, acquisition))

        if self._runs.peek(plate.id) is None:
            grid = self._grids.get(key, lambda: self._ask_first(plate, field, acquisition, tell))
        else:
            grid = self.wells(plate.id, field, acquisition)
        runs, count = self._runs.get(plate.id, lambda: self._ask_runs(plate))
        shown = next((r for r in runs if r.id == acquisition), runs[0] if runs else None)
        if shown is not None and shown.first_field is not None and shown.last_field is not None:
            count = shown.last_field - shown.first_field + 1
        return replace(_laid_out(grid, plate, field, acquisition), field_count=max(count, 1), acquisitions=runs)

    def wells(self, plate_id: str, field: int = 0, acquisition: str = "") -> PlateGrid:
        """Return the grid as the server gives it: one request, none for one of the last eight."""
        return self._grids.get(_key(plate_id, field, acquisition), lambda: self._api.grid(plate_id, field, acquisition))

    def key_values(self, plate: Node) -> dict[Place, tuple[KeyValue, ...]]:
        """Return the annotations of the wells, or of their first images, and what the bulk table says of them."""
        cells = self.wells(plate.id).cells
        found = self._annotated("well", {cell.well_id: (cell.row, cell.column) for cell in cells})
        found = found or self._annotated("image", {cell.image_id: (cell.row, cell.column) for cell in cells})
        return self._with_table(plate.id, {cell.well_id: (cell.row, cell.column) for cell in cells}, found)

    def _with_table(
        self, plate_id: str, places: dict[str, Place], found: dict[Place, tuple[KeyValue, ...]]
    ) -> dict[Place, tuple[KeyValue, ...]]:
        """Return key-values with what the plate's bulk table says beside them, each statement once."""
        try:
            table = self._tables.of_plate(plate_id)
        except Cancelled:
            raise
        except NapariIdrError as error:  # the annotations are there without it
            LOG.info("the table of plate %s: %s", plate_id, error)
            return found
        for index, well_id in enumerate(table.ids("well")):
            place = places.get(well_id)
            if place is not None:
                known = found.get(place, ())
                found[place] = tuple(dict.fromkeys((*known, *table.key_values(index))))
        return found

    def positions(self, plate: Node) -> tuple[FieldPosition, ...]:
        """Return the stage positions of all fields that have one in a unit of length.

        One well is looked at first: most plates have none, or in the stage's own units (``REFERENCEFRAME``), and
        the list of all wells is long.
        """
        asked = self._api.ask_list(f"plates/{plate.id}/wellsampleindex/0/wells/", 0, 1, normalize=False)
        first = [position for record in self._api.listing(asked).records for position in parse_positions(record)]
        if not any(convert_length(1.0, position.unit, "meter") is not None for position in first):
            return ()
        records = self._api.all_records(f"plates/{plate.id}/wells/", normalize=False)
        return tuple(position for record in records for position in parse_positions(record))

    def _ask_first(
        self, plate: Node, field: int, acquisition: str, on_wells: Callable[[PlateGrid], object]
    ) -> PlateGrid:
        """Ask for the acquisitions and the grid at once, keep the former, tell and return the latter.

        Nothing that the grid's own answer says tells how many acquisitions and fields there are to choose from.
        """
        asks = [_ask_acquisitions(self._api, plate), self._api.ask_grid(plate.id, field, acquisition)]
        listed: Any = None
        grid: Any = None
        for index, outcome in self._api.http.get_json_many(asks):
            if index == 0:
                listed = outcome
            elif isinstance(outcome, NapariIdrError):
                grid = outcome
            else:
                grid = parse_plate_grid(outcome, asks[1][0])
                on_wells(grid)
        runs = self._runs_of(plate, listed, asks[0][0])
        if isinstance(grid, NapariIdrError):
            raise grid
        self._runs.put(plate.id, runs)
        found: PlateGrid = grid
        return found

    def _ask_runs(self, plate: Node) -> Runs:
        """Ask for the acquisitions alone: the grid was asked for by somebody else."""
        ask = _ask_acquisitions(self._api, plate)
        (listed,) = self._api.together([ask])
        return self._runs_of(plate, listed, ask[0])

    def _runs_of(self, plate: Node, listed: object, address: str) -> Runs:
        """Return the acquisitions of a plate, and the number of fields of a well over all of them.

        A plate without images has no list of acquisitions: the server fails then. One without acquisitions,
        or that does not exist, is told by its own record.
        """
        if isinstance(listed, NapariIdrError) and not isinstance(listed, ServerFailure):
            raise listed
        records = () if isinstance(listed, NapariIdrError) else parse_listing(listed, address).records
        source = replace(self._source, accession=plate.accession)
        runs = tuple(parse_acquisition(record, source) for record in records)
        if runs:
            return runs, 1 + max(run.last_field or 0 for run in runs)
        last = parse_field_range(self._api.single(f"plates/{plate.id}/"))[1]
        return (), 1 + (last or 0)

    def _annotated(self, kind: str, places: dict[str, Place]) -> dict[Place, tuple[KeyValue, ...]]:
        asks = [
            self._api.ask_annotations((kind, number) for number in batch)
            for batch in batches(list(places), ANNOTATION_BATCH)
        ]
        by_place: dict[Place, list[MapAnnotation]] = {}
        for ask, answer in zip(asks, self._api.together(asks), strict=True):
            if isinstance(answer, NapariIdrError):
                raise answer
            for annotation in parse_annotations(answer, ask[0]):
                if annotation.parent_id in places:
                    by_place.setdefault(places[annotation.parent_id], []).append(annotation)
        return {place: merge_values(annotations) for place, annotations in by_place.items()}


def _laid_out(grid: PlateGrid, plate: Node, field: int, acquisition: str) -> PlateGrid:
    """Return a grid with as many rows and columns as the plate has, as of one field and acquisition."""
    rows, columns = (plate.rows, plate.columns) if isinstance(plate, Plate) else (None, None)
    return replace(
        grid,
        row_labels=fit_labels(grid.row_labels, rows, [c.row for c in grid.cells]),
        column_labels=fit_labels(grid.column_labels, columns, [c.column for c in grid.cells]),
        field=field,
        acquisition=acquisition,
    )


def _ask_acquisitions(api: OmeroApi, plate: Node) -> Ask:
    return api.ask_list(f"plates/{plate.id}/plateacquisitions/", 0, LONGEST_PAGE)


def _key(plate_id: str, field: int, acquisition: str) -> str:
    return f"{plate_id}/{field}/{acquisition}"
