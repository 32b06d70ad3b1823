"""The embedded repository's server: the app, a server in a thread for tests, and one that blocks for ``serve``."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from napari_idr.errors import NotFound

from .accounts import Accounts
from .answers import Served, not_found_page
from .control import Control
from .faults import Faults
from .files import ZarrFiles
from .gate import Gate
from .json_api import JsonApi
from .login_views import LoginViews
from .map_saving import MapSaving
from .ontology import Ontology
from .other_ways import OtherWays
from .pictures import Pictures
from .roi_saving import RoiSaving, SavedRois
from .roi_views import RoiViews
from .scanning import catalogue_document
from .search_engine import SearchEngine
from .serving import build_catalogue
from .sessions import Sessions
from .shaping import Line, ShapedApp
from .tables import Tables
from .tags import Tags
from .webclient_api import WebclientApi
from .webgateway import Webgateway

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from .content import Progress
    from .served import Catalogue

START = 20.0
"""Seconds a server in a thread may take to start."""
BACKLOG = 1024
"""Connections that may wait to be taken."""


def create_app(
    root: Path,
    *,
    latency_ms: float = 0,
    bandwidth_mbit: float = 0,
    faults: bool = False,
    accounts: Accounts | None = None,
) -> ASGIApp:
    """Return an app that serves a folder: the demonstration content, or any folder of OME-Zarr.

    Parameters
    ----------
    root
        The folder. Read once; files that come later are served, but not listed.
    latency_ms
        How long each request waits before its first byte.
    bandwidth_mbit
        What the bodies of all answers share, in Mbit/s; 0: no limit.
    faults
        Whether ``/__fault`` is there, with which tests order answers that go wrong.
    accounts
        Who may sign in, and what only they see; nobody, and everybody sees everything, where None.

    Raises
    ------
    NotFound
        The folder does not exist.
    """
    if not root.is_dir():
        raise NotFound("There is no folder to serve", str(root), "check the path")
    root = root.resolve()
    catalogue, pictures = build_catalogue(root, catalogue_document(root)), Pictures(root)
    line, ordered = Line(latency_ms, bandwidth_mbit), Faults() if faults else None
    sessions, saved, people = Sessions(), SavedRois(), accounts or Accounts()
    common = [*Control(line, ordered, sessions).routes(), *LoginViews(people, sessions).routes()]

    def build(groups: frozenset[int], *more: Route) -> Starlette:
        part = saved.join(people.part(catalogue, groups))
        files = ZarrFiles(root, _paths(catalogue) - _paths(part))
        routes = [*more, Route("/zarr/{path:path}", files.answer), *_views(Served(part, pictures), saved, files)]
        return Starlette(routes=routes, exception_handlers=UNKNOWN)

    if accounts is None:
        return ShapedApp(build(people.visible(None), *common), line, ordered)
    saved.join(catalogue)
    bases = [route for route in JsonApi(Served(catalogue, pictures)).routes() if route.path in ("/api/", "/api/v0/")]
    everybody = Starlette(routes=[*common, *bases], exception_handlers=UNKNOWN)
    return ShapedApp(Gate(accounts, sessions, everybody, build), line, ordered)


def _views(served: Served, saved: SavedRois, files: ZarrFiles) -> list[Route]:
    """Return the views of a catalogue."""
    return [
        *JsonApi(served).routes(),
        *WebclientApi(served).routes(),
        *Webgateway(served).routes(),
        *Tags(served).routes(),
        *SearchEngine(served).routes(),
        *RoiViews(served).routes(),
        *Ontology(served).routes(),
        *RoiSaving(served.catalogue, saved).routes(),
        *MapSaving(served.catalogue, saved).routes(),
        *OtherWays(served, files).routes(),
        *Tables(served).routes(),
        Route("/", WebclientApi(served).page),
    ]


def _paths(catalogue: Catalogue) -> frozenset[str]:
    """Return where the images and plates of a catalogue are."""
    return frozenset(
        [*(one.path for one in catalogue.images.values()), *(one.path for one in catalogue.plates.values())]
    )


async def _unknown_route(request: Request, error: Exception) -> Response:
    return not_found_page()


UNKNOWN = {404: _unknown_route}


class _Server(uvicorn.Server):
    """Tells when it has started."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close what a forced end leaves open."""
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        for _ in range(3):  # a transport closes its socket in the loop's next turns
            await asyncio.sleep(0)


