"""What an address means, told from its text alone: no request is made, no file is looked at."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from napari_idr.errors import AddressError
from napari_idr.remote.safe_address import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_idr.model.catalog import NodeKind

Scheme = Literal["idr", "omero", "ome-zarr", "tiff"]

IDR = "https://idr.openmicroscopy.org/"
FORMS = (
    "paste a page of IDR or of an OMERO.web server, idr://image/123, an accession such as idr0001, "
    "or the address or path of an OME-Zarr (.zarr, .zip, .ozx) or TIFF"
)
LONGEST = 4096

KINDS: dict[str, NodeKind] = {
    "image": "image",
    "dataset": "dataset",
    "project": "project",
    "screen": "screen",
    "plate": "plate",
    "well": "well",
    "run": "acquisition",
    "acquisition": "acquisition",
    "plateacquisition": "acquisition",
    "study": "study",
}
ACCESSION = re.compile(r"idr\d{4}(-[\w.-]+(/[\w.-]+)?)?", re.IGNORECASE | re.ASCII)
NUMBER = re.compile(r"[0-9]{1,18}")
DOI = re.compile(r"10\.17867/[\w./-]{1,100}", re.ASCII)
OMERO_PAGE = re.compile(r"/(webclient|webgateway|iviewer|api)(/|$)", re.IGNORECASE)
SHORT_PAGE = re.compile(r"(?P<prefix>.*?/)(?P<kind>image|study)/(?P<id>[\w-]+)(/json)?/?", re.ASCII)
ZARR_PIECE = re.compile(r"\.(zarr|ozx|zip)(/|$)", re.IGNORECASE)
ARCHIVES = re.compile(r"(S-BI[A-Z]{2}\d+|S-BSST\d+|EMPIAR-\d+)", re.IGNORECASE)
LOCAL = re.compile(r"(/|\./|\.\./|\.$|\.\.$|~|[A-Za-z]:[\\/])")


@dataclass(frozen=True, slots=True)
class Recognised:
    """What an address points at."""

    scheme: Scheme
    base: str
    """OMERO.web base address with trailing slash, or the address of the OME-Zarr or TIFF."""
    kind: NodeKind | None
    """None where only a look inside can tell."""
    id: str
    address: str
    """The address as it was given, without blanks around it."""


def recognise(address: str, *, known_servers: Sequence[str] = ()) -> Recognised:
    """Return what an address points at; hosts and schemes count without regard to case.

    Parameters
    ----------
    address
        Anything a person would paste.
    known_servers
        Base addresses of OMERO.web servers: every address below one belongs to it. Each ends in a slash; others
        are passed over. Servers that are not known are told by the paths of their pages (``/webclient/``,
        ``/iviewer/``, ``/webgateway/``, ``/api/``).

    Raises
    ------
    AddressError
        If no form fits; the message names the forms that do.
    """
    text = address.strip().strip("<>\"'").strip()
    if not text or len(text) > LONGEST or not text.isprintable():
        raise _unknown(text[:80])
    try:
        return _recognise(text, known_servers)
    except ValueError as error:
        if isinstance(error, AddressError):
            raise
        raise _unknown(text) from error


def _recognise(text: str, known_servers: Sequence[str]) -> Recognised:
    if ACCESSION.fullmatch(text):
        return Recognised("idr", IDR, "study", text.lower() if "/" not in text else text, text)
    if DOI.fullmatch(text):
        return Recognised("idr", IDR, "study", text, text)
    scheme, separator, rest = text.partition("://")
    if not separator:
        return _local(text, text)
    readers: dict[str, Callable[[], Recognised | None]] = {
        "idr": lambda: _short("idr", IDR, rest, text),
        "omero": lambda: _omero_short(text),
        "ome-zarr": lambda: _ome_zarr_scheme(rest, text),
        "http": lambda: _web(text, known_servers),
        "https": lambda: _web(text, known_servers),
        "s3": lambda: Recognised("ome-zarr", f"s3://{rest.strip('/')}", None, "", text) if "/" in rest else None,
        "file": lambda: _local(_file_path(rest), text),
    }
    reader = readers.get(scheme.lower())
    found = reader() if reader is not None else None
    if found is None:
        raise _unknown(text)
    return found


def _short(scheme: Scheme, base: str, path: str, address: str) -> Recognised | None:
    """Return the meaning of ``image/123`` below a base; nothing at all means the repository itself."""
    path = path.strip("/")
    if not path:
        return Recognised(scheme, base, "repository", "", address)
    word, _, number = path.partition("/")
    kind = KINDS.get(word.lower())
    if kind == "study" and (ACCESSION.fullmatch(number) or DOI.fullmatch(number)):
        return Recognised(scheme, base, "study", number, address)
    if kind is not None and kind != "study" and NUMBER.fullmatch(number):
        return Recognised(scheme, base, kind, number, address)
    if ACCESSION.fullmatch(path):
        return Recognised(scheme, base, "study", path, address)
    return None


def _omero_short(text: str) -> Recognised | None:
    parts = urlsplit(text)
    if not parts.hostname:
        return None
    port = f":{parts.port}" if parts.port else ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    loopback = parts.hostname == "localhost" or parts.hostname.startswith("127.") or parts.hostname == "::1"
    base = f"{'http' if loopback else 'https'}://{host}{port}/"
    return _short("omero", base, parts.path, text)


def _ome_zarr_scheme(rest: str, address: str) -> Recognised | None:
    """Return the meaning of ``ome-zarr://https/host/path``, ``…://s3/bucket/key``, ``…://file/path``."""
    inner, _, path = rest.partition("/")
    if inner.lower() in ("https", "http", "s3") and path.strip("/"):
        base = f"{inner.lower()}://{path.rstrip('/')}"
        return Recognised("ome-zarr", base, None, "", address)
    local = _file_path(f"/{path}") if inner.lower() == "file" else rest
    return _local(local, address, bare=True) if local.strip("/") else None


