"""A PostgreSQL of the tests' own, where its programs are installed: its socket is in a folder that goes with it."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy.engine import URL

START = 60.0


def programs() -> Path | None:
    """Folder of PostgreSQL's programs, the newest; None where there are none."""
    on_path = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    found = [*installed, *([Path(on_path).resolve()] if on_path else [])]
    return found[-1].parent if found else None


class PrivatePostgresql:
    """Started, cut off and started again at will; ends with the process that made it."""

    def __init__(self, bin_folder: Path) -> None:
        self._bin = bin_folder
        self._user = _user()
        self.folder = Path(tempfile.mkdtemp(prefix="napari-idr-pg-", dir="/tmp"))  # a socket's path is short
        if self._user:
            shutil.chown(self.folder, self._user)
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "napari", "-A", "trust", "-N", "-E", "UTF8")

    def start(self) -> None:
        """Start it; returns when it answers."""
        options = ["-k", str(self.folder), "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=20"]
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(self.folder / "data"), *options],
                stdout=log,
                stderr=log,
                cwd="/",
                preexec_fn=_end_with_parent,
                **self._as_user(),
            )
        end = time.monotonic() + START
        ready = [str(self._bin / "pg_isready"), "-q", "-h", str(self.folder), "-U", "napari", "-d", "postgres"]
        while subprocess.run(ready, check=False).returncode:
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError(f"PostgreSQL did not start, see {log.name}")

    def cut(self) -> None:
        """End it at once, as if somebody pulled the plug."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(120)
            self._process = None

    def database(self, name: str) -> str:
        """Make a database, and return its address."""
        self._run("createdb", "-h", str(self.folder), "-U", "napari", name)
        query = {"host": str(self.folder)}
        return URL.create("postgresql+psycopg", "napari", "hunter2", database=name, query=query).render_as_string(False)

    def close(self) -> None:
        """End it, and delete all of it."""
        self.cut()
        shutil.rmtree(self.folder, ignore_errors=True)
        Path(f"{self.folder}.log").unlink(missing_ok=True)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *arguments], capture_output=True, cwd="/", check=False, **self._as_user()
        )
        if done.returncode:
            raise RuntimeError(done.stderr.decode(errors="replace"))

    def _as_user(self) -> dict[str, str]:
        return {"user": self._user} if self._user else {}


def _user() -> str:
    """Who it runs as: PostgreSQL refuses root."""
    if os.geteuid():
        return ""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _end_with_parent() -> None:
    """Have the kernel end it when the tests are killed (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)
