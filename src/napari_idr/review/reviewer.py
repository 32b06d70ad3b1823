"""Who reviews here, remembered from the first verdict on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from napari_idr.model.annotator import NOBODY, Annotator, bare_orcid, is_orcid

if TYPE_CHECKING:
    from pathlib import Path

FILE = "reviewer.json"


def load_reviewer(folder: Path) -> Annotator:
    """Return who reviewed here last, nobody where that is not known or cannot be read."""
    try:
        said = json.loads((folder / FILE).read_bytes()[:4096])
        name, orcid = said["name"], said["orcid"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return NOBODY
    if not isinstance(name, str) or not isinstance(orcid, str):
        return NOBODY
    return Annotator(name, orcid if is_orcid(orcid) else "")


def save_reviewer(folder: Path, who: Annotator) -> None:
    """Remember who reviews here. Raises ``OSError`` where the disk does not take it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(json.dumps({"name": who.name, "orcid": who.orcid}), encoding="utf-8")


def reviewer_of(name: str, orcid: str) -> Annotator | None:
    """Return a person from what was typed; None where it is nobody, or the ORCID iD is wrong."""
    bare = bare_orcid(orcid) if orcid.strip() else ""
    if not (name.strip() or bare) or (bare and not is_orcid(bare)):
        return None
    return Annotator(name.strip(), bare)
