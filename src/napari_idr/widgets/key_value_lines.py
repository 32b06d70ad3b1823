"""Key-values as the lines of a table: below headings that say where they hang, with links and ontology terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .wording import tooltip, web_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from napari_idr.model.image import KeyValue
    from napari_idr.model.labelled_values import LabelledValue, Place

_UNNAMED = frozenset({"image", "well"})
"""Places whose name would say nothing new: of images it is long, wells have none."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a heading (without value), or a key with its value."""

    key: str
    value: str = ""
    link: str = ""
    """Web address the value stands for."""
    accession: str = ""
    """Of the ontology term that the value is the label of."""
    where: str = ""
    """What it hangs on, for people; "" where nobody said."""
    is_heading: bool = False

    @property
    def shown(self) -> str:
        """The value as it is shown: a term with its accession."""
        return f"{self.value} · {self.accession}" if self.accession not in ("", self.value) else self.value

    def hint(self, definition: str = "") -> str:
        """Return what hovering the value says: term and definition, where it hangs, where it leads."""
        said = [
            ("Term", self.accession),
            ("Definition", definition),
            ("On", self.where),
            ("Double-click opens", self.link),
        ]
        told = [pair for pair in said if pair[1]]
        return tooltip(self.value, told, longest=600) if told else tooltip(self.value)


def plain_lines(key_values: Iterable[KeyValue]) -> tuple[Line, ...]:
    """Return the lines of key-values of which nobody said where they hang."""
    return tuple(Line(key, value, web_address(value)) for key, value in key_values)


def labelled_lines(labelled: Sequence[LabelledValue]) -> tuple[Line, ...]:
    """Return the lines of key-values below a heading for each place (or set of places), the nearest first."""
    by_places: dict[str, list[LabelledValue]] = {}
    for one in labelled:
        by_places.setdefault(places_said(one.places), []).append(one)
    return tuple(line for where, values in by_places.items() for line in _section(where, values))


def _section(where: str, values: Iterable[LabelledValue]) -> Iterator[Line]:
    yield Line(where, is_heading=True)
    for one in values:
        yield Line(one.key, one.value, one.link or web_address(one.value), one.accession, where)


def places_said(places: Iterable[Place]) -> str:
    """Return where something hangs: ``Image, well``, ``Plate knockdown-1``."""
    named = (f"{one.kind} {one.name}" if one.name and one.kind not in _UNNAMED else one.kind for one in places)
    text = ", ".join(dict.fromkeys(named))
    return text[:1].upper() + text[1:]
