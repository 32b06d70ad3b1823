"""Images, plates and how they are referred to.

Everything here is what a *file* says; nothing here touches a network or a pixel. Axis order is the file's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

KeyValue = tuple[str, str]
"""One annotation, in the order it was given; keys may repeat."""

SourceKind = Literal["ome-zarr", "tiff", "rendered"]


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension of an image: ``name`` as in the file, ``type`` time, channel, space or the file's own."""

    name: str
    type: str | None = None
    unit: str | None = None
    """UDUNITS-2 name ("micrometer"), None where the file gives none: never guessed."""


@dataclass(frozen=True, slots=True)
class Window:
    """Display window of a channel: shown from ``start`` to ``end``, values lie in ``min`` to ``max``."""

    start: float
    end: float
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel, by index along the channel axis."""

    name: str
    color: str | None = None
    """``RRGGBB``, or None where the file names none."""
    active: bool = True
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class LevelInfo:
    """One pyramid level; 0 is the finest. Tuples are in the image's axis order."""

    path: str
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    """The unit of reading: inner chunks where the array is sharded."""
    dtype: str
    """numpy's name without byte order ("uint16")."""
    scale: tuple[float, ...]
    """Size of a pixel of this level: dataset transforms followed by multiscales-level ones."""
    translation: tuple[float, ...]
    """Where the centre of this level's first pixel lies, in the axes' units."""


@dataclass(frozen=True, slots=True)
class LabelInfo:
    """What a label image says of its values (``image-label``)."""

    colors: tuple[tuple[int, tuple[int, int, int, int]], ...] = ()
    """``(value, (r, g, b, a))`` with components 0-255."""
    properties: tuple[dict[str, Any], ...] = ()
    """One mapping per described value, ``label-value`` among its keys."""
    source: str | None = None
    """Path of the image the labels belong to, relative to the label group."""


@dataclass(frozen=True, slots=True)
class ImageMetadata:
    """All that is known of one multiscale image, from its metadata alone."""

    name: str
    address: str
    source_kind: SourceKind
    source_version: str
    axes: tuple[Axis, ...]
    levels: tuple[LevelInfo, ...]
    channels: tuple[Channel, ...] = ()
    """One per index of the channel axis; empty where there is no channel axis and no ``omero`` block."""
    labels: tuple[str, ...] = ()
    """Paths of the label images, relative to ``<image>/labels``."""
    default_t: int = 0
    default_z: int = 0
    rgb: bool = False
    """True where the last axis (or the channel axis) holds red, green, blue (alpha) samples of one picture."""
    label: LabelInfo | None = None
    """Set when this image is itself a label image."""
    warnings: tuple[str, ...] = ()
    """What the file gets wrong and was set right; each names file and key."""

    @property
    def axis_names(self) -> tuple[str, ...]:
        """Names of the axes, in the file's order."""
        return tuple(axis.name for axis in self.axes)

    def axis_index(self, name: str) -> int | None:
        """Position of an axis by name, None where there is none of that name."""
        names = self.axis_names
        return names.index(name) if name in names else None

    @property
    def channel_axis(self) -> int | None:
        """Position of the channel axis, None where there is none."""
        for index, axis in enumerate(self.axes):
            if axis.type == "channel":
                return index
        return self.axis_index("c")

    @property
    def channel_count(self) -> int:
        """Number of channels: 1 where there is no channel axis."""
        axis = self.channel_axis
        return 1 if axis is None else self.levels[0].shape[axis]


@dataclass(frozen=True, slots=True)
class AcquisitionInfo:
    """One run over a plate."""

    id: int
    name: str = ""
    description: str = ""
    maximum_field_count: int | None = None
    start_time: int | None = None
    """Milliseconds since the epoch."""
    end_time: int | None = None


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One field of a well: the path of its image group relative to the well."""

    path: str
    acquisition: int | None = None


@dataclass(frozen=True, slots=True)
class WellInfo:
    """One well of a plate, by its path ("B/7") and by its place in the grid (0-based)."""

    path: str
    row: str
    column: str
    row_index: int
    column_index: int
    fields: tuple[FieldInfo, ...] | None = None
    """None until the well's own metadata were read."""

    @property
    def name(self) -> str:
        """Name as people say it: "B7"."""
        return f"{self.row}{self.column}"


@dataclass(frozen=True, slots=True)
class PlateMetadata:
    """All that a plate's own metadata say."""

    name: str
    address: str
    source_version: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    wells: tuple[WellInfo, ...]
    acquisitions: tuple[AcquisitionInfo, ...] = ()
    field_count: int | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CollectionMetadata:
    """Several images under one address (``bioformats2raw.layout``)."""

    name: str
    address: str
    images: tuple[KeyValue, ...]
    """(name, address) of each image, in order."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageReference:
    """Where one image lives and how its pixels are reached."""

    repository: str
    """Key of the repository it came from ("" for a bare address)."""
    accession: str
    image_id: str
    source: str
    """Address of the OME-Zarr group or TIFF, or ``imgData`` of an image that is only rendered."""
    name: str = ""
    address: str = ""
    """The link that opens the same image again; ``source`` where empty."""
    well: str = ""
    field: str = ""
    key_values: tuple[KeyValue, ...] = ()


def field_words(field: str | int) -> str:
    """Return what people call a field of a well: "field 1" for the index 0 that files and servers count from."""
    text = str(field)
    return f"field {int(text) + 1}" if text.isdecimal() else f"field {text}" if text else ""


@dataclass(frozen=True, slots=True)
class FieldPosition:
    """Stage position of one field: where its top-left corner lies, in ``unit``."""

    well: str
    """Path of the well, "B/7"."""
    field: int
    """Index of the field within the well."""
    y: float
    x: float
    unit: str


@dataclass(frozen=True, slots=True)
class WellAnnotation:
    """What a repository knows of a well, for the status bar and hover texts."""

    row_index: int
    column_index: int
    key_values: tuple[KeyValue, ...]


@dataclass(frozen=True, slots=True)
class PlateReference:
    """Where one plate lives and how its pixels are reached."""

    repository: str
    accession: str
    plate_id: str
    source: str
    """Address of the OME-Zarr plate group."""
    name: str = ""
    address: str = ""
    acquisition: int | None = None
    """OME-Zarr acquisition id that was chosen; None for the first."""
    wells: tuple[str, ...] = ()
    """Paths of the wells to show; empty for all."""
    positions: tuple[FieldPosition, ...] = ()
    annotations: tuple[WellAnnotation, ...] = field(default=())


Reference = ImageReference | PlateReference
