"""What is known of a study: who published it, what was imaged and how, and what one may do with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """The facts of a study that lists, facets and citations are made of; empty where nothing is said."""

    title: str = ""
    organisms: tuple[str, ...] = ()
    imaging_methods: tuple[str, ...] = ()
    study_types: tuple[str, ...] = ()
    sample_types: tuple[str, ...] = ()
    """"cell" or "tissue"."""
    licences: tuple[str, ...] = ()
    publication_title: str = ""
    authors: str = ""
    publication_doi: str = ""
    """Bare, like "10.1091/mbc.E13-04-0221"."""
    pubmed_id: str = ""
    data_doi: str = ""
    publisher: str = ""
    release_date: str = ""
    """As the server writes it, "2016-05-26"."""
