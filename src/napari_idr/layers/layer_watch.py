"""One layer of annotations: which of its rows are whose, and which may have changed since one looked last."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from . import napari_seam as seam
from .annotation_grid import pixel_map
from .annotation_reading import frame_of, named
from .annotation_table import EVERY, SAID, UUID, keys_of
from .annotations import ensure_keys, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np

    from .annotation_grid import Grid, PixelMap
    from .annotation_rows import Frame

LOOKS = ("edge_color", "face_color", "edge_width", "border_color", "border_width", "size", "symbol")
"""Events of a layer after which the selected rows may look differently."""


class LayerWatch:
    """Watches one layer; tells its owner when something was drawn, moved, removed, painted or said otherwise.

    Parameters
    ----------
    layer
        Made or taken to annotate.
    grid
        What it lies over.
    on_change
        Called with the watch and the rows that may have changed.
    on_paint
        Called with the watch, the box that was painted, and its pixels after that, for labels.
    on_select
        Called when others are selected.
    """

    def __init__(
        self,
        layer: Any,
        grid: Grid,
        on_change: Callable[[LayerWatch, set[int]], None],
        on_paint: Callable[[LayerWatch, tuple[slice, ...], np.ndarray], None],
        on_select: Callable[[], None] = lambda: None,
    ) -> None:
        self.layer, self.grid, self.kind = layer, grid, kind_of(layer)
        self.rows: dict[str, list[int]] = {}
        """Rows of each object, by uuid."""
        self.fresh: set[str] = set()
        """Uuids that were given out when one looked last."""
        self.owners: list[str] = []
        """Whose each row is."""
        self._on_change, self._on_paint, self._on_select = on_change, on_paint, on_select
        self._columns: dict[str, list[Any]] = {}
        self._quiet = False
        self._slots: list[tuple[Any, Callable[[Any], None]]] = []
        self._connect()

    @property
    def name(self) -> str:
        """What objects say they belong to."""
        return named(self.layer)

    @property
    def pixels(self) -> PixelMap:
        """How the layer lies on its grid, now."""
        return pixel_map(self.layer, self.grid)

    @property
    def frame(self) -> Frame:
        """What lengths of the layer are measured with."""
        return frame_of(self.pixels, self.grid)

    @property
    def is_vector(self) -> bool:
        """Whether it is one of shapes or points."""
        return self.kind in ("shapes", "points")

    def close(self) -> None:
        """Watch no more."""
        for emitter, slot in self._slots:
            emitter.disconnect(slot)
        self._slots.clear()

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Hear nothing of what is done to the layer meanwhile, and look anew afterwards."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before
            self.look()

    def look(self) -> set[int]:
        """See whose the rows are now; return those of which the table says something else than before."""
        self.fresh = set()
        if self.is_vector:
            fresh, keys = ensure_keys(self.layer)
            self.fresh = {keys[row][0] for row in fresh}
        elif UUID in self.layer.features.columns:
            keys = keys_of(self.layer.features)
        else:
            keys = []
        self.rows, self.owners = {}, [uuid for uuid, _ in keys]
        for row, uuid in enumerate(self.owners):
            self.rows.setdefault(uuid, []).append(row)
        return self._compare()

    def copies(self, uuid: str) -> int:
        """Return how many rows show an object."""
        return len(self.rows.get(uuid, ()))

    def _compare(self) -> set[int]:
        """Return the rows whose cells differ from those of the last look, where these were as many."""
        table = self.layer.features
        columns = {str(name): table[name].tolist() for name in table.columns}
        before, self._columns = self._columns, columns
        changed: set[int] = set()
        if before.get(UUID) != columns.get(UUID):
            return changed
        for name, cells in columns.items():
            old = before.get(name)
            if old is None:
                changed |= set(range(len(cells))) if name not in (*SAID, EVERY) else set()
            elif old != cells:
                changed |= {
                    row
                    for row, (one, other) in enumerate(zip(old, cells, strict=True))
                    if one is not other and one != other
                }
        return changed

    def _says_otherwise(self) -> bool:
        """Whether the table is another than at the last look: napari tells of tables that nobody changed."""
        table = self.layer.features
        if len(table.columns) != len(self._columns):
            return True
        return any(self._columns.get(str(name)) != table[name].tolist() for name in table.columns)

    def _connect(self) -> None:
        slots: dict[str, Callable[[Any], None]] = {
            "data": self._on_data,
            "name": self._on_rename,
            "properties": self._on_table,
            "features": self._on_table,
        }
        if self.kind == "labels":
            slots["paint"] = self._on_stroke
            slots["selected_label"] = self._on_selection
        if self.is_vector:
            slots |= dict.fromkeys(LOOKS, self._on_look)
        for name, slot in slots.items():
            emitter = getattr(self.layer.events, name, None)
            if emitter is not None:
                emitter.connect(slot)
                self._slots.append((emitter, slot))
        if self.is_vector:
            emitter = self.layer.selected_data.events.items_changed
            emitter.connect(self._on_selection)
            self._slots.append((emitter, self._on_selection))

    def _on_data(self, event: Any) -> None:
        action = str(getattr(event, "action", "changed"))
        if self._quiet or self.kind == "labels" or action in ("adding", "changing", "removing"):
            return
        count, indices = len(self.layer.data), getattr(event, "data_indices", ())
        rows = (
            {index % count for index in indices if count and -count <= index < count} if action != "removed" else set()
        )
        self._on_change(self, rows)

    def _on_table(self, _event: Any) -> None:
        if not self._quiet and self._says_otherwise():
            self._on_change(self, set())

    def _on_look(self, _event: Any) -> None:
        if not self._quiet and self.layer.selected_data:
            self._on_change(self, set(self.layer.selected_data))

    def _on_selection(self, *_: Any) -> None:
        if not self._quiet:
            self._on_select()

    def _on_rename(self, _event: Any) -> None:
        if not self._quiet:
            self._on_change(self, set(range(len(self.layer.data))) if self.is_vector else set())

    def _on_stroke(self, event: Any) -> None:
        if not self._quiet:
            box = seam.painted_box(event.value)
            if box is not None:
                self._on_paint(self, box, seam.painted_pixels(self.layer.data, box, event.value))
