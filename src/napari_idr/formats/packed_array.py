"""Arrays inside JSON: little-endian bytes, compressed, as base64; read back without trust."""

from __future__ import annotations

import base64
import binascii
import zlib
from math import prod
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from napari_idr.errors import FormatError

LARGEST = 1 << 30
"""Bytes of an array that is read."""
TYPES = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64")


class PackedArray(BaseModel):
    """An array as JSON."""

    model_config = ConfigDict(extra="allow")

    dtype: Literal[TYPES]  # type: ignore[valid-type]
    shape: Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=8)]
    zlib: str
    """Base64 of the compressed bytes: C order, little-endian."""


def pack(array: np.ndarray) -> PackedArray:
    """Return an array as JSON. Raises ``FormatError`` for a type that no other program would understand."""
    if array.dtype.name not in TYPES:
        raise FormatError("Values of this type cannot be kept", str(array.dtype), "convert them to a number type")
    plain = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    content = base64.b64encode(zlib.compress(plain.tobytes(), 6)).decode("ascii")
    return PackedArray(dtype=array.dtype.name, shape=list(array.shape), zlib=content)


def unpack(packed: PackedArray, where: str) -> np.ndarray:
    """Return an array of JSON; it may be changed.

    Raises
    ------
    FormatError
        It is larger than a gigabyte, damaged, or not as long as its shape says; ``where`` names it.
    """
    dtype = np.dtype(packed.dtype).newbyteorder("<")
    size = prod(packed.shape) * dtype.itemsize
    if size > LARGEST:
        raise FormatError(f"An array would be {size >> 20} MB", where, "it is left out")
    try:
        opener = zlib.decompressobj()
        content = opener.decompress(base64.b64decode(packed.zlib, validate=True), size + 1)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise FormatError("An array is damaged", where, "save the view again") from error
    if len(content) != size:
        raise FormatError("An array is not as long as its shape says", where, "save the view again")
    found: np.ndarray = np.frombuffer(content, dtype).reshape(packed.shape).astype(packed.dtype)
    return found
