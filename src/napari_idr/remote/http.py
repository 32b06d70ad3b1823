"""JSON and small files over HTTP: one pool of connections, time-outs always, every failure in our words.

The client, and the modules it is made of, come with the first request: a window that opens waits for neither.
"""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlencode

from napari_idr.errors import Cancelled, NapariIdrError, ProtocolError, TimedOut
from napari_idr.version import VERSION

from .cut_off import CutOff
from .http_errors import check_answer, from_exception
from .limits import CONNECTIONS_PER_HOST
from .logins import Logins
from .safe_address import host_of, without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import requests

    from .kept_json import KeptJson

Query: TypeAlias = "Sequence[tuple[str, str]]"
"""Parameters in the order they are sent: caches of servers look at it."""

USER_AGENT = f"napari-idr/{VERSION} (+https://github.com/napari-idr/napari-idr)"
JSON_LIMIT = 64 << 20
WHOLE_ANSWER = 6
"""A body may take this many times the read time-out before it counts as an answer that never ends."""


class Http:
    """Requests to repositories: at most four at a time per host, repeated where that can help.

    A GET request that meets 429, 502, 503 or 504 is repeated up to three times with growing pauses, or after the
    pause the server asks for; one whose connection broke is repeated once; one that timed out is not.
    Thread-safe.

    Parameters
    ----------
    connect_timeout, read_timeout
        Seconds to wait for a connection, and without any byte of an answer.
    user_agent
        How we introduce ourselves.
    kept
        Where JSON answers are kept on disk; None keeps nothing.
    """

    def __init__(
        self,
        *,
        connect_timeout: float = 5,
        read_timeout: float = 20,
        user_agent: str = USER_AGENT,
        kept: KeptJson | None = None,
    ) -> None:
        self.read_timeout = read_timeout
        self._timeout = (connect_timeout, read_timeout)
        self._kept = kept
        self._cut_off = CutOff()
        self._user_agent = user_agent
        self._session: requests.Session | None = None
        self._making = threading.Lock()
        self.logins = Logins(self._new_session, self._timeout)
        """Servers that are asked with somebody's session: nothing they answer is kept on disk."""
        self._pool = ThreadPoolExecutor(CONNECTIONS_PER_HOST, thread_name_prefix="napari-idr-http")
        self._closed = False

    def _new_session(self) -> requests.Session:
        from .connections import new_session

        return new_session(self._cut_off, self._user_agent)

    def _client(self) -> requests.Session:
        """Return the client that asks as anybody, made at the first call."""
        with self._making:
            if self._session is None:
                self._session = self._new_session()
            return self._session

    def get_json(self, url: str, params: Query = ()) -> Any:
        """Return the object or list a server answers with.

        May block. Raises ``NotFound``, ``AccessDenied``, ``ServerFailure``, ``Unreachable``, ``TimedOut``,
        and ``ProtocolError`` where the answer is a web page or not JSON.
        """
        headers = {"Accept": "application/json"}

        def ask() -> tuple[bytes, str]:
            return self._get(url, params, limit=JSON_LIMIT, headers=headers)

        def read(body: bytes, content_type: str) -> Any:
            return _parse_json(body, content_type, url)

        login, kept = self.logins.at(url), self._kept
        if kept is None:
            return self.logins.ask(url, lambda: read(*ask()))
        return self.logins.ask(url, lambda: kept.get(url, params, ask, read, is_private=login is not None))

    def post_json(self, url: str, document: object, params: Query = ()) -> Any:
        """Return what a server answers to a question that is a JSON document; it is not repeated.

        Raises like ``get_json``. May block.
        """
        return self._post(url, json.dumps(document).encode(), "application/json", params)

    def post_form(self, url: str, fields: Query) -> Any:
        """Return what a server answers to a form, as a web page sends one; it is not repeated.

        Raises like ``get_json``. May block.
        """
        return self._post(url, urlencode(list(fields)).encode(), "application/x-www-form-urlencoded")

    def _post(self, url: str, question: bytes, kind: str, params: Query = ()) -> Any:
        headers = {"Accept": "application/json", "Content-Type": kind}

        def ask() -> Any:
            sent = headers | self.logins.headers_at(url)
            return _parse_json(*self._get(url, params, limit=JSON_LIMIT, headers=sent, question=question), url)

        return self.logins.ask(url, ask)

    def get_bytes(self, url: str, params: Query = (), *, limit: int = JSON_LIMIT) -> bytes:
        """Return the body of an answer of at most ``limit`` bytes. Raises like ``get_json``. May block."""

        def ask() -> bytes:
            body, content_type = self._get(url, params, limit=limit, headers={})
            if _is_page(body, content_type) and self.logins.at(url) is not None:
                raise _not_data("a web page", url)
            return body

        return self.logins.ask(url, ask)

    def decided(self, question: str, decide: Callable[[], str]) -> str:
        """Return what was decided about a question within the last day, on this computer, else what ``decide`` says.

        An error of ``decide`` is raised, and decides nothing. May block.
        """
        return decide() if self._kept is None else self._kept.decided(question, decide)

    @contextmanager
    def opened(self, url: str, headers: dict[str, str]) -> Iterator[requests.Response]:
        """Ask for something large, whose body is read from the answer while it comes; nothing is checked or kept."""
        if self._closed:
            raise _closed(url)
        with self._client().get(url, headers=headers, timeout=self._timeout, stream=True) as response:
            yield response

    def begin_bytes(self, url: str, params: Query = (), *, limit: int = JSON_LIMIT) -> Future[bytes]:
        """Ask as ``get_bytes`` does, in a worker: four at a time, those that were cancelled before their turn never."""
        try:
            return self._pool.submit(self.get_bytes, url, params, limit=limit)
        except RuntimeError as error:
            raise _closed(url) from error

    def get_json_many(
        self,
        requests_: Sequence[tuple[str, Query]],
        *,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[tuple[int, Any | NapariIdrError]]:
        """Yield ``(index, answer or error)`` for many requests made at once, as each arrives.

        Whoever stops iterating, or whose ``is_cancelled`` says so (then ``Cancelled`` is raised), takes back
        the requests that were not sent yet. May block.
        """
        return self._many(self.get_json, requests_, is_cancelled)

    def get_bytes_many(
        self,
        requests_: Sequence[tuple[str, Query]],
        *,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[tuple[int, bytes | NapariIdrError]]:
        """Yield ``(index, body or error)`` for many requests made at once, as ``get_json_many`` does. May block."""
        return self._many(self.get_bytes, requests_, is_cancelled)

    def _many(
        self,
        fetch: Callable[[str, Query], Any],
        requests_: Sequence[tuple[str, Query]],
        is_cancelled: Callable[[], bool] | None,
    ) -> Iterator[tuple[int, Any | NapariIdrError]]:
        try:
            futures = {self._pool.submit(_outcome, fetch, *ask): index for index, ask in enumerate(requests_)}
        except RuntimeError as error:
            raise _closed(requests_[0][0]) from error
        waiting = set(futures)
        try:
            while waiting:
                if self._closed:  # what closing took back is never "done": nobody would tell
                    raise _closed(requests_[0][0])
                if is_cancelled is not None and is_cancelled():
                    raise Cancelled("The requests were cancelled")
                done, waiting = wait(waiting, timeout=0.1, return_when=FIRST_COMPLETED)
                for future in done:
                    yield futures[future], future.result()
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """Take back what was not sent and cut off the rest: whoever waits gets ``Cancelled``."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._cut_off.close()
        self.logins.close()
        if self._session is not None:
            self._session.close()

    def _get(
        self, url: str, params: Query, *, limit: int, headers: dict[str, str], question: bytes | None = None
    ) -> tuple[bytes, str]:
        """Return body and content type; an answer that broke off is asked for once more, unless it is to a question."""
        from requests import RequestException
        from urllib3.exceptions import HTTPError
        from urllib3.exceptions import ProtocolError as BrokenOff

        try:
            try:
                return self._once(url, params, limit, headers, question)
            except BrokenOff:
                if question is not None:
                    raise
                return self._once(url, params, limit, headers, question)
        except (RequestException, HTTPError, UnicodeError) as error:
            if self._closed:
                raise _closed(url) from error
            raise from_exception(error, url) from error

    def _once(
        self, url: str, params: Query, limit: int, headers: dict[str, str], question: bytes | None
    ) -> tuple[bytes, str]:
        if self._closed:
            raise _closed(url)
        method, login = "GET" if question is None else "POST", self.logins.at(url)
        session = self._client() if login is None else login.session
        with session.request(
            method, url, params=list(params), data=question, headers=headers, timeout=self._timeout, stream=True
        ) as response:
            body = _read_bounded(response, limit, self.read_timeout * WHOLE_ANSWER)
        check_answer(response, body)
        return body, response.headers.get("Content-Type", "")


def _read_bounded(response: requests.Response, limit: int, seconds: float) -> bytes:
    """Return the body; refuse one of more than ``limit`` bytes or that drips for longer than ``seconds``."""
    body, deadline = bytearray(), time.monotonic() + seconds
    while part := response.raw.read1(1 << 16, decode_content=True):
        body += part
        if len(body) > limit:
            raise ProtocolError(
                f"{host_of(response.url)} sent more than {limit >> 20} MB where a short answer was due",
                without_secrets(response.url),
                "ask for less at a time",
            )
        if time.monotonic() > deadline:
            raise TimedOut(
                f"{host_of(response.url)} did not finish its answer within {seconds:g} s",
                without_secrets(response.url),
                "try again later",
            )
    return bytes(body)


def _outcome(fetch: Callable[[str, Query], Any], url: str, params: Query) -> Any | NapariIdrError:
    try:
        return fetch(url, params)
    except NapariIdrError as error:
        return error


def _closed(url: str) -> Cancelled:
    return Cancelled("The session was closed", without_secrets(url), "open a new one")


def _parse_json(body: bytes, content_type: str, url: str) -> Any:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        what = "a web page" if _is_page(body, content_type) else "something that is not JSON"
        raise _not_data(what, url) from error
    if not isinstance(answer, dict | list):
        raise _not_data("a bare value", url)
    return answer


def _is_page(body: bytes, content_type: str) -> bool:
    return "html" in content_type.lower() or body[:512].lstrip()[:1] == b"<"


def _not_data(what: str, url: str) -> ProtocolError:
    return ProtocolError(
        f"{host_of(url)} answered with {what} where data were due",
        without_secrets(url),
        "check that this is the address of an OMERO.web server, and that it is not down for maintenance",
    )
