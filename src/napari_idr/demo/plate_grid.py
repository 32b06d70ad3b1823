"""The plate grid of webgateway: a table of one field of each well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .image_objects import sizes
from .serving import row_letters, well_name

if TYPE_CHECKING:
    from .objects import Json
    from .pictures import Pictures
    from .served import ServedPlate, ServedWell

ROWS, COLUMNS = 8, 12
"""The grid is padded to multiples of these, as OMERO.web's layout ``expand`` does."""
DATE = 1767225600


def plate_grid(plate: ServedPlate, pictures: Pictures, *, field: int, acquisition: int | None, size: int) -> Json:
    """Return the grid of a field, counted from the first of ``acquisition`` where one is given.

    Raises ``LookupError`` for an acquisition the plate does not have.
    """
    run = plate.acquisition(acquisition) if acquisition is not None else None
    if acquisition is not None and run is None:
        raise LookupError(f"PlateAcquisition:{acquisition} not found")
    index = field + (run.first_field if run else 0)
    shown = {(well.row, well.column): well for well in plate.wells if index < len(well.fields)}
    if run is not None:
        shown = {place: well for place, well in shown.items() if well.fields[index].acquisition == run.id}
    rows = _padded(max((row for row, _ in shown), default=-1) + 1, ROWS)
    columns = _padded(max((column for _, column in shown), default=-1) + 1, COLUMNS)
    cells = [
        [_cell(shown[row, column], index, field, size) if (row, column) in shown else None for column in range(columns)]
        for row in range(rows)
    ]
    return {
        "grid": cells,
        "collabels": [column + 1 for column in range(columns)],
        "rowlabels": [row_letters(row) for row in range(rows)],
        "image_sizes": _image_sizes(list(shown.values()), index, pictures),
    }


def _padded(count: int, step: int) -> int:
    return max(step, -(-count // step) * step)


def _cell(well: ServedWell, index: int, field: int, size: int) -> Json:
    image = well.fields[index].image
    suffix = f"{size}/" if size else ""
    return {
        "type": "Image",
        "id": image.id,
        "wellId": well.id,
        "field": field,
        "name": image.name or well_name((well.row, well.column)),
        "description": image.description,
        "author": "Public data",
        "date": DATE,
        "thumb_url": f"/webgateway/render_thumbnail/{image.id}/{suffix}",
    }


def _image_sizes(wells: list[ServedWell], index: int, pictures: Pictures) -> list[Json]:
    """Extent of the first image: the fields of a plate are alike, and reading all of them takes long."""
    for well in wells:
        image = well.fields[index].image
        metadata = pictures.metadata(image.path)
        if metadata is not None:
            extent = sizes(metadata)
            return [{"x": extent["x"], "y": extent["y"], "image_id": image.id}]
    return []
