"""From an address or node to what a viewer adds: everything that waits, and nothing that touches a viewer."""

from __future__ import annotations

from concurrent.futures import wait
from dataclasses import dataclass, field, replace
from itertools import islice
from math import prod
from typing import TYPE_CHECKING

from napari_idr.errors import Cancelled, NapariIdrError, NotFound, Unsupported
from napari_idr.model.image import ImageReference, PlateReference
from napari_idr.remote.object_store import shown_address
from napari_idr.streaming.level import Wishes

from . import napari_seam as seam
from .image_labels import plan_labels
from .images import LayerPlan, image_title, limits_of, plan_image, whole_range
from .plates import plan_plate

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.model.catalog import Node
    from napari_idr.readers.plate import PlateMosaic
    from napari_idr.readers.plate_fields import FieldImage
    from napari_idr.session import Session

LARGEST_PICTURE = 1 << 28
"""Pixels (16384 x 16384) of a coarsest level that is still shown: what graphics cards take."""

PATIENCE = 1.0
"""Seconds for the first field's pixels before a plate is shown without them."""

FIELDS_TRIED = 8
"""Fields of a plate of which one should be readable, for contrast limits."""


@dataclass(eq=False)
class Opened:
    """What was opened: either an image's layers, or a plate."""

    title: str
    address: str
    plans: list[LayerPlan] = field(default_factory=list)
    plate: PlateMosaic | None = None
    reference: PlateReference | ImageReference | None = None
    node: Node | None = None
    start: dict[str, int] = field(default_factory=dict)
    """Index shown first, by name of the axis."""
    warnings: tuple[str, ...] = ()


def open_node(
    session: Session,
    what: str | Node,
    *,
    acquisition: str = "",
    wells: tuple[str, ...] = (),
    check: Callable[[], None] = lambda: None,
    with_labels: bool = True,
) -> Opened:
    """Open an address or node of the catalogue. May block; ``check`` is called between the steps, to cancel.

    Label images of an image are left out where they are not wanted: each costs several requests.

    Raises
    ------
    NapariIdrError
        It is not an image or plate, or could not be read.
    """
    seam.warm_up()
    node = session.resolve(what) if isinstance(what, str) else what
    check()
    if node.kind == "collection":
        return _open_collection(session, node, check)
    reference = session.reference(node, acquisition=acquisition)
    check()
    if isinstance(reference, PlateReference):
        return _open_plate(session, node, replace(reference, wells=wells or reference.wells))
    return open_image(session, reference, node, check, with_labels=with_labels)


def open_image(
    session: Session,
    reference: ImageReference,
    node: Node | None = None,
    check: Callable[[], None] = lambda: None,
    *,
    with_labels: bool = True,
) -> Opened:
    """Open an image and its label images; the plane shown first is in memory when this returns."""
    pyramid = session.open_image(reference)
    check()
    title = image_title(pyramid.metadata, reference)
    plans = plan_image(pyramid, reference, title)
    _check_showable(plans, reference.source)
    preload(plans)
    check()
    warnings = list(pyramid.metadata.warnings)
    for name in pyramid.metadata.labels if with_labels else ():
        try:
            labels = session.open_image(reference, label=name)
        except NapariIdrError as error:  # the image opens without what is wrong beside it
            warnings.append(f"The labels {name} were left out: {error}.")
        else:
            plans.append(plan_labels(labels, pyramid.metadata, reference, title, name))
            warnings += labels.metadata.warnings
    start = {"t": pyramid.metadata.default_t, "z": pyramid.metadata.default_z}
    address = reference.address or reference.source
    return Opened(title, address, plans, reference=reference, node=node, start=start, warnings=tuple(warnings))


