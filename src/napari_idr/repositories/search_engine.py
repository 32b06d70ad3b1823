"""The requests of a server's search engine that we make, one method each; answers are parsed, nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.formats.search_answers import ContainerRows, parse_containers, parse_suggestions
from napari_idr.formats.search_hits import parse_hits
from napari_idr.formats.search_questions import question, simple_params

if TYPE_CHECKING:
    from napari_idr.formats.omero_json import Source
    from napari_idr.model.catalog import Node
    from napari_idr.model.search import HitPage, SearchQuery, Suggestion
    from napari_idr.remote.http import Http


@dataclass(frozen=True, slots=True)
class SearchEngine:
    """What a search engine beside an OMERO.web server answers. Methods may block and raise the errors of ``Http``.

    ``data_source`` is the engine's name of the server, "" where it has its own way to know.
    """

    http: Http
    source: Source
    data_source: str = ""

    def values(self, text: str) -> tuple[Suggestion, ...]:
        """Return the values of images that contain a text, with the numbers of images: one request."""
        address = self._address("image/searchvalues/")
        return parse_suggestions(self.http.get_json(address, [*self._params, ("value", text)]), address)

    def containers(self, query: SearchQuery) -> ContainerRows:
        """Return the screens and projects with images that match, and how many: one request."""
        simple = simple_params(query)
        if simple is None:
            address = self._address("submitquery/containers/")
            return parse_containers(self.http.post_json(address, question(query), self._params), self.source)
        params = sorted([*simple, *self._params, ("return_containers", "true")])
        return parse_containers(self.http.get_json(self._address("image/search/"), params), self.source)

    def hits(self, query: SearchQuery, container: Node, bookmark: int | None) -> HitPage:
        """Return the images of a container that match: one request per page of up to a thousand."""
        document = question(query, container, bookmark)
        answer = self.http.post_json(self._address("submitquery/"), document, self._params)
        return parse_hits(answer, container, self.source)

    @property
    def _params(self) -> list[tuple[str, str]]:
        return [("data_source", self.data_source)] if self.data_source else []

    def _address(self, view: str) -> str:
        return f"{self.source.base}searchengine/api/v1/resources/{view}"
