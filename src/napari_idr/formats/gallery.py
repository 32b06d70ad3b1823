"""Answers of the IDR's gallery: an example image per screen or project. Pure."""

from __future__ import annotations

import re

from .data_uri import picture_of
from .json_record import JsonRecord

CONTAINER = re.compile(r"(screen|project)-(\d{1,18})", re.ASCII)


def parse_gallery(answer: object, address: str) -> dict[tuple[str, str], tuple[str, bytes]]:
    """Return the image id and picture (empty where it is none) of containers, by (kind, id).

    A container without an example image is left out. Raises ``ProtocolError``.
    """
    shown = JsonRecord.of(answer, "", address)
    found: dict[tuple[str, str], tuple[str, bytes]] = {}
    for name in shown.fields:
        match, one = CONTAINER.fullmatch(name), shown.record(name)
        image = None if one is None else one.record("image")
        if match is not None and one is not None and image is not None:
            found[match[1], match[2]] = (image.identifier("id"), picture_of(one.fields.get("thumbnail")))
    return found
