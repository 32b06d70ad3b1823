"""What the checks found, and which warnings somebody said yes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_idr.formats.model_json import time_text

if TYPE_CHECKING:
    from datetime import datetime

    from napari_idr.model.annotator import Annotator
    from napari_idr.model.finding import Finding

FindingKey = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A yes to a warning: the annotator looked, and means it."""

    finding: FindingKey
    by: Annotator
    at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, errors first."""

    findings: tuple[Finding, ...] = ()
    acknowledged: tuple[Acknowledgement, ...] = ()
    unchecked: tuple[str, ...] = ()
    """Rules that could not be checked, with the reason: "P01: the repository did not answer"."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What blocks a package."""
        return tuple(one for one in self.findings if one.severity == "error")

    @property
    def open_warnings(self) -> tuple[Finding, ...]:
        """What still needs a yes."""
        said = {one.finding for one in self.acknowledged}
        return tuple(one for one in self.findings if one.severity == "warning" and key_of(one) not in said)

    @property
    def passes(self) -> bool:
        """Whether a package may be written."""
        return not self.errors and not self.open_warnings


def key_of(finding: Finding) -> FindingKey:
    """Return what identifies a finding from one check to the next."""
    return finding.id, finding.image, finding.uuid, finding.what


def sorted_findings(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return findings in the order in which they are shown: errors first, then by rule and place."""
    return tuple(sorted(findings, key=lambda one: (one.severity != "error", one.id, one.where, one.what)))


def report_as_json(report: Report) -> dict[str, Any]:
    """Return a report as the package's ``preflight.json`` holds it."""
    said = {one.finding: one for one in report.acknowledged}
    return {
        "schema": "napari-idr/preflight/1",
        "status": "pass" if report.passes else "fail",
        "errors": len(report.errors),
        "warnings": len(report.findings) - len(report.errors),
        "checks": [finding_as_json(one, said.get(key_of(one))) for one in report.findings],
        "unchecked": list(report.unchecked),
    }


def finding_as_json(finding: Finding, said: Acknowledgement | None = None) -> dict[str, Any]:
    """Return one finding as JSON, with who said yes to it."""
    found: dict[str, Any] = {
        "id": finding.id,
        "level": finding.severity,
        "where": finding.where,
        "what": finding.what,
        "why": finding.why,
        "fix": finding.fix,
        "image": finding.image,
        "object": finding.uuid,
    }
    if said is not None:
        found["acknowledged"] = {"by": said.by.name, "orcid": said.by.orcid, "at": time_text(said.at)}
    return found
