"""What a package says of itself: ``manifest.json``, schema napari-idr/package/1."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from napari_idr.formats.model_json import time_text
from napari_idr.version import VERSION

from .checks_terms import terms_of
from .checksums import sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet
    from napari_idr.model.submission import Submission, Target

    from .report import Report

NAME = "manifest.json"
SCHEMA = "napari-idr/package/1"


def manifest(
    submission: Submission, target: Target, report: Report, roles: Mapping[str, str], folder: Path
) -> dict[str, Any]:
    """Return what is written: sources, conventions, counts and files with their roles."""
    form = submission.form
    return {
        "schema": SCHEMA,
        "created": time_text(form.created) or None,
        "generator": {"name": "napari-idr", "version": VERSION},
        "target": target,
        "title": form.title,
        "license": form.license,
        "annotators": [{"name": one.name, "orcid": one.orcid} for one in form.authors],
        "sources": [source_as_json(one.image, number) for number, one in enumerate(submission.sets, 1)],
        "coordinates": {
            "rois.csv": "pixel centre: the centre of the first pixel is (0, 0)",
            "ome_xml": "pixel corner: the corner of the first pixel is (0, 0)",
            "geojson": "pixel corner",
            "z_t_index_base": 0,
        },
        "ontologies": ontologies(submission.sets),
        "counts": counts(submission.sets),
        "preflight": {
            "status": "pass" if report.passes else "fail",
            "errors": len(report.errors),
            "warnings": len(report.findings) - len(report.errors),
            "report": "preflight.json",
        },
        "files": [file_as_json(folder, path, role) for path, role in sorted(roles.items())],
    }


def source_as_json(image: AnnotatedImage, number: int) -> dict[str, Any]:
    """Return one annotated image: where it is, and what it looked like when it was annotated."""
    return {
        "key": f"img{number}",
        "identity": image.key,
        "repository": image.repository,
        "accession": image.accession,
        "image_id": image.image_id,
        "container": image.container,
        "dataset": image.dataset,
        "plate": image.plate,
        "well": image.well,
        "field": image.field,
        "acquisition": image.acquisition,
        "name": image.name,
        "address": image.address,
        "checksum": image.checksum,
        "license": image.license,
        "size": {axis: image.size(axis) for axis in "xyzct"},
        "pixel_size": {axis: {"value": one.value, "unit": one.unit} for axis, one in image.spacing},
        "pixel_size_stated_by": image.spacing_stated_by.name if image.spacing_stated_by else None,
        "fingerprint": {"kind": "sha256(sizes|pixelsize|name)", "value": fingerprint(image)},
    }


def fingerprint(image: AnnotatedImage) -> str:
    """Return what changes when an image is replaced by another: a SHA-256 of its sizes, pixel sizes and name."""
    sizes = ",".join(str(image.size(axis)) for axis in "xyzct")
    pixels = ",".join(f"{axis}={one.value:.9g}{one.unit or ''}" for axis, one in sorted(image.spacing))
    return hashlib.sha256(f"{sizes}|{pixels}|{image.name}".encode()).hexdigest()


def ontologies(sets: Sequence[AnnotationSet]) -> list[dict[str, str]]:
    """Return the ontologies whose terms are used, with their releases as far as they are known."""
    used: dict[str, str] = {}
    for term in terms_of(sets):
        used[term.ontology] = max(used.get(term.ontology, ""), term.release)
    return [{"prefix": name, "version": release} for name, release in sorted(used.items())]


def counts(sets: Sequence[AnnotationSet]) -> dict[str, int]:
    """Return how many objects of each kind, label images and images there are."""
    kinds = [one.kind for each in sets for one in each.objects]
    return {
        "images": len(sets),
        "rois": kinds.count("region"),
        "labels": kinds.count("label"),
        "tracks": kinds.count("track"),
        "label_images": sum(len(each.labels) for each in sets),
    }


def file_as_json(folder: Path, path: str, role: str) -> dict[str, Any]:
    """Return one file of a package with its size and checksum."""
    file = folder / path
    return {"path": path, "bytes": file.stat().st_size, "sha256": sha256_of(file), "role": role}


def write_json(path: Path, value: object) -> Path:
    """Write a value as JSON that is the same for the same value."""
    text = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=False, allow_nan=False)
    path.write_text(f"{text}\n", encoding="utf-8", newline="\n")
    return path
