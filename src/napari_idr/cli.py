"""The ``napari-idr`` command: results on standard output, everything else on standard error.

Exit status: 0 done, 1 it could not be done, 2 wrong usage, 130 interrupted. Nothing heavy is imported before a
command needs it, napari and Qt only where a window opens.
"""

from __future__ import annotations

import os
import sys
import traceback
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from napari_idr.cli_review import review_app
from napari_idr.cli_session import session
from napari_idr.cli_workspace import workspace_app
from napari_idr.errors import Cancelled, NapariIdrError
from napari_idr.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.session import Session

INTERRUPTED = 130


class _Commands(TyperGroup):
    """Runs a command; whatever goes wrong in it ends as one line and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except NapariIdrError as error:
            _report(ctx, str(error))
            raise typer.Exit(INTERRUPTED if isinstance(error, Cancelled) else 1) from error
        except BrokenPipeError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has left: nothing more to say
            raise typer.Exit(1) from error
        except OSError as error:
            _report(
                ctx, f"{error.strerror or error}, {error.filename or 'this computer'}, check the path and its rights"
            )
            raise typer.Exit(1) from error
        except KeyboardInterrupt as error:
            _report(ctx, "interrupted, nothing half-written is left, run it again when you like")
            raise typer.Exit(INTERRUPTED) from error


app = typer.Typer(
    cls=_Commands,
    name="napari-idr",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Browse image archives and read their pixels; ADDRESS is a page of IDR or OMERO, an OME-Zarr or a TIFF.",
)
cache_app = typer.Typer(help="What is kept on this computer between sessions.", no_args_is_help=True)
app.add_typer(cache_app, name="cache")
app.add_typer(workspace_app, name="workspace")
app.add_typer(review_app, name="review")


class Target(StrEnum):
    """For whom a package is written."""

    idr = "idr"
    bia = "bia"
    both = "both"


Address = Annotated[str, typer.Argument(help="Page, accession, address or path.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of lines.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="File to write.", show_default=False)]


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit with its status; what nobody foresaw is one line too."""
    try:
        app(arguments)
    except Exception as error:  # noqa: BLE001 - the outermost edge
        if "--debug" in (sys.argv if arguments is None else arguments):
            traceback.print_exc()
        what = " ".join(f"{type(error).__name__} {error}".split())
        say(f"napari-idr: something unexpected happened, {what}, report it with what --debug shows")
        sys.exit(1)


def say(line: str) -> None:
    """Write a line about what is going on to standard error."""
    typer.echo(line, err=True)


def _warn(sentence: str) -> None:
    say(f"napari-idr: {sentence}")


def put(line: str) -> None:
    """Write a line of result to standard output."""
    typer.echo(line)


def _put_at_once(line: str) -> None:
    put(line)
    sys.stdout.flush()


def _report(ctx: Any, message: str) -> None:
    if ctx.params.get("debug"):
        traceback.print_exc()
    typer.echo(f"napari-idr: {' '.join(message.split())}", err=True)


def _version(wanted: bool) -> None:
    if wanted:
        put(VERSION)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")] = False,
) -> None:
    """Take the options that come before a command."""


@app.command()
def demo(
    window: Annotated[bool, typer.Option("--window/--no-window", help="Open napari, or only list and read.")] = True,
    screenshot: Annotated[
        Path | None, typer.Option(help="Write a picture of the window here, then close it.", show_default=False)
    ] = None,
) -> None:
    """Start the embedded repository and open a plate of it in napari."""
    from napari_idr.cli_demo import embedded_repository, walk_through

    if not window:
        walk_through(put)
        return
    from napari_idr.layers.demo_window import show

    with embedded_repository() as address:
        show(address, screenshot=screenshot, say=put)


