"""An object as a ROI of the OME schema: its shapes, and map annotations for all that is said of it; and back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.formats.model_json import json_text, json_value
from napari_idr.formats.ome_xml import xml_text

from .details import NAMESPACE, details_of, object_from_details
from .kept_shapes import kept_documents, restored
from .phenotype_pairs import NAMESPACE as PHENOTYPE_NAMESPACE
from .phenotype_pairs import phenotype_of, phenotype_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.annotation import Shape
    from napari_idr.model.annotation_set import AnnotatedObject
    from napari_idr.model.image import KeyValue
    from napari_idr.model.ontology import Phenotype

    from .kept_shapes import Native

    Maps = Sequence[tuple[str, Sequence[KeyValue]]]
    """Map annotations: namespace and pairs of each."""

KEY_VALUES_NAMESPACE = "openmicroscopy.org/omero/client/mapAnnotation"
"""Of the pairs that OMERO's clients show and edit."""


@dataclass(frozen=True, slots=True)
class RoiEntry:
    """One ROI as it is written."""

    name: str
    shapes: tuple[Shape, ...]
    maps: Maps
    description: str = ""


def entry_of(one: AnnotatedObject, name: str, shapes: tuple[Shape, ...], native: Native | None) -> RoiEntry:
    """Return the ROI of an object.

    ``name`` is one that no other ROI of the image has; ``native`` gives what a plain reader makes of a shape, None
    where the shapes are only pixels.
    """
    told = {"comment", "key_values", "phenotypes"} - _unclean_fields(one)
    pairs = list(details_of(one, without={*told, "name"}))
    if one.name != name:
        pairs.append(("name", json.dumps(one.name)))
    kept = [] if native is None else kept_documents(shapes, native)
    if kept:
        pairs.append(("shapes", json_text(kept)))
    maps: list[tuple[str, Sequence[KeyValue]]] = [(NAMESPACE, pairs)]
    maps += [(PHENOTYPE_NAMESPACE, phenotype_pairs(phenotype)) for phenotype in one.phenotypes]
    if one.key_values:
        maps.append((KEY_VALUES_NAMESPACE, one.key_values))
    return RoiEntry(name, shapes, tuple(maps), xml_text(one.comment))


def _unclean_fields(one: AnnotatedObject) -> set[str]:
    """Return which fields the elements of OME-XML would not give back as they are."""
    texts = {"comment": [one.comment], "key_values": [text for pair in one.key_values for text in pair]}
    found = {field for field, listed in texts.items() if any(xml_text(text) != text for text in listed)}
    return found if read_phenotypes(one.phenotypes) == one.phenotypes else {*found, "phenotypes"}


def read_phenotypes(phenotypes: Sequence[Phenotype]) -> tuple[Phenotype, ...]:
    """Return phenotypes as they come back from pairs of the IDR's namespace."""
    pairs = [[(key, xml_text(text)) for key, text in phenotype_pairs(one)] for one in phenotypes]
    found = [phenotype_of(one) for one in pairs]
    return tuple(one for one in found if one is not None)


def object_of(entry: RoiEntry, uuid: str, native: Native) -> AnnotatedObject:
    """Return the object of a ROI; ``uuid`` is that of an object whose annotations give none.

    Raises ``DocumentError`` for annotations of ours that are broken.
    """
    said = {key: text for namespace, pairs in entry.maps if namespace == NAMESPACE for key, text in pairs}
    kept, shapes = said.pop("shapes", ""), entry.shapes
    if kept and shapes:
        shapes = restored(shapes, json_value(kept, "shapes"), native)
    found = [phenotype_of(pairs) for namespace, pairs in entry.maps if namespace == PHENOTYPE_NAMESPACE]
    others = [pairs for namespace, pairs in entry.maps if namespace not in (NAMESPACE, PHENOTYPE_NAMESPACE)]
    return object_from_details(
        list(said.items()),
        shapes,
        uuid=uuid,
        name=entry.name,
        comment=entry.description,
        key_values=tuple(pair for pairs in others for pair in pairs),
        phenotypes=tuple(one for one in found if one is not None),
    )
