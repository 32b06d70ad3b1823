"""One metadata document of an OME-Zarr file, read value by value: every complaint names file, key and rule."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from napari_idr.errors import FormatError

HINT = "tell who made the file"


@dataclass(slots=True)
class Warnings:
    """Sentences about what was set right, each kind of fault said once."""

    _sentences: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, file: str, key: str, what: str, rule: str) -> None:
        """Note a fault, unless the same was noted of another key of this document."""
        self._sentences.setdefault((what, rule), f"{file}: {key}: {what} ({rule}).")

    def sentences(self) -> tuple[str, ...]:
        """All that was noted, in the order it was met."""
        return tuple(self._sentences.values())


@dataclass(frozen=True, slots=True)
class Place:
    """One value of a document, the dotted path that leads to it, and where complaints about it go."""

    value: Any
    """None where the document has nothing there."""
    file: str
    key: str
    version: str
    """Of OME-Zarr, "" until known."""
    warnings: Warnings

    def __getitem__(self, name: str) -> Place:
        """Value under a name of an object; absent where this is no object."""
        value = self.value.get(name) if isinstance(self.value, Mapping) else None
        return self._at(value, f"{self.key}.{name}" if self.key else name)

    @property
    def absent(self) -> bool:
        """Whether there is nothing there (``null`` counts as nothing)."""
        return self.value is None

    def items(self) -> tuple[Place, ...]:
        """Entries of a list, none where it is no list."""
        if not self.is_list:
            return ()
        return tuple(self._at(entry, f"{self.key}[{index}]") for index, entry in enumerate(self.value))

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return isinstance(self.value, Sequence) and not isinstance(self.value, (str, bytes))

    @property
    def is_object(self) -> bool:
        """Whether it is a JSON object."""
        return isinstance(self.value, Mapping)

    @property
    def text(self) -> str | None:
        """The value if it is text, else None."""
        return self.value if isinstance(self.value, str) else None

    @property
    def number(self) -> float | None:
        """The value if it is a finite number, else None."""
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)):
            return None
        try:
            number = float(self.value)
        except OverflowError:
            return None
        return number if math.isfinite(number) else None

    @property
    def integer(self) -> int | None:
        """The value if it is a whole number of at most 64 bits, else None."""
        number = self.number
        if number is None or not number.is_integer() or abs(number) > 2**63:
            return None
        return int(self.value)

    def warn(self, what: str, rule: str = "") -> None:
        """Note that the value was set right."""
        self.warnings.add(self.file, self.key, what, self._cited(rule))

    def refuse(self, what: str, rule: str = "") -> FormatError:
        """Return the error for a value that cannot be placed."""
        return FormatError(what, self.file, HINT, key=self.key, rule=self._cited(rule))

    def with_version(self, version: str) -> Place:
        """Return the same value, its complaints citing a version."""
        return Place(self.value, self.file, self.key, version, self.warnings)

    def _at(self, value: Any, key: str) -> Place:
        return Place(value, self.file, key, self.version, self.warnings)

    def _cited(self, rule: str) -> str:
        name = f"OME-Zarr {self.version}" if self.version else "OME-Zarr"
        return f"{name}, {rule}" if rule else name


def root(attributes: Mapping[str, Any], address: str) -> Place:
    """Document of a group, from its attributes with or without the ``ome`` key that 0.5 wraps around them."""
    warnings = Warnings()
    if isinstance(attributes, Mapping) and isinstance(attributes.get("ome"), Mapping):
        inner = attributes["ome"]
        place = Place(inner, _file(address, "zarr.json"), "ome", "", warnings)
        return place.with_version(_version(place["version"]) or "0.5")
    return Place(attributes, _file(address, ".zattrs"), "", "", warnings)


def _file(address: str, name: str) -> str:
    """Address of a document for messages: without query and password."""
    base = re.sub(r"(?<=://)[^/@]*@", "", address.partition("?")[0]).rstrip("/")
    return f"{base}/{name}" if base else name


def _version(place: Place) -> str:
    return place.text or ""


def is_known_version(version: str) -> bool:
    """Whether the version is one of 0.1 to 0.5, or a development version of one."""
    return re.fullmatch(r"0\.[1-5]([.-].*)?", version) is not None


def at_least(version: str, minor: int) -> bool:
    """Whether a version is known and is 0.``minor`` or later."""
    return is_known_version(version) and int(version[2]) >= minor


def check_version(place: Place, section: str) -> None:
    """Note a version that is not text or that we do not know."""
    if place.absent:
        return
    version = place.text
    if version is None:
        place.warn("the version is not text and was ignored", f'"{section}" metadata: version is text')
    elif not is_known_version(version):
        place.warn(
            f"version {version[:20]!r} is not known; the file was read by what it holds",
            f'"{section}" metadata: version is one of 0.1 to 0.5',
        )


def relative_path(place: Place, section: str) -> str:
    """Path of a group or array inside this group, without ``.`` parts and stray slashes.

    Raises
    ------
    FormatError
        Where it is no path, or would lead out of the group.
    """
    rule = f'"{section}" metadata: path leads from this group to a group or array inside it'
    value = place.value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31:
        place.warn("the path is a number and was read as text", f'"{section}" metadata: path is text')
        value = str(value)
    if not isinstance(value, str):
        raise place.refuse("The path is missing" if place.absent else "The path is not text", rule)
    parts = [part for part in value.split("/") if part not in ("", ".")]
    if not parts or ".." in parts or re.search(r"[\\\x00-\x1f]", value) or len(value) > 1000:
        raise place.refuse("The path leads nowhere inside this group", rule)
    return "/".join(parts)