def _check_showable(plans: list[LayerPlan], source: str) -> None:
    """Raise ``Unsupported`` where even the coarsest level is too large for a picture."""
    for plan in plans:
        sizes = [stop - start for start, stop in plan.preload or ()]
        if prod(sizes) > LARGEST_PICTURE:
            what = f"Its coarsest level is a picture of {' x '.join(map(str, sizes[-2:]))} pixels, too large to show"
            raise Unsupported(what, shown_address(source), "read a region of it with `napari-idr read --region`")


def preload(plans: list[LayerPlan]) -> None:
    """Read the first plane of each visible layer, all at once, and take limits from it where the file gives none."""
    chosen = [plan for plan in plans if plan.preload is not None and (plan.visible or _lacks_limits(plan))]
    reads = [(plan, plan.levels[-1].begin(plan.preload or ())) for plan in chosen]
    for plan, read in reads:
        pixels = read.result()
        if _lacks_limits(plan):
            plan.options["contrast_limits"] = limits_of(pixels)


def _lacks_limits(plan: LayerPlan) -> bool:
    return plan.kind == "image" and "contrast_limits" not in plan.options


def _open_plate(session: Session, node: Node, reference: PlateReference) -> Opened:
    mosaic = session.open_plate(reference, complete=False)
    plans = plan_plate(mosaic, reference)
    limits_from_first(mosaic, plans)
    first_look(session, plans)
    title = reference.name or mosaic.metadata.name or "plate"
    address = reference.address or reference.source
    return Opened(title, address, plans, mosaic, reference, node, warnings=mosaic.metadata.warnings)


def first_look(session: Session, plans: list[LayerPlan]) -> None:
    """Have the pixels of the field that is known in memory, so that the first picture of a plate shows them.

    Waits no longer than :data:`PATIENCE`: a plate is shown at once, and what comes later fills in.
    """
    wishes = Wishes()
    for plan in plans:
        if plan.visible:
            level = plan.levels[-1]
            plane = (*((0, 1) for _ in level.shape[:-2]), *((0, size) for size in level.shape[-2:]))
            level.want(plane, wishes)
    wait(session.loader.fetch([want.chunk for want in wishes.chunks.values()]), PATIENCE)


def _open_collection(session: Session, node: Node, check: Callable[[], None]) -> Opened:
    """Open every image of a small collection, each as its own layers."""
    images = session.children(node, limit=9).nodes
    if not images:
        raise NotFound("There is nothing to open", node.address or node.name, "choose another folder or address")
    if len(images) > 8:
        raise Unsupported(f"{node.name} holds many images", node.address, "choose one of them in the tree")
    every = []
    for image in images:
        every.append(open_node(session, image, check=check))
        if every[-1].plate is not None:
            return every[-1]
    return Opened(
        node.name,
        node.address,
        [plan for opened in every for plan in opened.plans],
        node=node,
        warnings=tuple(warning for opened in every for warning in opened.warnings),
    )


def limits_from_first(mosaic: PlateMosaic, plans: list[LayerPlan]) -> None:
    """Take contrast limits of a plate's channels from the first field that has them, where the file gives none.

    May block.
    """
    for index, plan in enumerate(plans):
        if _lacks_limits(plan):
            having = (image for _, image in mosaic.fields.images if image.metadata.channel_count > index)
            found = (limits for image in islice(having, FIELDS_TRIED) if (limits := _limits_in(image, index)))
            plan.options["contrast_limits"] = next(found, whole_range(mosaic.shape.dtype))


def _limits_in(image: FieldImage, channel: int) -> tuple[float, float] | None:
    """Return the range of a channel in the first plane of a field's coarsest level, None where it is not readable."""
    level, axes = image.levels[-1], image.metadata.axes
    box = [(0, size if axis.name in ("y", "x") else 1) for axis, size in zip(axes, level.shape, strict=True)]
    if image.metadata.channel_axis is not None:
        box[image.metadata.channel_axis] = (channel, channel + 1)
    try:
        return limits_of(level.read(tuple(box)))
    except Cancelled:
        raise
    except NapariIdrError:  # one broken chunk must not keep a plate from opening
        return None
