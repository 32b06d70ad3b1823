"""Verdicts in a child process that is killed at a random moment: every one whose sign was shown is there.

    kills.py FOLDER KILLS SEED

A child tells over a pipe of each object whose sign changed, as a screen would show it. Prints how many were shown.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from reviewing import ADA, new_queue, sets

from napari_idr.review.desk import Desk
from napari_idr.review.queue_store import list_queues, open_queue
from napari_idr.workspace.autosave import Autosave
from napari_idr.workspace.database import sqlite_address
from napari_idr.workspace.workspace import Workspace

STATUSES = ("accepted", "rejected", "flagged")


def review(folder: Path, pipe: int, seed: int) -> None:
    """Give verdicts, and take some back, until somebody kills this process."""
    chance, saved = random.Random(seed), threading.Condition()
    last = [0]

    def on_saved(ticket: int) -> None:
        with saved:
            last[0] = ticket
            saved.notify()

    with Workspace(sqlite_address(folder / "w.sqlite"), folder) as kept, Autosave(kept, ADA) as autosave:
        autosave.saved.connect(on_saved)
        desk = Desk(open_queue(kept, list_queues(kept)[0].uuid), ADA, autosave.record)

        def show(uuids: tuple[str, ...]) -> None:
            for uuid in uuids:
                os.write(pipe, json.dumps([uuid, desk.status(uuid), len(desk.opened.said[uuid])]).encode() + b"\n")

        desk.changed.connect(show)
        while True:
            if chance.random() < 0.15:
                desk.undo()
            else:
                desk.judge(chance.choice(STATUSES), uuids=[chance.choice(desk.queue.uuids)])  # type: ignore[arg-type]
            with saved:
                desk.confirm(last[0])
                if desk.unconfirmed > 20:
                    saved.wait(1)


def one_round(folder: Path, chance: random.Random) -> int:
    """Fork, kill, look; return how many signs were shown."""
    there, here = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(there)
        review(folder, here, chance.randrange(1 << 30))
    os.close(here)
    with os.fdopen(there, "rb") as pipe:
        first = pipe.readline()
        time.sleep(chance.random() * 0.2)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        lines = [first, *(line + b"\n" for line in pipe.read().split(b"\n")[:-1])]
    check(folder, [json.loads(line) for line in lines if line.endswith(b"\n")])
    return len(lines)


def check(folder: Path, shown: list[tuple[str, str, int]]) -> None:
    """Look whether what was shown is there: as the state of then, what came after it may be there too."""
    from napari_idr.review.opinions import opinions_of

    with Workspace(sqlite_address(folder / "w.sqlite"), folder) as kept:
        opened = open_queue(kept, list_queues(kept)[0].uuid)
    for uuid, status, count in shown:
        said = sorted(opened.said[uuid], key=lambda event: event.order)
        assert len(said) >= count, f"{uuid} lacks {count - len(said)} events"
        assert opinions_of(said[:count]).status() == status, f"{uuid} was shown as {status}"


def main(folder: Path, kills: int, seed: int) -> None:
    """Run all rounds."""
    chance = random.Random(seed)
    with Workspace(sqlite_address(folder / "w.sqlite"), folder) as kept:
        new_queue(kept, sets(2, 10))
    shown = sum(one_round(folder, chance) for _ in range(kills))
    sys.stdout.write(f"{kills} kills, {shown} signs shown, all there\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
