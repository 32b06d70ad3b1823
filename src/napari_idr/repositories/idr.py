"""The Image Data Resource, and servers that name their containers like it: OMERO.web grouped into studies."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_idr.errors import NapariIdrError, NotFound
from napari_idr.formats.omero_annotations import parse_gallery
from napari_idr.formats.omero_json import parse_node
from napari_idr.model.catalog import Page

from .addresses import IDR
from .omero import OmeroRepository
from .studies import StudyGroup, group_studies, study_node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.formats.omero_annotations import MapAnnotation
    from napari_idr.model.catalog import Node
    from napari_idr.remote.http import Http

    from .base import Target

LOG = logging.getLogger(__name__)

LONGEST_QUESTION = 400
"""Containers per request for annotations: the address stays below the 8 kB that proxies take."""


class IdrRepository(OmeroRepository):
    """Studies over the screens and projects of a server.

    The first page of studies costs three requests (screens, projects, annotations of the page's containers),
    further ones one; asking for the first page again looks for new studies. Containers whose names are no
    accessions stand beside the studies.
    """

    def __init__(self, http: Http, base: str = IDR, key: str = "idr", name: str = "Image Data Resource") -> None:
        super().__init__(http, base, key, name)
        self._groups: tuple[StudyGroup, ...] | None = None

    def children(self, node: Node, *, offset: int = 0, limit: int = 200) -> Page:
        """Return one page of a node's children; a study's cost nothing once the studies are listed."""
        if node.kind == "study":
            containers = self._group(node.id, node.address).containers
            return Page(containers[offset : offset + limit], offset, len(containers))
        return super().children(node, offset=offset, limit=limit)

    def resolve(self, target: Target) -> Node:
        """Return the node behind a target; a study by accession, name, ``name/screenA`` or data DOI."""
        if target.kind != "study":
            return super().resolve(target)
        if target.id.startswith("10."):
            return self._by_doi(target)
        group = self._group(target.id, target.address)
        if "/" not in target.id:
            return self._node(group)
        member = group.member(target.id)
        if member is None:
            names = ", ".join(node.name for node in group.containers)
            raise NotFound(f"{target.id} was not found", target.address, f"it holds {names}")
        return member

    def count(self) -> int:
        """Return how many studies there are: two requests, none once they are listed."""
        return len(self._list_groups())

    def describe(self, node: Node) -> Node:
        """Return the node with its key-values, links, counts and thumbnail."""
        if node.kind == "study":
            group = self._group(node.id, node.address)
            node = node if node.key_values else self._node(group)
            return self._with_example(node, [(one.kind, one.id) for one in group.containers])
        node = super().describe(node)
        return self._with_example(node, [(node.kind, node.id)]) if node.kind in ("screen", "project") else node

    def _with_example(self, node: Node, containers: list[tuple[str, str]]) -> Node:
        """Return the node with the example image that the server's gallery shows for it, if it has a gallery."""
        url = f"{self.address}gallery-api/thumbnails/"
        try:
            answer = self.api.http.get_json(url, containers)
            numbers = parse_gallery(answer, url)
        except NapariIdrError as error:
            LOG.debug("%s shows no example images: %s", self.key, error)
            return node
        return replace(node, thumbnail_id=next(iter(numbers), node.thumbnail_id))

    def _containers(self, offset: int, limit: int) -> Page:
        groups = self._list_groups(again=offset == 0)
        page = groups[offset : offset + limit]
        annotations = self._annotations(page)
        nodes = tuple(study_node(group, annotations, self.key, self.address) for group in page)
        return Page(nodes, offset, len(groups))

    def _list_groups(self, *, again: bool = False) -> tuple[StudyGroup, ...]:
        """Return all studies: two requests, none when they are known already."""
        if self._groups is None or again:
            source = self.source()
            containers = [
                parse_node(kind, record, source)
                for kind in ("screen", "project")
                for record in self.api.all_records(f"{kind}s/", child_count=True)
            ]
            self._groups = group_studies(containers)
        return self._groups

    def _annotations(self, groups: Sequence[StudyGroup]) -> tuple[MapAnnotation, ...]:
        asked = [(node.kind, node.id) for group in groups for node in group.containers]
        found: tuple[MapAnnotation, ...] = ()
        for start in range(0, len(asked), LONGEST_QUESTION):
            found += self.api.annotations(self.api.ask_annotations(asked[start : start + LONGEST_QUESTION]))
        return found

    def _node(self, group: StudyGroup) -> Node:
        return study_node(group, self._annotations([group]), self.key, self.address)

    def _group(self, name: str, address: str) -> StudyGroup:
        accession = name[:7].lower()
        for group in self._list_groups():
            if group.accession == accession:
                return group
        raise NotFound(f"Study {accession} was not found in {self.name}", address, "check the accession")

    def _by_doi(self, target: Target) -> Node:
        groups = [group for group in self._list_groups() if group.accession]
        annotations = self._annotations(groups)
        for group in groups:
            node = study_node(group, annotations, self.key, self.address)
            if any(key == "Data DOI" and target.id in value for key, value in node.key_values):
                return node
        raise NotFound(f"No study has the DOI {target.id}", target.address, "use its accession, like idr0001")
