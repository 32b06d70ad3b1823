"""From drawing to a package, in the window, with the embedded repository: findings block until they are mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_idr.demo.server import EmbeddedServer
from napari_idr.export.package_check import check_path
from napari_idr.export.planned_files import planned_files
from napari_idr.formats.annotations.convert import read_any
from napari_idr.formats.annotations.registry import format_of_key
from napari_idr.layers import drawing
from napari_idr.layers.viewer_session import ViewerSession
from napari_idr.model.annotator import Annotator
from napari_idr.model.ontology import OntologyTerm
from napari_idr.model.submission import Submission, SubmissionForm
from napari_idr.plugin import get_reader
from napari_idr.widgets.annotate_tab import AnnotateTab
from napari_idr.widgets.export_dialog import ABOUT, FINDINGS, ExportDialog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot
    from qtpy.QtWidgets import QWidget

    from napari_idr.widgets.theme import Theme

pytestmark = pytest.mark.qt
ME = Annotator("Josiah Carberry", "0000-0002-1825-0097")


@pytest.fixture
def server(demo_content: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(demo_content) as running:
        monkeypatch.setenv("NAPARI_IDR_ONTOLOGIES", f"{running.address}ols4/")
        yield running


@pytest.fixture
def viewer_session(make_napari_viewer: Callable[..., Any], server: EmbeddedServer) -> Iterator[ViewerSession]:
    made = ViewerSession.for_viewer(make_napari_viewer())
    made.start_embedded = lambda on_progress=None: server.address  # type: ignore[method-assign]
    yield made
    made.close()


@pytest.fixture
def tab(viewer_session: ViewerSession, host: QWidget, theme: Theme, qtbot: QtBot) -> AnnotateTab:
    job = viewer_session.open("idr-demo://slide")
    qtbot.waitUntil(lambda: job.state != "running", timeout=30_000)
    assert job.state == "done"
    made = AnnotateTab(viewer_session, theme, host)
    made.resize(300, 700)
    host.show()
    made.show()
    return made


def draw(tab: AnnotateTab) -> Any:
    """Draw two rectangles, the second over the edge of the image."""
    session = tab._session
    viewer: Any = session.viewer
    layer = drawing.start(session.annotations, viewer, viewer.layers[0], "shapes")
    ends = layer.ndim - 2
    for x in (20.5, -10.5):
        corners = np.array([[10.5, x], [10.5, x + 40], [30.5, x + 40], [30.5, x]])
        layer.add(np.hstack([np.zeros((4, ends)), corners]), shape_type="rectangle")
    layer.mode = "pan_zoom"
    return layer


def opened(tab: AnnotateTab, qtbot: QtBot) -> ExportDialog:
    qtbot.mouseClick(tab.export, Qt.MouseButton.LeftButton)
    dialog = tab._dialog
    assert dialog is not None
    checked(dialog, qtbot)
    return dialog


def checked(dialog: ExportDialog, qtbot: QtBot) -> None:
    """Wait until what is wanted now was checked."""
    qtbot.waitUntil(lambda: dialog._checked is not None and not dialog.live.is_running, timeout=30_000)


def fill(dialog: ExportDialog) -> None:
    form = dialog.form
    stated = {
        "title": "Nuclei",
        "dataset": "Whole slides",
        "organism": "Homo sapiens",
        "organism_accession": "NCBITaxon_9606",
    }
    for name, text in stated.items():
        form.lines[name].setText(text)
    for name in ("description", "method", "criteria", "coverage"):
        form.texts[name].setPlainText(f"The {name}.")
    form.annotators.show_annotators((ME,))
    form.license.setCurrentIndex(form.license.findData("CC BY 4.0"))
    form.changed.emit()


def ids(dialog: ExportDialog) -> set[str]:
    return {one.id for one in dialog.report().errors}


def told(dialog: ExportDialog) -> list[str]:
    return [f"{one.id} {one.where}: {one.what}" for one in dialog.report().findings]


def test_a_package_is_written_once_nothing_is_wrong(tab: AnnotateTab, qtbot: QtBot, tmp_path: Path) -> None:
    draw(tab)
    qtbot.waitUntil(lambda: tab.findings.text() == "1 error", timeout=30_000)
    dialog = opened(tab, qtbot)
    assert {"P03", "P19", "P25"} <= ids(dialog)
    assert not dialog.export.isEnabled()
    fill(dialog)
    checked(dialog, qtbot)
    assert ids(dialog) == {"P03"}, told(dialog)

    tree = dialog.findings.tree
    row = next(
        tree.topLevelItem(index)
        for index in range(tree.topLevelItemCount())
        if tree.topLevelItem(index).text(0) == "P03"
    )
    tree.setCurrentItem(row)
    tree.itemClicked.emit(row, 0)
    qtbot.waitUntil(lambda: len(tab.table.chosen_uuids()) == 1, timeout=10_000)
    assert dialog.findings.fix.text() == "Cut at the edges of the image"
    dialog.findings.fix.click()
    qtbot.waitUntil(lambda: not ids(dialog), timeout=30_000)
    assert tab._annotations.undo_title == "mend 1 objects"

    while dialog.report().open_warnings:
        tree.selectAll()
        dialog.findings.yes.click()
        checked(dialog, qtbot)
    assert dialog.export.isEnabled()
    assert dialog.preview.files.topLevelItemCount() >= 3
    assert dialog.preview.names.count() >= 4

    dialog.choose_folder = lambda: tmp_path
    before = tab._draft.sets()
    for _ in range(2):
        dialog.export.click()
        qtbot.waitUntil(lambda: not dialog._writing.is_running, timeout=60_000)
        if list(tmp_path.iterdir()):
            break
        tree.selectAll()
        dialog.findings.yes.click()
        checked(dialog, qtbot)
    assert "is written" in dialog.notices.text.text(), (dialog.notices.text.text(), told(dialog))
    (folder,) = tmp_path.iterdir()
    report = check_path(folder, tab._session.session.terms.known())
    assert not report.errors
    read = read_any(folder / "annotations" / "tables" / "rois.csv", None)
    assert [one.objects for one in read] == [one.objects for one in before]
    dialog.close()


def test_the_form_is_remembered_and_says_who_draws(tab: AnnotateTab, qtbot: QtBot, host: QWidget, theme: Theme) -> None:
    draw(tab)
    dialog = opened(tab, qtbot)
    fill(dialog)
    checked(dialog, qtbot)
    assert tab._annotations.book.annotator == ME
    dialog.close()
    assert dialog._forms.form(dialog._study).title == "Nuclei"
    again = ExportDialog(tab._session, tab._draft, theme, host)
    again.open_here()
    assert again.form.form().title == "Nuclei"
    assert again.form.form().authors == (ME,)
    again.close()


def test_a_warning_is_said_yes_to_by_somebody(tab: AnnotateTab, qtbot: QtBot) -> None:
    draw(tab)
    dialog = opened(tab, qtbot)
    dialog._on_yes(dialog.report().findings[:1])
    assert "Name the annotator" in dialog.notices.text.text()
    assert dialog.tabs.currentIndex() == ABOUT
    dialog.close()


def test_without_annotations_it_says_what_to_do(tab: AnnotateTab, qtbot: QtBot) -> None:
    dialog = opened(tab, qtbot)
    assert "draw on an image" in dialog.what.text()
    assert not dialog.export.isEnabled()
    dialog.open_here(FINDINGS)
    assert dialog.tabs.currentIndex() == FINDINGS
    dialog.close()


def test_a_wrong_orcid_is_marked_at_once(tab: AnnotateTab, qtbot: QtBot) -> None:
    dialog = opened(tab, qtbot)
    table = dialog.form.annotators
    table.item(0, 0).setText("Somebody")
    table.item(0, 1).setText("0000-0002-1825-0098")
    assert "check digit" in table.item(0, 1).toolTip()
    table.item(0, 1).setText("https://orcid.org/0000-0002-1825-0097")
    assert table.item(0, 1).toolTip() == ""
    assert table.annotators() == (Annotator("Somebody", "0000-0002-1825-0097"),)
    assert table.rowCount() == 2
    dialog.close()


def test_a_package_and_its_files_come_back_as_layers_over_their_images(
    tab: AnnotateTab, qtbot: QtBot, tmp_path: Path
) -> None:
    session, viewer = tab._session, tab._session.viewer
    assert viewer is not None
    image = viewer.layers[0]
    drawn = draw(tab)
    labels = drawing.start(session.annotations, viewer, image, "labels")
    labels.data_setitem((np.array([5, 6]), np.array([7, 7])), 3)
    before = {uuid: held.one for uuid, held in session.annotations.book.held.items()}
    (one,) = tab._draft.sets()
    folder = tmp_path / "idr9902-annotations-a"
    for path in ("annotations/tables", "annotations/labels"):
        (folder / path).mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    format_of_key("rois-csv").write((one,), folder / "annotations" / "tables" / "rois.csv")
    for planned in planned_files(Submission(form=SubmissionForm(), sets=(one,))):
        if planned.path.endswith(".labels.ome.tif"):
            format_of_key(planned.format).write(planned.sets, folder / planned.path)
    for layer in (drawn, labels):
        viewer.layers.remove(layer)
    assert not session.annotations.book.held

    assert get_reader(str(folder)) is not None
    job = session.open(str(folder))
    qtbot.waitUntil(lambda: job.state != "running", timeout=30_000)
    assert job.state == "done", job.message
    assert {uuid: held.one for uuid, held in session.annotations.book.held.items()} == before
    painted = next(watch.layer for watch in session.annotations.book.watches if watch.kind == "labels")
    assert painted.data[5, 7] == 3
    again = session.open(str(folder / "annotations" / "tables" / "rois.csv"))
    qtbot.waitUntil(lambda: again.state != "running", timeout=30_000)
    assert len(session.annotations.book.held) == 3, "what is shown already is not shown twice"
    qtbot.waitUntil(lambda: not session.kept.unsaved, timeout=20_000)


def test_a_file_that_is_damaged_is_said_once_and_adds_nothing(tab: AnnotateTab, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_text('{"type": "FeatureCollection", "features": [NaN]}')
    count = len(tab._session.viewer.layers)  # type: ignore[union-attr]
    job = tab._session.open(str(path))
    qtbot.waitUntil(lambda: job.state != "running", timeout=30_000)
    assert job.state == "failed"
    assert "a.geojson" in job.message
    assert len(tab._session.viewer.layers) == count  # type: ignore[union-attr]


def test_the_organism_that_the_repository_names_stands_in_the_form_until_somebody_says_another(
    tab: AnnotateTab, qtbot: QtBot
) -> None:
    draw(tab)
    dialog = opened(tab, qtbot)
    name, accession = dialog.form.lines["organism"], dialog.form.lines["organism_accession"]
    qtbot.waitUntil(lambda: (name.text(), accession.text()) == ("Homo sapiens", "NCBITaxon_9606"), timeout=30_000)
    name.setText("Mus musculus")
    dialog.form.suggest_organism(OntologyTerm("NCBITaxon_9606", "Homo sapiens"))
    assert name.text() == "Mus musculus"


# -- saved regions


def test_saved_regions_go_along_only_where_somebody_says_so(tab: AnnotateTab, qtbot: QtBot, tmp_path: Path) -> None:
    session = tab._session
    viewer: Any = session.viewer
    job = session.save_box([viewer.layers[0]], {"y": slice(0, 64), "x": slice(0, 96)}, 0, tmp_path / "part.ome.tif")
    qtbot.waitUntil(lambda: job.state != "running", timeout=30_000)
    assert job.state == "done", job.message
    dialog = opened(tab, qtbot)
    assert dialog.regions.isVisible()
    assert dialog.regions.isEnabled(), dialog.why_no_regions.text()
    assert not dialog.regions.isChecked()
    assert dialog.wanted().regions == ()
    dialog.regions.setChecked(True)
    checked(dialog, qtbot)
    assert [one.path for one in dialog.wanted().regions] == [tmp_path / "part.ome.tif"]
    (tmp_path / "part.ome.tif").unlink()
    dialog._show_regions()
    assert not dialog.regions.isEnabled()
    assert dialog.why_no_regions.text() == "part.ome.tif is not there any more."
    assert dialog.wanted().regions == ()
    dialog.close()


def test_without_saved_regions_nothing_is_offered(tab: AnnotateTab, qtbot: QtBot) -> None:
    draw(tab)
    dialog = opened(tab, qtbot)
    assert not dialog.regions.isVisible()
    assert not dialog.why_no_regions.isVisible()
    dialog.close()
