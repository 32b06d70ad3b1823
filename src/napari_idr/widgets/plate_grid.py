"""The plate grid with its choosers: which field, which acquisition, which wells."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget
from superqt.utils import signals_blocked

from napari_idr.model.search import HitGroup, control_wells, wells_on_plate

from .buttons import icon_button, text_button
from .plate_loader import PlateLoader
from .plate_marks import PlateMarks
from .plate_view import ZOOM_STEP, PlateView
from .plate_wells import PlateWells
from .well_menu import offer_well_menu
from .wording import counted

if TYPE_CHECKING:
    from napari_idr.model.catalog import Node, PlateGrid
    from napari_idr.session import Session

    from .notice_strip import NoticeStrip
    from .plate_geometry import Cell
    from .progress_strip import ProgressStrip, Task
    from .selection import Selected, Selection
    from .theme import Theme

HINT = "Arrow keys move, Enter opens, drag to select several."


class PlateGridPanel(QWidget):
    """One plate as thumbnails.

    Signals
    -------
    open_requested
        Paths of the wells to open (none for the whole plate), and whether beside what is open.
    """

    open_requested = Signal(tuple, bool)

    def __init__(
        self,
        session: Session,
        selection: Selection,
        theme: Theme,
        progress: ProgressStrip,
        notices: NoticeStrip,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._selection = session, selection
        self._progress, self._notices = progress, notices
        self._task: Task | None = None
        self._plate: tuple[str, str, str] | None = None
        self._shown: tuple[object, ...] = ()
        self.view = PlateView(theme)
        self.fields, self.acquisitions = QComboBox(), QComboBox()
        self._found: HitGroup | None = None
        self._grid: PlateGrid | None = None
        self._hint, self._legend = QLabel(HINT), QLabel()
        self.outline = icon_button(theme, "hit", "Outline what was found, and controls", lambda: None)
        self.outline.setCheckable(True)
        self._choose_found = text_button(theme, "", "Choose them", self._on_choose_found)
        self._open = text_button(theme, "open", "", lambda: self._request_open(False))
        self._open.hide()
        self._loader = PlateLoader(session, self._images_to_load, self)
        self._set_up_labels()
        self._lay_out(theme)
        self._connect()

    def _set_up_labels(self) -> None:
        for label in (self._hint, self._legend):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._choose_found.setToolTip("Chooses the wells that were found; Enter then opens them side by side")

    def _lay_out(self, theme: Theme) -> None:
        choosers = QHBoxLayout()
        choosers.setSpacing(2)
        for combo, name in ((self.fields, "Field"), (self.acquisitions, "Acquisition")):
            combo.setAccessibleName(name)
            combo.setToolTip(f"{name} to show")
            combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            combo.hide()
            choosers.addWidget(combo, 3)
        choosers.addStretch(1)
        choosers.addWidget(self.outline)
        choosers.addWidget(icon_button(theme, "zoom-out", "Smaller wells", lambda: self.view.zoom(1 / ZOOM_STEP), "-"))
        choosers.addWidget(icon_button(theme, "fit", "Fit the width", self.view.fit_width, "0"))
        choosers.addWidget(icon_button(theme, "zoom-in", "Larger wells", lambda: self.view.zoom(ZOOM_STEP), "+"))
        legend, footer = QHBoxLayout(), QHBoxLayout()
        legend.addWidget(self._legend, 1)
        legend.addWidget(self._choose_found)
        footer.addWidget(self._hint, 1)
        footer.addWidget(self._open)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(choosers)
        layout.addLayout(legend)
        layout.addWidget(self.view, 1)
        layout.addLayout(footer)

    def _connect(self) -> None:
        self.view.selection_changed.connect(self._on_wells_chosen)
        self.view.open_requested.connect(self._request_open)
        self.view.hovered.connect(self._describe)
        self.outline.toggled.connect(lambda _: self._mark())
        offer_well_menu(self.view, self._plate_address, self._notices.remark)
        self.fields.activated.connect(lambda index: self._selection.update(field=index))
        self.acquisitions.activated.connect(
            lambda index: self._selection.update(acquisition=self.acquisitions.itemData(index), field=0)
        )
        self._loader.grid_arrived.connect(self._on_grid)
        self._loader.key_values_arrived.connect(self._on_key_values)
        self._loader.thumbnail_arrived.connect(self.view.show_thumbnail)
        self._loader.counted.connect(self._on_counted)
        self._loader.finished.connect(self._on_finished)
        self._loader.failed.connect(self._on_failed)

    def _plate_address(self) -> str:
        node = self._selection.current.node
        return node.address if node is not None else ""

    # From the selection

    def show_selected(self, selected: Selected) -> None:
        """Show what the selection says: the plate, its field and acquisition, the chosen wells.

        Of anything but a plate, only stop loading.
        """
        plate = selected.node
        if plate is None or plate.kind != "plate":
            self.stop()
            return
        shown = (plate.key, selected.field, selected.acquisition)
        if shown != self._shown:
            self._load(plate, selected, same_plate=self._plate == plate.key)
            self._plate, self._shown = plate.key, shown
        self.view.choose(self.view.selection.only(self.view.wells.cells_at(selected.wells)))

    def show_found(self, group: HitGroup | None, *, outlined: bool = False) -> None:
        """Take what a search found on the plate, to outline it; ``outlined`` switches the outlines on."""
        self._found = group
        if outlined:
            self.outline.setChecked(True)
        self._mark()

    def stop(self) -> None:
        """Forget everything that is on its way."""
        if self._task is not None:
            self._loader.cancel()
            self._end_task()
            self._shown = ()

    def _load(self, plate: Node, selected: Selected, same_plate: bool) -> None:
        self._end_task()
        if not same_plate:
            self.view.forget_thumbnails()
            self._grid = None
            self.view.show_wells(PlateWells.skeleton(plate))
            self._mark()
            self.fields.hide()
            self.acquisitions.hide()
        self._task = self._progress.begin(f"Plate {plate.name}", self._source_of(plate), on_cancel=self._loader.cancel)
        self._loader.load(plate, selected.field, selected.acquisition)
        if not same_plate:
            self._loader.load_key_values(plate)
        self._describe(None)

    def _source_of(self, plate: Node) -> str:
        known = {repository.key: repository.name for repository in self._session.repositories}
        return known.get(plate.repository, plate.repository)

    # From the repository

    def _on_grid(self, grid: PlateGrid) -> None:
        before, self._grid = self._grid, grid
        if before is not None and _same_wells(before, grid):
            self._fill_choosers(grid)
            return
        known = self.view.wells.key_values
        self.view.show_wells(PlateWells.from_grid(grid))
        self.view.show_key_values(known)
        self._fill_choosers(grid)
        self.view.choose(self.view.selection.only(self.view.wells.cells_at(self._selection.current.wells)))
        self._mark()

    def _mark(self) -> None:
        """Outline what is to be outlined, and say what the outlines mean."""
        found = frozenset[tuple[int, int]]()
        if self._found is not None and self._grid is not None:
            found = wells_on_plate(self._found, self._grid)
        marks = PlateMarks(found, control_wells(self.view.wells.key_values))
        self.outline.setVisible(bool(marks))
        marks = marks if self.outline.isChecked() else PlateMarks()
        self.view.show_marks(marks)
        self._legend.setText(marks.said)
        self._legend.setVisible(bool(marks))
        self._choose_found.setVisible(bool(marks.hits))
        self._describe(None)

    def _fill_choosers(self, grid: PlateGrid) -> None:
        with signals_blocked(self.fields), signals_blocked(self.acquisitions):
            self.fields.clear()
            self.fields.addItems([f"Field {field + 1}" for field in range(grid.field_count)])
            self.fields.setCurrentIndex(grid.field)
            self.acquisitions.clear()
            for run in grid.acquisitions:
                self.acquisitions.addItem(run.name or f"Run {run.id}", run.id)
            self.acquisitions.setCurrentIndex(max(self.acquisitions.findData(grid.acquisition), 0))
        self.fields.setVisible(grid.field_count > 1)
        self.acquisitions.setVisible(len(grid.acquisitions) > 1)

    def _on_key_values(self, key_values: dict[Cell, tuple[tuple[str, str], ...]]) -> None:
        self.view.show_key_values(key_values)
        self._mark()

    def _images_to_load(self) -> tuple[str, ...]:
        wells = self.view.wells
        ordered = dict.fromkeys((*wells.image_ids(self.view.visible_cells()), *wells.image_ids(wells.cells)))
        return tuple(image for image in ordered if self.view.lacks(image))

    def _on_counted(self, done: int, total: int) -> None:
        if self._task is not None:
            self._task.update_amount(done, total, "Thumbnails")

    def _on_finished(self, missing: frozenset[str]) -> None:
        self._end_task()
        self.view.show_failed(set(missing))
        if missing:
            total = len(self.view.wells.cells)
            text = f"{len(missing):,} of {counted(total, 'thumbnail', 'thumbnails')} could not be loaded."
            self._notices.inform(text, ("Retry those", self._loader.retry_missing))

    def _on_failed(self, error: Exception, retry: object) -> None:
        self._end_task()
        self._notices.fail(error, retry if callable(retry) else None)

    def _end_task(self) -> None:
        if self._task is not None:
            self._task.finish()
            self._task = None

    # From the user

    def _on_wells_chosen(self) -> None:
        chosen = self.view.selection.in_order()
        self._selection.update(wells=tuple(self.view.wells.path(cell) for cell in chosen))
        self._describe(None)

    def _on_choose_found(self) -> None:
        self.view.choose(self.view.selection.only(self.view.marks.hits))
        self.view.setFocus()

    def _request_open(self, beside: bool) -> None:
        self.open_requested.emit(self._selection.current.wells, beside)

    def _describe(self, cell: Cell | None) -> None:
        """Say what is under the pointer, else what is chosen, else what can be done."""
        wells, chosen = self.view.wells, self.view.selection.in_order()
        self._open.setText(_open_text(wells, chosen))
        self._open.setVisible(bool(chosen))
        if cell is not None:
            self._hint.setText(wells.describe(cell))
        elif wells.is_known and not wells.cells:
            self._hint.setText("This plate has no wells with images.")
        elif len(chosen) == 1:
            self._hint.setText(wells.describe(chosen[0]))
        elif chosen:
            self._hint.setText(f"{counted(len(chosen), 'well', 'wells')} selected")
        else:
            self._hint.setText(" " if self.view.marks else HINT)  # the key to the outlines takes its room


def _same_wells(one: PlateGrid, other: PlateGrid) -> bool:
    """Whether two grids differ in what there is to choose from at most."""
    return replace(one, field_count=1, acquisitions=()) == replace(other, field_count=1, acquisitions=())


def _open_text(wells: PlateWells, chosen: tuple[Cell, ...]) -> str:
    return f"Open {wells.name(chosen[0])}" if len(chosen) == 1 else f"Open {len(chosen):,} wells"
