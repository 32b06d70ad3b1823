"""Functions run in the background; their answers come back in the GUI thread."""

from __future__ import annotations

import contextlib
import sys
import threading
import weakref
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from qtpy.compat import isalive
from qtpy.QtCore import QCoreApplication, QObject, Qt, Signal

from napari_idr.errors import Cancelled, NapariIdrError

if TYPE_CHECKING:
    from collections.abc import Callable

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Job:
    """One function running in the background, on behalf of a Qt object.

    Callbacks run in the GUI thread, and never after the job was cancelled or its parent destroyed. Errors of
    the ``NapariIdrError`` family go to ``on_error``; anything else goes to ``sys.excepthook``, which is
    where napari shows a traceback.

    Parameters
    ----------
    parent
        The object the answer is for.
    on_done, on_error, on_progress
        Called with the result; with the error; with whatever the function reports.
    """

    def __init__(
        self,
        parent: QObject,
        *,
        on_done: Callable[[Any], object] | None = None,
        on_error: Callable[[NapariIdrError], object] | None = None,
        on_progress: Callable[..., object] | None = None,
    ) -> None:
        self._parent = weakref.ref(parent)
        self._on_done, self._on_error, self._on_progress = on_done, on_error, on_progress
        self._mailbox = _mailbox()
        self._cancelled = threading.Event()
        self._finished = False
        parent.destroyed.connect(self.cancel)

    @property
    def is_running(self) -> bool:
        """Whether an answer is still to come."""
        return not self._finished and not self.is_cancelled()

    def cancel(self) -> None:
        """Forget the answer; the function sees it at its next ``is_cancelled``."""
        self._cancelled.set()

    def is_cancelled(self) -> bool:
        """Whether nobody waits for the answer any more. Callable from any thread."""
        return self._cancelled.is_set()

    def report(self, *values: object) -> None:
        """Hand values to ``on_progress`` in the GUI thread. Called by the function, in its thread."""
        if self._on_progress is not None:
            self._post(self._on_progress, values)

    def start(self, function: Callable[[], Any]) -> None:
        """Run a function in a thread of its own.

        A daemon thread rather than a pool: most of the time is spent waiting for a server, a pool of as many
        threads as cores would make one slow server block all others, and leaving napari must not wait.
        """
        threading.Thread(target=self._run, args=(function,), name="napari-idr worker", daemon=True).start()

    def _run(self, function: Callable[[], Any]) -> None:
        try:
            result = function()
        except Exception as error:  # noqa: BLE001 - the outermost edge of this thread; the GUI thread decides
            self._post(self._fail, (error,), last=True)
        else:
            self._post(self._succeed, (result,), last=True)

    def _post(self, callback: Callable[..., object], values: tuple[object, ...], last: bool = False) -> None:
        with contextlib.suppress(RuntimeError):  # the application is gone, and the mailbox with it
            self._mailbox.posted.emit(_Letter(self, callback, values, last))

    def deliver(self, letter: _Letter) -> None:
        """Call a callback unless nobody waits for it any more. GUI thread only."""
        if letter.is_last:
            self._let_go()
        if not self.is_cancelled():
            letter.callback(*letter.values)

    def _let_go(self) -> None:
        self._finished = True
        parent = self._parent()
        if parent is None or not isalive(parent):
            self.cancel()
        else:
            parent.destroyed.disconnect(self.cancel)

    def _succeed(self, result: object) -> None:
        if self._on_done is not None:
            self._on_done(result)

    def _fail(self, error: Exception) -> None:
        if isinstance(error, Cancelled):
            return
        if isinstance(error, NapariIdrError) and self._on_error is not None:
            self._on_error(error)
        else:
            sys.excepthook(type(error), error, error.__traceback__)


@dataclass(frozen=True, slots=True)
class _Letter:
    """What a thread wants called in the GUI thread."""

    job: Job
    callback: Callable[..., object]
    values: tuple[object, ...]
    is_last: bool


class Latest:
    """Runs one job at a time for its owner: a newer one cancels the one before."""

    def __init__(self, parent: QObject) -> None:
        self._parent = parent
        self._job: Job | None = None

    @property
    def is_running(self) -> bool:
        """Whether the latest job has not answered yet."""
        return self._job is not None and self._job.is_running

    def run(self, function: Callable[..., _R], *args: Any, **callbacks: Any) -> Job:
        """Cancel what runs, and ``run`` this instead."""
        self.cancel()
        self._job = run(function, *args, parent=self._parent, **callbacks)
        return self._job

    def run_reporting(self, function: Callable[..., _R], *args: Any, **callbacks: Any) -> Job:
        """Cancel what runs, and ``run_reporting`` this instead."""
        self.cancel()
        self._job = run_reporting(function, *args, parent=self._parent, **callbacks)
        return self._job

    def cancel(self) -> None:
        """Forget the answer that is still to come, if any."""
        if self._job is not None:
            self._job.cancel()
            self._job = None


def run(
    function: Callable[..., _R],
    *args: Any,
    on_done: Callable[[_R], object] | None = None,
    on_error: Callable[[NapariIdrError], object] | None = None,
    parent: QObject,
) -> Job:
    """Start ``function(*args)`` in the background and return its job. GUI thread only."""
    job = Job(parent, on_done=on_done, on_error=on_error)
    job.start(lambda: function(*args))
    return job


def run_reporting(
    function: Callable[Concatenate[Job, _P], _R],
    *args: Any,
    on_progress: Callable[..., object] | None = None,
    on_done: Callable[[_R], object] | None = None,
    on_error: Callable[[NapariIdrError], object] | None = None,
    parent: QObject,
) -> Job:
    """Start ``function(job, *args)``, which may call ``job.report`` and look at ``job.is_cancelled``."""
    job = Job(parent, on_done=on_done, on_error=on_error, on_progress=on_progress)
    job.start(lambda: function(job, *args))  # type: ignore[call-arg]
    return job


def while_alive(method: Callable[Concatenate[Any, _P], object]) -> Callable[Concatenate[Any, _P], None]:
    """Make a method of a Qt object do nothing once Qt destroyed the object.

    For slots of signals that are not Qt's, which do not end with the object.
    """

    @wraps(method)
    def guarded(self: Any, /, *args: _P.args, **kwargs: _P.kwargs) -> None:
        if isalive(self):
            method(self, *args, **kwargs)

    return guarded


class _Mailbox(QObject):
    """Carries callbacks from any thread into the GUI thread."""

    posted = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.posted.connect(self._on_posted, Qt.ConnectionType.QueuedConnection)

    def _on_posted(self, letter: _Letter) -> None:
        letter.job.deliver(letter)


def _mailbox() -> _Mailbox:
    """Return the application's mailbox, made at the first call. GUI thread only."""
    application = QCoreApplication.instance()
    if application is None:
        raise RuntimeError("a background job needs a QApplication")
    return application.findChild(_Mailbox) or _Mailbox(application)
