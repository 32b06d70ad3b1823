"""A search without a search engine: over what listing a server costs a few requests.

Looked through are the names of all screens and projects with their annotations, the plates of the first
``SCREENS`` screens by name, and, where these hold no more than ``PLATES`` plates, the annotations of their
wells. On a large archive genes and phenotypes of wells are therefore not found this way, and the note says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.formats.omero_json import well_name
from napari_idr.formats.search_text import parse_query
from napari_idr.model.catalog import Node, Study, Well
from napari_idr.model.search import Found, HitGroup, HitPage, StudyHits, Suggestions

from .local_match import matches
from .suggesting import group_suggestions, known_suggestions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.model.search import SearchQuery

    from .omero import OmeroRepository

SCREENS = 20
PLATES = 4


@dataclass(frozen=True, slots=True)
class _Looked:
    """A container and what was looked through of it."""

    container: Node
    plates: tuple[Node, ...] = ()
    wells: tuple[tuple[Node, tuple[Node, ...]], ...] = ()
    """(plate, its wells)."""


class ListingFinder:
    """Finds in the lists of a server what a search engine would find faster, and more of."""

    def __init__(self, repository: OmeroRepository) -> None:
        self._repository = repository
        self._looked: dict[tuple[str, str, str], _Looked] = {}
        """What was looked through last, by container."""

    @property
    def _note(self) -> str:
        name = self._repository.name
        return (
            f"{name} has no search engine: its lists of screens, projects and plates were looked through, and wells "
            f"only where there are at most {PLATES} plates"
        )

    def suggest(self, text: str, *, limit: int = 8) -> Suggestions:
        """Return the studies and organisms that have a text, of those that are listed already; no request."""
        found = known_suggestions(text, self._repository.listing.known)
        return Suggestions(text, group_suggestions(text, found, limit), self._note)

    def find(self, query: SearchQuery | str) -> Found:
        """Return the studies that match, or hold a plate or well that does; nobody counts their images."""
        query = parse_query(query) if isinstance(query, str) else query
        if not query:
            return Found(query)
        studies = self._repository.listing.studies()
        self._looked = looked = {one.container.key: one for one in self._look(studies)}
        matching = {key for key, one in looked.items() if _is_found(one, query)}
        hits = [_hits(study, matching, query) for study in studies]
        return Found(query, tuple(hit for hit in hits if hit is not None), note=self._note)

    def hits(self, query: SearchQuery, container: Node, *, bookmark: int | None = None) -> HitPage:
        """Return the plates and wells of a container that match, all of them in one page.

        No request; one for a container that was not looked through, of which plates or datasets are returned.
        """
        looked = self._looked.get(container.key)
        if looked is None:
            looked = _Looked(container, self._repository.children(container, limit=1000).nodes)
        members = {plate.key: tuple(one for one in wells if matches(one, query)) for plate, wells in looked.wells}
        groups = [HitGroup(plate, members.get(plate.key, ())) for plate in looked.plates]
        return HitPage(container, tuple(one for one in groups if one.members or matches(one.node, query)))

    def _look(self, studies: tuple[Node, ...]) -> Iterator[_Looked]:
        """Yield every container with its plates, as far as they are few, and with their wells, if those are few."""
        repository = self._repository
        containers = [one for node in studies for one in _containers(node)]
        screens = [node for node in containers if node.kind == "screen"][:SCREENS]
        plates = {node.key: repository.children(node, limit=1000).nodes for node in screens}
        few = sum(map(len, plates.values())) <= PLATES
        for container in containers:
            own = plates.get(container.key, ())
            wells = tuple((plate, tuple(self._wells(plate))) for plate in own) if few else ()
            yield _Looked(container, own, wells)

    def _wells(self, plate: Node) -> Iterator[Node]:
        values = self._repository.well_key_values(plate)
        source = self._repository.source(plate.accession)
        for cell in self._repository.plate_grid(plate).cells:
            yield Well(
                kind="well",
                repository=self._repository.key,
                id=cell.well_id,
                name=well_name(cell.row, cell.column),
                address=source.link("well", cell.well_id),
                accession=plate.accession,
                description=plate.name,
                key_values=values.get((cell.row, cell.column), ()),
                thumbnail_id=cell.image_id,
                row=cell.row,
                column=cell.column,
            )


def _containers(node: Node) -> tuple[Node, ...]:
    return node.containers if isinstance(node, Study) else (node,)


def _is_found(looked: _Looked, query: SearchQuery) -> bool:
    wells = (well for _, wells in looked.wells for well in wells)
    return any(matches(node, query) for node in (looked.container, *looked.plates, *wells))


def _hits(study: Node, matching: set[tuple[str, str, str]], query: SearchQuery) -> StudyHits | None:
    """Return a study with its containers that match; with all of them where it matches itself."""
    containers = _containers(study)
    if not matches(study, query):
        containers = tuple(node for node in containers if node.key in matching)
    return StudyHits(study, containers) if containers else None
