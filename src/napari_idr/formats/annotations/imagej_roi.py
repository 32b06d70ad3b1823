"""ImageJ's selections: a ``.roi`` file for one, a ``.zip`` of them for the ROI Manager. Needs the package roifile."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from napari_idr.errors import FormatError, Unsupported
from napari_idr.formats.free_name import free_name
from napari_idr.formats.model_json import json_text, json_value
from napari_idr.model.annotation import Mask, Shape
from napari_idr.model.annotation_set import AnnotationSet

from .details import KEYS, details_of, object_from_details
from .files import HINT, parse_json, read_bytes, read_zip, told_of, write_bytes, write_zip
from .held import held_objects, losses, naming, only
from .image_documents import image_document, named_image, statements_of
from .imagej_shapes import from_imagej, to_imagej
from .kept_shapes import kept_documents, restored
from .outlines import untransformed
from .placing import image_of, uuid_for
from .roi_names import roi_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject
    from napari_idr.model.finding import Loss

OURS = "napari-idr.json"
"""Member of the archive that names the image; ImageJ passes over it."""
PROPERTY = "napari-idr-"
"""Before the keys that we add to the properties of a selection."""
IMAGE = "image"


def hold(one: AnnotatedObject, _: AnnotationSet) -> AnnotatedObject | str:
    """Return an object as ImageJ holds it, or why not: it has neither transforms nor turned ellipses nor our masks."""
    if one.label is not None or any(isinstance(shape, Mask) for shape in one.shapes):
        return "its pixels have no place here, export the label image or the masks too"
    return replace(one, shapes=tuple(map(untransformed, one.shapes))) if one.shapes else "it has no shape"


class ImagejRois:
    """Shapes and points as selections."""

    key = "imagej"
    title = "ImageJ ROIs"
    endings = (".rois.zip", ".roi", "roiset.zip")
    images_per_file: int | None = 1
    reads = True

    def losses(self, sets: Sequence[AnnotationSet]) -> tuple[Loss, ...]:
        """Return what becomes a polygon, and which objects have pixels."""
        return losses(sets, hold)

    def write(self, sets: Sequence[AnnotationSet], path: Path) -> tuple[Path, ...]:
        """Write the selections of one image. Raises ``Unsupported`` without roifile, ``FormatError``."""
        _check_installed(path)
        one = only(sets, path)
        members = dict(_members(one))
        if path.suffix.lower() == ".roi":
            return _write_single(one, members, path)
        return write_zip(path, members | {OURS: json.dumps(image_document(one)).encode("ascii")})

    def read(self, path: Path, image: AnnotatedImage | None = None) -> tuple[AnnotationSet, ...]:
        """Return the set of a file. Raises ``Unsupported`` without roifile, ``FormatError`` naming the selection."""
        _check_installed(path)
        is_single = path.suffix.lower() == ".roi"
        members = {path.name: read_bytes(path)} if is_single else read_zip(path)
        document = _document(members.pop(OURS, b""), path)
        parts: dict[str, list[_Part]] = {}
        for number, (name, content) in enumerate(members.items()):
            if not name.lower().endswith(".roi"):
                continue
            with told_of(path, ascii(name[:80])):
                part = _read_part(content, name, path, number)
            parts.setdefault(part.uuid, []).append(part)
        objects = []
        for listed in parts.values():
            with told_of(path, listed[0].name):
                objects.append(_object(listed))
        document = document or next((p.image for one in parts.values() for p in one if p.image), {})
        with told_of(path, OURS):
            statements = statements_of(document)
        placed = image_of(named_image(document), path, image)
        return (AnnotationSet(image=placed, objects=tuple(objects), statements=statements),)


def _check_installed(path: Path) -> None:
    try:
        import roifile  # noqa: F401
    except ImportError as error:
        what, hint = (
            "ImageJ's ROIs need the package roifile, which is not installed",
            "pip install 'napari-idr[imagej]'",
        )
        raise Unsupported(what, path.name, hint) from error


def _write_single(one: AnnotationSet, members: dict[str, bytes], path: Path) -> tuple[Path, ...]:
    if len(members) != 1:
        raise FormatError(f"A .roi file holds one shape, not {len(members)}", path.name, "use .rois.zip")
    (thing,) = held_objects(one, hold)
    (content,) = dict(_members(one.with_objects([thing]), image_document(one))).values()
    return write_bytes(path, content)


def _members(one: AnnotationSet, image: dict[str, Any] | None = None) -> Iterator[tuple[str, bytes]]:
    """Yield file names of an archive and selections; ImageJ shows the file names."""
    objects = held_objects(one, hold)
    names, taken = roi_names(objects), set[str]()
    for thing in objects:
        with naming(one.image, thing):
            for number, content in enumerate(_contents(thing, image)):
                stem = re.sub(r"[^A-Za-z0-9_.() -]", "_", names[thing.uuid]).strip(". ")[:100] or "region"
                if len(thing.shapes) > 1:
                    stem = f"{stem} {number + 1} of {len(thing.shapes)}"
                yield f"{free_name(stem, taken)}.roi", content


def _contents(one: AnnotatedObject, image: dict[str, Any] | None) -> Iterator[bytes]:
    kept = kept_documents(one.shapes, as_read)
    details = dict(details_of(one, without={"name"}))
    if kept:
        details["shapes"] = json_text(kept)
    name = _native_name(one.name)
    if name != one.name:
        details["name"] = json.dumps(one.name)
    if image is not None:
        details[IMAGE] = json.dumps(image)
    for number, shape in enumerate(one.shapes):
        said = details if number == 0 else {"uuid": one.uuid}
        part = {"part": str(number + 1)} if len(one.shapes) > 1 else {}
        roi = to_imagej(shape)
        roi.name = name
        roi.props = "".join(f"{PROPERTY}{key}: {json.dumps(text)}\n" for key, text in (said | part).items())
        yield roi.tobytes()


def _native_name(name: str) -> str:
    """Return a name that every character of which is one unit of ImageJ's texts."""
    return "".join(letter if letter.isprintable() and ord(letter) < 0x10000 else "_" for letter in name)