@app.command()
def serve(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of OME-Zarr; its own data without.", show_default=False)
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    latency: Annotated[float, typer.Option(min=0, help="Milliseconds before each answer.")] = 0,
    bandwidth: Annotated[float, typer.Option(min=0, help="Megabits per second; 0 for no bound.")] = 0,
    private: Annotated[
        bool, typer.Option("--private", help="Show nothing without a login: user ada, password analytical.")
    ] = False,
    stop_with_stdin: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Serve the embedded repository; its address is the first line printed."""
    from napari_idr.cli_serve import serve_folder

    serve_folder(
        folder, port, latency, bandwidth, say_address=_put_at_once, stop_with_stdin=stop_with_stdin, private=private
    )


@app.command(name="ls")
def list_children(
    address: Annotated[str, typer.Argument(help="Page, accession, address or path.", show_default=False)] = "",
    as_json: Json = False,
    limit: Annotated[int, typer.Option(min=0, help="Children at most; 0 for all.")] = 0,
) -> None:
    """List the children of a node, a line each: kind, name, number of children, address."""
    from napari_idr.cli_output import json_text, node_document, node_line

    with session() as opened:
        nodes = _children(opened, address, limit)
        if as_json:
            put(json_text([node_document(node) for node in nodes]))
        else:
            for node in nodes:
                put(node_line(node))


def _children(opened: Session, address: str, limit: int) -> Iterator[Any]:
    """Yield the children of what an address names page by page, or the repositories without one."""
    if not address:
        yield from (repository.root() for repository in opened.repositories)
        return
    parent, offset = opened.resolve(address), 0
    while True:
        page = opened.children(parent, offset=offset, limit=min(200, limit - offset) if limit else 200)
        yield from page.nodes
        if page.next_offset is None or 0 < limit <= page.next_offset:
            return
        offset = page.next_offset


@app.command()
def info(
    address: Address,
    as_json: Json = False,
    fields: Annotated[bool, typer.Option("--fields", help="Also the fields of every well of a plate.")] = False,
) -> None:
    """Tell what one node is."""
    from napari_idr.cli_output import describe_address, json_text, text_lines

    with session() as opened:
        document = describe_address(opened, address, fields=fields, warn=say)
        for line in [json_text(document)] if as_json else text_lines(document):
            put(line)


@app.command()
def read(
    address: Address,
    output: Output,
    level: Annotated[int, typer.Option(min=0, help="Pyramid level; 0 is the finest.")] = 0,
    label: Annotated[str, typer.Option(help="Name of a label image.", show_default=False)] = "",
    region: Annotated[
        str, typer.Option(help="Like t=0,c=1,z=2:5,y=0:512,x=0:512; axes not named are whole.", show_default=False)
    ] = "",
) -> None:
    """Write exact pixels to .npy, .ome.tif or .ome.zarr."""
    with session() as opened:
        opened.write(address, output, level=level, label=label, region=region or None, warn=_warn)
        put(str(output))


@app.command()
def download(
    address: Address,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder to write into; only lists without.", show_default=False),
    ] = None,
) -> None:
    """Download the files that an image was made from; what an earlier try left is gone on with."""
    from napari_idr.cli_download import download_files, files_of

    with session() as opened:
        files = files_of(opened, address)
        if output is None:
            for file in files:
                put("\t".join(part for part in (file.name, file.address, file.note) if part))
            return
        for path in download_files(opened, files, output, say):
            _put_at_once(str(path))


@app.command()
def rois(
    address: Address,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write, in the format of its ending.", show_default=False),
    ] = None,
) -> None:
    """Give the ROIs stored for an image, or for all images of a well, plate or dataset, as OMERO's JSON or a file."""
    from napari_idr.cli_output import is_plain_json, json_text, write_text

    with session() as opened:
        if output is not None and not is_plain_json(output):
            from napari_idr.cli_annotations import write_rois

            for path in write_rois(opened, address, output, _warn):
                put(str(path))
            return
        text = json_text(opened.rois(address))
    if output is None:
        put(text)
    else:
        put(str(write_text(output, text)))


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(help="File of annotations.", show_default=False)],
    output: Annotated[Path, typer.Argument(help="File to write, in the format of its ending.", show_default=False)],
    image: Annotated[str, typer.Option(help="Address of the image they lie on, if they name none.")] = "",
) -> None:
    """Write the annotations of a file in another format; what that cannot hold is said."""
    from napari_idr.cli_annotations import convert_file

    with session() as opened:
        for path in convert_file(opened, source, output, image, _warn):
            put(str(path))


