"""Which objects are to be looked at, and in which order: a table of columns, filtered and sorted at once. Pure.

Columns are arrays, so that 100,000 objects are filtered and sorted without waiting.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Order = Literal["image", "random", "disagreement", "outlier"]

NO_PLANE = -1
"""Stands in a column of planes for "all of them"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One object that may be looked at."""

    uuid: str
    image: str
    """``AnnotatedImage.key``."""
    z: int = NO_PLANE
    t: int = NO_PLANE
    object_class: str = ""
    status: str = "unreviewed"
    annotator: str = ""
    size: float = 0.0
    """Pixels it covers; 0 for a place or a line."""
    findings: tuple[str, ...] = ()
    """Ids of the checks it does not pass."""
    outlier: float = 0.0
    """How far its measurements lie from those of its class, in robust standard deviations."""
    disagreement: float = 0.0


COLUMNS = tuple(one.name for one in fields(Candidate))


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which candidates are looked at: all conditions hold. An empty one holds for every candidate."""

    classes: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    annotators: frozenset[str] = frozenset()
    images: frozenset[str] = frozenset()
    findings: frozenset[str] = frozenset()
    """At least one of these checks is not passed."""
    smallest: float = 0.0
    largest: float = float("inf")
    least_outlier: float = 0.0
    disputed_only: bool = False


