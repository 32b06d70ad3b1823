"""What ``napari-idr download`` does: the files an image was made from, listed or fetched."""

from __future__ import annotations

import time
from pathlib import PurePath
from typing import TYPE_CHECKING

from napari_idr.errors import Cancelled, NotFound
from napari_idr.formats.free_name import free_name
from napari_idr.model.sizes import said_bytes
from napari_idr.remote.object_store import shown_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from napari_idr.model.original_file import OriginalFile
    from napari_idr.session import Session

TELL_SECONDS = 2.0
"""How often a download says how far it is: a line each, so that a log can be read too."""


def files_of(session: Session, address: str) -> tuple[OriginalFile, ...]:
    """Return the original files of an image. Raises ``NotFound`` where none are offered."""
    files = session.original_files(session.resolve(address))
    if not files:
        what = "No original files are offered"
        raise NotFound(what, shown_address(address), "give the address of an image; its study page may name more")
    return files


def download_files(
    session: Session, files: Sequence[OriginalFile], folder: Path, say: Callable[[str], None]
) -> Iterator[Path]:
    """Download files into a folder, which is made, and yield the path of each that is complete.

    A file that is there already stays as it is and is not asked for. What an earlier try left is gone on with.
    Raises ``Cancelled`` on Ctrl-C, and like ``remote.download``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file, name in zip(files, distinct_names(files), strict=True):
        target = folder / name
        if target.exists():
            say(f"{name} is there already, and is left as it is.")
        else:
            try:
                session.download(file, target, on_progress=_Teller(name, say))
            except KeyboardInterrupt as error:
                raise Cancelled("The download was stopped", name, "run it again, it goes on where it was") from error
        yield target


def distinct_names(files: Sequence[OriginalFile]) -> list[str]:
    """Return a name for each file; of several with the same name (regardless of case) later ones get a number."""
    taken: set[str] = set()
    split = [(file.name, PurePath(file.name).suffix) for file in files]
    return [free_name(name.removesuffix(end), taken, end, numbered="{} ({})") for name, end in split]


class _Teller:
    """Says now and then how far a download is, and when it is complete."""

    def __init__(self, name: str, say: Callable[[str], None]) -> None:
        self._name, self._say = name, say
        self._told = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._told >= TELL_SECONDS or (total and done == total):
            self._told = now
            of = f" of {said_bytes(total)} ({100 * done // total} %)" if total else ""
            self._say(f"{self._name}: {said_bytes(done)}{of}")
