"""``napari-idr review``: queues, verdicts and their history without a window."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_idr.cli_session import session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.model.annotator import Annotator
    from napari_idr.review.queue_store import OpenedQueue
    from napari_idr.session import Session
    from napari_idr.workspace.workspace import Workspace

review_app = typer.Typer(help="Queues of objects to be reviewed, and what was said of them.", no_args_is_help=True)


class OrderName(StrEnum):
    """In which order a queue is gone through."""

    image = "image"
    random = "random"
    disagreement = "disagreement"
    outlier = "outlier"


Queue = Annotated[str, typer.Argument(help="Name of a queue; the latest without.", show_default=False)]


@review_app.command(name="add")
def add(
    what: Annotated[
        list[str], typer.Argument(help='Addresses, annotation files, packages, or "workspace".', show_default=False)
    ],
    name: Annotated[str, typer.Option(help="Of the queue; that of the first source without.")] = "",
    order: Annotated[OrderName, typer.Option(help="In which order it is gone through.")] = OrderName.image,
    seed: Annotated[int, typer.Option(help="Of what is drawn at random.")] = 0,
    per_class: Annotated[int, typer.Option(min=0, help="At most so many of each class; 0 for all.")] = 0,
    object_class: Annotated[list[str] | None, typer.Option("--class", help="Only objects of these classes.")] = None,
    status: Annotated[list[str] | None, typer.Option(help="Only objects of these statuses.")] = None,
    blind: Annotated[
        bool, typer.Option("--blind", help="A second opinion: reviewers see only their own verdicts.")
    ] = False,
) -> None:
    """Make a queue of all that carries ROIs or labels in some places."""
    from napari_idr.review.queue import QueueFilter
    from napari_idr.review.queue_file import QueueDefinition
    from napari_idr.review.queue_store import make_queue, open_queue

    wanted = QueueFilter(classes=frozenset(object_class or ()), statuses=frozenset(status or ()))
    title = name or what[0].rstrip("/").rpartition("/")[2] or what[0]
    definition = QueueDefinition(
        name=title, order=order.value, seed=seed, is_blind=blind, sources=tuple(map(_lasting, what))
    )
    with session() as own:
        workspace = _opened(own)
        found = [one for each in what for one in _read(own, each)]
        uuid = make_queue(workspace, found, definition, _reviewer(own), wanted=wanted, per_class=per_class)
        opened = open_queue(workspace, uuid)
        typer.echo(f"{title}\t{len(opened.queue)} objects\t{len(opened.images)} images")


@review_app.command(name="list")
def list_queues(
    queue: Queue = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of lines.")] = False,
) -> None:
    """Tell which queues there are, and how far each is: objects by status, and reviewers."""
    from napari_idr.cli_output import json_text
    from napari_idr.review.queue_store import find_queue, list_queues, open_queue

    with session() as own:
        workspace = _opened(own)
        found = [find_queue(workspace, queue)] if queue else list_queues(workspace)
        documents = [describe_queue(workspace, open_queue(workspace, one.uuid)) for one in found]
    if as_json:
        typer.echo(json_text(documents))
        return
    for one in documents:
        said = ", ".join(f"{count} {status}" for status, count in one["statuses"].items())
        typer.echo(f"{one['name']}\t{one['objects']} objects\t{one['images']} images\t{said}\t{one['agreement']}")
    if not documents:
        say("There is no queue yet: make one with napari-idr review add ADDRESS")


@review_app.command(name="export")
def export(
    queue: Queue = "",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help=".idrreview for a colleague, .html or .review.csv for the submitter, or any annotation format.",
            show_default=False,
        ),
    ] = None,
    accepted_only: Annotated[bool, typer.Option("--accepted-only", help="Leave out what was not accepted.")] = False,
    pictures: Annotated[bool, typer.Option("--pictures/--no-pictures", help="Of rejected objects in a page.")] = True,
) -> None:
    """Write a queue with its history, its objects as they were judged, or a report."""
    from napari_idr.errors import AddressError
    from napari_idr.review.hand_over import write_review
    from napari_idr.review.queue_store import find_queue, open_queue

    if output is None:
        raise AddressError("There is no file to write", "review export", "name one with -o FILE.idrreview")
    statuses = ("accepted",) if accepted_only else ()
    with session() as own:
        workspace = _opened(own)
        opened = open_queue(workspace, find_queue(workspace, queue).uuid)
        archive = own if pictures else None
        for path in write_review(workspace, opened, output, archive=archive, statuses=statuses, warn=say):
            typer.echo(path)


@review_app.command(name="merge")
def merge(
    file: Annotated[Path, typer.Argument(help="A review file (.idrreview).", show_default=False)],
    look: Annotated[
        bool, typer.Option("--look", help="Only tell what would come in, from whom; take nothing.")
    ] = False,
) -> None:
    """Take over a queue and what was said of it; whichever of two files is merged first, the history is the same."""
    from napari_idr.review.incoming import incoming

    with session() as own:
        if look:
            typer.echo(incoming(_opened(own), file.absolute()).sentence)
            return
        merged = _opened(own).merge(file.absolute())
    typer.echo(f"{merged.events} events added")


@review_app.command(name="send")
def send(
    queue: Queue = "",
    look: Annotated[bool, typer.Option("--look", help="Only tell what would change on the server.")] = False,
) -> None:
    """Send corrected ROIs and verdicts back to the server of the images, and tell what was read back."""
    from napari_idr.errors import ProtocolError
    from napari_idr.review.queue_store import find_queue, open_queue
    from napari_idr.review.sending import plan_sending, send_review

    with session() as own:
        workspace = _opened(own)
        opened = open_queue(workspace, find_queue(workspace, queue).uuid)
        plans = plan_sending(own, workspace, opened)
        for plan in plans:
            typer.echo(f"{plan.image.name or plan.image.address}\t{plan.words}")
            for remark in plan.remarks:
                say(remark)
        if look or all(plan.is_empty for plan in plans):
            return
        report = send_review(own, workspace, plans, _reviewer(own))
        typer.echo(report.sentence)
        for problem in report.problems[1:]:
            say(problem)
        if report.problems:
            hint = "send again: what arrived is known, and is not sent twice"
            raise ProtocolError(report.problems[0].rstrip("."), opened.definition.name, hint)


def describe_queue(workspace: Workspace, opened: OpenedQueue) -> dict[str, Any]:
    """Return a queue in numbers."""
    from napari_idr.review.reviewed import summary

    said = summary(workspace, opened)
    percent = said.overall.percent
    return {
        "uuid": opened.uuid,
        "name": opened.definition.name,
        "objects": len(opened.queue),
        "images": len(opened.images),
        "order": opened.definition.order,
        "blind": opened.definition.is_blind,
        "statuses": said.statuses,
        "reviewers": list(said.reviewers),
        "agreement": "-" if percent is None else f"{percent:.0f} % of {said.overall.objects} alike",
        "kappa": [
            {"reviewers": [one, other], "kappa": kappa, "objects": count}
            for one, other, kappa, count in said.overall.cohen
        ],
        "overlap": {name: {"iou": value, "objects": count} for name, (value, count) in said.overlaps.items()},
    }


def say(line: str) -> None:
    """Write a line about what is going on to standard error."""
    typer.echo(f"napari-idr: {line}", err=True)


def _read(session: Session, what: str) -> Iterator[Any]:
    from napari_idr.review.sources import sets_of

    yield from sets_of(session, what, told=lambda done, name: say(f"{done}: {name}"), warn=say)


def _lasting(what: str) -> str:
    """Return a source as it is kept: an address, or of a file its name; no path of a machine."""
    return what if "://" in what else Path(what).name


def _reviewer(session: Session) -> Annotator:
    from napari_idr.review.reviewer import load_reviewer

    return load_reviewer(session.settings.config_dir)


def _opened(session: Session) -> Workspace:
    from napari_idr.cli_workspace import opened_workspace

    return opened_workspace(session)
