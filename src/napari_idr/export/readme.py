"""The README of a package, for the curator: what it is, what is in it, and the exact commands that load it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.formats.model_json import time_text
from napari_idr.model.submission import LICENSES
from napari_idr.version import VERSION

from .finding_makers import image_words
from .manifest import counts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_idr.model.annotation_set import AnnotatedImage
    from napari_idr.model.submission import Submission, Target

    from .report import Report

NAME = "README.md"

LIMITS = (
    "The IDR publishes complete studies with a publication. Regions that a third party drew on images of an existing "
    "study are no submission route that it describes: write to idr@openmicroscopy.org before you send them.",
    "The BioImage Archive takes annotations of images that are in an archive already as a submission of their own.",
)


def readme(submission: Submission, target: Target, report: Report, roles: Mapping[str, str]) -> str:
    """Return the text."""
    return "\n".join(
        (*_head(submission), *_images(submission), *_files(roles), *_loading(target, roles), *_proof(report))
    )


def _head(submission: Submission) -> Iterator[str]:
    form = submission.form
    found = counts(submission.sets)
    yield f"# {_line(form.title)}"
    yield ""
    if form.description:
        yield _line(form.description)
        yield ""
    yield f"- Annotated by: {', '.join(_person(one.name, one.orcid) for one in form.authors)}"
    yield f"- Licence of the annotations: {form.license} ({LICENSES.get(form.license, 'not stated')})"
    yield f"- Organism: {form.organism}{f' ({form.organism_accession})' if form.organism_accession else ''}"
    yield f"- Made: {time_text(form.created)}, with napari-idr {VERSION}"
    yield f"- Method: {_line(form.method)}"
    for name, text in (("Criteria", form.criteria), ("Coverage", form.coverage)):
        if text:
            yield f"- {name}: {_line(text)}"
    yield (
        f"- Contents: {found['rois']:,} regions, {found['labels']:,} labels in {found['label_images']:,} label images"
        f" and {found['tracks']:,} tracks on {found['images']:,} images"
    )
    yield ""


def _line(text: str) -> str:
    """Return a text as one line that no table and no heading takes for its own."""
    return " ".join(text.split()).replace("|", "/")


def _person(name: str, orcid: str) -> str:
    return f"{name} (https://orcid.org/{orcid})" if orcid else name


def _images(submission: Submission) -> Iterator[str]:
    yield "## The images"
    yield ""
    yield "| image | where it is | size x, y, z, c, t | pixel | objects |"
    yield "| --- | --- | --- | --- | --- |"
    for one in submission.sets:
        sizes = ", ".join(str(one.image.size(axis)) for axis in "xyzct")
        where = one.image.address or one.image.name
        words = [image_words(one.image), where, sizes, _pixel(one.image), f"{len(one.objects):,}"]
        yield f"| {' | '.join(_line(word) for word in words)} |"
    yield ""


def _pixel(image: AnnotatedImage) -> str:
    sizes = [f"{one.value:g} {one.unit or ''}".strip() for axis in "xyz" if (one := image.spacing_of(axis)) is not None]
    stated = image.spacing_stated_by
    note = f" (stated by {stated.name}; the file gives none)" if stated is not None else ""
    drawn = "; drawn on pictures of 8 bits that the server renders" if image.source_kind == "rendered" else ""
    return f"{' x '.join(sizes) or 'not known'}{note}{drawn}"


def _files(roles: Mapping[str, str]) -> Iterator[str]:
    yield "## The files"
    yield ""
    yield "Coordinates are in pixels of the finest level. In OME-XML and GeoJSON (0, 0) is the corner of the first"
    yield "pixel, in `rois.csv` its centre. z and t are counted from 0; a shape without them lies on all planes."
    yield ""
    for role, text in ROLES.items():
        paths = [path for path, has in roles.items() if has == role]
        if len(paths) == 1:
            yield f"- `{paths[0]}`: {text}"
        elif paths:
            yield f"- `{min(paths)}` and {len(paths) - 1} more: {text}"
    yield ""


ROLES = {
    "idr-rois": "regions of one image, OME-XML 2016-06 (the IDR's preferred format)",
    "idr-masks": "masks of one image, OME-XML, one bit per pixel as OMERO packs them",
    "qupath-rois": "the same regions for QuPath",
    "label-image": "label images: 0 is background, each other value one object",
    "roi-table": "every object of every image, without loss",
    "omero-table": "features per region, for omero metadata populate",
    "tracks": "tracks with their parents",
    "idr-annotation": "the IDR's annotation table",
    "idr-processed": "the IDR's processed data table",
    "idr-phenotypes": "the phenotype block of the study file",
    "idr-import": "the command that loads each image's regions",
    "bia-file-list": "the BioImage Archive's file list, with Source Image",
    "bia-section": "the section Annotations of the submission form",
    "mifa": "the annotations as MIFA describes them",
    "ro-crate": "RO-Crate of the BioImage Archive's profile",
    "ro-crate-file-list": "its file list",
    "region": "pixels of a region, cut out where the licence allows it",
    "manifest": "what is where, with checksums",
    "preflight": "every check, and who said yes to which warning",
}
"""What a file is for, by its role."""


def _loading(target: Target, roles: Mapping[str, str]) -> Iterator[str]:
    yield "## How to load it"
    yield ""
    yield "Check that nothing changed on its way:"
    yield ""
    yield "    sha256sum -c checksums.sha256"
    yield ""
    if target != "bia" and "idr-import" in roles.values():
        yield "Regions into OMERO, image by image, with the commands of `idr/roi_import.tsv`:"
        yield ""
        yield "    ome-omero-roitool import IMAGE_ID annotations/rois/NAME.rois.ome.xml"
        yield ""
        yield "The annotation table, onto the project or screen:"
        yield ""
        yield "    omero metadata populate --file idr/.../NAME-annotation.csv Project:ID"
        yield ""
    if target != "idr":
        yield "For the BioImage Archive: upload this folder, give `bia/file_list_annotations.tsv` as the file list of a"
        yield "section Annotations, and paste `bia/annotation_section.tsv` into its fields."
        yield ""
    yield "Look at everything where it was drawn, in napari with napari-idr:"
    yield ""
    yield "    napari-idr open ."
    yield ""
    yield "Check it again, and turn it into another format:"
    yield ""
    yield "    napari-idr check ."
    yield "    napari-idr convert annotations/tables/rois.csv rois.geojson"
    yield ""
    yield from (f"> {line}" for line in LIMITS)
    yield ""


def _proof(report: Report) -> Iterator[str]:
    warnings = len(report.findings) - len(report.errors)
    yield "## How it was checked"
    yield ""
    yield "Every file was read back after it was written and compared with what was drawn, to 0.0001 of a pixel, label"
    yield f"images bit by bit. All checks: `preflight.json` ({warnings} warnings, each looked at by the annotator)."
    yield ""
    yield "To make it again: open each image above in napari with napari-idr, open this folder, and export."
    yield ""