class EmbeddedServer:
    """A server in a thread of this process, on loopback; a context manager.

    Parameters
    ----------
    root
        Folder to serve.
    port
        Port to listen on; 0 for a free one.
    usual_port
        Port to prefer among the free ones; 0 for none.
    latency_ms, bandwidth_mbit, faults, accounts
        As for ``create_app``.
    """

    def __init__(
        self,
        root: Path,
        port: int = 0,
        *,
        usual_port: int = 0,
        latency_ms: float = 0,
        bandwidth_mbit: float = 0,
        faults: bool = False,
        accounts: Accounts | None = None,
    ) -> None:
        app = create_app(root, latency_ms=latency_ms, bandwidth_mbit=bandwidth_mbit, faults=faults, accounts=accounts)
        self._socket = _listen(port, usual_port)
        self._started = threading.Event()
        self._server = _Server(_config(app), self._announce)
        self._on_started: Callable[[str], None] | None = None
        self._thread = threading.Thread(target=self._run, name="napari-idr-serve", daemon=True)

    @property
    def address(self) -> str:
        """Where it listens, with a trailing slash."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/"

    def start(self) -> EmbeddedServer:
        """Start serving; returns when it answers."""
        self._thread.start()
        if not self._started.wait(START):
            raise TimeoutError("the embedded server did not start")
        return self

    def request_stop(self) -> None:
        """Have all connections closed and the server end, without waiting for it; from any thread."""
        self._server.force_exit = self._server.should_exit = True

    def stop(self) -> None:
        """Close all connections and wait for the thread."""
        self.request_stop()
        if self._thread.ident is not None:
            self._thread.join()
        self._socket.close()

    def run(self, on_started: Callable[[str], None]) -> None:
        """Serve in the calling thread until interrupted; ``on_started`` gets the address."""
        self._on_started = on_started
        self._run()
        self._socket.close()

    def __enter__(self) -> EmbeddedServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _announce(self) -> None:
        self._started.set()
        if self._on_started is not None:
            self._on_started(self.address)

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


def serve(
    root: Path | None,
    port: int = 0,
    latency_ms: float = 0,
    bandwidth_mbit: float = 0,
    *,
    usual_port: int = 0,
    on_started: Callable[[str], None],
    on_progress: Progress | None = None,
    stop_with_stdin: bool = False,
    private: bool = False,
) -> None:
    """Serve a folder until interrupted (Ctrl-C, SIGTERM).

    Parameters
    ----------
    root
        Folder to serve; the demonstration content where None, painted first where it is not there yet.
    port, usual_port, latency_ms, bandwidth_mbit
        As for ``EmbeddedServer``.
    on_started
        Gets the address as soon as it answers.
    on_progress
        Told of the painting of the content.
    stop_with_stdin
        Whether to stop when standard input is closed: so a server ends with the process that started it.
    private
        Whether to show nothing without a login, as a laboratory's server does: see ``Accounts.lab``.
    """
    if root is None:
        from .content import ensure_content

        root = ensure_content(on_progress=on_progress)
    accounts = Accounts.lab() if private else None
    server = EmbeddedServer(
        root, port, usual_port=usual_port, latency_ms=latency_ms, bandwidth_mbit=bandwidth_mbit, accounts=accounts
    )
    if stop_with_stdin:
        threading.Thread(target=_stop_with_stdin, args=(server,), daemon=True).start()
    server.run(on_started)


def _stop_with_stdin(server: EmbeddedServer) -> None:
    while sys.stdin.buffer.read(1024):
        pass
    server.request_stop()


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        backlog=BACKLOG,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=1,
        server_header=False,
    )


def _listen(port: int, usual: int) -> socket.socket:
    """Return a socket at a port; where any will do, at the usual one, if nobody has it."""
    if not port and usual:
        try:
            return _bound(usual)
        except OSError:
            return _bound(0)
    return _bound(port)


def _bound(port: int) -> socket.socket:
    # With the protocol named, asyncio switches Nagle's delay off: headers and body are two packets.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name != "nt":  # there it would let two listen at one port
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(BACKLOG)  # now, so that nobody else gets the port before the server has started
    except OSError:
        listening.close()
        raise
    return listening
