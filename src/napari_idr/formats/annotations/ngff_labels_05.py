"""OME-Zarr labels, written as version 0.5."""

from __future__ import annotations

from .ngff_labels import OmeZarrLabels

FORMAT = OmeZarrLabels("0.5")
