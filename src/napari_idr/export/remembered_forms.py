"""The form of each study, remembered: what was stated once need not be typed again.

One JSON file for all studies; a file that cannot be read is set aside, never overwritten.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from napari_idr.model.annotator import Annotator
from napari_idr.model.submission import SubmissionForm

if TYPE_CHECKING:
    from pathlib import Path

NAME = "forms.json"
MOST_BYTES = 4 << 20
MOST_FORMS = 500

_WRITING = threading.Lock()
"""Held while a file is changed: what two windows state at once is both kept."""

_TEXTS = (
    "title",
    "description",
    "accession",
    "dataset",
    "organism",
    "organism_accession",
    "license",
    "method",
    "criteria",
    "coverage",
    "funding",
    "experiment",
)
_LISTS = ("method_types", "keywords")


class RememberedForms:
    """Forms by study; reads and writes one file in a folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def form(self, study: str) -> SubmissionForm:
        """Return the form of a study; where there is none, an empty one with the annotators of the last."""
        kept = self._read()
        if study in kept:
            return form_from_json(kept[study])
        last = form_from_json(next(reversed(kept.values()))) if kept else SubmissionForm()
        return SubmissionForm(accession=study, authors=last.authors, license=last.license)

    def remember(self, study: str, form: SubmissionForm) -> None:
        """Keep the form of a study; the oldest of very many goes."""
        with _WRITING:
            kept = self._read()
            kept.pop(study, None)
            kept[study] = form_as_json(form)
            while len(kept) > MOST_FORMS:
                kept.pop(next(iter(kept)))
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside = self._path.with_suffix(".partial")
            beside.write_text(json.dumps(kept, ensure_ascii=False, indent=1), encoding="utf-8")
            os.replace(beside, self._path)

    def _read(self) -> dict[str, Any]:
        try:
            if self._path.stat().st_size > MOST_BYTES:
                raise ValueError("too large")
            found = json.loads(self._path.read_text(encoding="utf-8"))
            if not isinstance(found, dict):
                raise TypeError("no object")
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, RecursionError):
            self._set_aside()
            return {}
        return (
            {key: value for key, value in found.items() if isinstance(value, dict)} if isinstance(found, dict) else {}
        )

    def _set_aside(self) -> None:
        if self._path.exists():
            os.replace(self._path, self._path.with_suffix(".unreadable.json"))


def form_as_json(form: SubmissionForm) -> dict[str, Any]:
    """Return a form as JSON; the time of creation is that of the submission, and not kept."""
    kept = {name: value for name, value in asdict(form).items() if name != "created"}
    return {**kept, "authors": [asdict(one) for one in form.authors]}


def form_from_json(kept: dict[str, Any]) -> SubmissionForm:
    """Return a form; what is missing or of another type is as in an empty one."""
    known: dict[str, Any] = {name: kept[name] for name in _TEXTS if isinstance(kept.get(name), str)}
    for name in _LISTS:
        if isinstance(kept.get(name), list):
            known[name] = tuple(value for value in kept[name] if isinstance(value, str))
    authors = kept.get("authors")
    if isinstance(authors, list):
        known["authors"] = tuple(
            Annotator(str(one.get("name", "")), str(one.get("orcid", ""))) for one in authors if isinstance(one, dict)
        )
    known["is_screen"] = kept.get("is_screen") is True
    return SubmissionForm(**{name: value for name, value in known.items() if name in _NAMES})


_NAMES = {one.name for one in fields(SubmissionForm)}
