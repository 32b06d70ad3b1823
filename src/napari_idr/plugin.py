"""The door napari knocks on: cheap checks of addresses, and everything else imported when it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_idr.formats.file_endings import REVIEW, VIEW, is_file_of_annotations

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.types import LayerData

SCHEMES = ("idr://", "omero://", "ome-zarr://", "idr-demo://")
HOSTS = (
    "idr.openmicroscopy.org",
    "livingobjects.ebi.ac.uk",
    "uk1s3.embassy.ebi.ac.uk",
)
PACKAGE = "manifest.json"
FILES = (".ome.zarr", ".ozx", ".ome.zarr.zip", VIEW, REVIEW)
WEB_PAGES = ("/webclient/?show=", "/webclient/img_detail/", "/iviewer/?", "//doi.org/10.17867/")

HANDLED: list[Any] = [(None,)]
"""What a reader returns that has taken care of everything itself (napari's sentinel)."""


def get_reader(path: str | Sequence[str]) -> Callable[[str | Sequence[str]], list[LayerData]] | None:
    """Return a reader for an address we know, None for any other; answers from the address alone.

    npe2 lower-cases the patterns of the manifest but not the address, so case is settled here.
    """
    paths = [path] if isinstance(path, str) else list(path)
    return read if paths and all(is_ours(str(one)) for one in paths) else None


def is_ours(address: str) -> bool:
    """Whether an address is one that we open."""
    text = address.strip().lower()
    if text.startswith(SCHEMES):
        return True
    if text.startswith(("http://", "https://")):
        host = text.split("/")[2].rsplit("@", 1)[-1].split(":")[0]
        return host in HOSTS or any(page in text for page in WEB_PAGES) or text.rstrip("/").endswith(FILES)
    return text.rstrip("/").endswith(FILES) or is_annotations(address)


def is_annotations(address: str) -> bool:
    """Whether an address is a file of annotations, or the folder of a package."""
    from pathlib import Path

    if is_file_of_annotations(address):
        return True
    return "-annotations-" in address and (Path(address) / PACKAGE).is_file()


def read(path: str | Sequence[str]) -> list[LayerData]:
    """Open addresses: in the background where napari's event loop runs, else as complete layer data."""
    paths = [path] if isinstance(path, str) else list(path)
    viewer = _current_viewer()
    if viewer is not None and (all(_wants_window(str(one)) for one in paths) or _event_loop_runs()):
        from napari_idr.layers.viewer_session import ViewerSession

        for one in paths:
            ViewerSession.for_viewer(viewer).open(str(one))
        return HANDLED
    from napari_idr.layers.as_layer_data import layer_data
    from napari_idr.repositories.search_links import others_of

    every = [address for one in paths for address in (str(one), *others_of(str(one)))]
    return [data for one in every for data in layer_data(one, viewer)]


def _wants_window(address: str) -> bool:
    """Whether an address gives no layers of its own: it moves the camera, is shown in the dock, or lies over others."""
    from napari_idr.repositories.search_links import searched

    return address.lower().endswith((VIEW, REVIEW)) or is_annotations(address) or bool(searched(address))


def write_view(path: str, layers: Any) -> list[str]:
    """Save what the current window shows as a view file; return its path, none where there is no window.

    ``layers`` are those that the user chose to save. A view is that of the whole window, and says so where they
    are not all of it.
    """
    from pathlib import Path

    from napari.utils.notifications import show_info

    from napari_idr.layers.viewer_session import ViewerSession

    viewer = _current_viewer()
    if viewer is None:
        return []
    file, remarks = ViewerSession.for_viewer(viewer).views.save(Path(path))
    if len(layers) != len(viewer.layers):
        remarks.insert(0, "A view file holds the whole window, not only the layers that are selected.")
    if remarks:
        show_info(" ".join(remarks))
    return [str(file)]


def write_annotations(path: str, layers: Sequence[Any]) -> list[str]:
    """Save shapes, points, tracks and labels as annotations, in the format of the path's ending; return the paths."""
    return _write(path, layers)


def write_labels_05(path: str, layers: Sequence[Any]) -> list[str]:
    """Save labels as OME-Zarr 0.5; return the paths."""
    return _write(path, layers, "ome-zarr-labels-0.5")


def _write(path: str, layers: Sequence[Any], key: str = "") -> list[str]:
    from napari_idr.layers.layer_writing import write
    from napari_idr.layers.viewer_session import ViewerSession

    viewer = _current_viewer()
    return write(path, layers, None if viewer is None else ViewerSession.for_viewer(viewer), key)


def _current_viewer() -> Any:
    from napari import current_viewer

    return current_viewer()


def _event_loop_runs() -> bool:
    from napari_idr.layers.napari_seam import event_loop_runs

    return event_loop_runs()


# -- commands of menus and the command palette


def close_opened() -> None:
    """Remove the layers that napari-idr opened, and only those."""
    from napari_idr.layers.viewer_session import ViewerSession

    viewer = _current_viewer()
    if viewer is not None:
        ViewerSession.for_viewer(viewer).close_all()
