"""What the command does with submissions: check any package or file, and write a package."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from napari_idr.errors import FormatError, NotFound
from napari_idr.export.package import Progress, write_package
from napari_idr.export.package_check import check_path
from napari_idr.export.preflight import Preflight, ask_repository
from napari_idr.export.remembered_forms import form_from_json
from napari_idr.export.report import Acknowledgement, key_of
from napari_idr.formats.annotations.convert import read_any
from napari_idr.model.submission import Submission, SubmissionForm
from napari_idr.submitting import completed, current, existing, known_terms, stated, together

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_idr.export.report import Report
    from napari_idr.model.finding import Finding
    from napari_idr.model.submission import Target
    from napari_idr.session import Session

    Say = Callable[[str], None]

MOST_TOLD = 50
"""Findings that are told one by one."""
LARGEST_FORM = 1 << 20


def check(session: Session, path: Path, say: Say) -> Report:
    """Return what is wrong with a package or file."""
    return check_path(path, known_terms(session, say))


def package(
    session: Session, inputs: Sequence[Path], form: SubmissionForm, target: Target, output: Path, yes: bool, say: Say
) -> Path:
    """Write the annotations of some files as a package into a folder, and return the package's folder.

    Parameters
    ----------
    session
        Is asked for the images, where a repository has them.
    inputs
        Annotation files and label images; those of one image are put together.
    form
        What the archive wants to know; its time of creation is now where it states none, its dataset that of the images
        in no plate whose dataset nobody knows.
    target, output
        For whom, and the folder in which the package's folder is made.
    yes
        Whether the annotator has looked at all warnings and means it.
    say
        Is told findings and progress.
    """
    drawn = Submission(form=form, sets=together(one for path in inputs for one in read_any(path, None)))
    now = current(session)
    submission = stated(drawn, partial(completed, session, now=now))
    preflight = Preflight(target, known_terms(session, say))
    report = ask_repository(preflight.check(submission), submission, now, existing(session))
    if yes:
        who, at = (form.authors or (None,))[0], datetime.now(UTC)
        said = [Acknowledgement(key_of(one), who, at) for one in report.open_warnings if who is not None]
        report = replace(report, acknowledged=(*report.acknowledged, *said))
    for line in lines(report.findings):
        say(line)
    for reason in report.unchecked:
        say(f"not checked: {reason}")
    if report.open_warnings and not report.errors:
        what = f"{len(report.open_warnings)} warnings need a yes"
        raise FormatError(what, form.title, "look at them, then say it with --yes")
    output.mkdir(parents=True, exist_ok=True)
    return write_package(submission, target, report, output, Progress(on_progress=_told(say))).folder


def read_form(path: Path) -> SubmissionForm:
    """Return the form of a JSON file. Raises ``NotFound`` or ``FormatError``."""
    if not path.is_file():
        raise NotFound("There is no form", str(path), "write one as docs/package.md shows")
    try:
        if path.stat().st_size > LARGEST_FORM:
            raise ValueError("it is too long")
        stated = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise FormatError(
            "The form is no valid JSON", path.name, "look at it in a text editor", rule=str(error)
        ) from error
    if not isinstance(stated, dict):
        raise FormatError("The form is no JSON object", path.name, "write it as docs/package.md shows")
    form = form_from_json(stated)
    try:
        created = datetime.fromisoformat(stated["created"]) if stated.get("created") else None
    except (ValueError, TypeError) as error:
        raise FormatError("The time of creation is no ISO 8601", path.name, "like 2026-11-30T12:00:00Z") from error
    return replace(form, created=created.astimezone(UTC) if created else None)


def lines(findings: Sequence[Finding]) -> list[str]:
    """Return findings as lines, errors first; very many are counted."""
    told = [f"{one.id} {one.severity}: {one.where}: {one.what}" for one in findings[:MOST_TOLD]]
    if len(findings) > MOST_TOLD:
        told.append(f"and {len(findings) - MOST_TOLD} more")
    return told


def _told(say: Say) -> Callable[[int, int, str], None]:
    return lambda done, total, what: say(f"[{done}/{total}] {what}")
