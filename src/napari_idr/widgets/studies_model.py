"""The studies of a repository as a Qt list model: filtered and sorted ones, pictures as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from napari_idr.model.catalog import Study
from napari_idr.model.study_list import NOTHING, FacetValue, facets, filter_studies, sort_studies

from .catalog_model import NODE_ROLE
from .wording import kind_and_accession, study_lines, study_size, tooltip

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from qtpy.QtGui import QImage

    from napari_idr.model.catalog import Node
    from napari_idr.model.study_list import Facet, SortKey

    Key = tuple[str, str, str]

PICTURE_ROLE = NODE_ROLE + 3


class StudiesModel(QAbstractListModel):
    """Rows of studies; ``nodes`` are those that pass filter and facets, in the order asked for."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.all: tuple[Node, ...] = ()
        self.nodes: tuple[Node, ...] = ()
        self._pictures: dict[Key, QImage] = {}
        self._text = ""
        self._chosen: Mapping[Facet, Collection[str]] = NOTHING
        self._order: tuple[SortKey, bool] = ("accession", False)

    def show_studies(self, nodes: Iterable[Node]) -> None:
        """Show the studies of a repository, in place of those before."""
        self.all = tuple(nodes)
        self._pictures.clear()
        self._arrange()

    def narrow(self, text: str, chosen: Mapping[Facet, Collection[str]]) -> None:
        """Show only studies that have every word, and a chosen value in each facet with one."""
        self._text, self._chosen = text, chosen
        self._arrange()

    def sort_by(self, key: SortKey, descending: bool) -> None:
        """Show the studies in another order."""
        self._order = (key, descending)
        self._arrange()

    def facets(self) -> dict[Facet, tuple[FacetValue, ...]]:
        """Return the values to choose from, with how many studies each would leave."""
        return facets(self.all, self._text, self._chosen)

    def show_picture(self, key: Key, picture: QImage) -> None:
        """Show the picture of a study that came."""
        self._pictures[key] = picture
        row = self.row_of(key)
        if row is not None:
            self.dataChanged.emit(self.index(row), self.index(row), [PICTURE_ROLE])

    @property
    def picture_count(self) -> int:
        """How many pictures have come."""
        return len(self._pictures)

    def row_of(self, key: Key) -> int | None:
        """Return the row of a node, None where it is not shown."""
        return next((row for row, node in enumerate(self.nodes) if node.key == key), None)

    def _arrange(self) -> None:
        found = filter_studies(self.all, self._text, self._chosen)
        self.beginResetModel()
        self.nodes = sort_studies(found, self._order[0], descending=self._order[1])
        self.endResetModel()

    # What Qt asks

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        """Return how many studies are shown."""
        return 0 if parent.isValid() else len(self.nodes)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a row shows or says."""
        if not index.isValid():
            return None
        node = self.nodes[index.row()]
        if role == NODE_ROLE:
            return node
        if role == PICTURE_ROLE:
            return self._pictures.get(node.key)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return spoken_study(node)
        if role == Qt.ItemDataRole.ToolTipRole:
            said = study_lines(node).splitlines() if isinstance(node, Study) else [kind_and_accession(node)]
            return tooltip(node.name, [("", line) for line in said])
        return None


def spoken_study(node: Node) -> str:
    """Return a study as a screen reader should say it, and as keys typed in the list look for it."""
    if not isinstance(node, Study):
        return ", ".join((node.name, node.kind))
    facts = node.facts
    parts = (node.accession, facts.title or node.name, *facts.organisms, study_size(node), *facts.licences)
    return ", ".join(filter(None, parts))
