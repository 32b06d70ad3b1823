"""From an address to the zarr store behind it: a folder, a zip, a server over HTTP(S), an S3 bucket."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit
from urllib.request import url2pathname

from napari_idr.errors import AddressError

from .safe_address import to_keep, without_secrets

if TYPE_CHECKING:
    from zarr.abc.store import Store

    from .disk_cache import DiskCache
    from .http import Http
    from .network_state import NetworkState

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://|(file):")


@dataclass(frozen=True, slots=True)
class Access:
    """What a reader needs besides the reference."""

    headers: tuple[tuple[str, str], ...] = ()
    """Sent with every request."""
    timeout: float = 30.0
    """Seconds without an answer."""
    cache: DiskCache | None = None
    """Where answers of servers are kept; None keeps nothing."""
    network: NetworkState | None = None
    """Told how servers answer."""
    http: Http | None = None
    """Asks servers that render pictures."""


def open_store(address: str, access: Access = Access()) -> Store:
    """Store that reads what lies at an address; nothing is asked of it yet.

    Parameters
    ----------
    address
        A folder or a ``.zip``/``.ozx`` file (a path or ``file://``), ``http(s)://…``,
        ``s3://host.with.dots/bucket/key[?anonymous=true]`` or ``s3://bucket/key`` (public buckets of AWS).
    access
        Headers and patience of requests.

    Raises
    ------
    AddressError
        For a scheme that is none of these.
    """
    kind = scheme(address)
    if kind in ("http", "https", "s3"):
        return _open_remote(http_address(address), access)
    if kind not in ("", "file"):
        raise AddressError(
            f"Addresses that begin with {kind}:// cannot be read", address, "use a path, https:// or s3://"
        )
    return _open_local(local_path(address))


def _open_remote(address: str, access: Access) -> Store:
    """Store of a server; what needs a login or a secret is never kept on disk."""
    from .http_store import HttpStore

    login = None if access.http is None else access.http.logins.at(address)
    if login is not None:
        from .signed_in_store import SignedInStore

        return SignedInStore(address, access, login)
    store = HttpStore(address, access)
    if access.cache is None or access.network is None or access.headers or to_keep(address) != address:
        return store
    from .caching_store import CachingStore

    return CachingStore(store, access.cache, access.network)


def _open_local(path: Path) -> Store:
    if path.suffix.lower() in (".zip", ".ozx"):
        from .zip_store import ZipStore

        return ZipStore(path)
    from .folder_store import FolderStore

    return FolderStore(path)


def split_archive(address: str) -> tuple[str, str]:
    """Return a local archive and the path inside it, (address, "") for what does not lead into an archive."""
    match = re.fullmatch(r"(.+?\.(?:zip|ozx))[/\\](.+)", address, re.IGNORECASE)
    if match is None or scheme(address) not in ("", "file") or not local_path(match[1]).is_file():
        return address, ""
    return match[1], match[2].strip("/\\")


def child_address(address: str, path: str) -> str:
    """Address of what lies at a path below an address; a query stays at the end."""
    base, mark, query = address.partition("?") if scheme(address) in ("http", "https", "s3") else (address, "", "")
    base = base.rstrip("/") or base[:1]
    return (f"{base}/{path}" if base and path else base or path) + mark + query


def last_part(address: str) -> str:
    """Name of the folder, file or object that an address leads to."""
    base = address.partition("?")[0] if scheme(address) in ("http", "https", "s3") else address
    return unquote(re.split(r"[/\\]", base.rstrip("/\\"))[-1])


def shown_address(address: str) -> str:
    """Address as it may be shown: without passwords and tokens."""
    return without_secrets(address) if scheme(address) in ("http", "https", "s3") else address


def scheme(address: str) -> str:
    r"""Scheme of an address in lower case, empty for a path (``C:\data`` is a path)."""
    match = _SCHEME.match(address)
    return (match[1] or match[2]).lower() if match else ""


def local_path(address: str) -> Path:
    """Path that a local address (a path or ``file://``) stands for."""
    if scheme(address) == "file":
        return Path(url2pathname(urlsplit(address).path))
    return Path(address).expanduser()


def http_address(address: str) -> str:
    """Address over HTTP(S) of what an ``http(s)://`` or ``s3://`` address stands for, quoted, without trailing slash.

    What is quoted already (``%20``) stays as it is; blanks, ``#`` and stray ``%`` are quoted. A query stays,
    except the ``anonymous`` of S3 addresses.
    """
    kind = scheme(address)
    rest, _, query = address.partition("://")[2].partition("?")
    host, _, path = rest.partition("/")
    if not host:
        raise AddressError("The address names no host", address, "check it for a missing part")
    if kind == "s3":
        kind, query = "https", ""
        if "." not in host:
            host = f"{host}.s3.amazonaws.com"
    quoted = _quote(path.strip("/"))
    return f"{kind}://{host}/{quoted}".rstrip("/") + (f"?{query}" if query else "")


def _quote(path: str) -> str:
    """Path with everything quoted that an address cannot hold, without quoting twice."""
    if re.search(r"%(?![0-9A-Fa-f]{2})", path) is None:
        path = unquote(path)
    return quote(path, safe="/!$&'()*+,;=:@-._~")
