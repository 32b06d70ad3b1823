"""The catalogue, narrowed to the names that contain what was typed."""

from __future__ import annotations

from qtpy.QtCore import QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt

from .catalog_model import NODE_ROLE, ROW_KIND_ROLE
from .wording import natural_key


class CatalogFilter(QSortFilterProxyModel):
    """Keeps rows whose name or accession contains the text, what is above them and what is below them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self.setRecursiveFilteringEnabled(True)

    @property
    def text(self) -> str:
        """What is being looked for, empty for everything."""
        return self._text

    def set_text(self, text: str) -> None:
        """Show only what contains ``text``, whatever its case."""
        self._text = text.strip().casefold()
        self.setFilterFixedString(self._text)  # filters anew on every Qt; what says so by name came and went

    def set_sorted(self, by_name: bool) -> None:
        """Sort by name (``2`` before ``10``), or keep the order of the repository."""
        self.sort(0 if by_name else -1)

    def contains_text(self, index: QModelIndex) -> bool:
        """Whether the node at an index of the source contains the text itself."""
        node = index.data(NODE_ROLE)
        return node is not None and self._text in f"{node.name}\n{node.accession}".casefold()

    def filterAcceptsRow(self, row: int, parent: QModelIndex | QPersistentModelIndex) -> bool:
        """Accept a row that contains the text, or stands below one that does."""
        if not self._text:
            return True
        index = self.sourceModel().index(row, 0, parent)
        while index.isValid():
            if self.contains_text(index) or index.data(ROW_KIND_ROLE) == "found":
                return True
            index = index.parent()
        return False

    def lessThan(self, left: QModelIndex | QPersistentModelIndex, right: QModelIndex | QPersistentModelIndex) -> bool:
        """Compare names naturally; rows that only say something stay where they are."""
        kinds = [index.data(ROW_KIND_ROLE) for index in (left, right)]
        if kinds != ["node", "node"]:
            return bool(kinds[0] == "found" or (kinds[0] == "node" and kinds[1] != "found"))
        names = [str(index.data(Qt.ItemDataRole.DisplayRole)) for index in (left, right)]
        return natural_key(names[0]) < natural_key(names[1])
