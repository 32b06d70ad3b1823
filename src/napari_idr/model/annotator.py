"""Who annotated: a name and an ORCID iD."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ORCID = re.compile(r"(\d{4}-){3}\d{3}[\dX]")


@dataclass(frozen=True, slots=True)
class Annotator:
    """A person. Either part may be empty; nothing else about a person is kept."""

    name: str = ""
    orcid: str = ""
    """Bare: "0000-0002-1825-0097"."""


NOBODY = Annotator()


def is_orcid(text: str) -> bool:
    """Return whether a text is an ORCID iD with the right check digit (ISO 7064 mod 11-2)."""
    if not _ORCID.fullmatch(text):
        return False
    digits = text.replace("-", "")
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return digits[-1] == ("X" if check == 10 else str(check))


def bare_orcid(text: str) -> str:
    """Return an ORCID iD without its web address."""
    return text.strip().rstrip("/").rsplit("/", 1)[-1].upper()
