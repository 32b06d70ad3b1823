"""``napari-idr workspace``: where what the user made is kept, a copy of it, and another one's taken over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_idr.cli_session import session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.session import Session
    from napari_idr.workspace.workspace import Workspace

workspace_app = typer.Typer(help="What you made: annotations and verdicts, with their history.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="A review file (.idrreview).", show_default=False)]


@workspace_app.command(name="info")
def info(as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of lines.")] = False) -> None:
    """Tell where the workspace is, and what is in it."""
    from napari_idr.cli_output import json_text

    with session() as own:
        workspace = opened_workspace(own)
        document = describe_workspace(workspace)
    typer.echo(json_text(document) if as_json else "\n".join(_lines(document)))


@workspace_app.command(name="backup")
def backup(file: File) -> None:
    """Write all of it into one file, also while napari runs."""
    with session() as own:
        typer.echo(opened_workspace(own).export(file.absolute()))


@workspace_app.command(name="merge")
def merge(file: File) -> None:
    """Add what somebody else's file has; what both have stays, and the order of merging does not matter."""
    with session() as own:
        merged = opened_workspace(own).merge(file.absolute())
    typer.echo(f"{merged.events} events added")


def describe_workspace(workspace: Workspace) -> dict[str, Any]:
    """Return where a workspace is, its images with the number of their objects, and what waits to be sent."""
    with workspace.reading() as reader:
        events = len(reader.events())
    images = [
        {"name": one.name, "address": one.address, "objects": _count(workspace, one.key)} for one in workspace.images()
    ]
    return {"workspace": workspace.shown, "events": events, "waiting": workspace.waiting, "images": images}


def _count(workspace: Workspace, key: str) -> int:
    return sum(one.is_there for one in workspace.history(key).objects.values())


def _lines(document: dict[str, Any]) -> Iterator[str]:
    yield f"{document['workspace']}\t{document['events']} events\t{document['waiting']} waiting"
    for image in document["images"]:
        yield f"{image['name'] or '-'}\t{_counted(image['objects'])}\t{image['address']}"


def _counted(objects: int) -> str:
    return f"{objects} {'object' if objects == 1 else 'objects'}"


def opened_workspace(session: Session) -> Workspace:
    """Return the session's workspace; what the user should know of it goes to standard error."""
    workspace = session.workspace
    for remark in workspace.remarks:
        typer.echo(f"napari-idr: {remark}", err=True)
    if workspace.problem is not None:
        raise workspace.problem
    return workspace
