"""A local folder as a zarr store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from napari_idr.errors import AccessDenied, ChunkError, NotFound

from .read_only_store import ReadOnlyStore, byte_bounds, byte_limit

if TYPE_CHECKING:
    from pathlib import Path

    from zarr.abc.store import ByteRequest


class FolderStore(ReadOnlyStore):
    """Files of a local folder by their path inside it.

    Raises
    ------
    NotFound
        When first read, where there is no such folder.
    AccessDenied
        Where a file may not be read.
    """

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root
        self._seen = False

    def __repr__(self) -> str:
        return f"FolderStore({str(self.root)!r})"

    async def fetch(self, key: str, byte_range: ByteRequest | None) -> bytes | None:
        """Bytes of a file, None where there is none."""
        return await asyncio.to_thread(self._read, key, byte_range)

    def _read(self, key: str, byte_range: ByteRequest | None) -> bytes | None:
        self._check_root()
        try:
            with open(self.root / key, "rb") as file:
                start, stop = byte_bounds(byte_range, file.seek(0, 2))
                if stop - start > byte_limit(key):
                    what = f"A file of {stop - start:,} bytes is too large to read"
                    raise ChunkError(what, str(self.root / key), "tell who made the file")
                file.seek(start)
                return file.read(stop - start)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None
        except PermissionError as error:
            if (self.root / key).is_dir():  # what Windows says of a folder
                return None
            raise AccessDenied("The file may not be read", str(self.root / key), "check its permissions") from error

    def _check_root(self) -> None:
        if self._seen:
            return
        if not self.root.is_dir():
            raise NotFound("There is no such folder", str(self.root), "check the path for a typing error")
        self._seen = True
