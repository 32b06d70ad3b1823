"""Addresses that stand for a search, or for several things at once, in the words of this program. Pure."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

LONGEST = 4096
MOST = 16
"""Things that one address opens."""
MAPR_KEYS = {
    "gene": "Gene Symbol",
    "phenotype": "Phenotype",
    "organism": "Organism",
    "sirna": "siRNA Identifier",
    "compound": "Compound Name",
    "antibody": "Antibody Name",
    "cellline": "Cell Line",
    "orf": "ORF Identifier",
    "protein": "Protein",
}
"""What the pages ``/mapr/<word>/?value=`` of former years looked for."""
ACCESSION = re.compile(r"name:idr[0-9]{4}\S*", re.IGNORECASE)


def searched(address: str) -> str:
    """Return the search that a page ``/search/?…`` or ``/mapr/…`` stands for, "" for any other address."""
    parts, query = _split(address)
    if query is None:
        return ""
    mapr = re.search(r"/mapr/(?P<word>\w+)/?$", parts, re.IGNORECASE)
    if re.search(r"/search/?$", parts) is None and mapr is None:
        return ""
    value = query.get("value", query.get("query", "")).strip()
    if not value or ACCESSION.fullmatch(value):
        return ""  # a study by its accession is a place, not a search
    key = query.get("key", MAPR_KEYS.get(mapr["word"].lower(), "") if mapr is not None else "").strip()
    return f'"{_escaped(key)}" = "{_escaped(value)}"' if key else value.partition(":")[2] or value


def others_of(address: str) -> list[str]:
    """Return the addresses of what a page shows beside the first: of ``show=image-1|image-2``, of ``images=1,2``."""
    parts, query = _split(address)
    if query is None:
        return []
    base = address.partition("?")[0]
    shown = re.findall(r"([a-z]+-[0-9]{1,18})(?=\||$)", query.get("show", ""), re.IGNORECASE)
    if len(shown) > 1:
        return [f"{base}?show={one}" for one in list(dict.fromkeys(shown))[1:MOST]]
    images = query.get("images", "").split(",") if re.search(r"/iviewer/?$", parts, re.IGNORECASE) else []
    numbers = [one for one in dict.fromkeys(images) if re.fullmatch(r"[0-9]{1,18}", one)]
    return [f"{base}?images={one}" for one in numbers[1:MOST]]


def _split(address: str) -> tuple[str, dict[str, str] | None]:
    """Return path and parameters of a web address; None for anything else."""
    text = address.strip()
    if len(text) > LONGEST or not text.lower().startswith(("http://", "https://")):
        return "", None
    try:
        parts = urlsplit(text)
        return parts.path, {key.lower(): values[0] for key, values in parse_qs(parts.query).items()}
    except ValueError:
        return "", None


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
