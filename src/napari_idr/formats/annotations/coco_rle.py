"""Run lengths of COCO: pixels of a plane column by column, packed into a text of six bits per character. Pure.

The packing is that of pycocotools' ``maskApi``: differences to the run before the last, five bits and a sign at a time.
"""

from __future__ import annotations

import numpy as np

from napari_idr.formats.model_json import DocumentError


def counts_of(marked: np.ndarray) -> list[int]:
    """Return the lengths of the runs of a (height, width) mask, column after column, the first of them unmarked."""
    flat = np.concatenate(([False], marked.ravel(order="F"), [False]))
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    size = marked.size
    bounds = np.concatenate(([0], edges, [size] if not len(edges) or edges[-1] != size else []))
    return [int(number) for number in np.diff(bounds)]


def pack_counts(counts: list[int]) -> str:
    """Return run lengths as COCO's text."""
    letters = []
    for number, count in enumerate(counts):
        left = count - counts[number - 2] if number > 2 else count
        more = True
        while more:
            bits = left & 0x1F
            left >>= 5
            more = left != (-1 if bits & 0x10 else 0)
            letters.append(chr(48 + (bits | 0x20 if more else bits)))
    return "".join(letters)


def unpack_counts(text: str) -> list[int]:
    """Return the run lengths of COCO's text. Raises ``DocumentError`` where it is none."""
    counts: list[int] = []
    position = 0
    while position < len(text):
        value, shift, more = 0, 0, True
        while more:
            bits = ord(text[position]) - 48 if position < len(text) else -1
            if not 0 <= bits < 64 or shift > 60:
                raise DocumentError("the run lengths of a mask are broken")
            value |= (bits & 0x1F) << shift
            more, shift, position = bool(bits & 0x20), shift + 5, position + 1
            if not more and bits & 0x10:
                value |= -1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
    return counts


def marked_of(counts: list[int], height: int, width: int) -> np.ndarray:
    """Return the mask that run lengths make. Raises ``DocumentError`` where they are not as many as its pixels."""
    if any(type(count) is not int or count < 0 for count in counts) or sum(counts) != height * width:
        raise DocumentError("the run lengths of a mask are not as long as its plane")
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape((height, width), order="F")