def _web(text: str, known_servers: Sequence[str]) -> Recognised | None:
    parts = urlsplit(text)
    if not parts.hostname:
        return None
    origin = f"{parts.scheme.lower()}://{_netloc(parts)}"
    if parts.hostname.removeprefix("www.") == "doi.org" and DOI.fullmatch(parts.path.strip("/")):
        return Recognised("idr", IDR, "study", parts.path.strip("/"), text)
    known = _known_base(origin + (parts.path or "/"), known_servers)
    if ZARR_PIECE.search(unquote(parts.path)):
        return _remote_zarr(parts, origin, text)
    page = OMERO_PAGE.search(parts.path)
    base = known or (f"{origin}{parts.path[: page.start()]}/" if page else f"{origin}/")
    scheme: Scheme = "idr" if base == IDR else "omero"
    path = f"{origin}{parts.path or '/'}".removeprefix(base.rstrip("/")) or "/"
    if page or known or parts.path in ("", "/"):
        return _page(scheme, base, path, parts, text)
    short = SHORT_PAGE.fullmatch(parts.path)
    if short is not None and (short["id"].isdigit() or ACCESSION.fullmatch(short["id"])):
        return _short(scheme, f"{origin}{short['prefix']}", f"{short['kind']}/{short['id']}", text)
    return None if base == IDR else _remote_zarr(parts, origin, text)


def _netloc(parts: SplitResult) -> str:
    """Return host and port in lower case, with the port checked and the user kept."""
    user, at, _ = parts.netloc.rpartition("@")
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    return f"{user}{at}{f'[{host}]' if ':' in host else host}{port}"


def _known_base(address: str, known_servers: Sequence[str]) -> str:
    for base in (IDR, *known_servers):
        if base.endswith("/") and f"{address}/".lower().startswith(base.lower()):
            return base
    return ""


