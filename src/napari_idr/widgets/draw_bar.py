"""What one draws on, with which tool, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from napari_idr.errors import NapariIdrError
from napari_idr.layers import drawing
from napari_idr.layers.painting import is_read_only

from .buttons import icon_button, text_button
from .object_words import short_title
from .workers import Latest, while_alive

if TYPE_CHECKING:
    from napari_idr.layers.drawing import Kind
    from napari_idr.layers.viewer_session import ViewerSession

    from .theme import Theme

NOTHING = "Open an image or a plate, then draw on it here."
MOST_LISTED = 15
TOOLS: tuple[tuple[Kind, str, str, str], ...] = (
    ("shapes", "draw", "Regions", "Draw polygons, boxes, ellipses and lines on it"),
    ("points", "points", "Points", "Set points on it"),
    ("labels", "paint", "Labels", "Paint labels on it"),
)


class DrawBar(QWidget):
    """Starts drawing on the image of the active layer; undoes, redoes, restores."""

    failed = Signal(object)
    """A ``NapariIdrError``."""

    def __init__(self, session: ViewerSession, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._annotations = session, session.annotations
        self._preparing = Latest(self)
        self.target = QLabel()
        self.tools = {kind: text_button(theme, icon, text, self._starter(kind)) for kind, icon, text, _ in TOOLS}
        self.more = icon_button(theme, "more", "More ways to begin", self._show_more)
        self.undo = icon_button(theme, "undo", "Undo", self._annotations.undo, "Ctrl+Z")
        self.redo = icon_button(theme, "redo", "Redo", self._annotations.redo, "Ctrl+Shift+Z")
        self.deleted = text_button(theme, "delete", "", self._show_deleted)
        self._lay_out()
        self._connect()
        self._show_target()
        self._show_history()

    def _lay_out(self) -> None:
        self.target.setWordWrap(True)
        self.target.setTextFormat(Qt.TextFormat.PlainText)
        self.deleted.setFlat(True)
        self.deleted.setToolTip("Deleted objects are kept until this window closes: restore them here")
        above, below = QHBoxLayout(), QHBoxLayout()
        above.addWidget(self.target, 1)
        for button in (self.undo, self.redo):
            above.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        for (kind, *_), (*_, hint) in zip(TOOLS, TOOLS, strict=True):
            self.tools[kind].setToolTip(hint)
            self.tools[kind].setAccessibleName(hint)
            below.addWidget(self.tools[kind], 1)
        below.addWidget(self.more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(above)
        layout.addLayout(below)
        layout.addWidget(self.deleted, 0, Qt.AlignmentFlag.AlignLeft)

    def _connect(self) -> None:
        self._annotations.history_changed.connect(self._show_history)
        self._annotations.layers_changed.connect(self._show_target)
        viewer: Any = self._session.viewer
        if viewer is not None:
            viewer.layers.selection.events.active.connect(self._show_target)
            viewer.layers.events.inserted.connect(self._show_target)
            viewer.layers.events.removed.connect(self._show_target)

    # -- what is shown

    def over(self) -> Any | None:
        """Return the layer that would be drawn on."""
        viewer: Any = self._session.viewer
        return None if viewer is None else drawing.target(list(viewer.layers), viewer.layers.selection.active)

    @while_alive
    def _show_target(self, _event: object = None) -> None:
        over = self.over()
        self.target.setText(NOTHING if over is None else f"Draw on {drawing.title_of(over)}")
        for button in self.tools.values():
            button.setEnabled(over is not None)
        plate = over is not None and over.metadata["napari_idr"].get("kind") == "plate"
        self.tools["labels"].setEnabled(over is not None and not plate)
        hint = "Labels are painted on one image: open the field" if plate else TOOLS[2][3]
        self.tools["labels"].setToolTip(hint)

    @while_alive
    def _show_history(self) -> None:
        for button, word, keys, title in (
            (self.undo, "Undo", "Ctrl+Z", self._annotations.undo_title),
            (self.redo, "Redo", "Ctrl+Shift+Z", self._annotations.redo_title),
        ):
            button.setEnabled(bool(title))
            button.setToolTip(f"{word}: {title} ({keys})" if title else f"{word} ({keys})")
        count = len(self._annotations.book.deleted)
        self.deleted.setText(f"{count:,} deleted …")
        self.deleted.setVisible(count > 0)

    # -- beginning

    def _starter(self, kind: Kind) -> Any:
        return lambda: self.start(kind)

    def start(self, kind: Kind) -> None:
        """Begin to draw on the image of the active layer; of a plate its images are asked for first."""
        over = self.over()
        if over is None:
            return
        self._preparing.run(
            drawing.prepare,
            self._session,
            over,
            on_done=lambda _: self._begin(over, kind),
            on_error=self.failed.emit,
        )

    def _begin(self, over: Any, kind: Kind) -> None:
        viewer = self._session.viewer
        if viewer is None or over not in viewer.layers:
            return
        try:
            drawing.start(self._annotations, viewer, over, kind)
        except NapariIdrError as error:
            self.failed.emit(error)

    def more_menu(self) -> QMenu:
        """Return what else can be begun: taking over a layer, painting on labels that a server holds."""
        menu, viewer = QMenu(self), self._session.viewer
        over, layers = self.over(), [] if viewer is None else list(viewer.layers)
        for layer in layers:
            if over is not None and drawing.can_take(layer):
                act = menu.addAction(f"Take over the layer {layer.name}")
                act.triggered.connect(lambda _=False, one=layer: self._take(one, over))
            elif is_read_only(layer):
                act = menu.addAction(f"Paint on a copy of {layer.name}, what is in view")
                act.triggered.connect(lambda _=False, one=layer: drawing.paint_on_copy(self._session, one))
        if menu.isEmpty():
            menu.addAction("No layer of your own to take over, no stored labels to paint on").setEnabled(False)
        return menu

    def _take(self, layer: Any, over: Any) -> None:
        try:
            drawing.take(self._annotations, layer, over)
        except NapariIdrError as error:
            self.failed.emit(error)

    def _show_more(self) -> None:
        self.more_menu().exec(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    # -- what was deleted

    def deleted_menu(self) -> QMenu:
        """Return the deleted objects, the last first, each to be restored."""
        menu, deleted = QMenu(self), self._annotations.book.deleted
        every = menu.addAction(f"Restore all {len(deleted):,}")
        every.triggered.connect(lambda _=False: self._annotations.restore(list(deleted)))
        menu.addSeparator()
        for uuid, held in list(reversed(deleted.items()))[:MOST_LISTED]:
            act = menu.addAction(f"Restore {short_title(held)}")
            act.triggered.connect(lambda _=False, one=uuid: self._annotations.restore([one]))
        return menu

    def _show_deleted(self) -> None:
        self.deleted_menu().exec(self.deleted.mapToGlobal(self.deleted.rect().bottomLeft()))

    def stop(self) -> None:
        """Forget what is on its way."""
        self._preparing.cancel()
