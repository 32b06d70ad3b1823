"""Addresses as they may be shown: without passwords, sessions and tokens."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

SECRET_KEYS = frozenset(
    {
        "access_token",
        "apikey",
        "api_key",
        "bsession",
        "password",
        "sig",
        "signature",
        "token",
        "username",
        "x-amz-credential",
        "x-amz-security-token",
        "x-amz-signature",
    }
)
LONGEST_ADDRESS = 200


def without_secrets(address: str) -> str:
    """Return an address fit for a message: no user, password, session or token, and not endless."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "an address that cannot be read"
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = urlencode([(k, "***" if k.lower() in SECRET_KEYS else v) for k, v in pairs], safe="*/:,|")
    clean = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))
    return clean if len(clean) <= LONGEST_ADDRESS else clean[: LONGEST_ADDRESS - 1] + "…"


def to_keep(address: str) -> str:
    """Return an address fit to be kept on disk: whole, but without user, password, session and token.

    One that holds none of them (a path, most addresses) comes back as it is.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    if not parts.netloc:
        return address
    said = [pair for pair in parts.query.split("&") if pair.partition("=")[0].lower() not in SECRET_KEYS]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "&".join(said), parts.fragment))


def host_of(address: str) -> str:
    """Return the host (and port) of an address, or "the server"."""
    try:
        return urlsplit(address).netloc.rpartition("@")[2] or "the server"
    except ValueError:
        return "the server"
