"""Key-values and description of a study's containers -> its facts. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from napari_idr.model.study_facts import StudyFacts

from .omero_annotations import split_link

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_idr.model.image import KeyValue

_DOI = re.compile(r"10\.\d{4,9}/\S+", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class _Values:
    """The values of each key, whatever its case, in order and each once."""

    def __init__(self, pairs: Iterable[KeyValue]) -> None:
        self._values: dict[str, dict[str, str]] = {}
        for key, value in pairs:
            text = split_link(value)[0] or value.strip()
            if text:
                self._values.setdefault(key.strip().casefold(), {}).setdefault(text.casefold(), text)

    def all(self, key: str) -> tuple[str, ...]:
        return tuple(self._values.get(key, {}).values())

    def first(self, key: str) -> str:
        return next(iter(self.all(key)), "")


def study_facts(pairs: Iterable[KeyValue], descriptions: Iterable[str] = ()) -> StudyFacts:
    """Return the facts in key-values (as the server gives them); the title also out of a description.

    Keys count without regard to case and may repeat. Of several release dates the earliest counts.
    """
    values = _Values(pairs)
    published = values.first("publication title") or next(filter(None, map(title_of_description, descriptions)), "")
    return StudyFacts(
        title=values.first("study title") or published,
        organisms=values.all("organism"),
        imaging_methods=values.all("imaging method"),
        study_types=values.all("study type"),
        sample_types=tuple(text.casefold() for text in values.all("sample type")),
        licences=values.all("license") or values.all("licence"),
        publication_title=published,
        authors=values.first("publication authors"),
        publication_doi=_doi(values.first("publication doi")),
        pubmed_id=values.first("pubmed id"),
        data_doi=_doi(values.first("data doi")),
        publisher=values.first("data publisher"),
        release_date=_earliest(values.all("release date")),
    )


def title_of_description(description: str) -> str:
    """Return the title out of a description that begins with the line "Publication Title"."""
    match = re.match(r"Publication Title\s*\n(.+)", description)
    return match[1].strip() if match else ""


def _doi(text: str) -> str:
    """Return the bare DOI of "10.1/x", "doi:10.1/x" or "https://doi.org/10.1/x"."""
    match = _DOI.search(text)
    return match.group() if match else ""


def _earliest(dates: tuple[str, ...]) -> str:
    return min((date for date in dates if _DATE.match(date)), default=dates[0] if dates else "")
