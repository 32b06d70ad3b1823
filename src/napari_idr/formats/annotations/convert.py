"""From one format of annotations to another: which files come of it, and what is lost on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - a dataclass field
from typing import TYPE_CHECKING

from napari_idr.errors import FormatError
from napari_idr.formats.beside import beside, check_place
from napari_idr.model.finding import Loss  # noqa: TC001

from .registry import format_of_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet

    from .base import AnnotationFormat

MOST_TOLD = 20
"""Losses that are told one by one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be written: nothing is, before ``carry_out``."""

    target: AnnotationFormat
    parts: tuple[tuple[Path, tuple[AnnotationSet, ...]], ...]
    """Files, and the sets that each holds."""
    losses: tuple[Loss, ...]


def plan(sets: Sequence[AnnotationSet], output: Path, target: AnnotationFormat | None = None) -> Plan:
    """Return the files that sets become, and what the format loses of them. Nothing is written.

    Parameters
    ----------
    sets
        Of one or more images.
    output
        Where to; where the format holds one image per file and there are more, the image is added to the name.
    target
        The format; that of the ending where not given.

    Raises
    ------
    Unsupported
        No format has this ending.
    FormatError
        There is nothing to write.
    """
    chosen = format_of_path(output) if target is None else target
    if not sets:
        raise FormatError("There are no annotations to write", output.name, "choose another file or image")
    if chosen.images_per_file is None or len(sets) == 1:
        parts: tuple[tuple[Path, tuple[AnnotationSet, ...]], ...] = ((output, tuple(sets)),)
    else:
        names = _names(sets, output, chosen)
        parts = tuple((output.with_name(name), (one,)) for name, one in zip(names, sets, strict=True))
    return Plan(chosen, parts, chosen.losses(sets))


def _names(sets: Sequence[AnnotationSet], output: Path, target: AnnotationFormat) -> list[str]:
    """Return a name per image: the name asked for, the image's id and name, the ending."""
    ending = max((one for one in target.endings if output.name.lower().endswith(one)), key=len, default="")
    stem = output.name[: len(output.name) - len(ending)]
    names = [f"{stem}{'-' if stem else ''}{image_stem(one.image)}" for one in sets]
    return [f"{name}{f'-{number}' if names.count(name) > 1 else ''}{ending}" for number, name in enumerate(names, 1)]


def image_stem(image: AnnotatedImage) -> str:
    """Return an image's id and name in characters that archives take: "6001247__B1_C1.tif"."""
    parts = [image.image_id, image.name or image.address.rstrip("/").rpartition("/")[2]]
    return "__".join(re.sub(r"[^A-Za-z0-9!_.*'()-]+", "_", part).strip("._")[:120] for part in parts if part)


def loss_lines(planned: Plan) -> list[str]:
    """Return what is lost, a line each, very many counted: for whoever tells it before anything is written."""
    lines = [f"lost of {loss.where}: {loss.what}" for loss in planned.losses[:MOST_TOLD]]
    left = len(planned.losses) - len(lines)
    return [*lines, f"and {left} more like these"] if left else lines


def carry_out(planned: Plan) -> tuple[Path, ...]:
    """Write what was planned, each file beside its place first; one that is there already is replaced.

    Raises ``FormatError`` naming the object that cannot be written; the file of before is still there then.
    """
    for path, _ in planned.parts:
        check_place(path)
    for path, sets in planned.parts:
        with beside(path) as draft:
            planned.target.write(sets, draft)
    return tuple(path for path, _ in planned.parts)


def read_any(source: Path, image: AnnotatedImage | None = None) -> tuple[AnnotationSet, ...]:
    """Return the sets of a file by its ending. Raises ``Unsupported`` for a format that is only written."""
    return format_of_path(source).read(source, image)
