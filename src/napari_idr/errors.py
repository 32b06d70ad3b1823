"""The one family of errors a caller of napari-idr has to know.

::

    NapariIdrError
    ├── AddressError      (ValueError)       not an address we understand
    ├── NotFound          (LookupError)      the repository or store says it does not exist
    ├── AccessDenied      (PermissionError)  it exists, but not for us
    │   └── SignInNeeded                     only for those who are signed in
    ├── Unreachable       (ConnectionError)  no answer: unknown host, refused, TLS, cut off
    │   ├── Offline                          nobody there: no such host, refused, or not asked again so soon
    │   └── ServerFailure                    an answer that says the server failed (5xx)
    │       └── Busy                         an answer that asks for a pause (429, 503)
    ├── TimedOut          (TimeoutError)     no answer in time
    ├── ProtocolError     (ValueError)       an answer that is not what the protocol promises
    ├── FormatError       (ValueError)       a file whose metadata break a rule
    ├── ChunkError        (OSError)          pixels that are truncated or of the wrong size
    ├── NotKept           (OSError)          what was made could not be written down: full, locked, damaged
    ├── Unsupported       (NotImplementedError)  something real that we cannot read or write yet
    └── Cancelled                            the caller, or closing down, stopped it

Every message is one sentence of three parts on one line: what failed, on what, and what to try; whatever address it
names, it holds no password.
"""

from __future__ import annotations

import re

_PASSWORD = re.compile(r"(?<=://)[^/@\s]+@")


class NapariIdrError(Exception):
    """What failed, on what, and what to try next.

    Parameters
    ----------
    what
        What failed, in the user's words ("Plate 7 was not found").
    on
        The accession, address or file it failed on.
    hint
        What to try next.
    """

    def __init__(self, what: str, on: str = "", hint: str = "") -> None:
        self.what, self.on, self.hint = (_PASSWORD.sub("", " ".join(part.splitlines())) for part in (what, on, hint))
        super().__init__(", ".join(part for part in (self.what, self.on, self.hint) if part))

    def __reduce__(self) -> tuple[type[NapariIdrError], tuple[str, str, str]]:
        return type(self), (self.what, self.on, self.hint)


class AddressError(NapariIdrError, ValueError):
    """An address that is none of the forms we understand."""


class NotFound(NapariIdrError, LookupError):
    """The repository or store answered that it does not exist."""


class AccessDenied(NapariIdrError, PermissionError):
    """It may exist, but this session may not see it."""


class SignInNeeded(AccessDenied):
    """The server answers only those who are signed in, or the session there has ended."""


class Unreachable(NapariIdrError, ConnectionError):
    """No usable answer: unknown host, refused, TLS failure, connection cut."""


class Offline(Unreachable):
    """Nobody is there: no such host, or it refused the connection.

    Parameters
    ----------
    what, on, hint
        As for every error of the family.
    asked
        Whether it was tried; a server that did not answer a moment ago is left alone for a few seconds.
    """

    def __init__(self, what: str, on: str = "", hint: str = "", *, asked: bool = True) -> None:
        self.asked = asked
        super().__init__(what, on, hint)


class ServerFailure(Unreachable):
    """The server answered that it failed (5xx)."""


class Busy(ServerFailure):
    """The server asks for a pause (429, 503).

    Parameters
    ----------
    what, on, hint
        As for every error of the family.
    retry_after
        Seconds the server asks to wait, None where it does not say.
    """

    def __init__(self, what: str, on: str = "", hint: str = "", *, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(what, on, hint)


class TimedOut(NapariIdrError, TimeoutError):
    """The server did not answer in time."""


class ProtocolError(NapariIdrError, ValueError):
    """An answer arrived, but not the one the protocol promises (HTML for JSON, wrong types)."""


class FormatError(NapariIdrError, ValueError):
    """Metadata of a file that break a rule, and cannot be placed without guessing.

    Parameters
    ----------
    what
        What is wrong.
    on
        The file.
    hint
        What to try next.
    key
        The key inside the file, as a dotted path (``multiscales[0].axes``).
    rule
        The rule it breaks, with the section of the specification.
    """

    def __init__(self, what: str, on: str = "", hint: str = "", *, key: str = "", rule: str = "") -> None:
        self.key, self.rule = key, rule
        detail = " ".join(part for part in (f"at {key}" if key else "", f"({rule})" if rule else "") if part)
        super().__init__(f"{what} {detail}".strip(), on, hint)

    def __reduce__(self) -> tuple[type[FormatError], tuple[str, str, str]]:
        return type(self), (self.what, self.on, self.hint)


class ChunkError(NapariIdrError, OSError):
    """Pixels that could not be decoded: truncated, corrupt, or of the wrong size."""


class NotKept(NapariIdrError, OSError):
    """What somebody made could not be written down where it is kept: the disk is full, or another program has it."""


class Unsupported(NapariIdrError, NotImplementedError):
    """Something that exists and that we cannot read or write (yet)."""


class Cancelled(NapariIdrError):
    """The caller stopped it, or the session was closed."""
