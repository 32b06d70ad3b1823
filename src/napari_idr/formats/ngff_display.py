"""How a file wants to be shown: the omero block's channels and defaults, and colours and properties of labels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from napari_idr.model.image import Channel, LabelInfo, Window

from .ngff_document import check_version

if TYPE_CHECKING:
    from .ngff_document import Place

RULE_CHANNELS = '"omero" metadata: channels is a list with one object per index of the channel axis'
RULE_COLOR = '"omero" metadata: color is six hexadecimal digits'
RULE_WINDOW = '"omero" metadata: window has the numbers start, end, min and max'
RULE_COLORS = '"image-label" metadata: colors lists objects with a label-value of their own and rgba, four of 0 to 255'
RULE_PROPERTIES = '"image-label" metadata: properties lists objects with a label-value of their own'

LONGEST_TEXT = 1000
RGBA = tuple[int, int, int, int]


def parse_channels(omero: Place, count: int | None) -> tuple[Channel, ...]:
    """Channels of an image, one per index of the channel axis.

    Parameters
    ----------
    omero
        The ``omero`` block, or its absence.
    count
        Length of the channel axis, None where there is none: then a block describes one channel at most.
    """
    listed = omero["channels"]
    if not listed.absent and not listed.is_list:
        listed.warn("the channels are no list and were ignored", RULE_CHANNELS)
    entries = listed.items()
    wanted = min(1, len(entries)) if count is None else count
    if entries and len(entries) != wanted:
        listed.warn(f"there are {len(entries)} channels for {wanted}; the array's shape was followed", RULE_CHANNELS)
    channels = [_channel(entry, index) for index, entry in enumerate(entries[:wanted])]
    channels += [Channel(_default_name(index)) for index in range(len(channels), wanted)]
    return tuple(channels)


def _default_name(index: int) -> str:
    return f"Channel {index}"


def _channel(place: Place, index: int) -> Channel:
    if not place.is_object:
        place.warn("a channel is no object and was ignored", RULE_CHANNELS)
    return Channel(
        name=_label(place["label"]) or _default_name(index),
        color=_color(place["color"]),
        active=_active(place["active"]),
        window=_window(place["window"]),
    )


def _label(place: Place) -> str:
    if place.text is not None:
        return place.text.strip()[:LONGEST_TEXT]
    return "" if place.number is None else str(place.value)


def _color(place: Place) -> str | None:
    if place.absent or place.text == "":
        return None
    match = re.fullmatch(r"#?([0-9a-fA-F]{6})", place.text or "")
    if match is None:
        place.warn("the colour of a channel is no colour and was ignored", RULE_COLOR)
        return None
    return match[1].upper()


def _active(place: Place) -> bool:
    if not place.absent and not isinstance(place.value, bool):
        place.warn("active is neither true nor false; the channel is shown", '"omero" metadata: active is a boolean')
        return True
    return place.value is not False


def _window(place: Place) -> Window | None:
    """Window of a channel; a missing start or end is the minimum or maximum, as OMERO does."""
    if place.absent:
        return None
    minimum, maximum, start, end = (place[key] for key in ("min", "max", "start", "end"))
    wrong = next((bound for bound in (start, end, minimum, maximum) if not bound.absent and bound.number is None), None)
    first = (minimum if start.absent else start).number
    last = (maximum if end.absent else end).number
    usable = first is not None and last is not None and first < last
    if wrong is not None:
        wrong.warn("a bound of a window is no number and was ignored", RULE_WINDOW)
    elif not usable:
        place.warn("the window of a channel says no range and was ignored", RULE_WINDOW)
    if first is None or last is None or not usable:
        return None
    return Window(first, last, minimum.number, maximum.number)


def parse_default(place: Place, size: int) -> int:
    """Index to show first along an axis of ``size``, 0 where the file gives none that exists."""
    index = place.integer
    return index if index is not None and 0 <= index < size else 0


def parse_label(place: Place) -> LabelInfo | None:
    """Colours and properties of a label image, None where the image is none."""
    if place.absent:
        return None
    if not place.is_object:
        place.warn("image-label is no object", '"image-label" metadata: an object')
    check_version(place["version"], "image-label")
    return LabelInfo(_colors(place["colors"]), _properties(place["properties"]), place["source"]["image"].text)


def _entries(place: Place, rule: str) -> tuple[Place, ...]:
    if not place.absent and not place.items():
        place.warn("the list is empty or no list", rule)
    return place.items()


def _value(entry: Place, rule: str) -> int | None:
    """Label value an entry describes. 0.4 wants numbers, and real files have whole floats."""
    value = entry["label-value"].integer
    if value is None:
        entry["label-value"].warn("an entry names no whole label value and was left out", rule)
    return value


def _colors(place: Place) -> tuple[tuple[int, RGBA], ...]:
    """Colours by value; of several for one value the last counts, as the specification asks."""
    colors: dict[int, RGBA] = {}
    for entry in _entries(place, RULE_COLORS):
        value = _value(entry, RULE_COLORS)
        rgba = None if entry["rgba"].absent else _rgba(entry["rgba"])
        if value is None or rgba is None:
            continue
        if value in colors:
            entry["label-value"].warn("a label value has several colours; the last was taken", RULE_COLORS)
        colors[value] = rgba
    return tuple(colors.items())


def _rgba(place: Place) -> RGBA | None:
    parts = [part.integer for part in place.items()]
    red, green, blue, alpha = parts if len(parts) == 4 else [None] * 4
    if red is None or green is None or blue is None or alpha is None or not {red, green, blue, alpha} <= _BYTES:
        place.warn("a colour is not four numbers from 0 to 255 and was left out", RULE_COLORS)
        return None
    return red, green, blue, alpha


_BYTES = frozenset(range(256))


def _properties(place: Place) -> tuple[dict[str, Any], ...]:
    properties: dict[int, dict[str, Any]] = {}
    for entry in _entries(place, RULE_PROPERTIES):
        value = _value(entry, RULE_PROPERTIES)
        if value is None:
            continue
        if value in properties:
            entry["label-value"].warn("a label value is described twice; the last was taken", RULE_PROPERTIES)
        properties[value] = {**entry.value, "label-value": value}
    return tuple(properties.values())
