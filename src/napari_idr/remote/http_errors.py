"""What can go wrong with an HTTP request, as our errors: each one sentence without secrets."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from napari_idr.errors import (
    AccessDenied,
    AddressError,
    NapariIdrError,
    NotFound,
    Offline,
    ProtocolError,
    ServerFailure,
    SignInNeeded,
    TimedOut,
    Unreachable,
)

from .safe_address import host_of, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests


def from_exception(error: Exception, url: str) -> NapariIdrError:
    """Return our error for what requests or urllib3 raised: no answer, or one that broke off."""
    import requests
    from urllib3.exceptions import ReadTimeoutError

    host, on, causes = host_of(url), without_secrets(url), list(_causes(error))
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return ProtocolError(f"{host} redirects in a circle", on, "check the address")
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, UnicodeError)):
        return AddressError("This is not an http or https address", on, "check it for typing errors")
    if isinstance(error, requests.exceptions.MissingSchema):
        return AddressError("This address has no http:// or https://", on, "put it in front")
    if any(isinstance(cause, (requests.Timeout, ReadTimeoutError)) for cause in causes):
        return TimedOut(f"{host} did not answer in time", on, "try again, or raise the time-out in the settings")
    text = " ".join(f"{type(cause).__name__} {cause}" for cause in causes)
    kind = Offline if _is_nobody_there(text) else Unreachable
    return kind(_no_answer(host, text), on, _advice(causes))


def check_answer(response: requests.Response, body: bytes) -> None:
    """Raise our error for an answer that says it failed, or that leads to a login page."""
    url = response.url
    host, on = host_of(url), without_secrets(url)
    if any("/login" in urlsplit(hop.headers.get("Location", "")).path for hop in response.history):
        raise sign_in_needed(host, on)
    status = response.status_code
    if status < 400:
        return
    said = _message(body)
    if status == 403 and said == " (Not logged in)":
        raise sign_in_needed(host, on)
    if status in (401, 403):
        what = f"{host} does not give access{said}"
        raise AccessDenied(what, on, "it may be private, or not for anonymous users")
    if status in (404, 410):
        what = f"{host} has nothing there{said}"
        raise NotFound(what, on, "check the number or the address; it may have moved")
    if status >= 500 or status == 429:
        reason = "asks us to wait" if status == 429 else f"failed (status {status})"
        raise ServerFailure(f"{host} {reason}{said}", on, "try again later")
    raise ProtocolError(f"{host} refused the request (status {status}){said}", on, "check the address")


def sign_in_needed(host: str, on: str) -> SignInNeeded:
    """Return the error for a server that answers only those who are signed in."""
    hint = "sign in (Servers in the window, napari-idr login in a terminal), or see in a browser if it is public"
    return SignInNeeded(f"{host} wants a login", on, hint)


def _message(body: bytes) -> str:
    """Return what the server says in its ``message``, in brackets; its ``stacktrace`` is noise."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    message = answer.get("message") if isinstance(answer, dict) else None
    if not isinstance(message, str) or not message.strip():
        return ""
    line = re.sub(r"\s+", " ", message).strip()
    return f" ({line[:160]})"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those it wraps: urllib3 hides the reason in ``args`` or ``reason``."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]


def _is_nobody_there(text: str) -> bool:
    words = ("NameResolution", "getaddrinfo", "gaierror", "refused", "Refused", "unreachable", "No route")
    return "ProxyError" not in text and any(word in text for word in words)


def _no_answer(host: str, text: str) -> str:
    if "ProxyError" in text:
        return f"The proxy does not reach {host}"
    if "NameResolution" in text or "getaddrinfo" in text or "gaierror" in text:
        return f"There is no host {host}"
    if "SSL" in text or "CERTIFICATE" in text:
        return f"No secure connection to {host} can be made"
    if any(word in text for word in ("Refused", "refused", "unreachable", "No route")):
        return f"Nobody answers at {host}"
    return f"The connection to {host} broke off"


def _advice(causes: list[BaseException]) -> str:
    text = " ".join(type(cause).__name__ for cause in causes)
    if "SSL" in text:
        return "your network may inspect traffic; ask who runs it for its certificate"
    if "NameResolution" in text:
        return "check the spelling and your network"
    return "check that the server runs and that you are online"
