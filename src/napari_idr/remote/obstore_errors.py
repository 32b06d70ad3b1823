"""What obstore raises, as our errors: its messages are the only place that says what happened."""

from __future__ import annotations

import re

from obstore.exceptions import NotSupportedError, UnauthenticatedError

from napari_idr.errors import (
    AccessDenied,
    Busy,
    ChunkError,
    NapariIdrError,
    Offline,
    ProtocolError,
    ServerFailure,
    TimedOut,
    Unreachable,
)


def status_of(error: Exception) -> int | None:
    """Status of the answer that an error is about, None where there was none.

    The first match is obstore's own word: before it there is only the address, in which blanks are quoted.
    """
    match = re.search(r"status code: (\d{3})", str(error))
    return int(match[1]) if match else None


def from_obstore(error: Exception, host: str, place: str) -> NapariIdrError:
    """Return our error for what went wrong with a request to a host."""
    if isinstance(error, UnauthenticatedError):
        return access_denied(host, place)
    status = status_of(error)
    if status is not None:
        return _failed_status(status, host, place)
    text = str(error)
    if "kind: Timeout" in text or "TimedOut" in text:
        return TimedOut(f"{host} did not answer in time", place, "try again, or raise the time-out")
    if "UnexpectedRange" in text:
        return ChunkError(f"{host} sent another part of the file than was asked for", place, "try again")
    return _wrong_answer(error, host, place)


def access_denied(host: str, place: str) -> AccessDenied:
    """Return the error for 401 and 403."""
    hint = "it may be private, or not there: check the address in a browser"
    return AccessDenied(f"{host} does not give access", place, hint)


def busy(status: int, host: str, place: str, retry_after: float | None) -> Busy:
    """Return the error for 429 and 503."""
    return Busy(f"{host} asks us to wait (status {status})", place, "try again later", retry_after=retry_after)


def _failed_status(status: int, host: str, place: str) -> NapariIdrError:
    if status == 408:
        return TimedOut(f"{host} did not hear us in time", place, "try again")
    if status == 416:
        return ChunkError(f"{host} has less of the file than there should be", place, "try again")
    if status >= 500:
        return ServerFailure(f"{host} failed (status {status})", place, "try again later")
    return ProtocolError(f"{host} refused the request (status {status})", place, "check the address")


def _wrong_answer(error: Exception, host: str, place: str) -> NapariIdrError:
    text = str(error)
    if "MissingContentLength" in text:
        return ProtocolError(f"{host} does not say how long its answers are", place, "ask who runs the server")
    unreadable = ("redirect without LOCATION", "NoContentRange", "ParseContentRange")
    if isinstance(error, NotSupportedError) or any(word in text for word in unreadable):
        return ProtocolError(f"{host} gave an answer that cannot be read", place, "check the address")
    return _no_answer(text, host, place)


def _no_answer(text: str, host: str, place: str) -> Unreachable:
    hint = "check the address and that you are online"
    if "dns error" in text or "failed to lookup address" in text:
        return Offline(f"There is no host {host}", place, hint)
    if "certificate" in text.lower() or "UnknownIssuer" in text:
        return Unreachable(f"No secure connection to {host} can be made", place, hint)
    if any(word in text for word in ("refused", "unreachable", "No route")):
        return Offline(f"Nobody answers at {host}", place, hint)
    return Unreachable(f"The connection to {host} broke off", place, hint)
