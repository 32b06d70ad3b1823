"""A search without a search engine: over what listing a server costs a few requests.

Looked through are the names of all screens and projects with their annotations, the plates of the first
``SCREENS`` screens by name, and, where the server holds no more than ``PLATES`` plates, the annotations of
their wells. On a large archive genes and phenotypes of wells are therefore not found this way.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_idr.formats.omero_annotations import merge_values
from napari_idr.formats.omero_json import parse_node, well_name
from napari_idr.model.catalog import Node, Page, Well

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .omero import OmeroRepository

SCREENS = 20
PLATES = 4


def search_listings(repository: OmeroRepository, query: str) -> Page:
    """Return the containers, plates and wells in which every word of the query occurs, whatever its case."""
    words = query.casefold().split()
    if not words:
        return Page((), 0, 0)
    containers = list(_containers(repository))
    plates = list(_plates(repository, [node for node in containers if node.kind == "screen"][:SCREENS]))
    wells = _wells(repository, plates) if len(plates) <= PLATES else ()
    found = tuple(node for node in (*containers, *plates, *wells) if _matches(node, words))
    return Page(found, 0, len(found))


def _matches(node: Node, words: list[str]) -> bool:
    values = (text for pair in node.key_values for text in pair)
    text = "\n".join((node.name, node.accession, node.description, *values)).casefold()
    return all(word in text for word in words)


def _containers(repository: OmeroRepository) -> Iterator[Node]:
    """Yield all screens and projects with their annotations: three requests."""
    api, source = repository.api, repository.source()
    nodes = [
        parse_node(kind, record, source)
        for kind in ("screen", "project")
        for record in api.all_records(f"{kind}s/", child_count=True)
    ]
    if not nodes:
        return
    annotations = api.annotations(api.ask_annotations((node.kind, node.id) for node in nodes))
    for node in nodes:
        own = (a for a in annotations if (a.parent_class, a.parent_id) == (f"{node.kind.title()}I", node.id))
        yield replace(node, key_values=merge_values(own))


def _plates(repository: OmeroRepository, screens: Iterable[Node]) -> Iterator[Node]:
    for screen in screens:
        yield from repository.children(screen, limit=1000).nodes


def _wells(repository: OmeroRepository, plates: Iterable[Node]) -> Iterator[Node]:
    source = repository.source()
    for plate in plates:
        values = repository.well_key_values(plate)
        for cell in repository.plate_grid(plate).cells:
            yield Well(
                kind="well",
                repository=repository.key,
                id=cell.well_id,
                name=well_name(cell.row, cell.column),
                address=source.link("well", cell.well_id),
                description=plate.name,
                key_values=values.get((cell.row, cell.column), ()),
                thumbnail_id=cell.image_id,
                row=cell.row,
                column=cell.column,
            )
