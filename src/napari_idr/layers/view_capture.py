"""From what a window shows to a view file. GUI thread only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from napari_idr.errors import NapariIdrError
from napari_idr.formats.view_file import (
    Annotation,
    BoxDocument,
    Camera,
    Dims,
    Source,
    SourceLayer,
    ViewDocument,
)
from napari_idr.remote.safe_address import to_keep

from .samples import sample_page
from .view_annotations import annotation_of, kind_of
from .view_looks import look_of

if TYPE_CHECKING:
    from napari.viewer import Viewer


def capture(viewer: Viewer, embedded_address: str = "") -> tuple[ViewDocument, list[str]]:
    """Return what a viewer shows as a view file, and a sentence for each layer that has no place in one.

    Parameters
    ----------
    viewer
        Whose layers, sliders and camera.
    embedded_address
        Of the embedded repository, whose port is another tomorrow: its images are kept by a lasting address.
    """
    sources: dict[tuple[str, Any, tuple[str, ...]], Source] = {}
    annotations: list[Annotation] = []
    remarks: list[str] = []
    for place, layer in enumerate(viewer.layers):
        ours = layer.metadata.get("napari_idr", {})
        role = _role(ours)
        if role:
            key = _key(ours, embedded_address)
            source = sources.setdefault(key, Source(address=key[0], acquisition=key[1], wells=list(key[2])))
            source.layers.append(_source_layer(layer, role, place))
        elif kind_of(layer):
            try:
                annotations.append(annotation_of(layer, place))
            except NapariIdrError as error:
                remarks.append(f"{layer.name} was left out: {error}.")
        else:
            remarks.append(f"{layer.name} was left out: it comes from no repository, and its pixels are not drawn.")
    return _document(viewer, list(sources.values()), annotations), remarks


def _role(ours: dict[str, Any]) -> Any:
    """Return what a layer is of an image or plate that can be opened again, "" for any other layer."""
    if not ours.get("address") or "rois" in ours:
        return ""
    return next((role for role in ("box", "wells", "label") if role in ours), "channel")


def _key(ours: dict[str, Any], embedded_address: str) -> tuple[str, Any, tuple[str, ...]]:
    address = sample_page(to_keep(str(ours["address"])), embedded_address)
    return address, ours.get("acquisition"), tuple(ours.get("chosen_wells", ()))


def _source_layer(layer: Any, role: Any, place: int) -> SourceLayer:
    ours = layer.metadata["napari_idr"]
    box = ours.get("box")
    return SourceLayer(
        role=role,
        place=place,
        channel=ours.get("channel"),
        label=ours.get("label"),
        box=None if box is None else BoxDocument.model_validate(box),
        look=look_of(layer),
    )


def _document(viewer: Any, sources: list[Source], annotations: list[Annotation]) -> ViewDocument:
    camera, dims = viewer.scene.camera, viewer.dims
    active = viewer.layers.selection.active
    return ViewDocument(
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        title=str(viewer.title),
        sources=sources,
        annotations=annotations,
        camera=Camera(
            center=[float(value) for value in camera.center],
            zoom=float(camera.zoom),
            angles=[float(value) for value in camera.angles],
            perspective=float(camera.perspective),
        ),
        dims=Dims(
            ndisplay=dims.ndisplay,
            axis_labels=[str(name) for name in dims.axis_labels],
            point=[float(value) for value in dims.point],
        ),
        scale_bar=bool(viewer.canvas.overlays.scale_bar.visible),
        active=None if active is None else viewer.layers.index(active),
    )
