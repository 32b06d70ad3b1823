"""Files and folders that are complete or not there at all: written beside their place, then moved."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from napari_idr.errors import AccessDenied, AddressError, NapariIdrError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def check_place(path: Path) -> None:
    """Raise ``AddressError`` where a folder of that name exists, or where there is no folder to write into."""
    if path.is_dir():
        raise AddressError("There is a folder of that name already", str(path), "choose another name or remove it")
    if not path.absolute().parent.is_dir():
        raise AddressError("There is no folder to write into", str(path.absolute().parent), "make it first")


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Give a place beside a path, and move what is there to the path if all went well; its ending is the same.

    Raises ``AccessDenied`` and ``NapariIdrError`` where the disk does not take it.
    """
    draft = path.with_name(f".{uuid4().hex[:8]}.part.{path.name}")
    try:
        yield draft
        os.replace(draft, path)
    except PermissionError as error:
        raise AccessDenied("The file may not be written", str(path), "choose another folder") from error
    except OSError as error:
        if isinstance(error, NapariIdrError):
            raise
        what = f"The file could not be written ({error.strerror or error})"
        raise NapariIdrError(what, str(path), "choose another folder or make room") from error
    finally:
        if draft.is_dir():
            shutil.rmtree(draft, ignore_errors=True)
        else:
            draft.unlink(missing_ok=True)
