"""A package of 40 images with 25,000 ROIs and 40 label images of 2048 x 2048: time and memory of checks and writing.

``scripts/bench.sh packages``; with other numbers of images, ROIs or pixels nothing is written into RESULTS.md.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

import numpy as np
from aims import Aim, aim_table
from results import write_section

from napari_idr.export.package import write_package
from napari_idr.export.package_check import check_path
from napari_idr.export.preflight import Preflight
from napari_idr.export.report import Acknowledgement, Report, key_of
from napari_idr.model.annotation import Ellipse, Polygon, Rectangle
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
from napari_idr.model.submission import Submission, SubmissionForm
from napari_idr.workspace.known_now import KnownNow

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGES, ROIS, SIDE = 40, 25_000, 2048
AIMS = (
    Aim("preflight", "preflight", "<= 10 s", 10, " s"),
    Aim("again", "the same again, nothing changed", unit=" s"),
    Aim("object", "one changed object checked again", "<= 50 ms", 50, " ms"),
    Aim("package", "package, written and read back", "<= 60 s", 60, " s"),
    Aim("memory", "most memory of the process until then", "<= 1,024 MB", 1024, " MB"),
    Aim("check", "check of the package", unit=" s"),
    Aim("check memory", "most memory of the process until then, the check included", unit=" MB"),
)
WHEN = datetime(2026, 11, 30, tzinfo=UTC)
WHO = Annotator("Josiah Carberry", "0000-0002-1825-0097")
ROUND = OntologyTerm("CMPO_0000123", "round nucleus phenotype")


def made_set(number: int, rois: int, side: int) -> AnnotationSet:
    """Return one image: half of its objects drawn, half painted, none touching another."""
    random = np.random.default_rng(number)
    image = AnnotatedImage(
        address=f"https://idr.openmicroscopy.org/webclient/?show=image-{number}",
        name=f"field-{number}.tif",
        repository="idr",
        image_id=str(number),
        dataset="benchmark",
        size_x=side,
        size_y=side,
        dtype="uint16",
        spacing=(("x", Spacing(0.5, "micrometer")), ("y", Spacing(0.5, "micrometer"))),
    )
    across = int(np.ceil(np.sqrt(rois)))
    cell = side // across
    pixels = np.zeros((side, side), np.uint16)
    objects = []
    for index in range(rois):
        top, left = (index // across) * cell, (index % across) * cell
        shared = {
            "uuid": str(uuid5(NAMESPACE_URL, f"{number}/{index}")),
            "name": f"object {index}",
            "object_class": "nucleus",
            "phenotypes": (Phenotype("round nuclei", ROUND),),
            "annotator": WHO,
            "created": WHEN,
            "modified": WHEN,
            "features": (("area", float(index)),),
        }
        if index % 2:
            pixels[top + 1 : top + cell - 2, left + 1 : left + cell - 2] = index
            objects.append(AnnotatedObject(label=LabelPlace("nuclei", index), layer="nuclei", **shared))
            continue
        jitter = random.uniform(0.1, 0.9, 2)
        x, y, size = left + 1 + jitter[0], top + 1 + jitter[1], max(cell - 4, 4)
        shape = [
            Rectangle(x=x, y=y, width=size, height=size / 2),
            Ellipse(x=x + size / 2, y=y + size / 2, radius_x=size / 2, radius_y=size / 3),
            Polygon(points=((x, y), (x + size, y + 1), (x + size / 2, y + size), (x, y + size / 2))),
        ][index // 2 % 3]
        objects.append(AnnotatedObject(shapes=(shape,), layer="cells", **shared))
    labels = (LabelImage(name="nuclei", axes=("y", "x"), pixels=pixels),)
    return AnnotationSet(image=image, objects=tuple(objects), labels=labels)


def megabytes() -> float:
    """Return the most memory this process had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def made_submission(images: int, rois: int, side: int) -> Submission:
    """Return what would be submitted."""
    form = SubmissionForm(
        title="Benchmark",
        description="Made objects.",
        accession="idr0000",
        organism="Homo sapiens",
        organism_accession="NCBITaxon_9606",
        authors=(WHO,),
        license="CC BY 4.0",
        method="Made by a program.",
        method_types=("geometrical_annotations",),
        created=WHEN,
    )
    return Submission(form=form, sets=tuple(made_set(number, rois // images, side) for number in range(1, images + 1)))


def measure(submission: Submission) -> dict[str, list[float]]:
    """Check, write and check what was written; return what each took."""
    known = KnownNow({ROUND.accession: ROUND})
    preflight, found = Preflight("both", known), {}
    first = submission.sets[0]

    @contextmanager
    def timed(key: str, per_second: float = 1) -> Iterator[None]:
        began, spent = time.perf_counter(), time.process_time()
        yield
        found[key] = [per_second * (time.perf_counter() - began)]
        found[f"{key} processor"] = [time.process_time() - spent]

    with timed("preflight"):
        report = preflight.check(submission)
    with timed("again"):
        preflight.check(submission)
    with timed("object", 1000):
        preflight.check_object(first.image, replace(first.objects[0], name="another"))
    if report.errors:
        raise RuntimeError(f"the annotations are not as they should be: {report.errors[0]}")
    said = tuple(Acknowledgement(key_of(one), WHO, WHEN) for one in report.findings)
    with tempfile.TemporaryDirectory() as folder:
        with timed("package"):
            written = write_package(submission, "both", Report(report.findings, said), Path(folder))
        found["memory"] = [megabytes()]
        with timed("check"):
            again = check_path(written.folder, known)
        found["check memory"] = [megabytes()]
    if not again.passes:
        raise RuntimeError(f"the package does not pass its check: {again.errors[0]}")
    return found


def main() -> int:
    """Measure, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=IMAGES)
    parser.add_argument("--rois", type=int, default=ROIS)
    parser.add_argument("--side", type=int, default=SIDE)
    chosen = parser.parse_args()
    submission = made_submission(chosen.images, chosen.rois, chosen.side)
    held = megabytes()
    told, is_met = aim_table("packages", AIMS, measure(submission))
    method = (
        f"{chosen.images} images with {chosen.rois:,} objects and {chosen.images} label images of {chosen.side} x "
        f"{chosen.side}, for both archives. One run in one process, of which the annotations themselves take "
        f"{held:.0f} MB. Load of the machine at the end: {os.getloadavg()[0]:.1f}."
    )
    if (chosen.images, chosen.rois, chosen.side) == (IMAGES, ROIS, SIDE):
        write_section("Packages", f"{method}\n\n{told}")
    else:
        print(f"{method}\n\n{told}")
    return int(not is_met)


if __name__ == "__main__":
    sys.exit(main())
