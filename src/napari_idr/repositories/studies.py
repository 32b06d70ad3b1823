"""Screens and projects grouped into studies by their names, as the IDR names them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_idr.formats.omero_annotations import merge_values, split_links
from napari_idr.formats.study_facts import study_facts
from napari_idr.model.catalog import Node, Study

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from napari_idr.formats.omero_annotations import MapAnnotation

ACCESSION = re.compile(r"(idr\d{4})(?!\d)", re.ASCII)
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


@dataclass(frozen=True, slots=True)
class Extras:
    """What only some servers tell of their containers; None where this one does not."""

    image_counts: Mapping[tuple[str, str], int] | None = None
    """By kind and name."""
    ome_zarr: Collection[tuple[str, str]] | None = None
    """By kind and id."""


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
    node = replace(node, accession=accession)
    return replace(node, description=f"{UMBRELLA} {node.description}".strip()) if node.is_umbrella else node


def _order(node: Node) -> tuple[str, str]:
    return node.name.casefold(), node.kind


def study_node(
    group: StudyGroup, annotations: Sequence[MapAnnotation], repository: str, base: str, extras: Extras | None = None
) -> Node:
    """Return the node of a group: facts, key-values and links of its containers' annotations, and its counts."""
    extras = extras or Extras()
    keys = {(node.kind.capitalize() + "I", node.id) for node in group.containers}
    merged = merge_values(a for a in annotations if (a.parent_class, a.parent_id) in keys)
    values, links = split_links(merged)
    if not group.accession:
        return replace(group.containers[0], key_values=values, links=links)
    facts = study_facts(merged, [node.description for node in reversed(group.containers)])
    address = f"{base}study/{group.accession}/"
    return Study(
        kind="study",
        repository=repository,
        id=group.accession,
        name=group.name,
        address=address,
        accession=group.accession,
        description=facts.title,
        child_count=len(group.containers),
        key_values=values,
        links=(("Open in a browser", address), *links),
        facts=facts,
        containers=group.containers,
        set_count=_sum([node.child_count for node in group.containers]),
        image_count=_images(group, extras),
        has_ome_zarr=_any_in(group, extras.ome_zarr),
    )


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _images(group: StudyGroup, extras: Extras) -> int | None:
    counts = extras.image_counts
    return None if counts is None else sum(counts.get((node.kind, node.name), 0) for node in group.containers)


def _any_in(group: StudyGroup, marked: Collection[tuple[str, str]] | None) -> bool | None:
    return None if marked is None else any((node.kind, node.id) in marked for node in group.containers)
