"""What is known of the selected node: name, kind, licence, links, picture, annotations."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_idr.model.catalog import Study

from .desktop import open_in_browser
from .key_value_table import KeyValueTable
from .original_files import OriginalFiles
from .roi_button import RoiButton
from .thumbnails import ThumbnailLoader
from .wording import facts, is_web_address, study_description, study_links
from .workers import Job, Latest

if TYPE_CHECKING:
    from napari_idr.errors import NapariIdrError
    from napari_idr.model.catalog import Node
    from napari_idr.session import Session

    from .theme import Theme

_PICTURE = 96
_LONGEST_DESCRIPTION = 400


class DetailsPanel(QWidget):
    """Describes one node; asks the repository for what the tree does not know yet.

    Signals
    -------
    described
        The node with all that is known of it.
    failed
        The error, and what tries again.
    """

    described = Signal(object)
    failed = Signal(object, object)

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._theme = session, theme
        self._node: Node | None = None
        self._latest, self._defining = Latest(self), Latest(self)
        self._thumbnails = ThumbnailLoader(session.thumbnails, self)
        self._thumbnails.arrived.connect(self._show_picture)
        self.picture, self.facts = QLabel(), _paragraph()
        self.description, self.links = _paragraph(), _paragraph()
        self.rois = RoiButton(session)
        self.files = OriginalFiles(session, theme)
        self.table = KeyValueTable(theme)
        self.empty = _paragraph()
        self._lay_out()
        theme.changed.connect(self._show_links)

    def _lay_out(self) -> None:
        self.picture.setFixedSize(_PICTURE, _PICTURE)
        self.picture.setAccessibleName("Thumbnail")
        self.picture.hide()
        self.links.setTextFormat(Qt.TextFormat.RichText)
        self.links.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.links.linkActivated.connect(open_in_browser)
        beside = QVBoxLayout()
        for part in (self.facts, self.links):
            beside.addWidget(part)
        beside.addWidget(self.rois, 0, Qt.AlignmentFlag.AlignLeft)  # aligned, else its width would bound the others'
        beside.addStretch(1)
        top = QHBoxLayout()
        top.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(beside, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.description)  # over the whole width: beside the picture a narrow dock has no room for it
        layout.addWidget(self.empty)
        layout.addWidget(self.table, 100)
        layout.addWidget(self.files)
        layout.addStretch(1)

    def show_node(self, node: Node) -> None:
        """Show a node, and ask for the rest of it unless it was described before."""
        changed = self._node is None or self._node.key != node.key
        if not changed and self._node is not None and self._node.labelled and not node.labelled:
            return
        self._show(node)
        if changed:
            self.rois.stop()
            self.files.offer(None)
            self._forget_picture()
            self._describe(node)

    def stop(self) -> None:
        """Forget everything that is on its way."""
        self._latest.cancel()
        self._defining.cancel()
        self._thumbnails.cancel()
        self.rois.stop()
        self.files.stop()

    def _describe(self, node: Node) -> None:
        self.empty.setText("Loading annotations…")
        self._latest.run(
            lambda: self._session.describe(node),
            on_done=self._on_described,
            on_error=lambda error: self._on_error(error, node),
        )

    def _on_described(self, node: Node) -> None:
        self.empty.setText("No annotations." if not (node.labelled or node.key_values) else "")
        self._show(node)
        if node.thumbnail_id:
            self._thumbnails.load(node.repository, (node.thumbnail_id,))
        self.rois.offer(node)
        self._define()
        self.files.offer(node)
        self.described.emit(node)

    def _define(self) -> None:
        """Have the definitions of the ontology terms looked up that are shown."""
        accessions = self.table.accessions

        def look_up(job: Job) -> None:
            for accession, meaning in self._session.terms.definitions(accessions):
                if job.is_cancelled():
                    return
                job.report(accession, meaning)

        if accessions:  # without them the terms show label and accession: no error is worth a sentence
            on_progress, on_error = self.table.show_definition, lambda _: None
            self._defining.run_reporting(look_up, on_progress=on_progress, on_error=on_error)

    def _on_error(self, error: NapariIdrError, node: Node) -> None:
        self.empty.setText("Annotations could not be loaded.")
        self.failed.emit(error, lambda: self._describe(node))

    def _show(self, node: Node) -> None:
        self._node = node
        self.facts.setText(facts(node))
        self.facts.setVisible(bool(self.facts.text()))
        description = _description(node)
        self.description.setText(_shortened(description))
        self.description.setToolTip(f"<qt>{escape(description)}</qt>" if description else "")
        self.description.setVisible(bool(description))
        self._show_links()
        if node.labelled:
            self.table.show_labelled(node.labelled)
        else:
            self.table.show_key_values(node.key_values)
        self.table.setVisible(bool(self.table.rowCount()))
        self.empty.setVisible(not self.table.rowCount())

    def _show_links(self) -> None:
        links = [] if self._node is None else [link for link in _links(self._node) if is_web_address(link[1])]
        color = self._theme.colors.accent.name()
        self.links.setText(
            "<br>".join(
                f'<a style="color:{color}" href="{escape(address)}">{escape(text or address)}</a>'
                for text, address in links
            )
        )
        self.links.setVisible(bool(links))

    def _show_picture(self, _image_id: str, image: QImage) -> None:
        ratio = self.devicePixelRatioF()
        size = round(_PICTURE * ratio)
        keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        pixmap = QPixmap.fromImage(image.scaled(size, size, keep, smooth))
        pixmap.setDevicePixelRatio(ratio)
        self.picture.setPixmap(pixmap)
        self.picture.show()

    def _forget_picture(self) -> None:
        self._thumbnails.cancel()
        self.picture.clear()
        self.picture.hide()


def _paragraph() -> QLabel:
    """Return a label that wraps, can be selected, and shows text as it is."""
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label


def _description(node: Node) -> str:
    """Return what a node says of itself; of a study, whose title stands among its facts, what its containers say."""
    if isinstance(node, Study):
        return study_description(node) or ("" if node.description == node.facts.title else node.description)
    return node.description


def _links(node: Node) -> tuple[tuple[str, str], ...]:
    """Return the links that no line of the table leads to already; of a study all."""
    if isinstance(node, Study):
        return study_links(node)
    there = {one.link for one in node.labelled}
    return tuple(link for link in node.links if link[1] not in there)


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_DESCRIPTION else f"{text[:_LONGEST_DESCRIPTION]}…"
