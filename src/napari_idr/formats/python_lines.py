"""The few lines of Python that open what somebody looks at. Pure; what is written runs as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.remote.safe_address import to_keep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PIXELS = frozenset({"image", "field", "plate", "well"})


def lines_of_node(address: str, kind: str, name: str = "") -> str:
    """Return the lines for something of the catalogue: its pixels, or what it holds; neither needs napari."""
    imports = ["import numpy", "import napari_idr"] if kind in PIXELS else ["import napari_idr"]
    head = [*imports, "", f"address = {to_keep(address)!r}{_said(kind, name)}"]
    if kind in PIXELS:
        body = [
            "for levels in napari_idr.open_arrays(address):  # lazy; one tuple of levels, the finest first",
            "    print(levels[0].shape, levels[0].dtype)",
            "smallest = numpy.asarray(levels[-1])  # reads the coarsest level",
        ]
    else:
        body = ["for node in napari_idr.list_children(address):", "    print(node.kind, node.name, node.address)"]
    return "\n".join([*head, *body]) + "\n"


def lines_of_view(
    addresses: Sequence[str], point: Mapping[str, float], center: Sequence[float], zoom: float, ndisplay: int
) -> str:
    """Return the lines that open images in napari, and look where somebody looks.

    Parameters
    ----------
    addresses
        In the order in which they are opened.
    point
        Of each slider, by name of the axis, in world coordinates.
    center, zoom, ndisplay
        Of the camera.
    """
    opened = "".join(f"    {to_keep(address)!r},\n" for address in dict.fromkeys(addresses))
    middle = tuple(float(value) for value in center)
    return f"""import napari

from napari_idr.layers.viewer_session import ViewerSession

viewer = napari.Viewer()
addresses = [
{opened}]
views = ViewerSession.for_viewer(viewer).views
views.look_at(addresses, point={dict(point)!r}, center={middle!r}, zoom={float(zoom)!r}, ndisplay={ndisplay})
napari.run()  # in a script; a notebook does without
"""


def _said(kind: str, name: str) -> str:
    """Return a comment that says what an address is; a name of others is never code."""
    words = " ".join(f"{kind} {name}".split())
    return f"  # {words[:80]}" if words.isprintable() and words else ""
