"""A local ``.zip`` or ``.ozx`` file as a zarr store."""

from __future__ import annotations

import asyncio
import threading
import zipfile
import zlib
from typing import TYPE_CHECKING

from napari_idr.errors import AccessDenied, ChunkError, FormatError, NotFound, Unsupported

from .read_only_store import METADATA_NAMES, ReadOnlyStore, byte_bounds, byte_limit, is_inside

if TYPE_CHECKING:
    from pathlib import Path

    from zarr.abc.store import ByteRequest


class ZipStore(ReadOnlyStore):
    """Members of a zip file by their path inside it, or inside its single top folder.

    Members whose names lead out of the archive (``../``, absolute, backslashes) are as if they were not there.

    Raises
    ------
    NotFound
        When first read, where there is no such file.
    FormatError
        Where it is not a zip file, or a damaged one.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._archive: zipfile.ZipFile | None = None
        self._members: dict[str, zipfile.ZipInfo] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"ZipStore({str(self.path)!r})"

    def close(self) -> None:
        """Close the file; a later read opens it again."""
        with self._lock:
            archive, self._archive = self._archive, None
        if archive is not None:
            archive.close()
        super().close()

    def __del__(self) -> None:
        archive = getattr(self, "_archive", None)
        if archive is not None:
            archive.close()

    async def fetch(self, key: str, byte_range: ByteRequest | None) -> bytes | None:
        """Bytes of a member, None where there is none."""
        return await asyncio.to_thread(self._read, key, byte_range)

    def _read(self, key: str, byte_range: ByteRequest | None) -> bytes | None:
        archive = self._opened()
        member = self._members.get(key)
        if member is None:
            return None
        start, stop = byte_bounds(byte_range, member.file_size)
        if stop - start > byte_limit(key):
            what = f"A member of {stop - start:,} bytes is too large to read"
            raise ChunkError(what, self._place(key), "tell who made the file")
        if member.flag_bits & 0x1:
            raise Unsupported("The zip file is encrypted", str(self.path), "unpack it first")
        try:
            with archive.open(member) as file:
                if (start, stop) == (0, member.file_size):
                    return file.read()  # checks the member's CRC
                file.seek(start)
                return file.read(stop - start)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            raise ChunkError("A member of the zip file is damaged", self._place(key), "copy it again") from error
        except NotImplementedError as error:
            what = "The zip file is compressed in an unknown way"
            raise Unsupported(what, self._place(key), "unpack it first") from error

    def _place(self, key: str) -> str:
        return f"{self.path}/{key}"

    def _opened(self) -> zipfile.ZipFile:
        with self._lock:
            if self._archive is None:
                self._archive = _open(self.path)
                self._members = _members(self._archive)
            return self._archive


def _open(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise NotFound("There is no such file", str(path), "check the path for a typing error") from error
    except PermissionError as error:
        raise AccessDenied("The file may not be read", str(path), "check its permissions") from error
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise FormatError("It is not a zip file, or a damaged one", str(path), "copy it again") from error


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Members by key: below the single top folder, where the metadata are in it and not at the top."""
    members = {info.filename: info for info in archive.infolist() if is_inside(info.filename)}
    tops = {name.partition("/")[0] for name in members if "/" in name}
    if len(tops) != 1 or not METADATA_NAMES.isdisjoint(members):
        return members
    prefix = f"{tops.pop()}/"
    if not any(prefix + name in members for name in METADATA_NAMES):
        return members
    return {name.removeprefix(prefix): info for name, info in members.items() if name.startswith(prefix)}
