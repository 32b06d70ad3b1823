"""Metadata of OME-Zarr -> nodes of the catalogue and plate grids. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.model.catalog import (
    GridCell,
    ImageNode,
    Node,
    Plate,
    PlateAcquisition,
    PlateGrid,
    Well,
    WellSample,
)
from napari_idr.remote.object_store import child_address

from .local_folders import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_idr.model.image import CollectionMetadata, ImageMetadata, KeyValue, PlateMetadata, WellInfo

FORMATS = {"ome-zarr": "OME-Zarr", "tiff": "TIFF", "rendered": "rendered"}


def image_node(key: str, image: ImageMetadata) -> ImageNode:
    """Return an image with its sizes, format, channels and what its file gets wrong."""
    finest = image.levels[0]
    values: list[KeyValue] = [("Format", f"{FORMATS[image.source_kind]} {image.source_version}".strip())]
    values += [("Channel", channel.name) for channel in image.channels if channel.name]
    values += [("Label image", label) for label in image.labels]
    values += [("Note", warning) for warning in image.warnings]
    return ImageNode(
        kind="image",
        repository=key,
        id=image.address,
        name=image.name or name_of(image.address),
        address=image.address,
        key_values=tuple(values),
        thumbnail_id=image.address,
        sizes=tuple(zip(image.axis_names, finest.shape, strict=True)),
        pixel_type=finest.dtype,
    )


def collection_nodes(key: str, collection: CollectionMetadata) -> list[Node]:
    """Return the images of a collection."""
    return [
        ImageNode("image", key, address, name or name_of(address), address, thumbnail_id=address)
        for name, address in collection.images
    ]


def plate_node(key: str, plate: PlateMetadata) -> Plate:
    """Return a plate with its size, acquisitions and what its file gets wrong."""
    first = plate_grid(plate, 0, "", key).cells[:1]
    return Plate(
        kind="plate",
        repository=key,
        id=plate.address,
        name=plate.name or name_of(plate.address),
        address=plate.address,
        child_count=len(plate.wells),
        key_values=(("Format", f"OME-Zarr {plate.source_version}"), *(("Note", text) for text in plate.warnings)),
        thumbnail_id=first[0].image_id if first else "",
        rows=len(plate.rows),
        columns=len(plate.columns),
        acquisitions=acquisition_nodes(key, plate),
    )


def acquisition_nodes(key: str, plate: PlateMetadata) -> tuple[PlateAcquisition, ...]:
    """Return the acquisitions of a plate."""
    return tuple(
        PlateAcquisition(
            kind="acquisition",
            repository=key,
            id=str(run.id),
            name=run.name or f"Acquisition {run.id}",
            address=plate.address,
            description=run.description,
            child_count=len(plate.wells),
        )
        for run in plate.acquisitions
    )


def well_node(key: str, plate: PlateMetadata, well: WellInfo) -> Well:
    """Return a well; with its fields where the plate's metadata tell them."""
    address = child_address(plate.address, well.path)
    fields = well.fields or ()
    samples = field_nodes(
        key, ((f.path, child_address(address, f.path)) for f in fields), [f.acquisition for f in fields]
    )
    return Well(
        kind="well",
        repository=key,
        id=address,
        name=well.name,
        address=address,
        child_count=None if well.fields is None else len(samples),
        thumbnail_id=samples[0].image_id if samples else child_address(address, "0"),
        row=well.row_index,
        column=well.column_index,
        samples=samples,
    )


def field_nodes(
    key: str, images: Iterable[KeyValue], acquisitions: Iterable[int | None] = ()
) -> tuple[WellSample, ...]:
    """Return the fields of a well from the (name, address) of its images."""
    runs = dict(enumerate(acquisitions))
    return tuple(
        WellSample(
            kind="field",
            repository=key,
            id=address,
            name=f"Field {index + 1}",
            address=address,
            description=name,
            thumbnail_id=address,
            image_id=address,
            index=index,
            acquisition="" if runs.get(index) is None else str(runs[index]),
        )
        for index, (name, address) in enumerate(images)
    )


def plate_grid(plate: PlateMetadata, field: int, acquisition: str, key: str) -> PlateGrid:
    """Return the wells of a plate with the address of one field each, without reading a well.

    Where the fields of a well are not known they are taken to be named 0, 1, 2 … in order of the acquisitions,
    as writers do.
    """
    found = ((well, _field_path(plate, well, field, acquisition)) for well in plate.wells)
    cells = tuple(
        GridCell(
            well.row_index,
            well.column_index,
            child_address(plate.address, well.path),
            child_address(plate.address, f"{well.path}/{path}"),
            well.name,
        )
        for well, path in found
        if path is not None
    )
    return PlateGrid(
        plate.rows,
        plate.columns,
        cells,
        field,
        _field_count(plate, acquisition),
        acquisition,
        acquisition_nodes(key, plate),
    )


def _chosen(plate: PlateMetadata, acquisition: str) -> int | None:
    """Return the id of the acquisition to show: the first where none is named, None for a plate without."""
    ids = [run.id for run in plate.acquisitions]
    return next((n for n in ids if str(n) == acquisition), ids[0] if ids else None)


def _field_path(plate: PlateMetadata, well: WellInfo, field: int, acquisition: str) -> str | None:
    chosen = _chosen(plate, acquisition)
    if well.fields is not None:
        paths = [f.path for f in well.fields if chosen is None or f.acquisition in (chosen, None)]
        return paths[field] if field < len(paths) else None
    before = 0
    for run in plate.acquisitions:
        if run.id == chosen:
            break
        before += run.maximum_field_count or 0
    return str(before + field)


def _field_count(plate: PlateMetadata, acquisition: str) -> int:
    """Return the largest number of fields of a well in an acquisition, as far as it is known."""
    chosen = _chosen(plate, acquisition)
    counts = [
        sum(chosen is None or f.acquisition in (chosen, None) for f in well.fields)
        for well in plate.wells
        if well.fields is not None
    ]
    declared = [run.maximum_field_count or 0 for run in plate.acquisitions if run.id == chosen]
    return max([1, *(counts or declared or [plate.field_count or 0])])
