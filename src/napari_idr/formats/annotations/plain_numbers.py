"""Numbers as text that every reader understands: plain decimals, no exponent, and exact, half a pixel included."""

from __future__ import annotations

import math
import re
from decimal import Context, Decimal, InvalidOperation

_EXACT = Context(prec=700)
_HALF = Decimal("0.5")
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
MOST_DIGITS = 400


def plain(number: float) -> str:
    """Return the shortest decimal that reads back as the same number: "6.7", "16", never "1e-07" or "-0"."""
    text = repr(float(number) + 0.0)
    if "e" in text:
        return _text(Decimal(text))
    return text.removesuffix(".0")


def centre_text(corner: float) -> str:
    """Return a coordinate counted from pixel corners as one counted from pixel centres, exactly."""
    return _text(_EXACT.subtract(Decimal(repr(float(corner) + 0.0)), _HALF))


def corner_number(text: str) -> float:
    """Return a coordinate counted from pixel centres as one counted from corners. Raises ``ValueError``."""
    return float(_EXACT.add(_decimal(text), _HALF))


def number_of(text: str) -> float:
    """Return the number of a text. Raises ``ValueError`` for anything but a finite decimal."""
    number = float(_decimal(text))
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is too large")
    return number


def _decimal(text: str) -> Decimal:
    if len(text) > MOST_DIGITS or not _PLAIN.fullmatch(text.strip()):
        raise ValueError(f"{text[:40]!r} is no number")
    try:
        return Decimal(text.strip())
    except InvalidOperation as error:
        raise ValueError(f"{text[:40]!r} is no number") from error


def _text(number: Decimal) -> str:
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
