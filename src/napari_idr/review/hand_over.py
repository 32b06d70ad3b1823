"""A review as files: the queue with its history, the reviewed objects in any format, a report for who made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.errors import AddressError, Cancelled, NapariIdrError
from napari_idr.formats.annotations.convert import carry_out, plan
from napari_idr.formats.beside import beside, check_place
from napari_idr.formats.file_endings import REVIEW

from .pictures import picture_of
from .report import report_csv, report_html
from .reviewed import reviewed_sets, summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject
    from napari_idr.workspace.workspace import Workspace

    from .queue_store import OpenedQueue
    from .sources import Archive

    Warn = Callable[[str], None]

TABLE = ".review.csv"
PAGES = (".html", ".htm")


def write_review(
    workspace: Workspace,
    opened: OpenedQueue,
    output: Path,
    *,
    archive: Archive | None = None,
    statuses: Iterable[str] = (),
    warn: Warn = lambda sentence: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Path, ...]:
    """Write a review in the format of a file's ending, and return the files. May block.

    ``.idrreview`` is the queue with all of its history, for a colleague; ``.html`` and ``.review.csv`` are the report;
    any other ending is that of an annotation format.

    Parameters
    ----------
    workspace, opened
        The queue.
    output
        Where to; a file of that name is replaced, but for a ``.idrreview``.
    archive
        Who is asked for pixels of the report's pictures; none without.
    statuses
        Which objects an annotation file holds: all, or ("accepted",).
    warn
        Told of what is lost, or could not be read.
    is_cancelled
        Looked at before each picture; nothing is written then.

    Raises
    ------
    Cancelled
        It was stopped.
    Unsupported
        No format has this ending.
    FormatError
        Nothing is left to write, or there is a review file of that name.
    """
    name = output.name.lower()
    if name.endswith(REVIEW):
        return (workspace.export(output.absolute(), images=opened.queue.images, queues=[opened.uuid]),)
    if not name.endswith((TABLE, *PAGES)):
        return _write_sets(workspace, opened, output, statuses, warn)
    check_place(output)
    sets = reviewed_sets(workspace, opened, warn=warn)
    if name.endswith(TABLE):
        text = "\ufeff" + report_csv(sets)
    else:
        picture = None if archive is None else _pictures(archive, warn, is_cancelled)
        text = report_html(opened.definition.name, sets, summary(workspace, opened), picture)
    with beside(output) as draft:
        draft.write_bytes(text.encode("utf-8", "replace"))
    return (output,)


def _write_sets(
    workspace: Workspace, opened: OpenedQueue, output: Path, statuses: Iterable[str], warn: Warn
) -> tuple[Path, ...]:
    wanted = tuple(statuses)
    sets = reviewed_sets(workspace, opened, statuses=wanted, warn=warn)
    if not sets:
        raise AddressError(f"No object is {' or '.join(wanted)}", opened.definition.name, "review some first")
    planned = plan(sets, output)
    for loss in planned.losses[:20]:
        warn(f"lost of {loss.where}: {loss.what}")
    return carry_out(planned)


def _pictures(
    archive: Archive, warn: Warn, is_cancelled: Callable[[], bool]
) -> Callable[[AnnotatedImage, AnnotatedObject], bytes | None]:
    """Return what makes pictures; an image that cannot be read is named once, and asked no more."""
    gone: set[str] = set()

    def picture(image: AnnotatedImage, one: AnnotatedObject) -> bytes | None:
        if is_cancelled():
            raise Cancelled("The report was not written", image.name)
        if image.key in gone:
            return None
        try:
            return picture_of(archive, image, one, one.status)
        except NapariIdrError as error:
            gone.add(image.key)
            warn(f"No picture: {error}")
            return None

    return picture