def as_read(shape: Shape) -> Shape:
    """Return what any reader gets from a selection that was written."""
    import roifile

    (found,) = from_imagej(roifile.ImagejRoi.frombytes(to_imagej(shape).tobytes()))
    return found


@dataclass(frozen=True, slots=True)
class _Part:
    """One selection: its shapes, and what is said of its object."""

    uuid: str
    number: int
    name: str
    shapes: tuple[Shape, ...]
    said: dict[str, str]
    others: tuple[tuple[str, str], ...]
    image: dict[str, Any]


def _document(content: bytes, path: Path) -> dict[str, Any]:
    document = parse_json(content.decode("utf-8", "replace"), path) if content else {}
    return document if isinstance(document, dict) else {}


def _read_part(content: bytes, name: str, path: Path, number: int) -> _Part:
    roi = _parsed(content, path)
    said: dict[str, str] = {}
    others = []
    for line in roi.props.splitlines():
        key, _, text = line.partition(":")
        if key.startswith(PROPERTY):
            value = json_value(text, key)
            said[key.removeprefix(PROPERTY)] = value if isinstance(value, str) else text
        elif text:
            others.append((key.strip(), text.strip()))
    image = said.pop(IMAGE, "")
    stem = name.rpartition("/")[2]
    return _Part(
        uuid=said.get("uuid") or uuid_for(stem, path, number),
        number=int(said.get("part", "1")),
        name=roi.name if "uuid" in said else roi.name or stem[:-4],
        shapes=from_imagej(roi),
        said=said,
        others=tuple(others),
        image=_document(image.encode("utf-8"), path),
    )


def _parsed(content: bytes, path: Path) -> Any:
    """Return what roifile makes of bytes; whatever it stumbles over is a broken selection."""
    import struct

    import roifile

    try:
        return roifile.ImagejRoi.frombytes(content)
    except (ValueError, TypeError, IndexError, KeyError, OverflowError, MemoryError, struct.error) as error:
        raise FormatError("A selection is broken", path.name, HINT, rule=str(error)[:80]) from error


def _object(parts: list[_Part]) -> AnnotatedObject:
    parts = sorted(parts, key=lambda part: part.number)
    first = parts[0]
    shapes = tuple(shape for part in parts for shape in part.shapes)
    kept = first.said.get("shapes")
    if kept:
        shapes = restored(shapes, json_value(kept, "shapes"), as_read)
    pairs = [(key, text) for key, text in first.said.items() if key in KEYS]
    known: dict[str, Any] = {"key_values": first.others} if first.others else {}
    return object_from_details(pairs, shapes, uuid=first.uuid, name=first.name, **known)


FORMAT = ImagejRois()
