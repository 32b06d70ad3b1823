"""All studies of a server: its screens and projects, what they say of themselves, how many images they hold.

Six requests in two rounds, each at once: screens, projects, numbers of images, tags; then the annotations of all
containers and what carries the tag of OME-Zarr. Numbers and tags are left out where a server has none.
"""

from __future__ import annotations

import logging
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_idr.errors import NapariIdrError
from napari_idr.formats.omero_annotations import parse_annotations
from napari_idr.formats.omero_json import parse_listing, parse_node
from napari_idr.formats.omero_tags import parse_tag_ids, parse_tagged
from napari_idr.formats.search_answers import parse_image_counts

from .omero_api import LONGEST_PAGE, batches
from .studies import Extras, StudyGroup, group_studies, study_node

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_idr.formats.omero_annotations import MapAnnotation
    from napari_idr.formats.omero_json import Source
    from napari_idr.formats.omero_tags import Tagged
    from napari_idr.model.catalog import Node

    from .omero_api import Ask, OmeroApi

LOG = logging.getLogger(__name__)

LONGEST_QUESTION = 400
"""Containers per request for annotations: the address stays below the 8 kB that proxies take."""
KINDS = ("screen", "project")
ZARR_TAG = "OME-NGFF"
"""Tag that the IDR's gallery marks OME-Zarr studies with."""


class StudyListing:
    """The studies of one server; what was listed is kept until it is asked for anew."""

    def __init__(self, api: OmeroApi, source: Source, data_source: str = "") -> None:
        self._api, self._source = api, source
        self._data_source = [("data_source", data_source)] if data_source else []
        self._groups: tuple[StudyGroup, ...] | None = None
        self._studies: tuple[Node, ...] | None = None
        self._listed: tuple[MapAnnotation, ...] = ()
        self._listing = threading.Lock()
        """Who asks while another one does waits for that answer: a search while the list of studies comes."""

    @property
    def known(self) -> tuple[Node, ...]:
        """The studies as far as they were listed; no request."""
        return self._studies or ()

    def groups(self) -> tuple[StudyGroup, ...]:
        """Return the containers of each study: two requests at once, none when they are known."""
        if self._groups is None:
            asks = self._ask_containers()
            self._groups = self._grouped(_all(self._api.together(asks)), asks)
        return self._groups

    def studies(self, *, again: bool = False) -> tuple[Node, ...]:
        """Return all studies with their facts: six requests in two rounds, none when they are known."""
        with self._listing:
            if self._studies is None or again:
                self._studies = self._list()
            return self._studies

    def node(self, group: StudyGroup) -> Node:
        """Return the study of a group: one request, none when all are listed."""
        for node in self.known:
            if node.accession == group.accession != "":
                return node
        annotations = self.annotations([group])
        return study_node(group, annotations, self._source.repository, self._source.base)

    def _list(self) -> tuple[Node, ...]:
        asks = [*self._ask_containers(), self._ask_counts(), self._ask_tags()]
        answers = self._api.together(asks)
        self._groups = groups = self._grouped(_all(answers[:2]), asks[:2])
        counts = self._optional(lambda: parse_image_counts(_answer(answers[2]), asks[2][0])) or None
        tags = self._optional(lambda: parse_tag_ids(_answer(answers[3]), ZARR_TAG, asks[3][0]))
        annotations, tagged = self._second_round(groups, tags)
        self._listed = annotations
        extras = Extras(counts, tagged)
        source = self._source
        return tuple(study_node(group, annotations, source.repository, source.base, extras) for group in groups)

    def _second_round(
        self, groups: Sequence[StudyGroup], tags: tuple[str, ...] | None
    ) -> tuple[tuple[MapAnnotation, ...], Tagged | None]:
        asks = self._ask_annotations(groups)
        members = [(f"{self._source.base}webclient/api/tags/", [("id", tag)]) for tag in tags or ()]
        answers = self._api.together([*asks, *members])
        annotations = _parsed(_all(answers[: len(asks)]), asks)
        found = [self._optional(partial(_tagged, answer, self._source.base)) for answer in answers[len(asks) :]]
        known = [one for one in found if one is not None]
        return annotations, frozenset().union(*known) if known else None

    def annotations(self, groups: Sequence[StudyGroup]) -> tuple[MapAnnotation, ...]:
        """Return the key-values of the containers of studies: one request, none for those that are all listed."""
        keys = {(f"{node.kind.capitalize()}I", node.id) for group in groups for node in group.containers}
        listed = tuple(one for one in self._listed if (one.parent_class, one.parent_id) in keys)
        if listed:
            return listed
        asks = self._ask_annotations(groups)
        return _parsed(_all(self._api.together(asks)), asks)

    def _grouped(self, answers: Sequence[Any], asks: Sequence[Ask]) -> tuple[StudyGroup, ...]:
        nodes: list[Node] = []
        for kind, answer, ask in zip(KINDS, answers, asks, strict=True):
            first = parse_listing(answer, ask[0])
            records = self._api.all_records(f"{kind}s/", child_count=True, first=first)
            nodes += [parse_node(kind, record, self._source) for record in records]
        return group_studies(nodes)

    def _ask_containers(self) -> list[Ask]:
        return [self._api.ask_list(f"{kind}s/", 0, LONGEST_PAGE, child_count=True) for kind in KINDS]

    def _ask_counts(self) -> Ask:
        return f"{self._source.base}searchengine/api/v1/resources/container_images/", self._data_source

    def _ask_tags(self) -> Ask:
        params = [("orphaned", "true"), ("experimenter_id", "-1"), ("page", "0")]
        return f"{self._source.base}webclient/api/tags/", params

    def _ask_annotations(self, groups: Sequence[StudyGroup]) -> list[Ask]:
        containers = [(node.kind, node.id) for group in groups for node in group.containers]
        return [self._api.ask_annotations(batch) for batch in batches(containers, LONGEST_QUESTION)]

    def _optional(self, read: Callable[[], Any]) -> Any:
        """Return what a server may tell, None where it does not."""
        try:
            return read()
        except NapariIdrError as error:
            LOG.debug("%s does not tell: %s", self._source.repository, error)
            return None


def _answer(outcome: Any) -> Any:
    """Return an answer. Raises where it is an error."""
    if isinstance(outcome, NapariIdrError):
        raise outcome
    return outcome


def _all(outcomes: Sequence[Any]) -> list[Any]:
    return [_answer(outcome) for outcome in outcomes]


def _parsed(answers: Sequence[Any], asks: Sequence[Ask]) -> tuple[MapAnnotation, ...]:
    found = (parse_annotations(answer, ask[0]) for answer, ask in zip(answers, asks, strict=True))
    return tuple(annotation for annotations in found for annotation in annotations)


def _tagged(outcome: Any, address: str) -> Tagged:
    return parse_tagged(_answer(outcome), address)
