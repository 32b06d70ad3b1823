"""Pixels of masks: from OMERO's bits, or from the picture a server draws of them, to booleans. Pure."""

from __future__ import annotations

import io

import numpy as np

from napari_idr.errors import ProtocolError

LARGEST = 1 << 26
"""Pixels of a mask that is still read."""
PNG = b"\x89PNG\r\n\x1a\n"
HINT = "look at the ROI in a browser"


def bits_to_pixels(bits: bytes, height: int, width: int, address: str) -> np.ndarray:
    """Return the (height, width) pixels of bits in rows without padding, the most significant first.

    Raises ``ProtocolError`` where there are too few bits.
    """
    if height * width > LARGEST or len(bits) < -(-height * width // 8):
        raise ProtocolError("The pixels of a mask are fewer than its size", address, HINT)
    flat = np.unpackbits(np.frombuffer(bits, np.uint8), count=height * width)
    return flat.reshape(height, width).astype(bool)


def picture_to_pixels(picture: bytes, address: str) -> np.ndarray:
    """Return which pixels of a picture of a mask are not transparent. Raises ``ProtocolError`` for no picture."""
    from PIL import Image

    if not picture.startswith(PNG) or _pixel_count(picture) > LARGEST:
        raise ProtocolError("The server sent no picture of a mask, or one too large", address, HINT)
    try:
        with Image.open(io.BytesIO(picture), formats=("PNG",)) as opened:
            pixels = np.asarray(opened.convert("RGBA"))
    except (OSError, ValueError, SyntaxError) as error:
        raise ProtocolError("The picture of a mask cannot be read", address, HINT) from error
    opaque: np.ndarray = pixels[..., 3] > 0
    return opaque


def _pixel_count(picture: bytes) -> int:
    """Return width times height, as the first chunk of a PNG says, before anything is unpacked."""
    return int.from_bytes(picture[16:20], "big") * int.from_bytes(picture[20:24], "big")
