"""Files of annotations read within bounds and written exactly: text, JSON and archives, every failure a sentence."""

from __future__ import annotations

import json
import zipfile
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from napari_idr.errors import FormatError, NapariIdrError, NotFound
from napari_idr.formats.model_json import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LARGEST_FILE = 256 << 20
"""Bytes of a file that is still read: fifty times what 25,000 objects need."""
MOST_MEMBERS = 200_000
HINT = "look at the file, or export it anew"
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The time that members of an archive carry, so that the same objects make the same bytes."""


def read_bytes(path: Path) -> bytes:
    """Return what a file holds. Raises ``NotFound`` and ``FormatError``."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound("There is no such file", path.name, "check the path") from error
    except IsADirectoryError as error:
        raise FormatError("It is a folder, not a file", path.name, "choose a file of annotations") from error
    if len(content) > LARGEST_FILE:
        raise FormatError("The file is too large", path.name, "split it", rule="at most 256 MB")
    return content


def read_text(path: Path) -> str:
    """Return the text of a file, without a byte order mark. Raises ``FormatError`` where it is not UTF-8."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError("The file is not UTF-8", path.name, "save it as UTF-8", key=f"byte {error.start}") from error


def read_json(path: Path) -> Any:
    """Return what a JSON file holds. Raises ``FormatError``, also for NaN, which JSON lacks."""
    return parse_json(read_text(path), path)


def parse_json(text: str, path: Path, **options: Any) -> Any:
    """Return what a JSON text says. Raises ``FormatError``."""
    try:
        return json.loads(text, parse_constant=_refuse, **options)
    except json.JSONDecodeError as error:
        raise FormatError("It is no valid JSON", path.name, HINT, key=f"line {error.lineno}", rule=error.msg) from error
    except (ValueError, RecursionError) as error:
        raise FormatError("It is no valid JSON", path.name, HINT, rule=str(error)[:80]) from error


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON")


def write_bytes(path: Path, content: bytes) -> tuple[Path, ...]:
    """Write a file that is not there yet, and return it."""
    with path.open("xb") as file:
        file.write(content)
    return (path,)


def write_text(path: Path, text: str) -> tuple[Path, ...]:
    """Write a text as UTF-8 with LF, and return its file. Raises ``FormatError`` for half a character."""
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise FormatError(
            "A text holds half a character", path.name, "type it anew", key=ascii(error.object[error.start])
        ) from error
    return write_bytes(path, content)


def write_json(path: Path, value: Any) -> tuple[Path, ...]:
    """Write a JSON document; what lists of numbers it has stay on one line each."""
    return write_text(path, json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n")


def write_zip(path: Path, members: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Write an archive; the same members make the same bytes."""
    with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo(name, EARLIEST)
            member.compress_type, member.external_attr, member.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            archive.writestr(member, content)
    return (path,)


def read_zip(path: Path) -> dict[str, bytes]:
    """Return the members of an archive by name, folders left out.

    Raises ``FormatError`` for names that lead out of the archive, links, and more than ``LARGEST_FILE`` unpacked.
    """
    read_bytes(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _check_members(members, path)
            return {member.filename: archive.read(member) for member in members}
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError, ValueError) as error:
        if isinstance(error, NapariIdrError):
            raise
        raise FormatError("It is no archive that can be read", path.name, HINT, rule=str(error)[:80]) from error


def _check_members(members: list[zipfile.ZipInfo], path: Path) -> None:
    if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > LARGEST_FILE:
        raise FormatError("The archive unpacks to too much", path.name, "split it", rule="at most 256 MB")
    for member in members:
        name = member.filename
        leads_out = (
            PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\\" in name or ":" in name
        )
        if leads_out or (member.external_attr >> 16) & 0o170000 == 0o120000:
            raise FormatError(
                "A member of the archive leads out of it", path.name, "do not trust this file", key=ascii(name[:80])
            )


@contextmanager
def told_of(path: Path | str, place: str = "") -> Iterator[None]:
    """Turn what is wrong with a document, number or record into a ``FormatError`` about a file and a place in it."""
    try:
        yield
    except FormatError:
        raise
    except (DocumentError, NapariIdrError, ValueError) as error:
        reason = error.what if isinstance(error, NapariIdrError) else str(error)
        name = path if isinstance(path, str) else path.name
        raise FormatError("Something in it cannot be read", name, HINT, key=place, rule=reason[:200]) from error
