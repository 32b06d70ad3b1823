"""How the catalogue is put into words: kinds, counts, licences, links, tables to paste."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from napari_idr.model.catalog import ImageNode, Plate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_idr.model.catalog import Node
    from napari_idr.model.image import KeyValue

_CHILD_NAMES = {
    "repository": ("study", "studies"),
    "study": ("screen or project", "screens and projects"),
    "project": ("dataset", "datasets"),
    "dataset": ("image", "images"),
    "screen": ("plate", "plates"),
    "plate": ("well", "wells"),
    "acquisition": ("well", "wells"),
    "well": ("field", "fields"),
    "collection": ("image", "images"),
}
_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
_LICENCE_KEY = re.compile(r"licen[cs]e|copyright", re.IGNORECASE)
_LICENCE_NAME = re.compile(r"\b(CC0|CC[ -]BY(?:[ -](?:NC|SA|ND))*)(?:[ -](\d\.\d))?", re.IGNORECASE)
_NATURAL = re.compile(r"(\d+)")


def counted(count: int, one: str, many: str) -> str:
    """Return a count with thousands separators and its noun: ``1,152 wells``."""
    return f"{count:,} {one if count == 1 else many}"


def child_count(node: Node) -> str:
    """Return how many children a node has, in words; empty where it is not known."""
    if node.child_count is None or node.kind not in _CHILD_NAMES:
        return ""
    return counted(node.child_count, *_CHILD_NAMES[node.kind])


def kind_and_accession(node: Node) -> str:
    """Return what a node is: ``Plate · idr0013`` (an accession equal to the name is not repeated)."""
    parts = [node.kind.capitalize()]
    if node.accession and node.accession != node.name:
        parts.append(node.accession)
    return " · ".join(parts)


def facts(node: Node) -> str:
    """Return the sizes of a node: ``1,080 × 1,080 px · 3 channels · uint16``, ``8 × 12 wells``."""
    if isinstance(node, ImageNode):
        return " · ".join((*_image_sizes(dict(node.sizes)), *filter(None, (node.pixel_type,))))
    if isinstance(node, Plate) and node.rows and node.columns:
        runs = counted(len(node.acquisitions), "acquisition", "acquisitions") if node.acquisitions else ""
        return " · ".join(filter(None, (f"{node.rows:,} × {node.columns:,} wells", runs)))
    return child_count(node)


def spoken_row(node: Node) -> str:
    """Return a node as a screen reader should say it."""
    return ", ".join(part for part in (node.name, node.kind, child_count(node)) if part)


def web_address(text: str) -> str:
    """Return the first http or https address in a text, empty where there is none."""
    found = _WEB_ADDRESS.search(text)
    return found.group() if found else ""


def is_web_address(address: str) -> bool:
    """Whether an address may be handed to a browser."""
    return bool(_WEB_ADDRESS.fullmatch(address))


def is_loopback(address: str) -> bool:
    """Whether an address is a server on this computer."""
    return bool(re.match(r"https?://(localhost|127\.|\[::1\])", address))


def licence(key_values: Iterable[KeyValue]) -> tuple[str, str]:
    """Return (short name, web address) of the licence among annotations, empty where none is named."""
    for key, value in key_values:
        if _LICENCE_KEY.search(key):
            found = _LICENCE_NAME.search(value)
            if found:
                name = found.group(1).upper().replace(" ", "-").replace("CC-", "CC ")
                return f"{name} {found.group(2) or ''}".strip(), web_address(value)
    return "", ""


def tooltip(title: str, lines: Iterable[tuple[str, str]] = (), limit: int = 8) -> str:
    """Return a safe rich-text tooltip: a title in bold and at most ``limit`` key-values below it."""
    rows = [(escape(key), escape(_shortened(value))) for key, value in lines]
    body = "".join(f"<br>{key}: {value}" if key else f"<br>{value}" for key, value in rows[:limit])
    more = f"<br>… and {len(rows) - limit} more" if len(rows) > limit else ""
    return f"<qt><b>{escape(title)}</b>{body}{more}</qt>"


def tab_separated(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as text that a spreadsheet takes; tabs and line ends inside cells become blanks."""
    return "\n".join("\t".join(" ".join(cell.split()) for cell in row) for row in rows)


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key that puts ``plate 2`` before ``plate 10``."""
    parts = _NATURAL.split(text.casefold())
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts if part)


def _image_sizes(sizes: dict[str, int]) -> tuple[str, ...]:
    plane = (f"{sizes['x']:,} × {sizes['y']:,} px",) if {"x", "y"} <= sizes.keys() else ()
    names = {"c": ("channel", "channels"), "z": ("z-plane", "z-planes"), "t": ("time point", "time points")}
    rest = (counted(sizes[axis], *names[axis]) for axis in "czt" if sizes.get(axis, 1) > 1)
    return (*plane, *rest)


def _shortened(text: str, limit: int = 80) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
