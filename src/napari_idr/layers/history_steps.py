"""One entry of the history, and what it is called."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.edits import Edit, ObjectChange

    from .annotation_rows import LayerRow


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One entry of the history."""

    edit: Edit
    stroke: Any = None
    """The Labels layer that was painted, whose own history holds the pixels."""
    box: tuple[slice, ...] | None = None
    removed: Any = None
    """The layer that was taken out of the viewer."""
    split: tuple[tuple[Any, LayerRow, dict[str, Any]], ...] = field(default=())
    """Rows that were cut into pieces, each with its layer: they were no objects."""


def title_of(changes: Sequence[ObjectChange]) -> str:
    """Return what an edit is called: "draw", "move", "delete 3"."""
    kinds = {change.kind for change in changes}
    if kinds == {"new"}:
        return counted("draw", len(changes))
    if kinds == {"deleted"}:
        return counted("delete", len(changes))
    moved = any(c.before is not None and c.after is not None and c.before.shapes != c.after.shapes for c in changes)
    return counted("edit" if moved else "change", len(changes))


def counted(title: str, count: int) -> str:
    """Return a title with the number of objects, where that is not one."""
    return title if count == 1 else f"{title} {count} objects"
