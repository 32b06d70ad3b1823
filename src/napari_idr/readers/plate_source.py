"""Which plate, which of its wells, which acquisition: what was asked for, and what a repository adds to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_idr.errors import NotFound
from napari_idr.formats.omero_json import row_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.image import FieldPosition, KeyValue, PlateMetadata, PlateReference, WellInfo

    from .ome_zarr import Group

Place = tuple[int, int]
"""0-based (row, column) among the rows and columns shown."""


@dataclass(frozen=True, eq=False)
class PlateSource:
    """One acquisition of a plate, or some wells of it."""

    group: Group
    metadata: PlateMetadata
    reference: PlateReference
    acquisition: int | None
    """Only its fields are shown; None where the plate has no acquisitions."""
    rows: tuple[int, ...]
    """0-based rows of the plate that are shown, in order."""
    columns: tuple[int, ...]
    wells: dict[Place, WellInfo] = field(default_factory=dict)
    annotations: dict[Place, tuple[KeyValue, ...]] = field(default_factory=dict)
    """What a repository knows of wells, by 0-based (row, column) of the plate; may come later than the pixels."""
    positions: list[FieldPosition] = field(default_factory=list)
    """Stage positions that a repository knows; may come later too."""

    def place_of(self, well: WellInfo) -> Place:
        """Return where a well is shown."""
        return self.rows.index(well.row_index), self.columns.index(well.column_index)

    def key_values(self, well: WellInfo) -> tuple[KeyValue, ...]:
        """Return what the repository knows of a well."""
        return self.annotations.get((well.row_index, well.column_index), ())


def select(group: Group, metadata: PlateMetadata, reference: PlateReference) -> PlateSource:
    """Return the wells and the acquisition that a reference asks for.

    All rows and columns the plate declares are shown; of a selection of wells only theirs, so that they lie side
    by side.

    Raises
    ------
    NotFound
        The plate has no wells, or none of those asked for; or it has acquisitions, and not the one asked for.
    """
    chosen = _named(metadata, reference.wells) if reference.wells else list(metadata.wells)
    if not chosen:
        what = "None of the wells asked for is on the plate" if reference.wells else "The plate has no wells"
        raise NotFound(what, metadata.address, "choose another plate or look at its study page")
    if reference.wells:
        rows, columns = {well.row_index for well in chosen}, {well.column_index for well in chosen}
    else:
        rows, columns = set(range(len(metadata.rows))), set(range(len(metadata.columns)))
    source = PlateSource(
        group, metadata, reference, _acquisition(metadata, reference), tuple(sorted(rows)), tuple(sorted(columns))
    )
    source.wells.update({source.place_of(well): well for well in chosen})
    source.positions.extend(reference.positions)
    source.annotations.update({(a.row_index, a.column_index): a.key_values for a in reference.annotations})
    return source


def _named(metadata: PlateMetadata, names: Sequence[str]) -> list[WellInfo]:
    """Return wells by their paths, or by their places as OMERO names them: its B/2 is a file's B/02."""
    by_place = {f"{row_label(well.row_index)}/{well.column_index + 1}": well for well in metadata.wells}
    by_name = {**by_place, **{well.path: well for well in metadata.wells}}
    return list({by_name[name].path: by_name[name] for name in names if name in by_name}.values())


def _acquisition(metadata: PlateMetadata, reference: PlateReference) -> int | None:
    known = [acquisition.id for acquisition in metadata.acquisitions]
    if reference.acquisition in known:
        return reference.acquisition
    if reference.acquisition is not None and len(known) > 1:
        what = f"The plate's file has no acquisition {reference.acquisition}, it has {', '.join(map(str, known))}"
        raise NotFound(what, metadata.address, "choose another acquisition")
    return known[0] if known else None