@app.command()
def package(
    inputs: Annotated[list[Path], typer.Argument(help="Annotation files and label images.", show_default=False)],
    form: Annotated[Path, typer.Option(help="JSON file: title, authors, licence, method.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write into.", show_default=False)],
    target: Annotated[Target, typer.Option(help="For whom.")] = Target.both,
    yes: Annotated[bool, typer.Option("--yes", help="All warnings were looked at and are meant.")] = False,
) -> None:
    """Write a submission package: checked, read back, with tables for the IDR, the BioImage Archive or both."""
    from napari_idr.cli_package import package, read_form

    with session() as opened:
        put(str(package(opened, inputs, read_form(form), target.value, output, yes, say)))


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="A package's folder, or one annotation file.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Say what an archive would find wrong with a package or file; exit with 1 where there are errors."""
    from napari_idr.cli_output import json_text
    from napari_idr.cli_package import check, lines
    from napari_idr.export.report import report_as_json

    with session() as opened:
        report = check(opened, path, _warn)
    for line in [json_text(report_as_json(report))] if as_json else lines(report.findings):
        put(line)
    if not as_json and not report.findings:
        put("nothing is wrong")
    if report.errors:
        raise typer.Exit(1)


@app.command()
def search(
    query: Annotated[
        str,
        typer.Argument(help='Words, or conditions: "Gene Symbol = KIF11 AND Organism ~ sapiens".', show_default=False),
    ],
    repository: Annotated[
        str, typer.Option(help="Key or address of one repository; all that are known without.", show_default=False)
    ] = "",
    limit: Annotated[int, typer.Option(min=0, help="Wells and images at most; 0 for counts only.")] = 200,
    as_json: Json = False,
) -> None:
    """Find studies, plates, wells and images by name or annotation, a line each: kind, name, images, address."""
    from napari_idr.cli_output import json_text, node_document, node_line
    from napari_idr.cli_search import search_repositories

    with session() as opened:
        nodes = search_repositories(opened, query, repository, limit, warn=say)
        for line in [json_text([node_document(n) for n in nodes])] if as_json else map(node_line, nodes):
            put(line)
    if not nodes:
        say(f"Nothing known here matches {query!r}.")


@app.command()
def login(
    server: Annotated[str, typer.Argument(help="Any link of an OMERO.web server.", show_default=False)],
    user: Annotated[str, typer.Option("--user", "-u", help="Name on the server; asked for without.")] = "",
    keep: Annotated[
        bool | None, typer.Option("--keep/--no-keep", help="Keep the password in the system's keyring.")
    ] = None,
) -> None:
    """Sign in to a private OMERO.web server; asks for the password, or reads it from standard input."""
    from napari_idr.cli_login import log_in

    with session() as opened:
        put(log_in(opened, server, user, keep, say=say))


@app.command()
def logout(
    server: Annotated[str, typer.Argument(help="Any link of the server.", show_default=False)],
) -> None:
    """Sign out of a server, and forget its password."""
    from napari_idr.cli_login import log_out

    with session() as opened:
        put(log_out(opened, server))


@app.command(name="open")
def open_window(
    addresses: Annotated[list[str], typer.Argument(help="What to open, each as its layers.", show_default=False)],
) -> None:
    """Open napari with images or plates."""
    from napari_idr.layers.demo_window import open_window as show_window

    show_window(addresses)


@cache_app.command(name="info")
def cache_info(as_json: Json = False) -> None:
    """Tell where the cache is and how large."""
    from napari_idr.cli_cache import describe_cache
    from napari_idr.cli_output import json_text

    document = describe_cache()
    put(
        json_text(document)
        if as_json
        else f"{document['folder']}\t{document['files']} files\t{document['bytes']} bytes\t"
        f"{document['answers']['entries']} answers of servers\tat most {document['answers']['limit']} bytes of them"
    )


@cache_app.command(name="clear")
def cache_clear() -> None:
    """Delete what is in the cache."""
    from napari_idr.cli_cache import clear_cache

    put(f"{clear_cache()} bytes freed")
