"""What the command does with annotations: read those of a repository or a file, write them in another format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.errors import AddressError
from napari_idr.formats.annotations.convert import carry_out, loss_lines, plan, read_any
from napari_idr.formats.annotations.omero_json import IMAGE
from napari_idr.formats.annotations.registry import format_of_path
from napari_idr.formats.annotations.stored_rois import stored_set
from napari_idr.submitting import image_at

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotationSet
    from napari_idr.model.catalog import Node
    from napari_idr.session import Session

    Say = Callable[[str], None]


def write_rois(session: Session, address: str, output: Path, say: Say) -> tuple[Path, ...]:
    """Write the ROIs that a repository keeps, of an image or of all images of a well, plate or dataset."""
    format_of_path(output)
    node = session.resolve(address)
    repository = session.repository(node.repository)
    if node.kind in ("image", "field"):
        nodes = [node]
    else:
        ids = dict.fromkeys(str(record.get(IMAGE, "")) for record in session.rois(node))
        nodes = [session.resolve(f"{repository.address}webclient/?show=image-{one}") for one in ids if one]
    return _write([_stored(session, one) for one in nodes], output, say)


def _stored(session: Session, node: Node) -> AnnotationSet:
    image = image_at(session, node)
    return stored_set(session.roi_set(node.repository, image.image_id), image)


def convert_file(session: Session, source: Path, output: Path, image: str, say: Say) -> tuple[Path, ...]:
    """Write the annotations of a file in another format; ``image`` is the address of theirs, "" where they name it."""
    format_of_path(output)
    if output.exists() and output.samefile(source):
        raise AddressError("A file is not converted onto itself", str(output), "choose another name")
    return _write(read_any(source, image_at(session, image) if image else None), output, say)


def _write(sets: Sequence[AnnotationSet], output: Path, say: Say) -> tuple[Path, ...]:
    for remark in dict.fromkeys(remark for one in sets for remark in one.remarks):
        say(remark)
    planned = plan(sets, output)
    for line in loss_lines(planned):
        say(line)
    return carry_out(planned)
