"""A package of 40 images with 25,000 ROIs and 40 label images of 2048 x 2048: time and memory of checks and writing.

python benchmarks/packages.py [--images 40] [--rois 25000] [--side 2048]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import numpy as np

from napari_idr.export.package import write_package
from napari_idr.export.package_check import check_path
from napari_idr.export.preflight import Preflight
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


def main() -> None:
    """Measure, and print one line per step."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=40)
    parser.add_argument("--rois", type=int, default=25_000)
    parser.add_argument("--side", type=int, default=2048)
    chosen = parser.parse_args()
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
    sets = tuple(made_set(number, chosen.rois // chosen.images, chosen.side) for number in range(1, chosen.images + 1))
    submission = Submission(form=form, sets=sets)
    before = megabytes()
    print(f"{len(sets)} images, {sum(len(one.objects) for one in sets)} objects, {before:.0f} MB")
    known = KnownNow({ROUND.accession: ROUND})
    preflight = Preflight("both", known)
    steps: dict[str, float] = {}

    def timed(name: str, start: float) -> None:
        steps[name] = time.perf_counter() - start
        print(f"{name}: {steps[name]:.2f} s, {megabytes():.0f} MB")

    start = time.perf_counter()
    report = preflight.check(submission)
    timed("preflight", start)
    start = time.perf_counter()
    preflight.check(submission)
    timed("preflight again, nothing changed", start)
    from napari_idr.export.report import Acknowledgement, Report, key_of

    changed = sets[0].objects[0]
    start = time.perf_counter()
    preflight.check_object(sets[0].image, AnnotatedObject(uuid=changed.uuid, shapes=changed.shapes))
    timed("one changed object", start)
    said = tuple(Acknowledgement(key_of(one), WHO, WHEN) for one in report.findings)
    assert not report.errors, report.errors[:3]
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        written = write_package(submission, "both", Report(report.findings, said), Path(folder))
        timed("package, written and read back", start)
        start = time.perf_counter()
        again = check_path(written.folder, known)
        timed("check of the package", start)
        assert again.passes, again.errors[:3]
    print(f"most memory {megabytes():.0f} MB, {megabytes() - before:.0f} MB more than the annotations")


if __name__ == "__main__":
    main()
