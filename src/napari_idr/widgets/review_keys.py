"""The keys of a review: which they are, which the user chose instead, and the sheet that shows them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "review-keys.json"

ACTIONS: dict[str, tuple[str, str]] = {
    "accept": ("G", "accept, and go on"),
    "reject": ("W", "reject, and go on"),
    "flag": ("Q", "flag as unclear, and write why"),
    "next": ("J", "next object"),
    "previous": ("K", "previous object"),
    "next image": ("N", "next image"),
    "previous image": ("Shift-N", "previous image"),
    "undo": ("U", "take back what was said or corrected last"),
    "undo too": ("Control-Z", "the same"),
    "hide": ("H", "hide outlines, or show them"),
    "correct": ("0", "correct its shapes; again when done"),
    "merge": ("", "make one object of those that are selected in the list"),
    "soft reject": ("Delete", "reject; nothing is deleted"),
    "soft reject too": ("Backspace", "the same"),
    "comment": ("Control-Enter", "write a comment; again to keep it"),
    "help": ("?", "this sheet"),
} | {f"class {n}": (str(n), f"give it class {n} of the list") for n in range(1, 10)}
"""By action: its key, as napari writes keys ("" for none but what a user chooses), and what it does.

The keys are free in napari 0.9 while a Shapes, Points or Labels layer is active, or bound on the layers of a review
alone: 3 and Delete would otherwise delete a shape.
"""


def chosen_keys(folder: Path) -> tuple[dict[str, str], str]:
    """Return the key of each action, and a sentence about what of the user's file could not be taken.

    The file ``review-keys.json`` in the folder of settings holds an object of actions and keys:
    ``{"accept": "A", "next": "Space"}``.
    """
    keys = {action: key for action, (key, _) in ACTIONS.items()}
    file = folder / FILE
    try:
        said = json.loads(file.read_bytes()[:65536])
    except FileNotFoundError:
        return keys, ""
    except (OSError, ValueError, RecursionError):
        return keys, f"{FILE} cannot be read, so the usual keys hold: mend or remove it."
    wanted = said if isinstance(said, dict) else {}
    wrong = sorted(str(name) for name, key in wanted.items() if name not in ACTIONS or not _is_key(key))
    mine = {name: str(key) for name, key in wanted.items() if str(name) not in wrong}
    keys = {action: "" if key in mine.values() and action not in mine else key for action, key in (keys | mine).items()}
    twice = len(set(mine.values())) < len(mine)
    if twice:
        return {action: key for action, (key, _) in ACTIONS.items()}, f"{FILE} gives one key to two actions."
    return keys, f"{FILE} names what is no action or key: {', '.join(wrong)[:80]}." if wrong else ""


def sheet(keys: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the keys, as people write them, and what they do."""
    rows = [(shown(key), ACTIONS[action][1]) for action, key in keys.items() if key and not action.startswith("class")]
    digits = [key for action, key in keys.items() if key and action.startswith("class")]
    return [*rows, (f"{digits[0]} to {digits[-1]}", "give it the class of this number")] if digits else rows


def shown(key: str) -> str:
    """Return a key as people write it: "Ctrl+Z"."""
    return key.replace("Control", "Ctrl").replace("-", "+")


def qt_key(key: str) -> str:
    """Return a key as Qt writes it."""
    return shown(key).replace("Enter", "Return").replace("Delete", "Del")


def _is_key(key: object) -> bool:
    return isinstance(key, str) and 0 < len(key) <= 24 and key.isascii() and key.isprintable()
