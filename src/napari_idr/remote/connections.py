"""Connections to servers: how many at a time, how often again, and whose certificates are believed."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ReadTimeoutError
from urllib3.util.retry import Retry

from .limits import CONNECTIONS_PER_HOST

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from .cut_off import CutOff

LONGEST_RETRY_AFTER = 20.0


def new_session(cut_off: CutOff, user_agent: str) -> requests.Session:
    """Return a client with cookies of its own, whose connections can be cut off."""
    session = requests.Session()
    session.max_redirects = 5
    session.headers["User-Agent"] = user_agent
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(cut_off))
    return session


class _Adapter(HTTPAdapter):
    """Connections to one host: as many as are allowed at a time, certificates as the system trusts them."""

    def __init__(self, cut_off: CutOff) -> None:
        self._context: ssl.SSLContext | None = None
        self._cut_off = cut_off
        super().__init__(
            pool_maxsize=CONNECTIONS_PER_HOST,
            pool_block=True,
            max_retries=_PatientRetry(
                total=4,
                connect=1,
                read=1,
                status=3,
                other=0,
                redirect=False,
                status_forcelist=(429, 502, 503, 504),
                allowed_methods=("GET",),
                backoff_factor=0.2,
                raise_on_status=False,
            ),
        )

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._trust(), **kwargs)
        self._cut_off.watch(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, ssl_context=self._trust(), **kwargs)
        self._cut_off.watch(manager)
        return manager

    def _trust(self) -> ssl.SSLContext:
        if self._context is None:
            import truststore

            self._context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return self._context


class _PatientRetry(Retry):
    """Repeats what a pause can mend: not a time-out, and never after a pause nobody would wait for."""

    def increment(  # type: ignore[override]
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> Retry:
        if isinstance(error, ReadTimeoutError):
            raise error
        return super().increment(method, url, response, error, *args, **kwargs)

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        seconds = super().get_retry_after(response)
        return None if seconds is None else min(seconds, LONGEST_RETRY_AFTER)
