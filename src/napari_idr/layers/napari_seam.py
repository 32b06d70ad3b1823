"""Every assumption about napari's internals, in one place, feature-detected, with a plain fallback.

A multiscale layer is drawn through a *slice request*. We give our layers a request whose data are swapped for their
display views, so that napari draws the best picture known and never waits, while everybody else who reads
``layer.data`` reads exactly. Where napari has no such request, layers stay as they are: drawing then reads exactly
too, slower but never wrong.

Private names used: ``layer._slicing_state`` (``_slice_request_class``, ``set_slice_input``,
``set_slice_input_from_dims``, ``_slice``), ``layer._level_materializer``, ``layer._reset_thumbnail_level_data``,
``layer._get_value``, ``layer._calc_data_range``, ``layer._update_thumbnail``, ``layer._data_view`` (``edit``,
``update_edge_width``), ``layer._block_refresh``, ``layer._slice_dims``, ``layer._clear_extent``,
``layer._type_string``, ``window._qt_window``, ``window._qt_viewer.canvas`` (``_scene_canvas``, ``on_draw``,
``font_info``), ``_slice_out_of_bounds`` of a slice request, ``napari._vispy.utils.gl.get_max_texture_sizes`` (napari
0.9.1 to 0.10.0rc1).
"""

from __future__ import annotations

import dataclasses
import weakref
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.streaming.level import Level, LevelView, Wishes

from .unit_registry import load_units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.layers import Layer

REDRAW_MS = 25
"""Enough for the window to be drawn once; measured with the crash that ``turns`` avoids: 0 is too short."""

UNSEEN_MS = 1000
"""Longest wait for a window to be drawn."""

COMMON_VOLUME_SIDE = 2048
"""Longest side of a 3-D texture that OpenGL 4.1 and any graphics card of the last ten years take."""

LARGE = 1 << 20
"""Pixels of a picture that takes long enough to make, and to bring to the graphics card, to be seen as a pause."""

STANDS_IN = "a coarser picture"
"""Among what is not painted: all of the picture is another, coarser one."""

_DATA_FIELDS = ("data_at_data_level", "data_at_thumbnail_level")


def holds_levels(layer: Layer) -> bool:
    """Whether a layer's data are ours."""
    data = layer.data
    return isinstance(data, Level) or bool(
        getattr(layer, "multiscale", False) and all(isinstance(level, Level) for level in data)
    )


def install(layer: Layer, on_sliced: Callable[[Wishes, int], None], may_follow: Callable[[], bool]) -> bool:
    """Have napari draw a layer of ours from what is known, at once.

    Parameters
    ----------
    layer
        A layer whose data are levels.
    on_sliced
        Called after each slice with what was missing and the request's id (which grows); from napari's slicing
        thread where slicing is asynchronous, from the GUI thread else.
    may_follow
        Whether a large finer picture may follow in a redraw of its own, which whoever is told of it sees to. Until
        then the picture on screen stays, if it covers the view: napari slices all layers in the turn in which it
        draws the window.

    Returns
    -------
    False where this napari has no slice request to hook: the layer then reads exactly, and blocks.
    """
    state = getattr(layer, "_slicing_state", None)
    base = getattr(state, "_slice_request_class", None)
    if base is None or not dataclasses.is_dataclass(base):
        return False
    fields = {field.name for field in dataclasses.fields(base)}
    if not set(_DATA_FIELDS) <= fields:
        return False
    base = getattr(base, "streams_over", base)
    setattr(state, "_slice_request_class", _streaming(base, on_sliced, may_follow))  # noqa: B010 - not ours to declare
    forget_snapshot(layer)
    keep_flat(layer)
    return True


