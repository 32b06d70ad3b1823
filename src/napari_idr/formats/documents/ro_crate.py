"""A submission as an RO-Crate 1.1 with the BioImage Archive's profile: metadata, and the file list beside them.

Two files at the root of the submission. A row stands for every file, and one for each source image: annotations must
name an image of the same list, although its pixels are elsewhere.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_idr.errors import FormatError
from napari_idr.formats.delimited import table_text
from napari_idr.model.submission import ANNOTATION_TYPES, LICENSES

from .ro_crate_context import BIA, RDF_TYPE, RO_CRATE, SCHEMA, context
from .submitted_file import SPATIAL, check_files, source_path, sources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.annotator import Annotator
    from napari_idr.model.submission import Submission

    from .submitted_file import SubmittedFile

Entity = dict[str, Any]

METADATA = "ro-crate-metadata.json"
FILE_LIST = "file_list.tsv"
IMAGE = f"{BIA}Image"
DATA = f"{BIA}AnnotationData"
SOURCES, ANNOTATIONS, METHOD, ACQUISITION = "#source-images", "#annotations", "#method", "#acquisition"
COLUMNS = {
    "file_path": f"{BIA}filePath",
    "size_in_bytes": f"{BIA}sizeInBytes",
    "dataset": f"{SCHEMA}isPartOf",
    "type": RDF_TYPE,
    "label": f"{SCHEMA}name",
    "source_image": f"{BIA}associatedSourceImage",
    "associated_annotation_method": f"{BIA}associatedAnnotationMethod",
    "annotation_type": "",
    "sha256": "",
}
"""Columns of the file list, and the property that each is; those without are ours."""


def ro_crate_metadata(submission: Submission, files: Sequence[SubmittedFile]) -> str:
    """Return ``ro-crate-metadata.json``.

    Raises
    ------
    FormatError
        Where what the profile requires is missing: title, description, an author, licence, date or method.
    """
    check_files(files)
    _check_form(submission)
    graph = [
        _descriptor(),
        _study(submission, files),
        *_external(files),
        *_people(submission),
        *_datasets(submission, files),
    ]
    graph += _file_list_entities()
    return json.dumps({"@context": context(), "@graph": graph}, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def ro_crate_file_list(files: Sequence[SubmittedFile]) -> str:
    """Return ``file_list.tsv``: source images first, then the files of annotations."""
    check_files(files)
    every = sources(files)
    rows = [
        {"file_path": path, "dataset": SOURCES, "type": IMAGE, "label": image.name or path}
        for path, image in every.items()
    ]
    for file in files:
        source = source_path(file.image) if file.image is not None else next(iter(every), "")
        rows.append(
            {
                "file_path": file.path,
                "size_in_bytes": "" if file.size is None else str(file.size),
                "dataset": ANNOTATIONS,
                "type": IMAGE if file.role == "labels" else DATA,
                "label": file.path.rpartition("/")[2],
                "source_image": source,
                "associated_annotation_method": METHOD,
                "annotation_type": ",".join(file.annotation_types),
                "sha256": file.sha256,
            }
        )
    return table_text(tuple(COLUMNS), rows, delimiter="\t")


def _check_form(submission: Submission) -> None:
    form = submission.form
    needed = {
        "the title": form.title,
        "the description": form.description,
        "an author": any(person.name for person in form.authors),
        "the licence": form.license in LICENSES,
        "the date": form.created,
        "the method": form.method,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise FormatError(f"The archive needs {', '.join(missing)}", form.title, "fill it in in the export form")


def _descriptor() -> Entity:
    return {
        "@id": METADATA,
        "@type": "CreativeWork",
        "conformsTo": {"@id": RO_CRATE},
        "about": {"@id": "./"},
    }


def _study(submission: Submission, files: Sequence[SubmittedFile]) -> Entity:
    form = submission.form
    return {
        "@id": "./",
        "@type": ["Dataset", "bia:Study"],
        "name": form.title,
        "description": form.description,
        "accessionId": form.accession or "S-BIADXXXX",
        "contributor": [{"@id": _person_id(person, number)} for number, person in _named(submission)],
        "license": LICENSES[form.license],
        "datePublished": "" if form.created is None else form.created.date().isoformat(),
        "keyword": list(form.keywords),
        "hasPart": [{"@id": FILE_LIST}, {"@id": SOURCES}, {"@id": ANNOTATIONS}],
        "seeAlso": [{"@id": address} for address in _addresses(files)],
    }


def _addresses(files: Sequence[SubmittedFile]) -> list[str]:
    """Return the web pages of the source images; a local image has none."""
    addresses = (image.address for image in sources(files).values())
    return list(dict.fromkeys(address for address in addresses if address.startswith(("https://", "http://"))))


def _external(files: Sequence[SubmittedFile]) -> list[Entity]:
    images = {image.address: image for image in sources(files).values()}
    return [
        {
            "@id": address,
            "@type": ["bia:ExternalReference"],
            "description": f"Source image {images[address].name or address}",
            "additionalType": images[address].repository or "image",
        }
        for address in _addresses(files)
    ]


def _named(submission: Submission) -> list[tuple[int, Annotator]]:
    return [(number, person) for number, person in enumerate(submission.form.authors, 1) if person.name]


def _person_id(person: Annotator, number: int) -> str:
    return f"https://orcid.org/{person.orcid}" if person.orcid else f"#author-{number}"


def _people(submission: Submission) -> list[Entity]:
    return [
        {
            "@id": _person_id(person, number),
            "@type": ["Person", "bia:Contributor"],
            "displayName": person.name,
            "role": ["data annotation"],
            "affiliation": [],
        }
        for number, person in _named(submission)
    ]


def _datasets(submission: Submission, files: Sequence[SubmittedFile]) -> list[Entity]:
    form = submission.form
    study = form.accession or "the study they come from"
    kinds = {kind for file in files for kind in file.annotation_types}
    method: Entity = {
        "@id": METHOD,
        "@type": ["bia:AnnotationMethod"],
        "title": f"Annotation of {form.title}",
        "protocolDescription": form.method,
        "annotationCriteria": form.criteria,
        "annotationCoverage": form.coverage,
        "methodType": [kind for kind in ANNOTATION_TYPES if kind in kinds],
        "annotationSourceIndicator": "metadata_file",
        "spatialInformation": SPATIAL,
    }
    return [
        {
            "@id": SOURCES,
            "@type": ["bia:Dataset", "Dataset"],
            "name": "Source images",
            "description": "The images that were annotated; their pixels stay where they are",
            "associatedImageAcquisitionProtocol": [{"@id": ACQUISITION}],
        },
        {
            "@id": ACQUISITION,
            "@type": ["bia:ImageAcquisitionProtocol"],
            "title": "See the source study",
            "protocolDescription": f"As {study} describes",
            "imagingInstrumentDescription": f"As {study} describes",
        },
        {
            "@id": ANNOTATIONS,
            "@type": ["bia:Dataset", "Dataset"],
            "name": "Annotations",
            "description": form.description,
            "associatedAnnotationMethod": [{"@id": METHOD}],
        },
        {key: value for key, value in method.items() if value},
    ]


def _file_list_entities() -> list[Entity]:
    identifiers = [f"_:col{number}" for number in range(len(COLUMNS))]
    table: Entity = {"@id": FILE_LIST, "@type": ["File", "bia:FileList", "csvw:Table"], "tableSchema": {"@id": "_:ts0"}}
    schema: Entity = {"@id": "_:ts0", "@type": ["csvw:Schema"], "column": [{"@id": one} for one in identifiers]}
    columns = [
        {"@id": identifier, "@type": ["csvw:Column"], "columnName": name} | ({"propertyUrl": url} if url else {})
        for identifier, (name, url) in zip(identifiers, COLUMNS.items(), strict=True)
    ]
    return [table, schema, *columns]
