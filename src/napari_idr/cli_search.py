"""What ``napari-idr search`` lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.formats.search_text import parse_query
from napari_idr.repositories.did_you_mean import close_values
from napari_idr.repositories.search_page import list_found

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.model.catalog import Node
    from napari_idr.session import Session


def search_repositories(
    session: Session, text: str, repository: str, members: int, *, warn: Callable[[str], None]
) -> list[Node]:
    """Return what matches in one repository (by key or address), or in all that are known where none is named.

    What a repository could not look through goes to ``warn``.
    """
    query = parse_query(text)
    key = session.add_repository(repository).key if "/" in repository else repository
    chosen = session.repositories if key in ("", "all") else (session.repository(key),)
    nodes: list[Node] = []
    for one in chosen:
        found = one.finder.find(query)
        nodes += list_found(one.finder, found, members)
        if found.note:
            warn(f"napari-idr: {found.note}.")
    if not nodes and query.words:
        near = [value for one in chosen for value in close_values(one.finder, query.words)]
        if near:
            warn(f"napari-idr: nothing found; did you mean {' or '.join(dict.fromkeys(one.value for one in near))}?")
    return nodes