def keep_flat(layer: Layer) -> None:
    """Have a hidden 2-D layer stay flat where three dimensions are shown.

    What napari keeps for a hidden layer has as many dimensions as are shown, and to those of a 2-D layer it adds one
    more. napari 0.9.1 (vispy 0.16) fails at the four, also with plain numpy arrays: the layer is in the list, without
    a visual.
    """
    state = getattr(layer, "_slicing_state", None)
    unbound = getattr(type(state), "set_slice_input", None)
    if unbound is None:
        return
    ref = weakref.ref(state)

    def set_slice_input(slice_input: Any, force: bool) -> Any:
        owner = ref()
        if owner is None:
            return False
        changed = unbound(owner, slice_input, force)
        owner._slice = _flat(owner._slice)  # noqa: SLF001
        return changed

    setattr(state, "set_slice_input", set_slice_input)  # noqa: B010 - not ours to declare


def _flat(response: Any) -> Any:
    """Return a slice; one that is empty with no more dimensions than its layer has."""
    too_many = response.slice_input.ndisplay - response.slice_input.ndim if getattr(response, "empty", False) else 0
    if too_many <= 0 or response.image.raw.shape[:too_many] != (1,) * too_many:
        return response
    image = type(response.image).from_view(response.image.raw[(0,) * too_many])
    return dataclasses.replace(response, image=image, thumbnail=image)


def forget_snapshot(layer: Layer) -> None:
    """Have the coarsest level of a 2-D layer drawn through slice requests, not from a copy read once.

    napari makes that copy anew, and reads it at once, each time ``layer.data`` is set: it is kept from that, too.
    """
    if not hasattr(layer, "_level_materializer"):
        return
    layer._level_materializer = None  # noqa: SLF001
    unbound = getattr(type(layer), "_reset_thumbnail_level_data", None)
    if unbound is None:
        return
    ref = weakref.ref(layer)

    def _reset_thumbnail_level_data() -> None:
        owner = ref()
        if owner is not None:
            unbound(owner)
            owner._level_materializer = None  # noqa: SLF001

    setattr(layer, "_reset_thumbnail_level_data", _reset_thumbnail_level_data)  # noqa: B010 - not ours to declare


def _streaming(base: Any, on_sliced: Callable[[Wishes, int], None], may_follow: Callable[[], bool]) -> type:
    last: list[_Picture] = []

    def __call__(self: Any) -> Any:
        stays = bool(last) and last[0].stands_in_for(self) and may_follow()
        wishes = Wishes(without_picture=stays)
        shown = {name: _shown(getattr(self, name), wishes) for name in _DATA_FIELDS}
        response = _flat(base.__call__(dataclasses.replace(self, **shown)))
        if stays:
            wishes.unpainted.add(STANDS_IN)
            response = dataclasses.replace(last[0].response, request_id=response.request_id)
        else:
            last[:] = [_Picture(self, np.array(self.corner_pixels), response)]
        on_sliced(wishes, getattr(self, "id", 0))
        return response

    return type(f"Streaming{base.__name__}", (base,), {"__call__": __call__, "streams_over": base})


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class _Picture:
    """What a layer shows: the request, its corners (which napari may move on), and what was answered."""

    request: Any
    corners: np.ndarray
    response: Any

    def stands_in_for(self, other: Any) -> bool:
        """Whether another request is for a large and finer picture of a part of this one."""
        mine = self.request
        if not other.multiscale or other.data_level >= mine.data_level or other.slice_input.ndisplay != 2:
            return False
        same = other.data_at_thumbnail_level is mine.data_at_thumbnail_level and other.slice_input == mine.slice_input
        axes = list(other.slice_input.displayed)
        starts, stops = _ends(other, other.corner_pixels, axes)
        if not same or self.response.empty or np.prod(stops - starts) < LARGE * _factors(other, axes).prod():
            return False
        my_starts, my_stops = _ends(mine, self.corners, axes)
        return bool((my_starts <= starts).all() and (my_stops + _factors(mine, axes) > stops).all())


def _factors(request: Any, axes: list[int]) -> np.ndarray:
    return np.asarray(request.downsample_factors)[request.data_level][axes]


