"""What a search found as a Qt item model: studies, their plates, the wells on them; rows are added as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QModelIndex, QObject, Qt
from qtpy.QtGui import QIcon, QPixmap, QStandardItem, QStandardItemModel

from .catalog_model import NODE_ROLE, ROW_KIND_ROLE
from .wording import counted, kind_and_accession, telling, tooltip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qtpy.QtGui import QImage

    from napari_idr.model.catalog import Node
    from napari_idr.model.search import HitGroup

    from .found_hits import Key, Looked

CONTAINER_ROLE = NODE_ROLE + 2
"""Key of the container that a row which only says something speaks of."""
_ICON_OF_ROW = {"more": "more", "loading": "loading", "failed": "warning", "note": "info", "empty": "info"}


class FoundModel(QStandardItemModel):
    """Rows of one search. A container is a row of its own where its study has several that match.

    Parameters
    ----------
    icon
        Returns the icon of a kind of node or row.
    """

    def __init__(self, icon: Callable[[str], QIcon], parent: QObject | None = None) -> None:
        super().__init__(0, 2, parent)
        self._icon = icon
        self._icons: dict[str, QIcon] = {}
        self._studies: dict[Key, QStandardItem] = {}
        self._places: dict[Key, QStandardItem] = {}
        """By container: the row that its plates stand under."""
        self._tails: dict[Key, QStandardItem] = {}
        self._groups: dict[tuple[Key, Key], QStandardItem] = {}
        self._pictured: dict[str, list[QStandardItem]] = {}
        """By image: the rows that show its thumbnail."""

    def forget(self) -> None:
        """Show nothing, for another search."""
        for known in (self._studies, self._places, self._tails, self._groups, self._pictured):
            known.clear()
        self.removeRows(0, self.rowCount())

    def add_containers(self, fresh: tuple[Looked, ...]) -> None:
        """Add the studies of an answer, with a row that asks for their plates."""
        count: dict[Key, int] = {}
        for one in fresh:
            count[one.study.key] = count.get(one.study.key, 0) + 1
        for one in fresh:
            study = self._studies.get(one.study.key)
            if study is None:
                study = self._studies[one.study.key] = self._node_row(self.invisibleRootItem(), one.study)
            alone = count[one.study.key] == 1
            place = study if alone else self._node_row(study, one.container)
            self._places[one.container.key] = place
            self.set_tail(one.container.key, "more", "Show what is in it")

    def add_groups(self, container: Key, groups: tuple[HitGroup, ...]) -> None:
        """Add plates with wells, or wells to plates that are there."""
        place = self._places[container]
        for group in groups:
            members = [self._item(member) for member in group.members]
            item = self._groups.get((container, group.node.key))
            if item is not None:
                item.appendRows(members)  # all in one go: a signal for each would hold up the window
                self._show_count(item, group.node)
                continue
            item = self._groups[container, group.node.key] = self._item(group.node)
            item.setColumnCount(2)  # else a row of it could not be clicked, nor looked chosen, below the counts
            item.appendRows(members)
            self._append(place, item)
            self._show_count(item, group.node)

    def add_note(self, kind: str, text: str, container: Key | None = None) -> QStandardItem:
        """Add a row at the end that only says something, like that a repository failed."""
        return self._said_row(self.invisibleRootItem(), kind, text, container)

    def set_tail(self, container: Key, kind: str, text: str) -> None:
        """Show one row below what is known of a container: more to come, loading, failed, nothing."""
        self.clear_tail(container)
        self._tails[container] = self._said_row(self._places[container], kind, text, container)

    def clear_tail(self, container: Key) -> None:
        """Remove the row below what is known of a container."""
        tail = self._tails.pop(container, None)
        if tail is not None:
            self._places[container].removeRow(tail.row())

    def place_of(self, container: Key) -> QModelIndex:
        """Return the index that the plates of a container stand under."""
        return self._places[container].index()

    def tail_of(self, container: Key) -> str:
        """Return the kind of the row below what is known of a container, empty where there is none."""
        tail = self._tails.get(container)
        return "" if tail is None else str(tail.data(ROW_KIND_ROLE))

    def containers_below(self, index: QModelIndex) -> list[Key]:
        """Return the containers whose plates stand directly under a row."""
        item = self.itemFromIndex(index.siblingAtColumn(0))
        return [key for key, place in self._places.items() if place is item]

    def find(self, key: Key) -> QModelIndex:
        """Return the index of a node, invalid where it is not listed."""
        return next((item.index() for item in self._items() if _key_of(item) == key), QModelIndex())

    def show_picture(self, image_id: str, image: QImage, side: int) -> None:
        """Give the rows of an image its picture."""
        keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        icon = QIcon(QPixmap.fromImage(image.scaled(side, side, keep, smooth)))
        for item in self._pictured.pop(image_id, ()):
            item.setIcon(icon)

    def lacks_picture(self, node: Node) -> bool:
        """Whether the row of a well or image waits for its thumbnail."""
        return node.thumbnail_id in self._pictured

    def draw_icons(self) -> None:
        """Draw the icons anew, after the theme changed; pictures stay."""
        self._icons.clear()
        for item in self._items():
            node = item.data(NODE_ROLE)
            if node is None:
                item.setIcon(self._icon_of(_ICON_OF_ROW[item.data(ROW_KIND_ROLE)]))
            elif node.kind not in ("well", "image") or self.lacks_picture(node):
                item.setIcon(self._icon_of(node.kind))

    def _items(self, parent: QStandardItem | None = None) -> Iterator[QStandardItem]:
        parent = parent or self.invisibleRootItem()
        for row in range(parent.rowCount()):
            yield parent.child(row)
            yield from self._items(parent.child(row))

    def _node_row(self, parent: QStandardItem, node: Node) -> QStandardItem:
        item = self._item(node)
        self._append(parent, item)
        self._show_count(item, node)
        return item

    def _item(self, node: Node) -> QStandardItem:
        """Return the row of a node, standing nowhere yet."""
        item = QStandardItem(self._icon_of(node.kind), _text_of(node))
        item.setEditable(False)
        item.setData(node, NODE_ROLE)
        item.setData("node", ROW_KIND_ROLE)
        item.setData(_spoken(node), Qt.ItemDataRole.AccessibleTextRole)
        lines = [("", kind_and_accession(node)), ("", node.description), *node.key_values]
        item.setToolTip(tooltip(node.name, [line for line in lines if line[1]]))
        if node.kind in ("well", "image") and node.thumbnail_id:
            self._pictured.setdefault(node.thumbnail_id, []).append(item)
        return item

    def _icon_of(self, name: str) -> QIcon:
        if name not in self._icons:
            self._icons[name] = self._icon(name)
        return self._icons[name]

    def _said_row(self, parent: QStandardItem, kind: str, text: str, container: Key | None) -> QStandardItem:
        item = QStandardItem(self._icon_of(_ICON_OF_ROW[kind]), text)
        item.setData(kind, ROW_KIND_ROLE)
        item.setData(container, CONTAINER_ROLE)
        item.setToolTip(tooltip(text))
        self._append(parent, item)
        return item

    def _append(self, parent: QStandardItem, item: QStandardItem) -> None:
        """Append a row; one that only says something stays the last."""
        count, end = QStandardItem(), parent.rowCount()
        for one in (item, count):
            one.setEditable(False)
        last = parent.child(end - 1) if end else None
        has_tail = last is not None and last.data(ROW_KIND_ROLE) not in ("node", "note")
        parent.insertRow(end - 1 if has_tail else end, [item, count])

    def _show_count(self, item: QStandardItem, node: Node) -> None:
        parent = item.parent() or self.invisibleRootItem()
        beside = parent.child(item.row(), 1)
        many = node.match_count is not None and node.kind not in ("well", "image")
        beside.setText(f"{node.match_count:,}" if many else "")
        beside.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        beside.setToolTip(f"{counted(node.match_count or 0, 'image', 'images')} match" if many else "")


def _key_of(item: QStandardItem) -> Any:
    node = item.data(NODE_ROLE)
    return None if node is None else node.key


def _text_of(node: Node) -> str:
    """Return a row's text: a study's accession and title, a well's name and what was done to it."""
    if node.kind == "study":
        return f"{node.accession}  {node.description or node.name}"
    if node.kind == "well":
        return " · ".join(filter(None, (node.name, telling(node.key_values))))
    return node.name


def _spoken(node: Node) -> str:
    count = "" if node.match_count is None else f"{counted(node.match_count, 'image', 'images')} match"
    return ", ".join(filter(None, (_text_of(node), node.kind, count)))
