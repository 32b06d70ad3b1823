"""A plate's canvas as a grid of annotations: what is drawn there belongs to the field it lies on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import Unsupported
from napari_idr.readers.plate_shape import pixel_sizes

from .annotated_images import image_of_field
from .annotation_grid import EDGE, Unplaceable, world_matrix

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_idr.model.annotation_set import AnnotatedImage
    from napari_idr.readers.plate import PlateMosaic
    from napari_idr.session import Session
    from napari_idr.streaming.mosaic_layout import FieldKey, Slot

FieldIds = dict[tuple[int, int, int], str]
"""The repository's id of the image in (row, column, field), counted from 0."""


class PlateGrid:
    """The canvas of a plate at one layout.

    Parameters
    ----------
    mosaic
        The plate, of which all wells are known.
    ours
        What ties its layers to it.
    world
        From pixels of the canvas to the world.
    ids
        Of the fields' images, where the repository has them.
    """

    def __init__(self, mosaic: PlateMosaic, ours: Mapping[str, Any], world: np.ndarray, ids: FieldIds) -> None:
        self.mosaic, self.world = mosaic, world
        self._ours, self._ids = ours, ids
        self.names = tuple(axis.name for axis in mosaic.axes)
        sizes = dict(mosaic.shape.leading)
        self.sizes = (*(sizes[name] for name in self.names[:-2]), mosaic.layout.height, mosaic.layout.width)
        self._wells = mosaic.fields.wells
        self._slots = {slot.key: slot for slots in mosaic.layout.slots.values() for slot in slots}
        self._known: dict[FieldKey, AnnotatedImage] = {}

    def locate(self, corners: np.ndarray) -> tuple[AnnotatedImage, np.ndarray]:
        """Return the field that holds corners, and where they lie in its pixels; what juts out of a field stays its."""
        slot = self._slot_of(corners)
        return self.image(slot.key), self._in_field(slot, corners)

    def spread(self, image: AnnotatedImage, corners: np.ndarray) -> np.ndarray:
        """Return where corners in a field's pixels lie on the canvas."""
        slot = self._slot_named(image)
        size = self._pixel(slot.key)
        canvas: np.ndarray = (corners + 0.5) * size + (slot.y, slot.x) - 0.5
        return canvas

    def touched(self, corners: np.ndarray) -> list[Slot]:
        """Return the fields that a box round corners touches, those that hold no image left out."""
        low, high = corners.min(axis=0) + 0.5, corners.max(axis=0) + 0.5
        slots = self.mosaic.layout.touching(low[0], high[0] + 1e-9, low[1], high[1] + 1e-9)
        return [slot for slot in slots if not self.mosaic.fields.is_absent(slot.key)]

    def image(self, key: FieldKey) -> AnnotatedImage:
        """Return a field as an image. Raises ``Unplaceable`` while nothing is known of it."""
        known = self._known.get(key)
        if known is not None:
            return known
        found = self.mosaic.fields.known(key)
        if found is None:
            self.mosaic.fields.ask(key, complete=True)
            raise Unplaceable("The field below it is not loaded yet")
        well = self._wells[key[0]]
        listed = self.mosaic.fields.fields.get(key[0], ())
        path = listed[key[1]].path if key[1] < len(listed) else str(key[1])
        image_id = self._ids.get((well.row_index, well.column_index, key[1]), "")
        image = image_of_field(self._ours, well, key[1], path, found.metadata, image_id)
        if found.complete:
            self._known[key] = image
        else:
            self.mosaic.fields.ask(key, complete=True)
        return image

    def well_fields(self, image: AnnotatedImage) -> list[AnnotatedImage]:
        """Return the fields of an image's well, as far as they are known."""
        keys = [slot.key for slots in self.mosaic.layout.slots.values() for slot in slots]
        here = [key for key in keys if self._wells[key[0]].name == image.well]
        known = [key for key in here if self.mosaic.fields.known(key) is not None]
        return [self.image(key) for key in known]

    def _slot_of(self, corners: np.ndarray) -> Slot:
        holding = [slot for slot in self.touched(corners) if _outside(slot, corners) <= EDGE]
        if holding:
            return holding[-1]
        points = {self._at(point) for point in corners}
        touched = [self._slots[key] for key in points if key is not None]
        if len(touched) == 1:
            return touched[0]
        if touched:
            raise Unplaceable(f"It lies across {len(touched)} fields", can_split=True)
        over = self.touched(corners)
        raise Unplaceable("It lies on no field of the plate", can_split=bool(over))

    def _at(self, point: np.ndarray) -> FieldKey | None:
        return self.mosaic.field_at(float(point[0]), float(point[1]))

    def _slot_named(self, image: AnnotatedImage) -> Slot:
        path = next((well.path for well in self._wells.values() if well.name == image.well), "")
        slot = self._slots.get((path, int(image.field))) if image.field.isdecimal() else None
        if slot is None or image.plate != str(self._ours.get("name", "")):
            raise Unplaceable(f"{image.name} is not on this plate")
        return slot

    def _in_field(self, slot: Slot, corners: np.ndarray) -> np.ndarray:
        inside: np.ndarray = (corners + 0.5 - (slot.y, slot.x)) / self._pixel(slot.key) - 0.5
        return inside

    def _pixel(self, key: FieldKey) -> np.ndarray:
        """Return the size of a field's pixel on the canvas, (y, x)."""
        found = self.mosaic.fields.known(key)
        if found is None:
            return np.ones(2)
        return np.array(pixel_sizes(found.metadata, self.mosaic.template)[0])


def _outside(slot: Slot, corners: np.ndarray) -> float:
    """Return by how many pixels corners reach out of a slot."""
    low = corners.min(axis=0) + 0.5 - (slot.y, slot.x)
    high = corners.max(axis=0) + 0.5 - (slot.y + slot.height, slot.x + slot.width)
    return float(max((-low).max(), high.max()))


def plate_grid(layer: Any, plates: Iterable[Any]) -> PlateGrid:
    """Return the grid of a plate's layer, or of one that was drawn over it.

    Raises ``Unsupported`` while its wells are not all known (another layout would move what was drawn), and when the
    plate is closed.
    """
    ours = layer.metadata["napari_idr"]
    for plate in plates:
        shown = next(iter(plate.channels), None)
        if shown is not None and _same_plate(shown.metadata["napari_idr"], ours):
            if not plate.mosaic.fields.swept or plate.mosaic.is_outgrown:
                raise Unsupported("The wells of the plate are still being read", layer.name, "try again in a moment")
            if plate.field_ids is None:
                raise Unsupported("The images of the plate are not known yet", layer.name, "try again in a moment")
            return PlateGrid(plate.mosaic, shown.metadata["napari_idr"], world_matrix(shown), plate.field_ids)
    raise Unsupported("Its plate is not open any more", layer.name, "open the plate again")


def _same_plate(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(name) == other.get(name) for name in ("address", "source", "acquisition"))


def read_field_ids(session: Session, node: Any, acquisition: int | None, fields: int) -> FieldIds:
    """Return the repository's ids of all fields of a plate: a request per field of a well. May block.

    A plate that is a file has none: its fields are named by address. Raises errors of the family.
    """
    found: FieldIds = {}
    for field in range(fields):
        grid = session.plate_grid(node, field=field, acquisition="" if acquisition is None else str(acquisition))
        cells = ((cell, cell.image_id) for cell in grid.cells)
        found.update({(cell.row, cell.column, field): name for cell, name in cells if name and "/" not in name})
    return found
