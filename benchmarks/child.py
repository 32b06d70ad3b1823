"""One run in a process of its own: one side, one image, one kind of work. Says what it measured in its last line."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wire import Wire

if TYPE_CHECKING:
    from sides import Side

ANSWER = "measured: "


@dataclass(frozen=True, slots=True)
class Job:
    """What a process is to do."""

    work: str
    side: str
    """ours, peer, or memory."""
    data: str
    server: str
    """Address of the shaped server; empty where it is switched off."""
    files: str
    """Folder of the data."""
    kept: str = ""
    """Folder of the layers held in memory; :attr:`work` ``keep`` makes it."""
    address: str = ""
    """What is opened."""

    def as_json(self) -> str:
        """Return it as the process's argument."""
        return json.dumps(asdict(self))


def side_of(job: Job) -> Side:
    """Return the side of a job."""
    from sides import Memory, Ours, Peer

    if job.side == "memory":
        return Memory(Path(job.kept))
    return (Ours if job.side == "ours" else Peer)(job.address, Path(job.files), job.data)


def do(job: Job) -> dict[str, Any]:
    """Do the job."""
    from stage import Stage
    from works import WORKS

    stage = Stage(side_of(job), Wire(job.server))
    more = WORKS[job.work](stage)
    answer = {**stage.results(), **(more or {})}
    stage.close()
    return answer


def keep_layers(job: Job) -> dict[str, Any]:
    """Write the layers that we make of an image, for the side that holds them in memory."""
    from sides import keep
    from stage import Stage
    from works import open_it

    stage = Stage(side_of(job), Wire(job.server))
    open_it(stage)
    keep(list(stage.viewer.layers), Path(job.kept))
    stage.close()
    return {}


def main() -> None:
    job = Job(**json.loads(sys.argv[1]))
    answer = keep_layers(job) if job.work == "keep" else do(job)
    print(ANSWER + json.dumps(answer), flush=True)
    os._exit(0)  # what a library does at its end is not measured


if __name__ == "__main__":
    main()
