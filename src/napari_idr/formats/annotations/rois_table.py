"""rois.csv: all objects of all images as one table, lossless but for the pixels of label images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.formats.delimited import read_table, table_text

from .files import write_text
from .rois_rows import NEEDED, rows_of, sets_of, table_losses

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet
    from napari_idr.model.finding import Loss


class RoisTable:
    """The table as CSV."""

    key = "rois-csv"
    title = "Table of ROIs (CSV)"
    endings = (".rois.csv", "rois.csv")
    images_per_file: int | None = None
    reads = True

    def losses(self, sets: Sequence[AnnotationSet]) -> tuple[Loss, ...]:
        """Return what is lost: pixels of label images."""
        return table_losses(sets)

    def write(self, sets: Sequence[AnnotationSet], path: Path) -> tuple[Path, ...]:
        """Write the table. Raises ``FormatError`` naming the object."""
        return write_text(path, table_text(*rows_of(sets)))

    def read(self, path: Path, image: AnnotatedImage | None = None) -> tuple[AnnotationSet, ...]:
        """Return the sets of a table, also of one that a spreadsheet saved. Raises ``FormatError``."""
        table = read_table(path, needed=NEEDED)
        return sets_of(table.rows, path, image, table.remarks)


FORMAT = RoisTable()
