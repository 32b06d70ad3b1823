"""What is selected in one viewer: tree, grid and details are views of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakKeyDictionary

from psygnal import Signal

if TYPE_CHECKING:
    from napari_idr.model.catalog import Node

MAX_HISTORY = 100


@dataclass(frozen=True, slots=True)
class Selected:
    """A node of the catalogue and, on a plate, what is chosen of it."""

    node: Node | None = None
    field: int = 0
    acquisition: str = ""
    wells: tuple[str, ...] = ()
    """Paths of the chosen wells ("B/7"), in plate order."""


class Selection:
    """The one selection of a viewer, with a history to walk back and forward.

    ``changed`` is emitted with the new ``Selected`` whenever anything about it changes.
    """

    changed = Signal(Selected)
    _by_owner: ClassVar[WeakKeyDictionary[object, Selection]] = WeakKeyDictionary()

    def __init__(self) -> None:
        self._history: list[Selected] = [Selected()]
        self._position = 0

    @classmethod
    def for_owner(cls, owner: object) -> Selection:
        """Return the selection of a viewer session, the same one every time."""
        selection = cls._by_owner.get(owner)
        if selection is None:
            selection = cls._by_owner[owner] = cls()
        return selection

    @property
    def current(self) -> Selected:
        """What is selected now."""
        return self._history[self._position]

    @property
    def can_go_back(self) -> bool:
        """Whether something was selected before."""
        return self._position > 0

    @property
    def can_go_forward(self) -> bool:
        """Whether ``back`` was used."""
        return self._position + 1 < len(self._history)

    def select(self, node: Node | None) -> None:
        """Select a node; the same node again only takes over what was learned about it."""
        current = self.current.node
        if node is not None and current is not None and node.key == current.key:
            if node.labelled or not current.labelled:  # a list or a search knows less than a description
                self.update(node=node)
            return
        self._history = [*self._history[: self._position + 1], Selected(node)][-MAX_HISTORY:]
        self._position = len(self._history) - 1
        self.changed.emit(self.current)

    def update(self, **changes: object) -> None:
        """Change the field, acquisition, wells or node in place, without a step in the history."""
        changed = replace(self.current, **changes)  # type: ignore[arg-type]
        if changed != self.current:
            self._history[self._position] = changed
            self.changed.emit(changed)

    def back(self) -> None:
        """Return to what was selected before."""
        self._step(-1)

    def forward(self) -> None:
        """Undo ``back``."""
        self._step(1)

    def _step(self, by: int) -> None:
        position = self._position + by
        if 0 <= position < len(self._history):
            self._position = position
            self.changed.emit(self.current)
