"""OMERO's JSON of images, wells and ROIs (omero-marshal's form)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from .objects import Json, bare_acquisition, enumeration, marshal, permissions, quantity

if TYPE_CHECKING:
    from napari_idr.model.image import Channel, ImageMetadata

    from .served import ServedField, ServedImage, ServedPlate, ServedWell

PIXEL_TYPES = {
    "bool": ("bit", 1),
    "int8": ("int8", 1),
    "uint8": ("uint8", 2),
    "int16": ("int16", 3),
    "uint16": ("uint16", 6),
    "int32": ("int32", 4),
    "uint32": ("uint32", 5),
    "float32": ("float", 8),
    "float64": ("double", 9),
}
"""OMERO's name and id of a pixel type, by numpy's name; others are called "double"."""
TO_MICROMETER = {
    "micrometer": 1.0,
    "nanometer": 1e-3,
    "millimeter": 1e3,
    "centimeter": 1e4,
    "meter": 1e6,
    "angstrom": 1e-4,
}
TO_SECOND = {"second": 1.0, "millisecond": 1e-3, "minute": 60.0, "hour": 3600.0, "microsecond": 1e-6}
STYLE: Json = {
    "FillColor": 0,
    "FillRule": "solid",
    "FontFamily": "sans-serif",
    "FontSize": quantity(12, "POINT"),
    "FontStyle": "normal",
    "Locked": False,
    "StrokeDashArray": "inherit",
    "StrokeWidth": quantity(1, "PIXEL"),
}


def signed_color(rgb: str, alpha: int = 255) -> int:
    """Return a colour ``RRGGBB`` as OMERO keeps it: RGBA in a signed 32-bit integer."""
    value = int(rgb, 16) << 8 | alpha
    return value - 2**32 if value >= 2**31 else value


def sizes(metadata: ImageMetadata) -> dict[str, int]:
    """Extent along each of x, y, z, c, t; 1 where the image has no such axis."""
    shape = metadata.levels[0].shape
    found = {axis.name: size for axis, size in zip(metadata.axes, shape, strict=True)}
    return {name: found.get(name, 1) for name in "xyzct"}


def pixel_size(metadata: ImageMetadata, name: str) -> float | None:
    """Size of a pixel along an axis in micrometer (``t``: interval in seconds), None without a unit."""
    index = metadata.axis_index(name)
    if index is None:
        return None
    factor = (TO_SECOND if name == "t" else TO_MICROMETER).get(metadata.axes[index].unit or "")
    return None if factor is None else metadata.levels[0].scale[index] * factor


def image(one: ServedImage, metadata: ImageMetadata | None, host: str, *, item: bool = False) -> Json:
    """Return an image with its pixels; ``item`` adds the channels, as only the answer for a single image has them.

    ``host`` is the server's own address: the image names its OME-Zarr below it. ``metadata`` is None where
    the image could not be read: it is then listed without pixels.
    """
    api = f"{host}api/v0/m/images/{one.id}/"
    links = {"url:datasets": f"{api}datasets/"} | ({"url:rois": f"{api}rois/"} if item else {"url:image": api})
    marshalled = bare_image(one)
    if not one.only_rendered:
        marshalled["omero:details"]["externalInfo"] = _external_info(one, host)
    if metadata is not None:
        marshalled["Pixels"] = pixels(one, metadata, with_channels=item)
    return marshalled | links


def _external_info(one: ServedImage, host: str) -> Json:
    """Return where the OME-Zarr of an image lies."""
    return {
        "@type": "TBD#ExternalInfo",
        "@id": one.id,
        "omero:details": {"@type": "TBD#Details", "permissions": permissions("rwr---")},
        "EntityId": 3,
        "EntityType": "com.glencoesoftware.ngff:multiscales",
        "Lsid": f"{host}zarr/{quote(one.path)}".rstrip("/"),
    }


def bare_image(one: ServedImage) -> Json:
    """Return an image as it is inside a well sample: without pixels."""
    return marshal(
        "Image",
        one.id,
        Name=one.name,
        Description=one.description or None,
        **{"omero:series": one.series},
    )


def pixels(one: ServedImage, metadata: ImageMetadata, *, with_channels: bool) -> Json:
    """Return the pixels of an image: extents, pixel sizes, type."""
    extent = sizes(metadata)
    name, number = PIXEL_TYPES.get(metadata.levels[0].dtype, ("double", 9))
    channels = [channel(one.id * 100 + index, each) for index, each in enumerate(metadata.channels)]
    return marshal(
        "Pixels",
        one.id,
        PhysicalSizeX=quantity(pixel_size(metadata, "x"), "MICROMETER"),
        PhysicalSizeY=quantity(pixel_size(metadata, "y"), "MICROMETER"),
        PhysicalSizeZ=quantity(pixel_size(metadata, "z"), "MICROMETER"),
        TimeIncrement=quantity(pixel_size(metadata, "t"), "SECOND", "TimeI"),
        SignificantBits=_bits(metadata.levels[0].dtype),
        **{f"Size{axis.upper()}": extent[axis] for axis in "xyzct"},
        DimensionOrder=enumeration("DimensionOrder", 1, "XYZCT"),
        Type=enumeration("PixelsType", number, name),
        Channels=channels if with_channels and channels else None,
    )


def channel(number: int, one: Channel) -> Json:
    """Return a channel with its colour."""
    return marshal(
        "Channel",
        number,
        Color=signed_color(one.color or "FFFFFF"),
        Name=one.name,
        SamplesPerPixel=1,
        **{"omero:LogicalChannelId": number},
    )


def well(one: ServedWell, plate: ServedPlate, host: str, *, image_links: bool = True) -> Json:
    """Return a well with its fields; a well that was not imaged has no ``WellSamples``."""
    api = f"{host}api/v0/m/"
    return marshal(
        "Well",
        one.id,
        Column=one.column,
        Row=one.row,
        WellSamples=[_well_sample(field, plate, api if image_links else "") for field in one.fields] or None,
        **{"url:well": f"{api}wells/{one.id}/", "url:plates": f"{api}wells/{one.id}/plates/"},
    )


def roi(identified: tuple[int, Json], host: str) -> Json:
    """Return a ROI with all its shapes; shape ids follow from the ROI's."""
    number, one = identified
    shapes = [_shape(each.get("id", shape_id(number, index)), each) for index, each in enumerate(one["shapes"])]
    address = f"{host}api/v0/m/rois/{number}/"
    return marshal("ROI", number, Name=one.get("Name"), shapes=shapes, **{"url:roi": address})


