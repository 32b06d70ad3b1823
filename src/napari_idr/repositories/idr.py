"""The Image Data Resource, and servers that name their containers like it: OMERO.web grouped into studies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_idr.errors import NotFound
from napari_idr.model.catalog import Node, Page, Study

from .addresses import IDR
from .example_pictures import example_pictures
from .omero import OmeroRepository
from .other_ways import IDR_COPIES, ZarrCopies

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_idr.remote.http import Http

    from .base import ExamplePicture, Target
    from .omero import NodeKey
    from .studies import StudyGroup


class IdrRepository(OmeroRepository):
    """Studies over the screens and projects of a server.

    The first page of studies costs six requests in two rounds (see ``study_listing``), further ones none; asking
    for the first page again looks for new studies. Containers whose names are no accessions stand beside the studies.
    """

    data_source = "idr"

    def __init__(self, http: Http, base: str = IDR, key: str = "idr", name: str = "Image Data Resource") -> None:
        self.zarr_copies = IDR_COPIES if base == IDR else ZarrCopies.beside(base)
        super().__init__(http, base, key, name)

    def children(self, node: Node, *, offset: int = 0, limit: int = 200) -> Page:
        """Return one page of a node's children; a study's cost nothing once the studies are listed."""
        if node.kind == "study":
            known = node.containers if isinstance(node, Study) else ()
            containers = known or self._group(node.id, node.address).containers
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
            return self.listing.node(group)
        member = group.member(target.id)
        if member is None:
            names = ", ".join(node.name for node in group.containers)
            raise NotFound(f"{target.id} was not found", target.address, f"it holds {names}")
        return member

    def count(self) -> int:
        """Return how many studies there are: two requests, none once they are listed."""
        return len(self.listing.groups())

    def describe(self, node: Node) -> Node:
        """Return the node with its key-values, links, counts and thumbnail."""
        if node.kind == "study":
            group = self._group(node.id, node.address)
            from napari_idr.formats.labelled_values import label_values

            labelled = label_values(self.listing.annotations([group]))
            node = node if node.key_values else self.listing.node(group)
            return self._with_example(replace(node, labelled=labelled))
        node = super().describe(node)
        return self._with_example(node) if node.kind in ("screen", "project") else node

    def example_pictures(
        self,
        nodes: Sequence[Node],
        *,
        on_picture: Callable[[NodeKey, ExamplePicture], None] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> dict[NodeKey, ExamplePicture]:
        """Return the pictures that the server's gallery shows: one request per fifty screens and projects."""
        return example_pictures(self.api, nodes, on_picture, is_cancelled)

    def _with_example(self, node: Node) -> Node:
        """Return the node with the example image that the server's gallery shows for it, if it has a gallery."""
        found = self.example_pictures([node])
        return replace(node, thumbnail_id=found[node.key].image_id) if node.key in found else node

    def _containers(self, offset: int, limit: int) -> Page:
        nodes = self.listing.studies(again=offset == 0)
        return Page(nodes[offset : offset + limit], offset, len(nodes))

    def _group(self, name: str, address: str) -> StudyGroup:
        accession = name[:7].lower()
        for group in self.listing.groups():
            if group.accession == accession:
                return group
        raise NotFound(f"Study {accession} was not found in {self.name}", address, "check the accession")

    def _by_doi(self, target: Target) -> Node:
        for node in self.listing.studies():
            if isinstance(node, Study) and target.id.casefold() == node.facts.data_doi.casefold():
                return node
        raise NotFound(f"No study has the DOI {target.id}", target.address, "use its accession, like idr0001")
