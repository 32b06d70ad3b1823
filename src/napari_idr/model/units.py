"""Lengths in the units that files and repositories use; what is not a length is never converted."""

from __future__ import annotations

_METRES = {
    "angstrom": 1e-10,
    "picometer": 1e-12,
    "nanometer": 1e-9,
    "micrometer": 1e-6,
    "millimeter": 1e-3,
    "centimeter": 1e-2,
    "meter": 1.0,
    "inch": 0.0254,
}
"""Metres per unit, by UDUNITS-2 name; OMERO's names (``MICROMETER``) are the same in capitals."""


def convert_length(value: float, unit: str | None, to: str | None) -> float | None:
    """Return a length in another unit, None where either is not a unit of length (``REFERENCEFRAME``, absent)."""
    if unit is None or to is None:
        return None
    factor, target = _METRES.get(unit.lower()), _METRES.get(to.lower())
    return None if factor is None or target is None else value * factor / target
