"""Images that the IDR's search engine found -> plates with wells, datasets with images. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from napari_idr.model.catalog import Dataset, ImageNode, Node, Plate, Well
from napari_idr.model.search import HitGroup, HitPage

from .json_record import JsonRecord
from .omero_annotations import label_index, split_links
from .search_answers import CONTAINERS, checked_answer, key_values_of

if TYPE_CHECKING:
    from .omero_json import Source

WELL_OF_NAME = re.compile(r"\[Well ([A-Z]{1,2})-?0*([1-9]\d{0,2})\b", re.ASCII)
"""Where in the name of an image its well stands: the engine tells no row and column."""


def parse_hits(answer: object, container: Node, source: Source) -> HitPage:
    """Return a page of images that match, grouped by plate and well or by dataset, in the engine's order."""
    record = checked_answer(answer, source.base)
    results = None if record is None else record.fields.get("results")
    if record is None or not results:
        return HitPage(container, total=0 if record is None else None)
    page = JsonRecord.of(results, "results", source.base)
    source = replace(source, accession=container.accession or source.accession)
    groups: dict[tuple[str, str], _Gathered] = {}
    for hit in page.records("results"):
        if not _is_in(hit, container):
            continue
        found = _hit_container(hit, source)
        groups.setdefault((found.kind, found.id), _Gathered(found, {})).add(hit, source)
    return HitPage(
        container, tuple(group.finished() for group in groups.values()), page.integer("size"), _next_bookmark(page)
    )


def _is_in(hit: JsonRecord, container: Node) -> bool:
    """Return whether an image is in a container: the engine knows it by its name, which another may share."""
    ids = {kind: hit.integer(f"{kind}_id") for kind in CONTAINERS}
    return str(ids.get(container.kind)) == container.id if any(ids.values()) else True


def _next_bookmark(page: JsonRecord) -> int | None:
    """Return where the next page begins, None where pages or hits say that this was the last."""
    marks = [mark for mark in page.items("bookmark") if type(mark) is int]
    pagination = page.record("pagination")
    if not marks or not page.items("results"):
        return None
    if pagination is not None:
        current = pagination.integer("current_page")
        last = current is not None and current == pagination.integer("total_pages")
        return None if last else marks[0]
    return None if page.integer("total_pages") == 1 else marks[0]


@dataclass(slots=True)
class _Gathered:
    """A plate or dataset while its hits are gathered."""

    node: Node
    members: dict[str, Node]

    def add(self, hit: JsonRecord, source: Source) -> None:
        image = _image(hit, source)
        well_id = hit.integer("well_id") if self.node.kind == "plate" else None
        if well_id is None:
            self.members[image.id] = image
            return
        known = self.members.get(str(well_id))
        if known is None:
            self.members[str(well_id)] = _well(str(well_id), image, source)
        else:
            self.members[str(well_id)] = replace(known, match_count=(known.match_count or 0) + 1)

    def finished(self) -> HitGroup:
        members = tuple(self.members.values())
        first = members[0].thumbnail_id if members else ""
        count = sum(node.match_count or 0 for node in members)
        return HitGroup(replace(self.node, match_count=count, thumbnail_id=first), members)


def _hit_container(hit: JsonRecord, source: Source) -> Node:
    """Return the plate or dataset that an image is in, without what the engine does not say of it."""
    kind = "plate" if hit.integer("plate_id") is not None else "dataset"
    number = hit.integer(f"{kind}_id")
    if number is None:
        return Node("collection", source.repository, "", "Images without a dataset", accession=source.accession)
    cls = Plate if kind == "plate" else Dataset
    return cls(
        kind=kind,  # type: ignore[arg-type]
        repository=source.repository,
        id=str(number),
        name=hit.text(f"{kind}_name") or f"#{number}",
        address=source.link(kind, str(number)),
        accession=source.accession,
    )


def _image(hit: JsonRecord, source: Source) -> ImageNode:
    number = hit.identifier("id")
    values, links = split_links(key_values_of(hit))
    return ImageNode(
        kind="image",
        repository=source.repository,
        id=number,
        name=hit.text("name") or f"#{number}",
        address=source.link("image", number),
        accession=source.accession,
        description=hit.text("description") or "",
        key_values=values,
        links=links,
        thumbnail_id=number,
        match_count=1,
    )


def _well(number: str, image: ImageNode, source: Source) -> Node:
    """Return the well of a hit; where it is on its plate only the name of its image can tell."""
    match = WELL_OF_NAME.search(image.name)
    common: dict[str, Any] = {
        "kind": "well",
        "repository": source.repository,
        "id": number,
        "address": source.link("well", number),
        "accession": source.accession,
        "key_values": image.key_values,
        "links": image.links,
        "thumbnail_id": image.id,
        "match_count": 1,
    }
    if match is None:
        return Node(name=f"Well #{number}", **common)
    row = label_index(match[1], "name", source.base)
    return Well(name=f"{match[1]}{match[2]}", row=row, column=int(match[2]) - 1, **common)
