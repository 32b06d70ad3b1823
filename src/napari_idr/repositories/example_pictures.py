"""The pictures that the IDR's gallery shows for its studies."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from napari_idr.errors import Cancelled, NapariIdrError
from napari_idr.formats.gallery import parse_gallery
from napari_idr.model.catalog import Study

from .base import ExamplePicture
from .omero_api import batches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari_idr.model.catalog import Node

    from .omero_api import Ask, OmeroApi

    Key = tuple[str, str, str]
    OnPicture = Callable[[Key, ExamplePicture], None]

LOG = logging.getLogger(__name__)

BATCH = 50
"""Containers per request: an answer is then some 200 kB."""


def example_pictures(
    api: OmeroApi,
    nodes: Sequence[Node],
    on_picture: OnPicture | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> dict[Key, ExamplePicture]:
    """Return the picture of each study, screen and project that has one: one request per fifty containers.

    What had come is returned when it is cancelled; a server without a gallery has no pictures.
    """
    owners: dict[tuple[str, str], Key] = {(one.kind, one.id): node.key for node in nodes for one in _containers(node)}
    asks = [ask_gallery(api, batch) for batch in batches(list(owners), BATCH)]
    found: dict[Key, ExamplePicture] = {}
    try:
        for index, answer in api.http.get_json_many(asks, is_cancelled=is_cancelled):
            for container, picture in _pictures(answer, asks[index][0]):
                key = owners.get(container)
                if key is not None and key not in found:
                    found[key] = picture
                    if on_picture is not None:
                        on_picture(key, picture)
    except Cancelled:
        LOG.debug("example pictures were cancelled after %d", len(found))
    return found


def ask_gallery(api: OmeroApi, containers: Sequence[tuple[str, str]]) -> Ask:
    """Return the request for the pictures of (kind, id) containers."""
    return f"{api.base}gallery-api/thumbnails/", list(containers)


def _containers(node: Node) -> Iterator[Node]:
    if isinstance(node, Study):
        yield from (one for one in node.containers if not one.is_umbrella)
    elif node.kind in ("screen", "project"):
        yield node


def _pictures(answer: object, address: str) -> Iterator[tuple[tuple[str, str], ExamplePicture]]:
    try:
        if isinstance(answer, NapariIdrError):
            raise answer
        shown = parse_gallery(answer, address)
    except NapariIdrError as error:
        LOG.debug("no example pictures: %s", error)
        return
    for container, (number, picture) in shown.items():
        if picture:
            yield container, ExamplePicture(number, picture)
