"""Connections that another thread can cut off, so that closing never waits for a server that does not answer."""

from __future__ import annotations

import socket
import threading
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from urllib3 import PoolManager
    from urllib3.connection import HTTPConnection


class CutOff:
    """The open connections of one client; thread-safe."""

    def __init__(self) -> None:
        self._open: weakref.WeakSet[HTTPConnection] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._closed = False

    def watch(self, manager: PoolManager) -> None:
        """Have a manager make connections that :meth:`close` cuts off."""
        from urllib3.connection import HTTPConnection, HTTPSConnection
        from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

        manager.pool_classes_by_scheme = {
            "http": _pool_class(HTTPConnectionPool, HTTPConnection, self),
            "https": _pool_class(HTTPSConnectionPool, HTTPSConnection, self),
        }

    def admit(self, connection: HTTPConnection) -> None:
        """Note a connection that is open now; refuse it once all were cut off."""
        from urllib3.exceptions import NewConnectionError

        with self._lock:
            if not self._closed:
                self._open.add(connection)
                return
        connection.close()
        raise NewConnectionError(connection, "the client was closed")

    def close(self) -> None:
        """Cut all connections off, and let none be made again: who waits for an answer gets an error at once."""
        with self._lock:
            self._closed = True
            connections = list(self._open)
        for connection in connections:
            with suppress(OSError, AttributeError):  # closed already
                connection.sock.shutdown(socket.SHUT_RDWR)


def _pool_class(pool: Any, connection: Any, cut_off: CutOff) -> Any:
    def connect(self: Any) -> None:
        connection.connect(self)
        cut_off.admit(self)

    admitted = type(f"Admitted{connection.__name__}", (connection,), {"connect": connect})
    return type(f"Admitting{pool.__name__}", (pool,), {"ConnectionCls": admitted})