def shape_id(roi: int, index: int) -> int:
    """Return the id of a shape by that of its ROI and its place there."""
    return (roi - 500000) * 1000 + 600000 + index


def shape_origin(number: int) -> tuple[int, int]:
    """Return the id of a shape's ROI, and its place there."""
    roi, index = divmod(number - 600000, 1000)
    return roi + 500000, index


def _shape(number: int, one: Json) -> Json:
    """Return a shape; the pixels of a mask are not in the JSON, as with OMERO."""
    geometry = {key: value for key, value in one.items() if key not in ("type", "id", "as_sent", "Bytes")}
    if "Transform" in geometry:
        geometry["Transform"] = marshal("AffineTransform", number + 100_000_000, **geometry["Transform"])
    style = {} if one.get("as_sent") else STYLE  # what was not sent is null, and nulls are left out
    return marshal(one["type"], number, **style | geometry)


def _well_sample(one: ServedField, plate: ServedPlate, api: str) -> Json:
    image = bare_image(one.image)
    if api:
        image["url:image"] = f"{api}images/{one.image.id}/"
    run = None if one.acquisition is None else plate.acquisition(one.acquisition)
    return marshal("WellSample", one.id, Image=image, PlateAcquisition=bare_acquisition(run) if run else None)


def _bits(dtype: str) -> int | None:
    digits = "".join(letter for letter in dtype if letter.isdigit())
    return int(digits) if digits else None
