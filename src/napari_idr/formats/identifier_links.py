"""Web addresses of identifiers that annotations name without one. Pure.

A link that is stored beside an identifier is the better one: these are for identifiers that stand alone. Forms of
the addresses are those that the IDR's own annotations use.
"""

from __future__ import annotations

import re

ACCESSION = re.compile(r"([A-Za-z]{2,12})_\d{4,10}", re.ASCII)
"""An ontology term as annotations write it: CMPO_0000196, GO_0008150, EFO_0000400."""
_EBI = {"CMPO": "cmpo", "EFO": "efo"}
_OBO = frozenset({"BTO", "CHEBI", "CL", "FBBI", "FBBT", "GO", "NCBITAXON", "OBI", "PATO", "UBERON", "DOID", "HP", "MP"})
_KNOWN: tuple[tuple[re.Pattern[str], re.Pattern[str], str], ...] = (
    (re.compile(""), re.compile(r"ENS[A-Z]{0,4}G\d{11}", re.ASCII), "https://www.ensembl.org/id/{}"),
    (re.compile("entrez|ncbi gene"), re.compile(r"\d{1,12}", re.ASCII), "https://www.ncbi.nlm.nih.gov/gene/{}"),
    (re.compile("pubchem"), re.compile(r"\d{1,12}", re.ASCII), "https://pubchem.ncbi.nlm.nih.gov/compound/{}"),
    (re.compile("pubmed"), re.compile(r"\d{1,12}", re.ASCII), "https://www.ncbi.nlm.nih.gov/pubmed/{}"),
    (re.compile("doi"), re.compile(r"10\.\d{4,9}/[\w.()/:;-]{1,200}", re.ASCII), "https://doi.org/{}"),
)
"""What the lower-case key has to contain, what the value has to be, and where it leads."""


def is_accession(text: str) -> bool:
    """Whether a text is the accession of an ontology term."""
    return ACCESSION.fullmatch(text) is not None


def identifier_link(key: str, value: str) -> str:
    """Return where an identifier leads, "" where nobody knows."""
    value = value.strip()
    match = ACCESSION.fullmatch(value)
    if match is not None:
        return _term_link(match[1], value)
    for in_key, form, address in _KNOWN:
        if in_key.search(key.casefold()) and form.fullmatch(value):
            return address.format(value)
    return ""


def _term_link(ontology: str, accession: str) -> str:
    folder = _EBI.get(ontology.upper())
    if folder is not None:
        return f"http://www.ebi.ac.uk/{folder}/{accession}"
    return f"http://purl.obolibrary.org/obo/{accession}" if ontology.upper() in _OBO else ""
