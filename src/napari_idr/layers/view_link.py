"""From what a viewer shows of an image to a link, and from such a link back to the viewer. GUI thread only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.errors import AddressError, Unsupported
from napari_idr.formats.iviewer_link import view_link
from napari_idr.model.image_view import ChannelLook, ImageView
from napari_idr.remote.safe_address import to_keep
from napari_idr.repositories.addresses import recognise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer
    from napari.viewer import Viewer

HALF_PIXEL = 0.5
"""From the corner of a pixel, where OMERO counts, to its centre, where napari does."""
NOTHING = "choose a layer that was opened from a repository"


@dataclass(frozen=True, slots=True)
class ViewLink:
    """A link, and what it does not say."""

    address: str
    remark: str = ""


def our_layer(viewer: Viewer) -> Layer:
    """Return the layer whose image is meant: the active one, else the topmost that is shown and ours.

    Raises ``Unsupported`` where nothing that is shown comes from a repository.
    """
    active = viewer.layers.selection.active
    shown = [layer for layer in reversed(viewer.layers) if layer.visible]
    for layer in [active, *shown] if active is not None else shown:
        if layer.metadata.get("napari_idr", {}).get("address"):
            return layer
    raise Unsupported("Nothing that is shown comes from a repository", viewer.title, NOTHING)


def layers_of_same(viewer: Viewer, layer: Layer) -> list[Layer]:
    """Return the channels of the image that a layer shows, in the order of the viewer."""
    ours = layer.metadata["napari_idr"]

    def belongs(other: Layer) -> bool:
        theirs = other.metadata.get("napari_idr", {})
        same = all(theirs.get(name) == ours.get(name) for name in ("address", "source"))
        return same and {"rois", "label", "box", "wells"}.isdisjoint(theirs)

    return [other for other in viewer.layers if belongs(other)]


def link_to_view(viewer: Viewer, known_servers: Sequence[str] = ()) -> ViewLink:
    """Return the link to what is shown: of an image on a server with its view, of anything else its address.

    Raises ``Unsupported`` where nothing that is shown comes from a repository.
    """
    layer = our_layer(viewer)
    address = to_keep(str(layer.metadata["napari_idr"]["address"]))
    try:
        found = recognise(address, known_servers=known_servers)
    except AddressError:
        return ViewLink(address)
    if found.scheme not in ("idr", "omero"):
        local = "://" not in address
        where = "It lies on this computer: only you can open it." if local else "Others open it in napari, with Ctrl+N."
        return ViewLink(address, where)
    if found.kind != "image":
        return ViewLink(address, f"It shows the {found.kind}: only a view file keeps what you see of it.")
    channels = layers_of_same(viewer, layer)
    return ViewLink(view_link(found.base, view_of(viewer, channels or [layer], found.id)))


def view_of(viewer: Viewer, channels: Sequence[Any], image_id: str) -> ImageView:
    """Return what is shown of an image, of which these layers are the channels."""
    first = channels[0]
    place = dict(zip(first.axis_labels, first.world_to_data(_middle(viewer)), strict=False))
    at = dict(zip(first.axis_labels, first.world_to_data(viewer.dims.point), strict=False))
    planes = {name: max(0, round(float(at[name]))) for name in ("z", "t") if name in at}
    scale = float(first.scale[-1])
    return ImageView(
        image_id,
        tuple(_look_of(layer) for layer in channels if "channel" in layer.metadata["napari_idr"]),
        z=planes.get("z"),
        t=planes.get("t"),
        x=float(place["x"]) + HALF_PIXEL if "x" in place else None,
        y=float(place["y"]) + HALF_PIXEL if "y" in place else None,
        zoom=float(viewer.scene.camera.zoom) * scale,
    )


def _axis(layer: Any, name: str) -> int:
    return tuple(layer.axis_labels).index(name)


def _middle(viewer: Any) -> np.ndarray:
    """Return the place in the middle of the picture, in world coordinates of all axes."""
    point = np.array(viewer.dims.point, float)
    shown = list(viewer.dims.displayed)
    point[shown] = viewer.scene.camera.center[-len(shown) :]
    return point


def _look_of(layer: Any) -> ChannelLook:
    ours = layer.metadata["napari_idr"]
    start, end = (None, None) if _is_rendered(layer) else (float(value) for value in layer.contrast_limits)
    return ChannelLook(int(ours["channel"]), bool(layer.visible), start, end, _color(layer.colormap))


def _is_rendered(layer: Any) -> bool:
    """Whether its values are those of a picture: the window of a link means measured ones."""
    return bool(layer.metadata.get("napari_idr", {}).get("source_kind") == "rendered")


def _color(colormap: Any) -> str | None:
    """Return the colour of a map from black to one colour, None for any other."""
    colors = np.asarray(colormap.colors)
    if len(colors) != 2 or colors[0][:3].any():
        return None
    return "".join(f"{round(255 * float(part)):02X}" for part in colors[-1][:3])


def show_view(viewer: Viewer, layers: Sequence[Any], view: ImageView) -> None:
    """Show what a link names of an image that is open, of which these are the layers."""
    channels = [layer for layer in layers if "channel" in layer.metadata.get("napari_idr", {})]
    _show_channels(channels, view)
    layer: Any = (channels or list(layers))[0]
    _show_planes(viewer, layer, view)
    if view.x is not None and view.y is not None:
        place = np.array(layer.world_to_data(viewer.dims.point), float)
        place[-2:] = view.y - HALF_PIXEL, view.x - HALF_PIXEL
        middle = layer.data_to_world(place)
        viewer.scene.camera.center = (0.0, *(float(value) for value in middle[-2:]))
    if view.zoom is not None:
        viewer.scene.camera.zoom = view.zoom / float(layer.scale[-1])


def _show_channels(channels: Sequence[Any], view: ImageView) -> None:
    from napari.utils.colormaps import Colormap

    looks = {look.index: look for look in view.channels}
    for layer in channels if looks else ():
        look = looks.get(layer.metadata["napari_idr"]["channel"], ChannelLook(-1, visible=False))
        layer.visible = look.visible
        if look.start is not None and look.end is not None and not _is_rendered(layer):
            low, high = layer.contrast_limits_range
            layer.contrast_limits_range = (min(low, look.start), max(high, look.end))
            layer.contrast_limits = (look.start, look.end)
        if look.color is not None:
            rgb = [int(look.color[at : at + 2], 16) / 255 for at in (0, 2, 4)]
            layer.colormap = Colormap([[0.0, 0.0, 0.0], rgb], name=f"#{look.color}")


def _show_planes(viewer: Any, layer: Any, view: ImageView) -> None:
    labels = list(viewer.dims.axis_labels)
    for name, index in (("z", view.z), ("t", view.t)):
        if index is None or name not in labels or name not in layer.axis_labels:
            continue
        axis = _axis(layer, name)
        viewer.dims.set_point(labels.index(name), float(layer.translate[axis] + index * layer.scale[axis]))


def known_servers(session: Any) -> tuple[str, ...]:
    """Return the addresses of the servers that a session knows."""
    return tuple(repository.address for repository in session.repositories)


def page_of(viewer: Viewer) -> str:
    """Return the web page of what is shown, "" where it has none. Raises ``Unsupported`` where nothing is ours."""
    address = to_keep(str(our_layer(viewer).metadata["napari_idr"]["address"]))
    return address if address.startswith(("http://", "https://")) else ""
