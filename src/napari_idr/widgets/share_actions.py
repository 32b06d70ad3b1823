"""What is done with a view: copy its link or its Python, open its page, save it, open one. Each says what it did."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import napari
from napari.utils.notifications import show_info, show_warning
from qtpy.QtWidgets import QApplication, QFileDialog

from napari_idr.errors import NapariIdrError
from napari_idr.formats.file_endings import VIEW

from .desktop import copy_text, open_in_browser

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.layers.viewer_session import ViewerSession
    from napari_idr.model.catalog import Node

FILTER = f"View of a window (*{VIEW})"


def copy_link() -> None:
    """Copy a link to what is shown."""
    _with_session(_copy_link)


def copy_python() -> None:
    """Copy the lines of Python that open what is shown."""
    _with_session(_copy_python)


def open_page() -> None:
    """Open the web page of what is shown."""
    _with_session(_open_page)


def save_view() -> None:
    """Ask where, and save what the window shows."""
    _with_session(_save_view)


def open_view() -> None:
    """Ask which, and open a view file."""
    _with_session(_open_view)


def copy_python_of(node: Node) -> str:
    """Copy the lines of Python that open a node of the catalogue; return what to say."""
    from napari_idr.formats.python_lines import lines_of_node

    copy_text(lines_of_node(node.address, node.kind, node.name))
    return "Python copied: paste it into a notebook"


def _with_session(act: Callable[[ViewerSession, Any], str]) -> None:
    """Do something with the current window, and say what came of it."""
    from napari_idr.layers.viewer_session import ViewerSession

    viewer = napari.current_viewer()
    if viewer is None:
        show_info("There is no napari window to share.")
        return
    session = ViewerSession.for_viewer(viewer)
    try:
        said = act(session, session.viewer)
    except NapariIdrError as error:
        show_warning(f"{error}.")
    except OSError as error:
        show_warning(f"The view could not be saved: {error.strerror or error}. Choose another folder.")
    else:
        if said:
            show_info(said)


def _copy_link(session: ViewerSession, viewer: Any) -> str:
    from napari_idr.layers.view_link import known_servers, link_to_view

    link = link_to_view(viewer, known_servers(session.session))
    copy_text(link.address)
    return f"Link copied. {link.remark or 'It opens in a browser, and here with Ctrl+N.'}"


def _copy_python(_: ViewerSession, viewer: Any) -> str:
    from napari_idr.layers.view_python import python_of

    copy_text(python_of(viewer))
    return "Python copied: paste it into a notebook."


def _open_page(_: ViewerSession, viewer: Any) -> str:
    from napari_idr.layers.view_link import page_of

    address = page_of(viewer)
    return "" if open_in_browser(address) else "What is shown has no page on the web: it lies on this computer."


def _save_view(session: ViewerSession, viewer: Any) -> str:
    start = str(Path.home() / f"{_file_name(viewer)}{VIEW}")
    chosen, _ = QFileDialog.getSaveFileName(QApplication.activeWindow(), "Save this view", start, FILTER)
    if not chosen:
        return ""
    file, remarks = session.views.save(Path(chosen))
    return " ".join([f"The view is in {file.name}.", *remarks])


def _open_view(session: ViewerSession, _: Any) -> str:
    chosen, _ = QFileDialog.getOpenFileName(QApplication.activeWindow(), "Open a view", str(Path.home()), FILTER)
    if chosen:
        session.open(chosen)
    return ""


def _file_name(viewer: Any) -> str:
    """Return a name for a view file: that of the first layer, in letters that every disk takes."""
    name = viewer.layers[0].name.partition(" · ")[0] if len(viewer.layers) else "view"
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name).strip("-") or "view"
