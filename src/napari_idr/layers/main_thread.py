"""A hop into the GUI thread that outlives what it carries.

One long-lived object with a queued signal. A hop per call, whose objects are collected as soon as they have run,
crashed PySide6 in about one of five runs of our tests.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QCoreApplication, QObject, Qt, QThread, Signal, Slot

if TYPE_CHECKING:
    from collections.abc import Callable


class _Hop(QObject):
    """Runs in the GUI thread what any thread gives it."""

    asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.moveToThread(_gui_thread())
        self.asked.connect(self._run, Qt.ConnectionType.QueuedConnection)

    @Slot(object)
    def _run(self, call: Callable[[], object]) -> None:
        call()


@cache
def _hop() -> _Hop:
    return _Hop()


def _gui_thread() -> Any:
    application = QCoreApplication.instance()
    return application.thread() if application is not None else None


def in_main_thread(function: Callable[..., object], *arguments: Any) -> None:
    """Call a function in the GUI thread: at once where this is it, else when its event loop comes to it."""
    if QThread.currentThread() is _gui_thread():
        function(*arguments)
        return
    soon_in_main_thread(function, *arguments)


def soon_in_main_thread(function: Callable[..., object], *arguments: Any) -> None:
    """Call a function in the GUI thread when its event loop comes to it, also from there: never within the caller."""
    with suppress(RuntimeError):  # Qt is gone: the program is ending, and nobody is left to see it
        _hop().asked.emit(partial(function, *arguments))
