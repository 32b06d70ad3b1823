"""What the demonstration content says of itself: studies, names, key-values, ROIs.

The document is what a folder of data may carry to be served with more than file names:

``screens[]``: name, description, annotations, plates[] (path, name, wells: annotations by well name);
``projects[]``: name, description, annotations, datasets[] (name, images[] with path, name, annotations);
``rois``: shapes by path of the image. ``annotations`` are ``{"ns", "values": [[key, value], …]}``. An image of a
dataset may have ``rois`` of its own, ``many_rois`` (total, width, height) that are made when they are asked for, and
``found_by``: then the server does not say where its OME-Zarr lies (see ``served.FoundBy``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .plate_layout import BULK, MAPR, well_annotations
from .rois import every_shape, field_rois, movie_rois, slide_rois

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .movie_content import MovieShape
    from .plate_content import PlateShape
    from .plate_layout import Treatment
    from .slide_content import SlideShape

MANY_ROIS = 10_000
CATALOGUE_NAME = "catalogue.json"
PLATE_PATH = "plates/knockdown-1.ome.zarr"
SLIDE_PATH = "slides/colon.ome.zarr"
MOVIE_PATH = "movies/embryo.ome.zarr"
STUDY = "idr.openmicroscopy.org/study/info"
MADE_UP = "Demonstration data painted by napari-idr: no cell was harmed, no measurement was made."


def content_catalogue(
    treatments: Sequence[Treatment], plate: PlateShape, slide: SlideShape, movie: MovieShape
) -> dict[str, Any]:
    """Return the whole catalogue document."""
    return {
        "version": 1,
        "screens": [_screen(treatments)],
        "projects": [_slides(), _movies(slide, movie)],
        "rois": field_rois(PLATE_PATH, treatments, plate)
        | {SLIDE_PATH: slide_rois(slide.side), MOVIE_PATH: movie_rois(movie.side, movie.planes)},
    }


def _study(*pairs: tuple[str, str]) -> list[dict[str, Any]]:
    """Key-values of a study as the IDR has them, in its order."""
    common = (
        ("Publication Title", "None: painted by napari-idr"),
        ("Publication Authors", "The napari-idr developers"),
        ("Release Date", "2026-11-21"),
        ("License", "CC0 1.0 https://creativecommons.org/publicdomain/zero/1.0/"),
        ("Copyright", "None: made by napari-idr"),
        ("Data Publisher", "napari-idr"),
    )
    return [{"ns": STUDY, "values": [list(pair) for pair in pairs + common]}]


def _description(kind: str, text: str) -> str:
    return f"Publication Title\nNone: painted by napari-idr\n\n{kind} Description\n{text} {MADE_UP}"


def _screen(treatments: Sequence[Treatment]) -> dict[str, Any]:
    text = "Knock-down of 40 genes and four compounds in ten doses, stained for DNA, microtubules and mitosis."
    plate = {
        "path": PLATE_PATH,
        "name": "knockdown-1",
        "description": MADE_UP,
        "wells": {one.well: well_annotations(one) for one in treatments},
    }
    return {
        "name": "idr9901-demo-knockdown/screenA",
        "description": _description("Screen", text),
        "annotations": _study(
            ("Sample Type", "cell"),
            ("Organism", "Homo sapiens"),
            ("Study Title", "Demonstration: genes and compounds that stop mitosis"),
            ("Study Type", "high content screen"),
            ("Screen Type", "primary screen"),
            ("Screen Technology Type", "RNAi screen"),
            ("Imaging Method", "fluorescence microscopy"),
        ),
        "plates": [plate],
    }


def _slides() -> dict[str, Any]:
    text = "One section of colon, stained with hematoxylin and eosin, as a scanner at 40x would give it."
    values = [["Organism Part", "colon"], ["Stain", "hematoxylin and eosin"], ["Magnification", "40x"]]
    image = {
        "path": SLIDE_PATH,
        "name": "colon-section-1",
        "description": MADE_UP,
        "annotations": [*_sample("Homo sapiens"), {"ns": BULK, "values": values}],
    }
    return {
        "name": "idr9902-demo-histology/experimentA",
        "description": _description("Experiment", text),
        "annotations": _study(
            ("Sample Type", "tissue"),
            ("Organism", "Homo sapiens"),
            ("Study Title", "Demonstration: a whole slide of colon"),
            ("Study Type", "histology"),
            ("Imaging Method", "bright-field microscopy"),
        ),
        "datasets": [{"name": "Whole slides", "description": MADE_UP, "annotations": [], "images": [image]}],
    }


def _movies(slide: SlideShape, movie: MovieShape) -> dict[str, Any]:
    text = "An embryo whose nuclei wander and divide, as a light-sheet microscope would see it."
    values = [["Developmental Stage", "early cleavage"], ["Channels", "H2B-mCherry:nuclei;membrane-GFP:membranes"]]
    image = {
        "path": MOVIE_PATH,
        "name": "embryo-1",
        "description": MADE_UP,
        "annotations": [*_sample("Danio rerio"), {"ns": BULK, "values": values}],
    }
    return {
        "name": "idr9903-demo-embryo/experimentA",
        "description": _description("Experiment", text),
        "annotations": _study(
            ("Sample Type", "cell"),
            ("Organism", "Danio rerio"),
            ("Study Title", "Demonstration: dividing cells of an embryo"),
            ("Study Type", "time-lapse imaging"),
            ("Imaging Method", "light sheet fluorescence microscopy"),
        ),
        "datasets": [
            {"name": "Time-lapses", "description": MADE_UP, "annotations": [], "images": [image]},
            _marked(slide, movie),
            _rendered(),
            _elsewhere(),
        ],
    }


def _marked(slide: SlideShape, movie: MovieShape) -> dict[str, Any]:
    """Return a dataset of the same pictures with other ROIs: every kind of shape, and ten thousand outlines."""
    many = {"total": MANY_ROIS, "width": slide.side, "height": slide.side}
    images = [
        {"path": MOVIE_PATH, "name": "embryo-1, every kind of ROI", "rois": every_shape(movie.side, movie.planes)},
        {"path": SLIDE_PATH, "name": "colon-section-1, 10,000 ROIs", "many_rois": many},
    ]
    return {"name": "Variants: regions of interest", "description": MADE_UP, "annotations": [], "images": images}


def _rendered() -> dict[str, Any]:
    """Return a dataset of the same pictures without their OME-Zarr."""
    images = [
        {"path": MOVIE_PATH, "name": "embryo-1, rendered", "found_by": "rendered", "rois": []},
        {"path": SLIDE_PATH, "name": "colon-section-1, rendered", "found_by": "rendered"},
    ]
    return {"name": "Variants: only rendered", "description": MADE_UP, "annotations": [], "images": images}


def _elsewhere() -> dict[str, Any]:
    """Return a dataset of the same picture, whose OME-Zarr the server does not name, or that it does not have."""
    found = {"by its files": "files", "by a list": "list", "by a guess": "guess", "only its files": "nothing"}
    images = [
        {"path": MOVIE_PATH, "name": f"embryo-1, {name}", "found_by": way, "rois": []} for name, way in found.items()
    ]
    return {"name": "Variants: other ways", "description": MADE_UP, "annotations": [], "images": images}


def _sample(organism: str) -> list[dict[str, Any]]:
    return [{"ns": MAPR + "organism", "values": [["Organism", organism]]}]
