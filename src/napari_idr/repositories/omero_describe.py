"""A node of an OMERO.web server with all that is known of it: key-values, links, counts, thumbnail."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from napari_idr.errors import Cancelled, NapariIdrError, ServerFailure
from napari_idr.formats.labelled_values import label_values
from napari_idr.formats.omero_annotations import merge_values, parse_annotations, split_links
from napari_idr.formats.omero_json import (
    parse_acquisition,
    parse_external_address,
    parse_image,
    parse_listing,
    parse_plate,
    parse_single,
    parse_well,
)
from napari_idr.model.catalog import ImageNode, Node, Well, WellSample

from .pixel_sources import public_address

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_idr.formats.omero_annotations import MapAnnotation
    from napari_idr.model.feature_table import Subject

    from .omero import OmeroRepository
    from .omero_api import Ask

NodeT = TypeVar("NodeT", bound=Node)

OWN_CHILDREN = {
    "screen": "screens/{}/plates/",
    "project": "projects/{}/datasets/",
    "dataset": "datasets/{}/images/",
}


def describe(repository: OmeroRepository, node: Node) -> Node:
    """Return a node with its key-values, links, counts and thumbnail; its requests are made at once."""
    if node.kind == "plate":
        return _plate(repository, node)
    if node.kind in ("image", "field"):
        return _image(repository, node)
    if node.kind == "well":
        return _well(repository, node)
    if node.kind in OWN_CHILDREN:
        return _container(repository, node)
    if node.kind == "repository":
        node = replace(node, child_count=repository.count())
    return annotated(node, ())


def annotated(node: NodeT, own: Iterable[MapAnnotation], everything: Iterable[MapAnnotation] | None = None) -> NodeT:
    """Return the node with its own key-values and the links found in them, its page first; ``everything`` labelled."""
    own = list(own)
    values, links = split_links(merge_values(own))
    page = (("Open in a browser", node.address),) if node.address else ()
    labelled = label_values(own if everything is None else everything)
    return replace(node, key_values=values, links=(*page, *links), labelled=labelled)


def _container(repository: OmeroRepository, node: Node) -> Node:
    """Describe a screen, project or dataset; its children are counted where the list did not say."""
    api = repository.api
    asks = [api.ask_annotations([(node.kind, node.id)], parents=node.kind == "dataset")]
    if node.child_count is None or node.kind == "dataset":
        asks.append(api.ask_list(OWN_CHILDREN[node.kind].format(node.id), 0, 1))
    answers = _answers(repository, asks)
    if len(asks) > 1:
        children = parse_listing(answers[1], asks[1][0])
        pictures = children.records if node.kind == "dataset" else ()
        thumbnail = next((record.identifier() for record in pictures), node.thumbnail_id)
        node = replace(node, child_count=children.total, thumbnail_id=thumbnail)
    return _labelled(node, parse_annotations(answers[0], asks[0][0]))


def _plate(repository: OmeroRepository, node: Node) -> Node:
    """Describe a plate: rows, columns, acquisitions, wells, and a well's picture."""
    api, source = repository.api, repository.source(node.accession)
    asks = [
        api.ask_single(f"plates/{node.id}/"),
        api.ask_annotations([("plate", node.id)], parents=True),
        api.ask_list(f"plates/{node.id}/wells/", 0, 1, normalize=False),
        api.ask_list(f"plates/{node.id}/plateacquisitions/", 0, 1000),
    ]
    item, annotations, wells, runs = _answers(repository, asks, may_fail=3)
    plate = parse_plate(parse_single(item, asks[0][0]), source)
    listing = parse_listing(wells, asks[2][0])
    first = [parse_well(record, source) for record in listing.records]
    records = () if isinstance(runs, NapariIdrError) else parse_listing(runs, asks[3][0]).records
    described = _labelled(plate, parse_annotations(annotations, asks[1][0]))
    return replace(
        described,
        child_count=listing.total,
        thumbnail_id=first[0].thumbnail_id if first else "",
        acquisitions=tuple(parse_acquisition(record, source) for record in records),
    )


def _image(repository: OmeroRepository, node: Node) -> Node:
    """Describe an image or field: sizes, its own key-values, then those of its well."""
    api, source = repository.api, repository.source(node.accession)
    image_id = node.image_id if isinstance(node, WellSample) else node.id
    record = repository.pixels.kept(image_id)
    asks = [api.ask_annotations([("image", image_id)], parents=True)]
    asks += [api.ask_single(f"images/{image_id}/")] if record is None else []
    answer, *items = _answers(repository, asks)
    if record is None:
        record = parse_single(items[0], asks[1][0])
        repository.pixels.keep(image_id, record)
    found = parse_annotations(answer, asks[0][0])
    relevant = [a for a in found if a.parent_class == "ImageI"] + [a for a in found if a.parent_class == "WellI"]
    image = parse_image(record, source)
    if not relevant and not isinstance(node, WellSample):
        relevant = _of_table(repository, "image", image_id)
        found = (*relevant, *found)
    if isinstance(node, ImageNode):
        node = replace(node, sizes=image.sizes, pixel_type=image.pixel_type)
    described = annotated(
        replace(node, thumbnail_id=image_id, description=image.description or node.description), relevant, found
    )
    return replace(described, links=described.links + _pixel_link(repository, image_id))


def _pixel_link(repository: OmeroRepository, image_id: str) -> tuple[tuple[str, str], ...]:
    place = public_address(parse_external_address(repository.pixels.record(image_id)))
    return (("OME-Zarr", place),) if place is not None and place.startswith("http") else ()


def _well(repository: OmeroRepository, node: Node) -> Node:
    """Describe a well: its own key-values, or its first image's where it has none."""
    api = repository.api
    samples = repository.samples(node)
    images = [("image", s.image_id) for s in samples[:1] if s.image_id]
    ask = api.ask_annotations([("well", node.id), *images], parents=True)
    found = parse_annotations(api.http.get_json(*ask), ask[0])
    own = [a for a in found if a.parent_class == "WellI"]
    if not any(a.parent_class in ("WellI", "ImageI") for a in found):
        own = _of_table(repository, "well", node.id)
        found = (*own, *found)
    thumbnail = next((s.image_id for s in samples if s.image_id), "")
    if isinstance(node, Well):
        node = replace(node, samples=samples)
    node = replace(node, child_count=len(samples), thumbnail_id=thumbnail)
    return annotated(node, own + [a for a in found if a.parent_class == "ImageI"], found)


def _of_table(repository: OmeroRepository, subject: Subject, number: str) -> list[MapAnnotation]:
    """Return what the bulk table says of a well or image that has no annotations: one or two requests more."""
    try:
        return repository.tables.annotations(subject, number)
    except Cancelled:
        raise
    except NapariIdrError:  # what is known without it is shown
        return []


def _labelled(node: NodeT, found: Iterable[MapAnnotation]) -> NodeT:
    """Return a container with its own key-values, and labelled also those of what it lies in."""
    found = list(found)
    own_class = f"{node.kind.capitalize()}I"
    return annotated(node, [a for a in found if a.parent_class == own_class], found)


def _answers(repository: OmeroRepository, asks: list[Ask], may_fail: int | None = None) -> list[Any]:
    """Return the answers of requests made at once. Raises the first error but for the one that may fail (5xx)."""
    answers = repository.api.together(asks)
    for index, answer in enumerate(answers):
        tolerated = index == may_fail and isinstance(answer, ServerFailure)
        if isinstance(answer, NapariIdrError) and not tolerated:
            raise answer
    return answers
