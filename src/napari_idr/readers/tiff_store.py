"""One pyramid level of a TIFF as a zarr store: tiles, or whole planes where strips are small, decoded on demand."""

from __future__ import annotations

import asyncio
import json
import lzma
import zlib
from typing import TYPE_CHECKING, Any, cast

from zarr.core.buffer import default_buffer_prototype

from napari_idr.errors import ChunkError
from napari_idr.remote.read_only_store import ReadOnlyStore, byte_bounds

if TYPE_CHECKING:
    import tifffile
    from zarr.abc.store import ByteRequest

DECODING_ERRORS = (
    OSError,
    ValueError,
    RuntimeError,
    LookupError,
    AttributeError,
    AssertionError,
    zlib.error,
    lzma.LZMAError,
)
"""What tifffile and its codecs raise for segments that are cut or damaged."""

PLANE_BYTES = 32 << 20
"""A plane in strips is one chunk up to this size; larger ones keep their strips as chunks."""


class TiffStore(ReadOnlyStore):
    """Segments of one level of a TIFF series, by zarr v2 keys, decoded.

    Decoding runs in a thread, so that the loop that reads stays free. The file is closed with the store.

    Parameters
    ----------
    file
        The open file; the stores of all its levels share it, and the last one to go closes it.
    level
        One level of one of its series.
    """

    def __init__(self, file: tifffile.TiffFile, level: tifffile.TiffPageSeries) -> None:
        super().__init__()
        self._file = file
        self._inner = level.aszarr(level=0, chunkmode=_chunk_mode(level), maxworkers=1)

    def __repr__(self) -> str:
        return f"TiffStore({self._file.filehandle.path!r})"

    def array_document(self) -> dict[str, Any]:
        """Metadata document of the level's array: ``zarr.json`` by a tifffile of late 2026, before ``.zarray``."""
        found = self._read("zarr.json") or self._read(".zarray") or b"{}"
        document: dict[str, Any] = json.loads(bytes(found))
        return document

    async def fetch(self, key: str, byte_range: ByteRequest | None) -> bytes | None:
        """Bytes of a document or decoded segment, None where the file has none there."""
        data = await asyncio.to_thread(self._read, key)
        if data is None or byte_range is None:
            return data
        start, stop = byte_bounds(byte_range, len(data))
        return data[start:stop]

    def _read(self, key: str) -> bytes | None:
        # The store of tifffile is asynchronous by its interface only: it reads and decodes where it is called.
        try:
            buffer = asyncio.run(self._inner.get(key, default_buffer_prototype()))
        except DECODING_ERRORS as error:
            raise ChunkError(
                f"Segment {key} could not be decoded ({str(error)[:100]})",
                self._file.filehandle.path,
                "copy the file again",
            ) from error
        return None if buffer is None else cast("bytes", buffer.as_buffer_like())


def _chunk_mode(level: tifffile.TiffPageSeries) -> int:
    """Tifffile's number for chunks as stored (0) or one per page (2)."""
    page: Any = level.keyframe
    return 2 if not page.is_tiled and page.nbytes <= PLANE_BYTES else 0
