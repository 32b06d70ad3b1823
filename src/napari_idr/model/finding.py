"""What a check found: which rule, where, what, why, and how it may be mended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]

Fix = Literal["", "clip", "make-valid", "renumber", "rename", "fill-accession", "split", "drop-duplicate"]
"""What can be done about it by one click; empty where only the annotator can."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or that somebody has to look at."""

    id: str
    """Of the check: "P03"."""
    severity: Severity
    where: str
    """Image and object, or file and row, in words."""
    what: str
    """What is wrong: one sentence."""
    why: str = ""
    """What would go wrong at the archive."""
    fix: Fix = ""
    image: str = ""
    """``AnnotatedImage.key``; empty where it concerns the whole."""
    uuid: str = ""
    """Of the object, empty where it concerns none."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What a format cannot hold, of one object; told before anything is written."""

    uuid: str
    """Of the object; empty where it concerns the image or a label image."""
    where: str
    what: str
    """What is lost, in words: "the colour", "that it is an ellipse: it becomes a polygon of 64 corners"."""
