"""Runs jobs in fresh processes, each with settings and folders of its own, and ends those that hang."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from child import ANSWER, Job

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wire import ShapedServer

CHILD = Path(__file__).with_name("child.py")
PEER_PYTHON = Path(__file__).resolve().parents[1] / ".venv-peer" / "bin" / "python"
TIME_LIMIT = 480.0
"""Seconds for one run."""


@dataclass
class Runs:
    """What runs need: the server, the data, a folder for the layers that are held in memory."""

    server: ShapedServer
    files: Path
    scratch: Path
    repeats: int
    failures: list[str] = field(default_factory=list)
    """What did not end well, a line each."""

    def several(
        self, work: str, data: str, sides: tuple[str, ...], repeats: int | None = None
    ) -> dict[str, list[dict[str, Any]]]:
        """Return what each side measured, run by run; the sides take turns, so that all meet the same machine."""
        found: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
        for number in range(repeats or self.repeats):
            for side in sides if number % 2 == 0 else reversed(sides):
                answer = self.one(work, data, side)
                if answer is not None:
                    found[side].append(answer)
        return found

    def one(
        self, work: str, data: str, side: str, environment: Mapping[str, str] | None = None, *, online: bool = True
    ) -> dict[str, Any] | None:
        """Return what one run measured, None where it failed. Sides: ours, peer, peer async, memory."""
        if side == "memory":
            self._keep(data)
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            job = self._job(work, data, side.partition(" ")[0], online=online)
            if online:
                self.server.wire.shape()  # a run before may have asked for another line
            return self._run(job, {**environment_in(folder, side), **(environment or {})})

    def _job(self, work: str, data: str, side: str, *, online: bool = True) -> Job:
        address = self.server.wire.address
        kept = str(self.scratch / f"kept-{data}")
        return Job(work, side, data, address if online else "", str(self.files), kept, f"{address}{data}.zarr")

    def _keep(self, data: str) -> None:
        """Write the layers of an image once, for the side that holds them in memory."""
        job = self._job("keep", data, "ours")
        if not Path(job.kept).is_dir():
            self.server.wire.shape(0, 0)
            with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
                self._run(job, environment_in(folder, "ours"))

    def _run(self, job: Job, environment: Mapping[str, str]) -> dict[str, Any] | None:
        python = PEER_PYTHON if job.side == "peer" else sys.executable
        print(f"  {job.work} {job.data} {job.side}", file=sys.stderr, end="", flush=True)
        process = subprocess.Popen(
            [str(python), "-X", "faulthandler", str(CHILD), job.as_json()],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        said, complained = _outcome(process)
        answers = [line for line in said.splitlines() if line.startswith(ANSWER)]
        if answers:
            print(f" {_summary(answer := json.loads(answers[-1].removeprefix(ANSWER)))}", file=sys.stderr, flush=True)
            return answer
        self.failures.append(f"{job.work} of {job.data} by {job.side} ended with {process.returncode}")
        print(f" FAILED ({process.returncode})\n{complained[-3000:]}", file=sys.stderr, flush=True)
        return None


def _outcome(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Return what a process wrote; one that hangs, or that nobody waits for any more, is ended with its children."""
    try:
        return process.communicate(timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.communicate()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def environment_in(folder: str, side: str) -> dict[str, str]:
    """Return variables that keep a run apart from the user's settings and from other runs."""
    return {
        "NAPARI_CONFIG": f"{folder}/napari.yaml",
        "NAPARI_IDR_CACHE_DIR": f"{folder}/cache",
        "NAPARI_IDR_DATA_DIR": f"{folder}/data",
        "NAPARI_IDR_CONFIG_DIR": f"{folder}/config",
        "NAPARI_ASYNC": "1" if side.endswith("async") else "0",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "QT_LOGGING_RULES": "*=false",
    }


def _summary(answer: Mapping[str, Any]) -> str:
    """Return a run in a line, for whoever watches."""
    return "; ".join(
        f"{phase['name']} {phase['complete'] or float('nan'):.2f} s, gap {phase['gap']:.0f} ms"
        for phase in answer.get("phases", ())
    )
