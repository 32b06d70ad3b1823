"""As many ROIs as wanted, made when they are asked for: always the same, none of them kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, cos, sin, sqrt, tau
from typing import Any, overload

Identified = tuple[int, dict[str, Any]]
"""Id of a ROI, and the ROI."""

VERTICES = 12
STROKE = 0x0072B2FF
"""Blue, as RGBA; it is below 2^31, so the signed number is the same."""


@dataclass(frozen=True, slots=True)
class ManyRois(Sequence[Identified]):
    """Outlines as of cells, in rows and columns over an image."""

    first: int
    """Id of the first; the others follow."""
    total: int
    width: float
    height: float

    def __len__(self) -> int:
        return self.total

    @overload
    def __getitem__(self, index: int) -> Identified: ...
    @overload
    def __getitem__(self, index: slice) -> list[Identified]: ...
    def __getitem__(self, index: int | slice) -> Identified | list[Identified]:
        if isinstance(index, slice):
            return [self._make(number) for number in range(*index.indices(self.total))]
        if not -self.total <= index < self.total:
            raise IndexError(index)
        return self._make(index % self.total)

    def _make(self, number: int) -> Identified:
        points = " ".join(f"{x:.2f},{y:.2f}" for x, y in self.outline(number))
        shape = {"type": "Polygon", "StrokeColor": STROKE, "Points": points, "TheZ": 0, "TheT": 0}
        return self.first + number, {"Name": f"cell {number + 1}", "shapes": [shape]}

    def outline(self, number: int) -> list[tuple[float, float]]:
        """Return the corners (x, y) of one of them, in pixels of the finest level, before they are rounded."""
        columns = ceil(sqrt(self.total))
        row, column = divmod(number, columns)
        across, down = self.width / columns, self.height / ceil(self.total / columns)
        x = (column + 0.5 + 0.08 * sin(number * 1.7)) * across
        y = (row + 0.5 + 0.08 * cos(number * 2.3)) * down
        radius = 0.36 * min(across, down)
        corners = []
        for step in range(VERTICES):
            angle = tau * step / VERTICES
            reach = radius * (1 + 0.12 * cos(3 * angle + number))
            corners.append((x + reach * cos(angle), y + reach * sin(angle)))
        return corners
