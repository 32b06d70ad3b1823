"""Key-values with where they hang: on an image, its well, its plate, its study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PlaceKind = Literal["image", "well", "acquisition", "plate", "dataset", "screen", "project"]
NEAREST: tuple[PlaceKind, ...] = ("image", "well", "acquisition", "plate", "dataset", "screen", "project")
"""Kinds of objects that carry key-values, from the image outwards."""


@dataclass(frozen=True, slots=True)
class Place:
    """An object that a key-value hangs on."""

    kind: PlaceKind
    name: str = ""
    """Its name, "" where the server gives none (wells have none)."""


@dataclass(frozen=True, slots=True)
class LabelledValue:
    """One statement, and all objects that make it."""

    key: str
    value: str
    places: tuple[Place, ...]
    """Where it hangs, the nearest first."""
    group: str = ""
    """What it is about: "Gene", "Phenotype", "Study"; "" for the rest."""
    namespace: str = ""
    link: str = ""
    """Web address the value stands for."""
    accession: str = ""
    """Accession of the ontology term whose label the value is: "CMPO_0000196"."""

    @property
    def where(self) -> str:
        """Kinds of the places, for people: "image, well"."""
        return ", ".join(dict.fromkeys(place.kind for place in self.places))
