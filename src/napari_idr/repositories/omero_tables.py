"""Bulk tables of an OMERO.web server: what was measured or annotated of all wells of a plate, or of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.errors import AccessDenied, NotFound, ProtocolError, Unsupported
from napari_idr.formats.omero_annotations import MapAnnotation
from napari_idr.formats.omero_tables import parse_table
from napari_idr.model.feature_table import FeatureTable

from .memo import Memo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.catalog import Node
    from napari_idr.model.feature_table import Cell, Subject

    from .omero_api import OmeroApi

LONGEST = 10_000
"""Rows of one answer; a server gives no more."""
MOST_PAGES = 100
BULK = "openmicroscopy.org/omero/bulk_annotations"
CLASSES: dict[Subject, str] = {"well": "WellI", "image": "ImageI"}
NO_TABLE = (NotFound, AccessDenied, ProtocolError)
"""Answers of servers without tables, and of those that keep theirs to themselves."""

Way = tuple[str, str]
"""From what a table may hang on down to what is asked about (a path of OMERO's model), and the condition."""


class BulkTables:
    """Tables of plates and images; those asked for last are kept. Methods may block."""

    def __init__(self, api: OmeroApi) -> None:
        self._api = api
        self._tables: Memo[FeatureTable] = Memo(16)

    def of_plate(self, plate_id: str) -> FeatureTable:
        """Return the rows about the wells of a plate: of its screen's table (one request), else of its own (two)."""
        ways = [("Screen.plateLinks.child", f"Plate-{plate_id}"), ("Plate", "*")]
        return self._tables.get(f"plate/{plate_id}", lambda: self._first(ways, plate_id))

    def of_well(self, well_id: str) -> FeatureTable:
        """Return the row about a well: one request, two where the table hangs on its plate."""
        ways = [("Screen.plateLinks.child.wells", f"Well-{well_id}"), ("Plate.wells", f"Well-{well_id}")]
        return self._tables.get(f"well/{well_id}", lambda: self._first(ways, well_id))

    def of_image(self, image_id: str) -> FeatureTable:
        """Return the row about an image: of its project's table (one request), else of its dataset's (two)."""
        paths = ("Project.datasetLinks.child.imageLinks.child", "Dataset.imageLinks.child")
        ways = [(path, f"Image-{image_id}") for path in paths]
        return self._tables.get(f"image/{image_id}", lambda: self._first(ways, image_id))

    def of_container(self, node: Node) -> FeatureTable:
        """Return the whole table of a screen, project or dataset: one request per ten thousand rows."""
        if node.kind not in ("screen", "project", "dataset"):
            what = f"A {node.kind} has no table of its own"
            raise Unsupported(what, node.address, "choose a plate, image, screen, project or dataset")
        kind = node.kind.capitalize()
        return self._tables.get(f"{kind}/{node.id}", lambda: self._first([(kind, "*")], node.id))

    def annotations(self, subject: Subject, number: str) -> list[MapAnnotation]:
        """Return what the table says of a well or image in the form of its annotations."""
        table = self.of_well(number) if subject == "well" else self.of_image(number)
        rows = table.of(subject, number) if table.ids(subject) else table
        return [
            MapAnnotation(CLASSES[subject], number, BULK, rows.key_values(index)) for index in range(len(rows.rows))
        ]

    def _first(self, ways: Sequence[Way], number: str) -> FeatureTable:
        """Return the table of the first way that has rows, an empty one where none has."""
        for path, condition in ways:
            try:
                table = self._ask(path, number, condition)
            except NO_TABLE:
                continue
            if table.rows:
                return table
        return FeatureTable()

    def _ask(self, path: str, number: str, condition: str) -> FeatureTable:
        url = f"{self._api.base}webgateway/table/{path}/{number}/query/"
        table = FeatureTable()
        rows: list[tuple[Cell, ...]] = []
        for _ in range(MOST_PAGES):
            params = [("limit", str(LONGEST)), ("offset", str(len(rows))), ("query", condition)]
            table, total = parse_table(self._api.http.get_json(url, params), url)
            rows += table.rows
            if not table.rows or len(rows) >= total:
                break
        return FeatureTable(table.columns, tuple(rows), table.parent, table.file_id)
