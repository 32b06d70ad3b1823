"""One annotation file of a package: written, and read back at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.errors import NapariIdrError
from napari_idr.formats.annotations.registry import format_of_key

from .compare import compare_file
from .finding_makers import about_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_idr.model.finding import Finding, Loss

    from .planned_files import PlannedFile


@dataclass(frozen=True, slots=True)
class MadeFile:
    """One file that was written: what it cannot hold, and what did not come back as it was."""

    path: str
    losses: tuple[Loss, ...]
    findings: tuple[Finding, ...]


def make_file(file: PlannedFile, folder: Path) -> MadeFile:
    """Write a file and read it back."""
    path = folder / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    format_ = format_of_key(file.format)
    format_.write(file.sets, path)
    losses = tuple(format_.losses(file.sets))
    return MadeFile(file.path, losses, tuple(_read_back(file, path, losses)))


def _read_back(file: PlannedFile, path: Path, losses: tuple[Loss, ...]) -> Iterator[Finding]:
    """Yield P21 for what a file does not say that was written into it."""
    format_ = format_of_key(file.format)
    if not format_.reads:
        return
    image = file.source if format_.images_per_file == 1 else None
    try:
        back = format_.read(path, image)
    except NapariIdrError as error:
        yield about_all("P21", file.path, f"it cannot be read back: {error}")
        return
    yield from compare_file(file, back, {loss.uuid for loss in losses})
