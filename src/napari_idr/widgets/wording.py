"""How the catalogue is put into words: kinds, counts, licences, links, tables to paste."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from napari_idr.model.catalog import ImageNode, Plate, Study

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
_TREATMENT_KEYS = ("gene symbol", "gene", "compound name", "compound", "control type")
"""Keys that say what was done to a well, the most telling first."""


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


def study_size(study: Study) -> str:
    """Return how much a study holds: ``12 plates · 1,152 images``, as far as it is known."""
    kinds = {node.kind for node in study.containers}
    names = {
        frozenset({"screen"}): ("plate", "plates"),
        frozenset({"project"}): ("dataset", "datasets"),
    }.get(frozenset(kinds), ("plate or dataset", "plates and datasets"))
    sets = "" if study.set_count is None else counted(study.set_count, *names)
    images = "" if study.image_count is None else counted(study.image_count, "image", "images")
    return " · ".join(filter(None, (sets, images)))


def study_lines(study: Study) -> str:
    """Return the facts of a study, a line each: who and what, how much, when, and which containers are empty."""
    facts = study.facts
    what = (*facts.organisms, *facts.imaging_methods, *facts.study_types, *facts.sample_types)
    zarr = "OME-Zarr" if study.has_ome_zarr else ""
    umbrellas = [node.name for node in study.containers if node.is_umbrella]
    lines = (
        facts.title if facts.title != facts.publication_title else "",
        f"{facts.publication_title} · {facts.authors}".strip(" ·"),
        " · ".join(dict.fromkeys(what)),
        " · ".join(filter(None, (study_size(study), zarr))),
        f"Released {facts.release_date}" if facts.release_date else "",
        f"Only names the study, holds no images itself: {', '.join(umbrellas)}" if umbrellas else "",
    )
    return "\n".join(filter(None, lines))


def study_description(study: Study) -> str:
    """Return what the first container that says it says of the study, without the publication before it."""
    texts = [re.split(r"(?:Screen|Experiment|Study) Description\s*\n", node.description) for node in study.containers]
    return next((parts[-1].strip() for parts in texts if len(parts) > 1), "")


def study_links(study: Study) -> tuple[tuple[str, str], ...]:
    """Return the links of a study, those to its publication and its data among them, each address once."""
    dois = (("Publication", study.facts.publication_doi), ("Data", study.facts.data_doi))
    own = [(f"{name} {doi}", f"https://doi.org/{doi}") for name, doi in dois if doi]
    there = {address.casefold().partition("://")[2]: text for text, address in study.links}
    return (*study.links, *(one for one in own if one[1].casefold().partition("://")[2] not in there))


def facts(node: Node) -> str:
    """Return the sizes of a node: ``1,080 × 1,080 px · 3 channels · uint16``, ``8 × 12 wells``; a study's facts."""
    if isinstance(node, Study):
        return study_lines(node)
    if isinstance(node, ImageNode):
        return " · ".join((*_image_sizes(dict(node.sizes)), *filter(None, (node.pixel_type,))))
    if isinstance(node, Plate) and node.rows and node.columns:
        runs = counted(len(node.acquisitions), "acquisition", "acquisitions") if node.acquisitions else ""
        return " · ".join(filter(None, (f"{node.rows:,} × {node.columns:,} wells", runs)))
    if node.kind == "well":
        return " · ".join(filter(None, (f"Well {node.name}", child_count(node))))
    return child_count(node)


def telling(key_values: Sequence[KeyValue]) -> str:
    """Return what was done to a well and what came of it (``KIF11, mitotic arrest``), as far as it is known."""
    known = {key.casefold(): value for key, value in reversed(key_values)}
    treatment = next((known[key] for key in _TREATMENT_KEYS if known.get(key)), "")
    return ", ".join(filter(None, (treatment, known.get("phenotype", ""))))


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


def tooltip(title: str, lines: Iterable[tuple[str, str]] = (), limit: int = 8, longest: int = 80) -> str:
    """Return a safe rich-text tooltip: a title in bold and at most ``limit`` key-values of that length below it."""
    rows = [(escape(key), escape(_shortened(value, longest))) for key, value in lines]
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
