"""Annotation sets with label images, as rich as the model allows."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from napari_idr.model.annotation import Rectangle
from napari_idr.model.annotation_set import (
    AnnotatedImage,
    AnnotatedObject,
    AnnotationSet,
    LabelImage,
    LabelPlace,
    Spacing,
)
from napari_idr.model.annotator import Annotator
from napari_idr.model.ontology import OntologyTerm, Phenotype

CARBERRY = Annotator("Josiah Carberry", "0000-0002-1825-0097")
ROUND = OntologyTerm("CMPO_0000118", "round cell phenotype", iri="http://www.ebi.ac.uk/cmpo/CMPO_0000118")
WHEN = datetime(2025, 11, 20, 12, 0, 0, 5000, tzinfo=UTC)


def image(**changes: object) -> AnnotatedImage:
    """A stack of three planes of 64 x 80 pixels."""
    facts: dict[str, object] = {
        "address": "https://idr.openmicroscopy.org/webclient/?show=image-6001247",
        "name": "B1_C1.tif",
        "repository": "idr",
        "accession": "idr0062",
        "image_id": "6001247",
        "dataset": "Blastocysts",
        "size_x": 80,
        "size_y": 64,
        "size_z": 3,
        "dtype": "uint16",
        "spacing": (
            ("x", Spacing(0.25, "micrometer")),
            ("y", Spacing(0.25, "micrometer")),
            ("z", Spacing(1.0, "micrometer")),
        ),
        "level_factors": (1.0, 2.0),
    }
    return AnnotatedImage(**(facts | changes))


def nuclei(dtype: str = "uint16") -> np.ndarray:
    """Two objects, of z, y, x."""
    pixels = np.zeros((3, 64, 80), dtype)
    pixels[0:2, 5:20, 8:30] = 1
    pixels[2, 40:60, 50:79] = 2
    return pixels


def rich_object(value: int, label: str = "nuclei", **changes: object) -> AnnotatedObject:
    """An object of a label image of which everything is said that can be."""
    facts: dict[str, object] = {
        "uuid": f"29594281-b6a8-5b7e-93ad-afb02c8c{value:04x}",
        "label": LabelPlace(label, value),
        "name": f"Ядро {value}",
        "object_class": "nucleus",
        "phenotypes": (Phenotype("round", ROUND), Phenotype("odd", no_term=True)),
        "terms": (OntologyTerm("GO_0005634", "nucleus", synonyms=("cell nucleus",), release="2024-01-17"),),
        "key_values": (("stain", "DAPI"), ("stain", "細胞 & <b>")),
        "comment": "touches\nits neighbour\x07",
        "annotator": CARBERRY,
        "created": WHEN,
        "modified": WHEN,
        "status": "accepted",
        "reviewer": Annotator("R. Viewer"),
        "reviewed": WHEN,
        "layer": label,
        "level": 1,
        "features": (
            ("area", 330.5),
            ("count", 7),
            ("name", "clashes"),
            ("ok", True),
            ("none", None),
            ("far", float("inf")),
            ("Gene Symbol", "SEPT1"),
        ),
        "look": (("visible", False),),
    }
    return AnnotatedObject(**(facts | changes))


def labelled_set(**changes: object) -> AnnotationSet:
    """A set with one label image, described in full and barely."""
    colors = ((1, (255, 0, 0, 255)), (2, (0, 255, 0, 128)))
    label = LabelImage(name="nuclei", axes=("z", "y", "x"), pixels=nuclei(), colors=colors)
    bare = AnnotatedObject(uuid="97702921-201e-5344-8de1-7135b7a7542f", label=LabelPlace("nuclei", 2))
    facts: dict[str, object] = {"image": image(), "objects": (rich_object(1), bare), "labels": (label,)}
    return AnnotationSet(**(facts | changes))


def drawn_object() -> AnnotatedObject:
    """An object that is no label."""
    return AnnotatedObject(
        uuid="00000000-0000-4000-8000-00000000000a",
        shapes=(Rectangle(x=2.5, y=3, width=10, height=5.25, z=1),),
        name="box",
        object_class="cell",
    )


def same_labels(one: LabelImage, other: LabelImage) -> bool:
    """Whether two label images are alike, pixels and all."""
    facts = [(each.name, each.axes, each.start, each.level, each.colors, each.pixels.dtype) for each in (one, other)]
    return facts[0] == facts[1] and np.array_equal(one.pixels[...], other.pixels[...])