@dataclass(eq=False, slots=True)
class Queue:
    """Candidates as columns; row numbers stay the same however it is filtered."""

    uuids: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    """Keys of the images, in the order in which they came."""
    _codes: dict[str, np.ndarray] = field(default_factory=dict)
    _names: dict[str, list[str]] = field(default_factory=dict)
    _numbers: dict[str, np.ndarray] = field(default_factory=dict)
    _findings: dict[str, np.ndarray] = field(default_factory=dict)
    _rows: dict[str, int] = field(default_factory=dict)
    _first: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(cls, candidates: Iterable[Candidate]) -> Queue:
        """Return the queue of candidates."""
        listed = list(candidates)
        return cls.of_columns({name: [getattr(one, name) for one in listed] for name in COLUMNS})

    @classmethod
    def of_columns(cls, columns: Mapping[str, Sequence[Any]]) -> Queue:
        """Return the queue of what candidates say, a list per field of theirs (``COLUMNS``), all of one length."""
        queue = cls(list(columns["uuid"]))
        queue._rows = dict(zip(queue.uuids, range(len(queue.uuids)), strict=True))
        for name in ("image", "object_class", "status", "annotator"):
            queue._encode(name, columns[name])
        queue._first = {name: queue._codes[name].copy() for name in ("status", "object_class")}
        for name in ("z", "t", "size", "outlier", "disagreement"):
            queue._numbers[name] = np.array(columns[name], float)
        queue.images = list(queue._names["image"])
        for row, rules in enumerate(columns["findings"]):
            for rule in rules:
                queue._findings.setdefault(rule, np.zeros(len(queue), bool))[row] = True
        return queue

    def _encode(self, name: str, values: Sequence[str]) -> None:
        names = list(dict.fromkeys(values))
        at = {value: code for code, value in enumerate(names)}
        self._names[name] = names
        self._codes[name] = np.array([at[value] for value in values], np.int32)

    def __len__(self) -> int:
        return len(self.uuids)

    def row(self, uuid: str) -> int:
        """Return the row of an object. Raises ``KeyError``."""
        return self._rows[uuid]

    def __contains__(self, uuid: str) -> bool:
        return uuid in self._rows

    def candidate(self, row: int) -> Candidate:
        """Return a row as what it was made of."""
        numbers = {name: float(self._numbers[name][row]) for name in ("size", "outlier", "disagreement")}
        planes = {name: int(self._numbers[name][row]) for name in ("z", "t")}
        texts = {name: self.value(name, row) for name in ("image", "object_class", "status", "annotator")}
        findings = tuple(rule for rule, fails in self._findings.items() if fails[row])
        return Candidate(uuid=self.uuids[row], findings=findings, **texts, **planes, **numbers)  # type: ignore[arg-type]

    def value(self, name: str, row: int) -> str:
        """Return the "object_class", "status", "annotator" or "image" of a row."""
        return self._names[name][int(self._codes[name][row])]

    def size(self, row: int) -> float:
        """Return the pixels that the object of a row covers."""
        return float(self._numbers["size"][row])

    def image_of(self, row: int) -> str:
        """Return the key of the image of a row."""
        return self._names["image"][int(self._codes["image"][row])]

    def status(self, row: int) -> str:
        """Return what was said of a row."""
        return self._names["status"][int(self._codes["status"][row])]

    def plane(self, row: int) -> tuple[int | None, int | None]:
        """Return z and t of a row, None for all planes."""
        z, t = int(self._numbers["z"][row]), int(self._numbers["t"][row])
        return None if z == NO_PLANE else z, None if t == NO_PLANE else t

    def values(self, name: str) -> list[str]:
        """Return the different values of "object_class", "status", "annotator" or "image", in the order they came."""
        return list(self._names[name])

    @property
    def findings(self) -> tuple[str, ...]:
        """Ids of the checks that some object does not pass."""
        return tuple(self._findings)

    def counts(self, name: str) -> dict[str, int]:
        """Return how many rows have each value of a column."""
        counted = np.bincount(self._codes[name], minlength=len(self._names[name]))
        return {value: int(count) for value, count in zip(self._names[name], counted, strict=True) if count}

    def counts_by_image(self, name: str) -> list[dict[str, int]]:
        """Return of each image, in the order of ``images``, how many rows have each value of a column."""
        names = self._names[name]
        pairs = self._codes["image"].astype(np.int64) * len(names) + self._codes[name]
        counted = np.bincount(pairs, minlength=len(self.images) * len(names)).reshape(len(self.images), -1)
        return [{names[code]: int(row[code]) for code in np.flatnonzero(row)} for row in counted]

    @property
    def image_codes(self) -> np.ndarray:
        """Of each row the index of its image in ``images``."""
        return self._codes["image"]

    def first_status(self, uuid: str) -> str:
        """Return the status that an object was queued with."""
        return self._names["status"][int(self._first["status"][self._rows[uuid]])]

    def first_class(self, uuid: str) -> str:
        """Return the class that an object was queued with."""
        return self._names["object_class"][int(self._first["object_class"][self._rows[uuid]])]

    def set_status(self, uuid: str, status: str) -> None:
        """Note what was said of an object."""
        self._set("status", uuid, status)

    def set_class(self, uuid: str, name: str) -> None:
        """Note what an object is."""
        self._set("object_class", uuid, name)

    def _set(self, column: str, uuid: str, value: str) -> None:
        names = self._names[column]
        if value not in names:
            names.append(value)
        self._codes[column][self._rows[uuid]] = names.index(value)

    def set_disagreement(self, uuid: str, value: float) -> None:
        """Note how far reviewers differ on an object."""
        self._numbers["disagreement"][self._rows[uuid]] = value

    def select(self, wanted: QueueFilter) -> np.ndarray:
        """Return the rows that fulfil all conditions, in the order of the table."""
        keep = np.ones(len(self), bool)
        for name, values in (
            ("object_class", wanted.classes),
            ("status", wanted.statuses),
            ("annotator", wanted.annotators),
            ("image", wanted.images),
        ):
            if values:
                codes = [code for code, value in enumerate(self._names[name]) if value in values]
                keep &= np.isin(self._codes[name], codes)
        size = self._numbers["size"]
        keep &= (size >= wanted.smallest) & (size <= wanted.largest)
        keep &= self._numbers["outlier"] >= wanted.least_outlier
        if wanted.disputed_only:
            keep &= self._numbers["disagreement"] > 0
        if wanted.findings:
            none = np.zeros(len(self), bool)
            keep &= np.logical_or.reduce([self._findings.get(rule, none) for rule in wanted.findings])
        return np.flatnonzero(keep)

    def ordered(self, rows: np.ndarray, order: Order, *, seed: int = 0) -> np.ndarray:
        """Return rows in the order in which they are looked at.

        "image" goes through one image after the other, plane by plane, which spares the network; "random" is the same
        for the same seed and the same objects; "disagreement" and "outlier" begin with the most.
        """
        if order == "random":
            return np.random.default_rng(seed).permutation(rows)
        by_image = (rows, self._numbers["z"][rows], self._numbers["t"][rows], self._codes["image"][rows])
        if order == "image":
            return rows[np.lexsort(by_image)]
        return rows[np.lexsort((*by_image, -self._numbers[order][rows]))]

    def sample(self, rows: np.ndarray, per_class: int, *, seed: int = 0) -> np.ndarray:
        """Return at most so many rows of each class, drawn at random, in the order of the table."""
        drawn = np.random.default_rng(seed).permutation(rows)
        codes = self._codes["object_class"][drawn]
        chosen = [drawn[codes == code][:per_class] for code in np.unique(codes)]
        return np.sort(np.concatenate(chosen)) if chosen else rows


def outlier_scores(features: Mapping[str, np.ndarray], classes: Sequence[str]) -> np.ndarray:
    """Return of each object how far its strangest feature lies from the middle of its class.

    In units of 1.4826 times the median absolute deviation (the standard deviation of a normal distribution); a feature
    that does not vary within a class says nothing, nor does a value that is missing (NaN).
    """
    scores = np.zeros(len(classes))
    names = np.array(classes)
    for values in features.values():
        column = np.asarray(values, float)
        for name in np.unique(names):
            inside = (names == name) & np.isfinite(column)
            if inside.sum() < 3:
                continue
            distance = np.abs(column[inside] - np.median(column[inside]))
            spread = 1.4826 * np.median(distance)
            if spread > 0:
                scores[inside] = np.maximum(scores[inside], distance / spread)
    return scores
