"""A queue of review as documents of the workspace, and back: what it is, and what it lists of each image.

The rows of an image are one document of plain JSON columns, so that a hundred thousand objects are read at once.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast, get_args

from napari_idr.errors import FormatError
from napari_idr.formats.model_json import LONGEST
from napari_idr.workspace.events import Document

from .queue import Order, QueueFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .queue import Candidate

ROWS = 20_000
"""Objects in one document: about two megabytes."""
KEPT: dict[str, tuple[type, ...]] = {
    "uuid": (str,),
    "z": (int,),
    "t": (int,),
    "object_class": (str,),
    "status": (str,),
    "annotator": (str,),
    "size": (int, float),
    "findings": (list,),
    "outlier": (int, float),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDefinition:
    """What a queue is: its name, where its objects came from, and how they are gone through."""

    name: str
    order: Order = "image"
    seed: int = 0
    is_blind: bool = False
    """A second opinion: each reviewer sees only the verdicts of their own."""
    classes: tuple[str, ...] = ()
    """What 1 to 9 relabel to."""
    sources: tuple[str, ...] = ()


def rows_documents(candidates: Sequence[Candidate]) -> list[Document]:
    """Return candidates of one image as documents."""
    parts = [candidates[start : start + ROWS] for start in range(0, len(candidates), ROWS)]
    return [Document("queue", json.dumps({name: _column(part, name) for name in KEPT})) for part in parts]


def columns_of(text: str, image: str) -> dict[str, list[Any]]:
    """Return the columns of a document, as ``Queue.of_columns`` takes them.

    Raises ``FormatError`` where it is not one.
    """
    try:
        columns = json.loads(text) if len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        columns = None
    if not isinstance(columns, dict) or columns.keys() != KEPT.keys() or not _is_sound(columns):
        raise FormatError("The list of a queue of review cannot be read", image, "get the file again")
    count = len(columns["uuid"])
    return {**columns, "image": [image] * count, "disagreement": [0.0] * count}


def _column(part: Sequence[Candidate], name: str) -> list[object]:
    return [getattr(one, name) for one in part]


def _is_sound(columns: dict[str, Any]) -> bool:
    lists = all(isinstance(column, list) for column in columns.values())
    if not lists or len({len(column) for column in columns.values()}) != 1:
        return False
    if not all(set(map(type, columns[name])) <= set(kinds) for name, kinds in KEPT.items()):
        return False
    return all(isinstance(rule, str) for rules in columns["findings"] for rule in rules)


def filter_text(wanted: QueueFilter) -> str:
    """Return a filter as text."""
    return json.dumps({name: sorted(v) if isinstance(v, frozenset) else v for name, v in asdict(wanted).items()})


def filter_of(text: str) -> QueueFilter:
    """Return the filter of a text; one that cannot be read shows everything."""
    try:
        values: dict[str, Any] = {name: _value(value) for name, value in json.loads(text).items()}
        return QueueFilter(**values)
    except (ValueError, TypeError, AttributeError):
        return QueueFilter()


def order_of(text: str) -> Order:
    """Return the order of a name; that of the images for any other."""
    return cast("Order", text) if text in get_args(Order) else "image"


def _value(value: object) -> object:
    return frozenset(map(str, value)) if isinstance(value, list) else value
