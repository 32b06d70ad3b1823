"""The shaped server as a child process, and what its log says of a piece of work."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import ProxyHandler, build_opener

if TYPE_CHECKING:
    from collections.abc import Collection

LATENCY_MS, BANDWIDTH_MBIT = 50, 100
METADATA = (".zattrs", ".zarray", ".zgroup", ".zmetadata", "zarr.json")
_opener = build_opener(ProxyHandler({}))


class Wire:
    """Talks to the shaped server at an address; an empty one is a server that is switched off."""

    def __init__(self, address: str) -> None:
        self.address = address

    def control(self, what: str) -> Any:
        """Ask the server itself for something."""
        if not self.address:
            return []
        with _opener.open(f"{self.address}__{what}", timeout=30) as answer:
            return json.load(answer)

    def shape(self, latency: float = LATENCY_MS, bandwidth: float = BANDWIDTH_MBIT) -> None:
        """Set latency (ms) and bandwidth (Mbit/s, 0 for no bound)."""
        self.control(f"shape?latency={latency}&bandwidth={bandwidth}")

    def reset(self) -> None:
        """Forget the log."""
        self.control("reset")

    def busy(self) -> bool:
        """Whether a request is under way."""
        return bool(self.control("busy"))

    def log(self) -> list[Asked]:
        """Return every request since the last reset."""
        return [Asked(**{**row, "sent": [tuple(turn) for turn in row["sent"]]}) for row in self.control("log")]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request in the log; times are of the machine's monotonic clock."""

    path: str
    range: str
    connection: int
    at: float
    status: int
    sent: list[tuple[float, int]]
    done: float

    @property
    def bytes(self) -> int:
        """Bytes of the body that were sent."""
        return sum(count for _, count in self.sent)

    @property
    def is_metadata(self) -> bool:
        """Whether a document was asked for, not pixels."""
        return self.path.rsplit("/", 1)[-1] in METADATA

    @property
    def is_chunk(self) -> bool:
        """Whether it brought pixels: a chunk or part of a shard."""
        return not self.is_metadata and self.status in (200, 206)

    def bytes_after(self, moment: float) -> int:
        """Bytes that were sent after a moment."""
        return sum(count for at, count in self.sent if at > moment)


class ShapedServer:
    """The server in a process of its own; can be switched off and on again at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._port = 0
        self._process: subprocess.Popen[str] | None = None
        self.wire = Wire("")

    def start(self) -> Wire:
        """Start it, on the port it had before."""
        command = [sys.executable, str(Path(__file__).with_name("shaped_server.py")), str(self.folder)]
        self._process = subprocess.Popen(
            [*command, "--port", str(self._port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        address = self._process.stdout.readline().strip()
        if not address:
            raise RuntimeError("the shaped server did not start")
        self._port = int(address.rstrip("/").rpartition(":")[2])
        self.wire = Wire(address)
        return self.wire

    def stop(self) -> None:
        """Switch it off."""
        process, self._process = self._process, None
        if process is None:
            return
        process.communicate()  # its standard input ends
        process.wait()


def wait_until_quiet(wire: Wire, rest: float = 0.3, limit: float = 60) -> None:
    """Wait until nothing has been under way for a while."""
    deadline, since = time.monotonic() + limit, time.monotonic()
    while time.monotonic() - since < rest and time.monotonic() < deadline:
        time.sleep(0.02)
        if wire.busy():
            since = time.monotonic()


# -- what a log says


@dataclass(frozen=True, slots=True)
class Limit:
    """What nobody can beat: round trips that depend on one another, and the bytes that are needed."""

    trips: int
    bytes: int

    @property
    def seconds(self) -> float:
        """Return the time that the line alone takes."""
        return self.trips * LATENCY_MS / 1000 + self.bytes * 8 / (BANDWIDTH_MBIT * 1e6)


def limit_of(log: list[Asked], trips: int, needed: Collection[str]) -> Limit:
    """Return the limit of a view: bytes of the chunks it needs, and of the documents that came before the first.

    ``needed`` are the paths of those chunks on the server. What was asked twice counts once.
    """
    first = min((asked.at for asked in log if asked.is_chunk), default=float("inf"))
    kept = {
        (asked.path, asked.range): asked.bytes
        for asked in log
        if (asked.is_chunk and asked.path in needed) or (asked.is_metadata and asked.status == 200 and asked.at < first)
    }
    return Limit(trips, sum(kept.values()))