def _ends(request: Any, corners: np.ndarray, axes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return where a picture begins and ends along the displayed axes, in pixels of the finest level."""
    factors = _factors(request, axes)
    return corners[0][axes] * factors, (corners[1][axes] + 1) * factors


def refuse_pictures(layer: Layer, is_too_much: Callable[[Layer, int], bool]) -> None:
    """Have napari draw nothing where a picture would be too much, instead of making it.

    Parameters
    ----------
    layer
        A layer of ours that streams.
    is_too_much
        Told the layer and whether two or three dimensions are shown; from napari's slicing thread where slicing is
        asynchronous.
    """
    state = getattr(layer, "_slicing_state", None)
    base = getattr(state, "_slice_request_class", None)
    if base is None or not hasattr(base, "_slice_out_of_bounds"):
        return
    ref = weakref.ref(layer)

    def _slice_out_of_bounds(self: Any) -> bool:
        owner = ref()
        if owner is not None and is_too_much(owner, self.slice_input.ndisplay):
            return True
        return bool(base._slice_out_of_bounds(self))  # noqa: SLF001

    made = type(f"Bounded{base.__name__}", (base,), {"_slice_out_of_bounds": _slice_out_of_bounds})
    setattr(state, "_slice_request_class", made)  # noqa: B010 - not ours to declare


def longest_volume_side(viewer: Any) -> int:
    """Return the longest side of a texture in 3-D: what the graphics card says, else what all of them take."""
    if getattr(viewer, "window", None) is None:
        return COMMON_VOLUME_SIDE
    try:
        from napari._vispy.utils.gl import get_max_texture_sizes

        return int(get_max_texture_sizes()[1] or COMMON_VOLUME_SIDE)
    except ImportError:
        return COMMON_VOLUME_SIDE


def _shown(data: Any, wishes: Wishes) -> Any:
    return data.for_display(wishes) if isinstance(data, Level | LevelView) else data


def type_of(layer: Any) -> str:
    """Return what napari calls the kind of a layer ("image", "shapes", …), "" where it says nothing."""
    return str(getattr(layer, "_type_string", ""))


def shown_request(layer: Layer) -> int:
    """Return the id of the slice request whose answer is on screen; -1 where that is not known."""
    shown = getattr(getattr(layer, "_slicing_state", None), "_slice", None)
    return int(getattr(shown, "request_id", None) or -1)


def refresh_thumbnail(layer: Layer) -> None:
    """Make the thumbnail of what a layer was sliced to last; napari's public way slices it once more."""
    update = getattr(layer, "_update_thumbnail", None)
    if update is not None:
        update()
    else:
        layer.refresh(extent=False, data_displayed=False, highlight=False)


def guard_values(layer: Layer, is_missing: Callable[[tuple[int, ...]], bool]) -> None:
    """Have the status bar give no value where a coarser pixel stands in for one that has not come yet.

    Parameters
    ----------
    layer
        A layer of ours.
    is_missing
        Says whether the pixel at a point of the displayed level was missing when it was last drawn.
    """
    original = getattr(layer, "_get_value", None)
    if original is None:
        return
    ref = weakref.ref(layer)
    unbound = type(layer)._get_value  # noqa: SLF001

    def _get_value(position: Any) -> Any:
        owner = ref()
        if owner is None:
            return None
        value = unbound(owner, position)
        if not is_missing(_level_point(owner, position)):
            return value
        return (owner.data_level, None) if owner.multiscale else None

    layer._get_value = _get_value  # noqa: SLF001


def _level_point(layer: Any, position: Any) -> tuple[int, ...]:
    """Return the index, in the displayed level, of a position in the data's coordinates."""
    ndim = layer.ndim
    if layer.multiscale:
        shape = np.asarray(layer.level_shapes[layer.data_level])
        factors = layer.downsample_factors[layer.data_level]
    else:
        shape, factors = np.asarray(layer.data.shape), np.ones(ndim)
    point = np.round(np.asarray(position)[-ndim:] / np.asarray(factors)[..., :ndim]).astype(int)
    inside = np.clip(point, 0, shape[:ndim] - 1)
    rest = (0,) * (len(shape) - ndim)  # samples of an RGB picture
    return (*(int(place) for place in inside), *rest)


def guard_range(layer: Layer, is_complete: Callable[[], bool], when_complete: Callable[[], None]) -> None:
    """Have "fit the contrast to what is shown" wait until what is shown has come, without blocking.

    Until then the limits stay as they are, and ``when_complete`` is called so that it can be done again later.
    """
    if not hasattr(layer, "_calc_data_range"):
        return
    ref = weakref.ref(layer)
    unbound = type(layer)._calc_data_range  # noqa: SLF001

    def _calc_data_range(mode: str = "data") -> tuple[float, float]:
        owner = ref()
        if owner is None or (mode == "slice" and not is_complete()):
            when_complete()
            return tuple(owner.contrast_limits) if owner is not None else (0.0, 1.0)
        return unbound(owner, mode)

    layer._calc_data_range = _calc_data_range  # noqa: SLF001


def warm_up(*more: str) -> None:
    """Import, in a worker, what opening would otherwise import while somebody waits; absent modules are no loss."""
    for module in (
        "napari_idr.readers.open",
        "napari_idr.remote.http_store",
        "zarr",
        "obstore.store",
        "pandas",
        "scipy.ndimage",
        "skimage.color.colorconv",
        "napari.components.histogram",
        "napari._vispy.layers.image",
        "napari._vispy.layers.points",
        *more,
    ):
        with suppress(ImportError):
            import_module(module)
    load_units()


LETTERS = ("ÅÉÑ", "Őjg", "pqy", " 01", "257", "µm")
"""What nearly every scale bar says, after those by which vispy measures how high letters are."""


def load_letters(viewer: Any, letters: str) -> None:
    """Paint letters of the canvas's font before they are shown: napari takes 8 ms for each, all in the first frame."""
    with suppress(AttributeError, TypeError, RuntimeError):  # another napari paints them when they are shown
        info = _canvas(viewer).font_info()
        font = info.font_manager.get_font(info.face)
        for letter in letters:
            _ = font[letter]


def _canvas(viewer: Any) -> Any:
    return getattr(getattr(getattr(viewer, "window", None), "_qt_viewer", None), "canvas", None)


@contextmanager
def without_refresh(layer: Any) -> Iterator[None]:
    """Have a layer not be drawn for each thing that is set on it, nor for sliders that move.

    Whoever asks for it refreshes the layer afterwards. Where napari cannot, it is drawn more often.
    """
    block, colors = getattr(layer, "_block_refresh", None), getattr(layer.events, "edge_color", None)
    with ExitStack() as stack:
        if block is not None:
            stack.enter_context(block())
            stack.enter_context(_without_slices(layer))
        if block is not None and colors is not None:  # what draws vectors would draw the old ones in new colours
            stack.enter_context(colors.blocker())
        yield


@contextmanager
def _without_slices(layer: Any) -> Iterator[None]:
    state: Any = getattr(layer, "_slicing_state", None)
    if not hasattr(layer, "_slice_dims") or not hasattr(state, "set_slice_input_from_dims"):
        yield
        return

    def _slice_dims(dims: Any, force: bool = False) -> None:
        state.set_slice_input_from_dims(dims, True)  # notes the planes, reads nothing

    setattr(layer, "_slice_dims", _slice_dims)  # noqa: B010 - not ours to declare
    try:
        yield
    finally:
        delattr(layer, "_slice_dims")


def tell_extent(layer: Any) -> None:
    """Have the viewer know how large a layer is now, though it is not drawn yet."""
    clear = getattr(layer, "_clear_extent", None)
    if clear is not None:
        clear()


def follow_camera(viewer: Any) -> None:
    """Have layers take the part and level that the camera shows now, before the window is drawn.

    napari does so after it has drawn the window, and then draws it again.
    """
    canvas = _canvas(viewer)
    on_draw = getattr(canvas, "on_draw", None)
    if on_draw is not None:
        on_draw()


def edit_shape(layer: Any, index: int, data: np.ndarray, kind: str, width: float, edge: Any, face: Any) -> bool:
    """Give one shape of a layer other corners, kind and paint, in its place; return whether this napari can.

    napari's public ways are to set all data (4 s for 10,000 shapes) or to remove and add, which takes twice as long
    and changes the order.
    """
    view: Any = getattr(layer, "_data_view", None)
    if not hasattr(view, "edit") or not hasattr(view, "update_edge_width"):
        return False
    layer.selected_data = set()
    view.edit(index, np.asarray(data, np.float32), edge_color=edge, face_color=face, new_type=kind)
    view.update_edge_width(index, width)
    layer.refresh()
    return True


def painted_box(atoms: Any) -> tuple[slice, ...] | None:
    """Return the box of the pixels that a stroke of a Labels layer changed; None where nothing is known of it."""
    boxes = [_atom_box(atom) for atom in atoms]
    known = [box for box in boxes if box is not None]
    if not known:
        return None
    ends = [(min(one.start for one in along), max(one.stop for one in along)) for along in zip(*known, strict=True)]
    return tuple(slice(start, stop) for start, stop in ends)


def painted_pixels(data: Any, box: tuple[slice, ...], atoms: Any) -> np.ndarray:
    """Return the pixels of a box after a stroke; napari tells of some strokes before it has made them."""
    pixels = np.array(data[box])
    start = [one.start for one in box]
    for atom in atoms:
        own = _atom_box(atom)
        if own is None:
            continue
        if hasattr(atom, "slice_key"):
            places = tuple(slice(s.start - at, s.stop - at) for s, at in zip(own, start, strict=True))
            part = pixels[places]
            mask = np.ones(part.shape, bool) if atom.mask is None else np.reshape(atom.mask, part.shape)
            part[mask] = atom.new_value
        else:
            indices, _, value = atom
            pixels[tuple(np.asarray(i) - at for i, at in zip(indices, start, strict=True))] = value
    return pixels


def _atom_box(atom: Any) -> tuple[slice, ...] | None:
    """Return the box of one change: napari 0.9.2 gives slices, earlier ones the index of every pixel."""
    key = getattr(atom, "slice_key", None)
    if key is not None:
        return tuple(one if isinstance(one, slice) else slice(int(one), int(one) + 1) for one in key)
    indices = [np.asarray(along) for along in atom[0]]
    return tuple(slice(int(i.min()), int(i.max()) + 1) for i in indices) if all(i.size for i in indices) else None


def call_later(milliseconds: int, function: Callable[[], object]) -> None:
    """Call a function in a later turn of the event loop. GUI thread only."""
    from qtpy.QtCore import QTimer

    QTimer.singleShot(milliseconds, function)


def when_drawn(viewer: Any, function: Callable[[], object]) -> None:
    """Call something quick once, as soon as the window was drawn next. GUI thread only.

    A window that is not drawn (minimised, hidden, or none at all) has it called after :data:`UNSEEN_MS`.
    """
    canvas = _canvas(viewer)
    drawn = getattr(getattr(getattr(canvas, "_scene_canvas", None), "events", None), "draw", None)
    called = False

    def call(event: Any = None) -> None:
        nonlocal called
        if not called:
            called = True
            if drawn is not None:
                drawn.disconnect(call)
            function()

    call_later(UNSEEN_MS, call)
    if drawn is not None:
        drawn.connect(call, position="last")


def when_window_goes(viewer: Any, function: Callable[[], object]) -> None:
    """Call something when the window of a viewer is destroyed; never for a viewer without one."""
    window = getattr(getattr(viewer, "window", None), "_qt_window", None)
    if window is not None:
        window.destroyed.connect(lambda *_: function())


def redraws_follow() -> bool:
    """Whether a slice is made in the turn that draws the window, and another one can follow in a later turn."""
    from napari.settings import get_settings

    return event_loop_runs() and not get_settings().experimental.async_


def event_loop_runs() -> bool:
    """Whether Qt's event loop is running, so that something returned at once can be finished later."""
    try:
        from qtpy.QtCore import QThread
        from qtpy.QtWidgets import QApplication
    except ImportError:  # no Qt binding: a script without a window
        return False
    return QApplication.instance() is not None and QThread.currentThread().loopLevel() > 0
