"""Screens and projects grouped into studies by their names, as the IDR names them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_idr.formats.omero_annotations import merge_values, split_links
from napari_idr.model.catalog import Node, Study

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_idr.formats.omero_annotations import MapAnnotation
    from napari_idr.model.image import KeyValue

ACCESSION = re.compile(r"(idr\d{4})(?!\d)", re.ASCII)
TITLES = ("Study Title", "Publication Title")
UMBRELLA = "Holds no images itself; see the screens and experiments beside it."


@dataclass(frozen=True, slots=True)
class StudyGroup:
    """The containers published under one accession; a container that is part of no study is alone, without one."""

    accession: str
    containers: tuple[Node, ...]

    @property
    def name(self) -> str:
        """Name of the study: "idr0001-graml-sysgro"."""
        return self.containers[0].name.partition("/")[0]

    def member(self, name: str) -> Node | None:
        """Return the container of a name, whatever its case."""
        return next((node for node in self.containers if node.name.casefold() == name.casefold()), None)


def group_studies(containers: Iterable[Node]) -> tuple[StudyGroup, ...]:
    """Return the studies in the order of their accessions, then the containers that belong to none."""
    studies: dict[str, list[Node]] = {}
    others: list[StudyGroup] = []
    for node in containers:
        match = ACCESSION.match(node.name)
        if match is None:
            others.append(StudyGroup("", (node,)))
        else:
            studies.setdefault(match[1], []).append(_in_study(node, match[1]))
    groups = [StudyGroup(key, tuple(sorted(nodes, key=_order))) for key, nodes in sorted(studies.items())]
    return (*groups, *others)


def _in_study(node: Node, accession: str) -> Node:
    if node.child_count == 0 and "/" not in node.name:
        return replace(node, accession=accession, description=f"{UMBRELLA} {node.description}".strip())
    return replace(node, accession=accession)


def _order(node: Node) -> tuple[str, str]:
    return node.name.casefold(), node.kind


def study_node(group: StudyGroup, annotations: Sequence[MapAnnotation], repository: str, base: str) -> Node:
    """Return the node of a group, with the key-values and links of its containers' annotations."""
    keys = {(node.kind.capitalize() + "I", node.id) for node in group.containers}
    own = [a for a in annotations if (a.parent_class, a.parent_id) in keys]
    values, links = split_links(merge_values(own))
    if not group.accession:
        return replace(group.containers[0], key_values=values)
    address = f"{base}study/{group.accession}/"
    return Study(
        kind="study",
        repository=repository,
        id=group.accession,
        name=group.name,
        address=address,
        accession=group.accession,
        description=_title(values) or _title_of_description(group.containers[-1].description),
        child_count=len(group.containers),
        key_values=values,
        links=(("Open in a browser", address), *links),
    )


def _title(values: Sequence[KeyValue]) -> str:
    found = dict(reversed(values))
    return next((found[key] for key in TITLES if found.get(key)), "")


def _title_of_description(description: str) -> str:
    """Return the title out of a description that begins with the line "Publication Title"."""
    match = re.match(r"Publication Title\s*\n(.+)", description)
    return match[1].strip() if match else ""