def _remote_zarr(parts: SplitResult, origin: str, text: str) -> Recognised:
    if re.search(r"\.tiff?$", parts.path, re.IGNORECASE):
        what = "A TIFF can be opened from a disk only"
        raise AddressError(what, without_secrets(text), "download it and give its path")
    if ARCHIVES.search(parts.path) and not ZARR_PIECE.search(parts.path):
        raise _archive(text)
    if parts.query and not ZARR_PIECE.search(parts.path):
        raise _unknown(text)
    query = f"?{parts.query}" if parts.query else ""
    return Recognised("ome-zarr", f"{origin}{parts.path.rstrip('/')}{query}", None, "", text)


def _page(scheme: Scheme, base: str, path: str, parts: SplitResult, text: str) -> Recognised | None:
    """Return what a page of an OMERO.web server shows, its first object where it shows several."""
    query = {key.lower(): values[0] for key, values in parse_qs(parts.query).items()}
    found = _from_query(path, query) or _from_path(path)
    if found is not None:
        return Recognised(scheme, base, *found, text)
    plain = re.fullmatch(r"/?(webclient|webgateway|iviewer|api|search|gallery|cell|tissue)?(/v0)?/?(userdata/)?", path)
    return Recognised(scheme, base, "repository", "", text) if plain and "show" not in query else None


def _from_query(path: str, query: dict[str, str]) -> tuple[NodeKind, str] | None:
    shown = re.match(r"([a-z]+)-([0-9]{1,18})(\||$)", query.get("show", ""), re.IGNORECASE)
    if shown and shown[1].lower() in KINDS:
        return KINDS[shown[1].lower()], shown[2]
    if path.lower().startswith("/iviewer"):
        for key in ("images", "image", "well", "dataset"):
            number = query.get(key, "").split(",")[0]
            if NUMBER.fullmatch(number):
                return KINDS[key.removesuffix("s")], number
    named = re.fullmatch(r"name:(idr\d{4}[\w/-]*)", query.get("query", ""), re.IGNORECASE)
    return ("study", named[1]) if named else None


def _from_path(path: str) -> tuple[NodeKind, str] | None:
    words = [unquote(word) for word in path.strip("/").split("/")]
    if len(words) > 1 and words[0].lower() == "study" and ACCESSION.fullmatch(words[1]):
        return "study", words[1]
    for word, number in pairwise(words):
        kind = KINDS.get(word.lower()) or KINDS.get(word.lower().removesuffix("s"))
        if kind is None and re.fullmatch(r"(img_detail|imgdata|render_\w+|get_thumbnail)", word, re.IGNORECASE):
            kind = "image"
        if kind is not None and kind != "study" and NUMBER.fullmatch(number):
            return kind, number
    return None


def _file_path(rest: str) -> str:
    """Return the path of a ``file://`` address."""
    path = unquote(rest.removeprefix("localhost"))
    return path[1:] if re.match(r"/[A-Za-z]:[\\/]", path) else path


def _local(path: str, address: str, *, bare: bool = False) -> Recognised:
    if ARCHIVES.fullmatch(path):
        raise _archive(path)
    known = bare or LOCAL.match(path) or "/" in path or "\\" in path
    tiff = re.search(r"\.tiff?$", path, re.IGNORECASE)
    if not (known or tiff or ZARR_PIECE.search(path)):
        raise _unknown(address)
    place = os.path.abspath(os.path.expanduser(path))
    return Recognised("tiff" if tiff else "ome-zarr", place, "image" if tiff else None, "", address)


def _archive(text: str) -> AddressError:
    hint = "paste the address of one of its OME-Zarr images"
    return AddressError("Studies of this archive cannot be listed by this version", without_secrets(text), hint)


def _unknown(text: str) -> AddressError:
    return AddressError("This is not an address that can be opened", without_secrets(text) or '""', FORMS)
