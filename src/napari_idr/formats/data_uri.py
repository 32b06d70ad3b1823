"""Pictures inside JSON: data URIs. Pure."""

from __future__ import annotations

import base64
import binascii

STARTS = (b"\xff\xd8\xff", b"\x89PNG")
"""First bytes of JPEG and PNG."""


def picture_of(uri: object) -> bytes:
    """Return the JPEG or PNG in a data URI, nothing for whatever else it is."""
    header, _, body = uri.partition(",") if isinstance(uri, str) else ("", "", "")
    if not (header.startswith("data:image/") and header.endswith(";base64")):
        return b""
    try:
        picture = base64.b64decode(body)
    except binascii.Error:
        return b""
    return picture if picture.startswith(STARTS) else b""
