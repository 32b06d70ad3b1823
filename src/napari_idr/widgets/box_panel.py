"""Part of an image to load or save: where, how deep, at which level. Opened by a button at the foot of the dock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QComboBox, QFileDialog, QFormLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_idr.errors import NapariIdrError
from napari_idr.layers.box_parts import choices, layers_of_image, levels_of
from napari_idr.layers.box_places import depth_of, planes_of, rectangles, region_in_view, region_of_shapes, whole_region
from napari_idr.layers.region_saves import plan_region
from napari_idr.layers.shown_dock import show_dock_here
from napari_idr.model.sizes import said_bytes

from .buttons import text_button
from .plane_range import PlaneRange
from .workers import while_alive

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.layers.box_places import Ends
    from napari_idr.layers.viewer_session import ViewerSession

    from .theme import Theme

LOOK_MS = 300
"""How long after the last change of the view its size is worked out again."""

VIEW, WHOLE = "What is in view", "The whole image"
ENDINGS = (".ome.tif", ".ome.zarr")
SAVES = "Save it exactly as it is stored, with source and licence, and mark it on the image"
FILES = "OME-TIFF (*.ome.tif);;OME-Zarr (*.ome.zarr)"
NOTHING = "Choose a layer that was opened from a repository, to load a part of it."


class BoxPanel(QWidget):
    """Chooses a box of the image whose layer is active, and has it loaded or saved."""

    def __init__(self, viewer_session: ViewerSession, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer_session = viewer_session
        self._layers: list[Any] = []
        self.image, self.why = QLabel(), QLabel()
        self.where, self.level = QComboBox(), QComboBox()
        self.depth, self.times = PlaneRange("z"), PlaneRange("t")
        self._time = 0
        """The time point that was shown last."""
        self.load = text_button(theme, "open", "Load", self.load_box)
        self.save = text_button(theme, "folder", "Save as a file…", self.save_box)
        self.choose_file: Callable[[str], Path | None] = self._ask_file
        """Returns where a region of a suggested name is saved, None for nowhere."""
        self.close_button = text_button(theme, "", "Close", self.hide)
        self._looking = QTimer(self, singleShot=True, interval=LOOK_MS)
        self._lay_out()
        self._connect()
        self.hide()

    def _lay_out(self) -> None:
        for label in (self.image, self.why):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        for box in (self.where, self.level):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(12)
        self.form = QFormLayout()
        self.form.setContentsMargins(0, 0, 0, 0)
        for name, widget in (("Part", self.where), ("z", self.depth), ("t", self.times), ("Level", self.level)):
            self.form.addRow(name, widget)
            widget.setAccessibleName(name)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.load, self.save, self.close_button):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.image)
        layout.addLayout(self.form)
        layout.addWidget(self.why)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self._looking.timeout.connect(self._show_levels)
        self.where.activated.connect(lambda _index: self._show_levels())
        self.level.currentIndexChanged.connect(lambda _index: self._show_reason())
        for planes in (self.depth, self.times):
            planes.changed.connect(self._looking.start)
        viewer: Any = self._viewer_session.viewer
        if viewer is None:
            return
        viewer.layers.selection.events.active.connect(self._on_viewer_changed)
        viewer.layers.events.inserted.connect(self._on_viewer_changed)
        viewer.layers.events.removed.connect(self._on_viewer_changed)
        viewer.scene.camera.events.connect(self._on_view_changed)
        viewer.dims.events.connect(self._on_view_changed)

    # -- what is chosen

    def open(self) -> None:
        """Show the panel for the layer that is active."""
        self.show()
        self._show_image()
        self.level.setFocus()

    @while_alive
    def _on_viewer_changed(self, _event: object = None) -> None:
        if self.isVisible():
            self._show_image()

    @while_alive
    def _on_view_changed(self, _event: object = None) -> None:
        if self.isVisible():
            self._follow_time()
            self._looking.start()

    def _show_image(self) -> None:
        """Show the image of the active layer; where that is none of ours, of the topmost that is."""
        viewer: Any = self._viewer_session.viewer
        every = list(viewer.layers) if viewer is not None else []
        active = viewer.layers.selection.active if viewer is not None else None
        visible = [layer for layer in reversed(every) if layer.visible]
        candidates = [layer for layer in (active, *self._layers[:1], *visible) if layer in every]
        chosen = next((layer for layer in candidates if levels_of(layer)), None)
        self._layers = [] if chosen is None else layers_of_image(every, chosen)
        self.image.setText(NOTHING if chosen is None else " + ".join(layer.name for layer in self._layers))
        if chosen is not None:
            self._show_places(viewer)
            self._show_planes(viewer, chosen)
        self._show_levels()

    def _show_places(self, viewer: Any) -> None:
        before = self.where.currentText()
        drawn = rectangles(viewer)
        self.where.clear()
        for layer in drawn:
            self.where.addItem(f"Inside {layer.name}", layer)
        self.where.addItem(VIEW)
        self.where.addItem(WHOLE)
        active = bool(drawn) and viewer.layers.selection.active is drawn[0]
        at = self.where.findText(before)
        self.where.setCurrentIndex(0 if active else at if at >= 0 else len(drawn))

    def _show_planes(self, viewer: Any, layer: Any) -> None:
        """Offer all planes in z, and the time point that is shown."""
        now = whole_region(viewer, layer).get("t")
        count = planes_of(layer, "t") if now is not None else 1
        self._time = 0 if now is None else now.start
        self.depth.show_planes(depth_of(layer), 0, depth_of(layer) - 1)
        self.times.show_planes(count, self._time, self._time)
        for row in (self.depth, self.times):
            row.setVisible(row.count > 1)
            self.form.labelForField(row).setVisible(row.count > 1)

    def _follow_time(self) -> None:
        """Have the time point be the one that is shown, as long as nobody chose others."""
        viewer: Any = self._viewer_session.viewer
        if viewer is None or not self._layers or self._layers[0] not in viewer.layers:
            return
        now = whole_region(viewer, self._layers[0]).get("t")
        if now is not None and self.times.planes() == slice(self._time, self._time + 1):
            self.times.show_range(now.start, now.start)
        self._time = self._time if now is None else now.start

    def region(self) -> Ends:
        """Return what is chosen, in pixels of the finest level. Raises ``AddressError`` where that is nothing."""
        viewer, layer = self._viewer_session.viewer, self._layers[0]
        shapes = self.where.currentData()
        if shapes is not None:
            region = region_of_shapes(viewer, layer, shapes)
        elif self.where.currentText() == VIEW:
            region = region_in_view(viewer, layer)
        else:
            region = whole_region(viewer, layer)
        for axis, planes in (("z", self.depth), ("t", self.times)):
            if planes.count > 1:
                region[axis] = planes.planes()
        return region

    @while_alive
    def _show_levels(self) -> None:
        """List the levels with the sizes that the box has there; those that are too large cannot be chosen."""
        before = self.level.currentData()
        self.level.clear()
        reason = ""
        try:
            found = choices(self._layers, self.region()) if self._layers else []
        except NapariIdrError as error:
            found, reason = [], str(error)
        for choice in found:
            self.level.addItem(choice.text, choice.level)
            self.level.model().item(self.level.count() - 1).setEnabled(not choice.refusal)
        possible = [choice.level for choice in found if not choice.refusal]
        self.level.setCurrentIndex(before if before in possible else possible[0] if possible else -1)
        if found and not possible:
            reason = f"Even its coarsest level {found[-1].refusal}; take a smaller part."
        self.load.setEnabled(bool(possible))
        self._show_reason(reason)

    def _show_reason(self, reason: str = "") -> None:
        """Say why nothing can be loaded, else in full what will be: the list is too narrow for that."""
        size, refusal = self._size_of_file()
        self.save.setEnabled(bool(size))
        self.save.setToolTip(refusal or SAVES)
        said = " · ".join(filter(None, (self.level.currentText(), size)))
        self.why.setText(reason or said)
        self.why.setVisible(bool(self.why.text()))

    def _size_of_file(self) -> tuple[str, str]:
        """Return how large the box is as a file, and why it cannot be one; one of the two is empty."""
        if not self._layers or self.level.currentData() is None:
            return "", NOTHING
        try:
            plan = plan_region(self._layers, self.region(), self.level.currentData())
        except NapariIdrError as error:
            return "", str(error)
        count = f" in {len(plan.parts)} channels" if len(plan.parts) > 1 else ""
        return f"as a file {said_bytes(plan.nbytes)}{count}", ""

    def load_box(self) -> None:
        """Load what is chosen."""
        try:
            region = self.region()
        except NapariIdrError as error:
            self._show_reason(str(error))
            return
        self._viewer_session.load_box(self._layers, region, self.level.currentData())
        self.hide()

    def save_box(self) -> None:
        """Ask for a place, and save what is chosen there."""
        try:
            region = self.region()
        except NapariIdrError as error:
            self._show_reason(str(error))
            return
        level = self.level.currentData()
        path = self.choose_file(region_name(self._layers[0], level))
        if path is not None:
            self._viewer_session.save_box(self._layers, region, level, path)
            self.hide()

    def _ask_file(self, name: str) -> Path | None:
        options = QFileDialog.Option.DontConfirmOverwrite  # what is there is never replaced: it is said
        chosen, kind = QFileDialog.getSaveFileName(self, "Save this box as", name, FILES, options=options)
        return with_ending(Path(chosen), kind) if chosen else None


def region_name(layer: Any, level: int) -> str:
    """Return what a region's file is called if nobody says otherwise."""
    from napari_idr.formats.documents.submitted_file import safe_name

    name = safe_name(str(layer.metadata["napari_idr"].get("name") or layer.name)).removesuffix(".zarr")
    return f"{name}-level-{level}{ENDINGS[0]}"


def with_ending(path: Path, kind: str) -> Path:
    """Return a path that says what kind of file it is: by its own ending, else by the kind that was chosen."""
    if path.name.lower().endswith((*ENDINGS, ".ome.tiff")):
        return path
    stem = path.stem if path.suffix.lower() in (".tif", ".tiff", ".zarr") else path.name
    return path.with_name(stem + (ENDINGS[1] if ENDINGS[1] in kind else ENDINGS[0]))


def show_box_panel() -> None:
    """Open the panel in the dock of the current viewer: the command of the palette."""
    dock = show_dock_here()
    if dock is not None:
        dock.boxes.open()
