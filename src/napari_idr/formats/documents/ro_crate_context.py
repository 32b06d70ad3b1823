"""Terms of the BioImage Archive's RO-Crate profile that a submission of annotations uses, with their meaning."""

from __future__ import annotations

from typing import Any

RO_CRATE = "https://w3id.org/ro/crate/1.1"
BIA = "http://bia/"
SCHEMA = "http://schema.org/"
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

_PREFIXES = {"bia": BIA, "schema": SCHEMA, "csvw": "http://www.w3.org/ns/csvw#", "dc": "http://purl.org/dc/terms/"}
_TERMS = {
    "accessionId": "schema:identifier",
    "additionalType": "schema:additionalType",
    "affiliation": "schema:memberOf",
    "annotationCoverage": "bia:annotationCoverage",
    "annotationCriteria": "bia:annotationCriteria",
    "annotationSourceIndicator": "bia:annotationSourceIndicator",
    "associatedAnnotationMethod": "bia:associatedAnnotationMethod",
    "associatedImageAcquisitionProtocol": "bia:associatedImageAcquisitionProtocol",
    "column": "csvw:column",
    "columnName": "csvw:name",
    "contributor": "schema:author",
    "datePublished": "schema:datePublished",
    "description": "schema:description",
    "displayName": "schema:name",
    "hasPart": "schema:hasPart",
    "imagingInstrumentDescription": "bia:imagingInstrumentDescription",
    "keyword": "schema:keywords",
    "license": "schema:license",
    "methodType": "bia:annotationMethodType",
    "name": "schema:name",
    "propertyUrl": "csvw:propertyUrl",
    "protocolDescription": "schema:description",
    "role": "bia:role",
    "seeAlso": "http://www.w3.org/2000/01/rdf-schema#seeAlso",
    "spatialInformation": "bia:spatialInformation",
    "tableSchema": "csvw:tableSchema",
    "title": "schema:name",
    "transformationDescription": "bia:transformationDescription",
}


def context() -> list[Any]:
    """Return the ``@context`` of a crate: that of RO-Crate 1.1, and the terms of the profile."""
    return [f"{RO_CRATE}/context", _PREFIXES | {name: {"@id": meaning} for name, meaning in _TERMS.items()}]
