"""What napari's File > Save hands over as files of annotations, in any format that there is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from napari_idr.errors import NapariIdrError, Unsupported
from napari_idr.formats.annotations.convert import carry_out, loss_lines, plan
from napari_idr.formats.annotations.registry import format_of_key, format_of_path

from . import napari_seam as seam
from .annotations import is_annotation, kind_of, read_placed
from .foreign_layers import grid_below

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet

    from .viewer_session import ViewerSession


@dataclass(frozen=True, slots=True)
class SavedLayers:
    """What came of saving layers."""

    paths: tuple[Path, ...]
    remarks: tuple[str, ...] = ()
    """Sentences about where layers of no known image were taken to lie."""
    losses: tuple[str, ...] = ()
    """A line for each thing that the file does not hold."""


def save_layers(path: Path, given: Sequence[Any], session: ViewerSession | None = None, key: str = "") -> SavedLayers:
    """Write layers into a file; one that is there is replaced when the new one is complete. GUI thread only.

    Parameters
    ----------
    path
        Its ending says the format, where ``key`` does not.
    given
        napari's layer data: (data, options, kind).
    session
        Of the viewer that shows them, where there is one: what it knows of its layers beyond what these show is
        written too.
    key
        Of the format.

    Raises
    ------
    NapariIdrError
        The format forbids something, an image is not open any more, or the disk does not take the file.
    """
    target = format_of_key(key) if key else format_of_path(path)
    viewer = session.viewer if session is not None else None
    every = list(viewer.layers) if viewer is not None else []
    layers = [_layer_of(data, every) for data in given]
    read = sets_of(layers, every, session)
    planned = plan(read.sets, path, target)
    lines = (*read.problems, *loss_lines(planned))
    return SavedLayers(carry_out(planned), read.remarks, lines)


@dataclass(frozen=True, slots=True)
class ReadSets:
    """What layers hold, ready to be written."""

    sets: tuple[AnnotationSet, ...]
    remarks: tuple[str, ...]
    problems: tuple[str, ...]


def sets_of(layers: Sequence[Any], every: Sequence[Any], session: ViewerSession | None) -> ReadSets:
    """Return what layers hold, image by image; layers that do not annotate stay as they are, copies are read."""
    plates = session.plates if session is not None else ()
    placed, remarks = [], []
    for layer in layers:
        _check_is_here(layer)
        grid, said = grid_below(layer, every, plates, layers)
        remarks += [said] if said else []
        placed.append((layer if is_annotation(layer) else _copy_of(layer), grid))
    read = read_placed(placed, every)
    problems = [f"lost of {one.layer}, object {one.uuid}: all of it: {one.what}" for one in read.problems]
    known = read.sets if session is None else tuple(_with_what_is_said(one, session) for one in read.sets)
    return ReadSets(known, tuple(remarks), tuple(problems))


def _with_what_is_said(one: AnnotationSet, session: ViewerSession) -> AnnotationSet:
    """Add what the user said of the image as a whole."""
    image: AnnotatedImage = session.kept.image(one.image)
    return replace(one, image=image, statements=session.kept.statements.get(image.key, ()))


def _check_is_here(layer: Any) -> None:
    """Raise ``Unsupported`` for label images that a server keeps: reading them here would stop the window."""
    if kind_of(layer) == "labels" and hasattr(layer, "multiscale") and seam.holds_levels(layer):
        what = "These labels are kept where the image is, not in this window"
        raise Unsupported(what, layer.name, "load a box of them, or use napari-idr read --label")


def _layer_of(data: tuple[Any, dict[str, Any], str], every: Sequence[Any]) -> Any:
    """Return the layer of the viewer that layer data are of, else a new one."""
    pixels, options, kind = data
    for one in every:
        if one.name == options.get("name") and one.metadata is options.get("metadata"):
            return one
    return _made(pixels, options, kind)


def _copy_of(layer: Any) -> Any:
    """Return a copy that may get uuids of its own; pixels are shared."""
    return _made(*layer.as_layer_data_tuple())


def _made(pixels: Any, options: dict[str, Any], kind: str) -> Any:
    from napari.layers import Layer

    return Layer.create(pixels, dict(options), kind)


def write(path: str, given: Sequence[Any], session: ViewerSession | None, key: str = "") -> list[str]:
    """Save layers for napari: returns the paths, tells what is lost, and raises what napari does not swallow.

    npe2 takes a ``ValueError`` of a writer for "there is no such writer" and hides what it says.
    """
    from pathlib import Path

    from napari.utils.notifications import show_info, show_warning

    try:
        saved = save_layers(Path(path), given, session, key)
    except ValueError as error:
        if isinstance(error, NapariIdrError):
            raise NapariIdrError(error.what, error.on, error.hint) from error
        raise NapariIdrError(f"The file could not be written ({error})", path, "choose another format") from error
    if saved.remarks:
        show_info(" ".join(saved.remarks))
    if saved.losses:
        names = ", ".join(one.name for one in saved.paths)
        show_warning("\n".join((f"{names} does not hold everything:", *saved.losses)))
    return [str(one) for one in saved.paths]
