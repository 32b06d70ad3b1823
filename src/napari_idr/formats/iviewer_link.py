"""Links to a view of an image, as OMERO.iviewer makes and reads them. Pure.

Parameters of ``/iviewer/``: ``images`` (ids), ``c`` (like ``1|100:600$00FF00,-2|0:255$FF0000``: 1-based channels, a
minus switches one off), ``z`` and ``t`` (1-based), ``x`` and ``y`` (the middle, in pixels of the image, y downwards),
``zm`` (per cent). Source: the viewer's own parsing of its request parameters.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

from napari_idr.model.image_view import ChannelLook, ImageView

if TYPE_CHECKING:
    from collections.abc import Mapping

CHANNEL = re.compile(
    r"(?P<off>-?)(?P<number>[0-9]{1,4})"
    r"(\|(?P<start>-?[0-9.]+(e[+-]?[0-9]+)?):(?P<end>-?[0-9.]+(e[+-]?[0-9]+)?))?"
    r"(\$(?P<color>[0-9A-F]{6}|[\w. -]+))?",
    re.IGNORECASE | re.ASCII,
)
MOST_CHANNELS = 256
LONGEST = 4096


def view_link(base: str, view: ImageView) -> str:
    """Return the address that shows a view in a browser; ``base`` is the server's, with a trailing slash."""
    places = {
        "c": ",".join(_channel_text(channel) for channel in view.channels),
        "z": "" if view.z is None else str(view.z + 1),
        "t": "" if view.t is None else str(view.t + 1),
        "x": _number_text(view.x),
        "y": _number_text(view.y),
        "zm": "" if view.zoom is None else _number_text(view.zoom * 100),
    }
    query = "".join(f"&{name}={quote(text, safe='|:$,-')}" for name, text in places.items() if text)
    return f"{base}iviewer/?images={view.image_id}{query}"


def _channel_text(channel: ChannelLook) -> str:
    window = "" if channel.start is None or channel.end is None else f"|{channel.start:.9g}:{channel.end:.9g}"
    color = "" if channel.color is None else f"${channel.color.upper()}"
    return f"{'' if channel.visible else '-'}{channel.index + 1}{window}{color}"


def _number_text(value: float | None) -> str:
    """Return a number to a tenth, or to four digits where that is finer."""
    if value is None:
        return ""
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.1f}".removesuffix(".0")


def parse_view_link(address: str) -> ImageView | None:
    """Return the view that a link names, None where it is no link to iviewer or names no more than the image.

    What cannot be understood in it is passed over, as the viewer in the browser does.
    """
    text = address.strip()
    if len(text) > LONGEST:
        return None
    try:
        parts = urlsplit(text)
        query = {key.lower(): values[0] for key, values in parse_qs(parts.query).items()}
    except ValueError:
        return None
    image_id = query.get("images", query.get("image", "")).split(",")[0]
    if not re.search(r"/iviewer/?$", parts.path, re.IGNORECASE) or not re.fullmatch(r"[0-9]{1,18}", image_id):
        return None
    x, y = (_number(query, name) for name in ("x", "y"))
    zoom = _number(query, "zm")
    view = ImageView(
        image_id,
        _channels(query.get("c", "")),
        z=_index(query, "z"),
        t=_index(query, "t"),
        x=None if x is None or y is None else x,
        y=None if x is None or y is None else abs(y),
        zoom=zoom / 100 if zoom is not None and zoom > 0 else None,
    )
    return None if view == ImageView(image_id) else view


def _channels(text: str) -> tuple[ChannelLook, ...]:
    found: dict[int, ChannelLook] = {}
    for piece in "".join(text.split()).split(",")[:MOST_CHANNELS]:
        match = CHANNEL.fullmatch(piece)
        if match is None or int(match["number"]) < 1:
            continue
        index = int(match["number"]) - 1
        start, end = (_finite(match[name]) for name in ("start", "end"))
        if start is None or end is None or start >= end:
            start = end = None
        color = match["color"] if match["color"] and re.fullmatch(r"[0-9A-Fa-f]{6}", match["color"]) else None
        found[index] = ChannelLook(index, not match["off"], start, end, color.upper() if color else None)
    return tuple(found.values())


def _index(query: Mapping[str, str], name: str) -> int | None:
    """Return a 1-based number as a 0-based one."""
    text = query.get(name, "")
    return max(0, int(text) - 1) if re.fullmatch(r"[0-9]{1,9}", text) else None


def _number(query: Mapping[str, str], name: str) -> float | None:
    return _finite(query.get(name))


def _finite(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
