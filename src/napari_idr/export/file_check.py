"""One annotation file or table, ours or not, looked at as an archive would: what is wrong, and what it holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.errors import FormatError, NapariIdrError, Unsupported
from napari_idr.formats.annotations.files import read_text
from napari_idr.formats.annotations.registry import format_of_path
from napari_idr.formats.documents.bia_file_list import check_bia_file_list
from napari_idr.formats.documents.idr_annotation import check_idr_annotation
from napari_idr.formats.documents.mifa import check_mifa
from napari_idr.formats.ome_xml import safe_xml

from .finding_makers import about_all
from .scan_ome_xml import scan_rois

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet
    from napari_idr.model.finding import Finding

    from .checks_terms import KnownTerms


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What was found in one file."""

    findings: tuple[Finding, ...] = ()
    sets: tuple[AnnotationSet, ...] = ()
    """What the file holds; empty where it could not be read, or is no annotation file."""
    is_known: bool = True
    """Whether it is a kind of file that is checked at all."""


def check_file(path: Path, name: str, known: KnownTerms, image: AnnotatedImage | None = None) -> FileCheck:
    """Return what is wrong with a file, and what it holds.

    Parameters
    ----------
    path
        Of the file.
    name
        What findings call it.
    known
        What is kept of ontologies.
    image
        The image that it is about, where that is known.
    """
    found = _document_findings(path, known)
    if found is not None:
        return FileCheck(found)
    try:
        format_ = format_of_path(path)
    except Unsupported:
        return FileCheck(is_known=False)
    findings = _scan(path, name)
    if not format_.reads:
        return FileCheck(tuple(findings))
    try:
        sets = format_.read(path, image)
    except NapariIdrError as error:
        return FileCheck(tuple(findings) or (_as_finding(error, name),))
    if not findings:
        remarks = dict.fromkeys(remark for one in sets for remark in one.remarks)
        findings = [about_all("P22", name, remark, warning=True) for remark in remarks]
    return FileCheck(tuple(findings), sets)


def _document_findings(path: Path, known: KnownTerms) -> tuple[Finding, ...] | None:
    """Return what is wrong with a document that is no annotation file, None for any other."""
    name = path.name.lower()
    if name.startswith("file_list_annotations"):
        return check_bia_file_list(path)
    if name.endswith("-annotation.csv"):
        labels = {accession: term.label for accession in known.accessions() if (term := known.term(accession))}
        return check_idr_annotation(path, labels)
    if name.endswith((".yaml", ".yml")) and "mifa" in name:
        return check_mifa(path)
    return None


def _scan(path: Path, name: str) -> list[Finding]:
    """Return what is wrong with the text of a file, as far as a reader would not say."""
    try:
        if path.name.lower().endswith(".xml"):
            return list(scan_rois(safe_xml(read_text(path), address=name), name))
        if path.name.lower().endswith((".geojson", ".json")):
            json.loads(read_text(path), parse_constant=_refuse)
    except FormatError as error:
        return [_as_finding(error, name)]
    except (ValueError, RecursionError) as error:
        text = str(error)
        return [
            about_all("P04" if text.endswith("no number of JSON") else "P22", name, f"it is no valid JSON: {text[:80]}")
        ]
    return []


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")


def _as_finding(error: NapariIdrError, name: str) -> Finding:
    """Return why a file cannot be read as a finding: P20 for masks, P04 for numbers, P05 for planes, else P22."""
    text = str(error).lower()
    words = {"mask": "P20", "number": "P04", "vertices": "P06", "plane": "P05", "left of or above": "P04"}
    rule = next((rule for word, rule in words.items() if word in text), "P22")
    return about_all(rule, name, f"it cannot be read: {error}")
