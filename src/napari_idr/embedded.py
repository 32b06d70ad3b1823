"""The embedded repository as a child process: this process imports neither zarr nor a web server for it."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from napari_idr.errors import Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

ENDING = 5.0
"""Seconds the child may take to end before it is killed."""
_PROGRESS = re.compile(r"progress (\d+)/(\d+) (.*)")


def progress_message(done: int, total: int, what: str) -> str:
    """Return the line on standard error by which the child tells how far it is."""
    return f"progress {done}/{total} {what}"


class EmbeddedRepository:
    """Starts ``napari-idr serve`` on a free port and ends it; it also ends when this process does.

    Parameters
    ----------
    folder
        Folder of OME-Zarr to serve; the demonstration content, painted on first start, where None.
    options
        Further options of the command, like ``("--latency", "50")``.
    """

    def __init__(self, folder: Path | None = None, options: Sequence[str] = ()) -> None:
        self._arguments = [*([str(folder)] if folder else []), "--port", "0", "--stop-with-stdin", *options]
        self._process: subprocess.Popen[str] | None = None
        self._listener: threading.Thread | None = None
        self._said: deque[str] = deque(maxlen=20)
        self._lock = threading.Lock()
        self.address = ""
        """Where it listens, with a trailing slash; empty while it does not run."""

    @property
    def process_id(self) -> int | None:
        """The child's process id, None where it does not run."""
        return None if self._process is None else self._process.pid

    def start(self, on_progress: Callable[[int, int, str], None] | None = None) -> str:
        """Start it and return its address; returns that at once where it runs already. May block for half a minute.

        Parameters
        ----------
        on_progress
            Told of steps done, steps in all and what is done, from a thread of its own.

        Raises
        ------
        Unreachable
            The child ended before it served anything; the message says what it said.
        """
        with self._lock:
            if self.address and self._process is not None and self._process.poll() is None:
                return self.address
            self._end()
            self._process = process = self._launch()
            assert process.stderr is not None
            assert process.stdout is not None
            self._listener = threading.Thread(
                target=self._listen, args=(process.stderr, on_progress), name="napari-idr-embedded", daemon=True
            )
            self._listener.start()
            line = process.stdout.readline().strip()
            if not line.startswith("http://"):
                self._fail()
            self.address = line if line.endswith("/") else f"{line}/"
            return self.address

    def stop(self) -> None:
        """End it; does nothing where it does not run."""
        process = self._process
        if process is not None and not self.address:
            process.kill()  # it is still starting, in another thread
        with self._lock:
            self._end()

    def _launch(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "napari_idr", "serve", *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    def _listen(self, stderr: IO[str], on_progress: Callable[[int, int, str], None] | None) -> None:
        for line in stderr:
            match = _PROGRESS.fullmatch(line.strip())
            if match is None:
                self._said.append(line.strip())
            elif on_progress is not None:
                on_progress(int(match[1]), int(match[2]), match[3])

    def _fail(self) -> None:
        self._end()
        said = next((line for line in reversed(self._said) if line), "it said nothing")
        raise Unreachable("The embedded repository did not start", said, "try napari-idr serve in a terminal")

    def _end(self) -> None:
        process, self._process, self.address = self._process, None, ""
        if process is None:
            return
        with suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]
        try:
            process.wait(ENDING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._listener is not None:
            self._listener.join()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
