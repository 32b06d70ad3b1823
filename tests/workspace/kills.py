"""Edits in a child process that is killed at a random moment; then looks whether every confirmed change is there.

    kills.py FOLDER KILLS SEED

A child tells what was confirmed over a pipe. Each round goes on with the workspace that the last one left; in every
third the database is locked, so that what is confirmed is in the journal. Prints how many changes were confirmed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from made import IMAGE, ME, rectangle

from napari_idr.model.annotation_set import LabelImage
from napari_idr.workspace import database, workspace
from napari_idr.workspace.autosave import Autosave
from napari_idr.workspace.changes import ObjectChange
from napari_idr.workspace.database import sqlite_address
from napari_idr.workspace.workspace import Workspace

KEY = IMAGE.key
Truth = dict[str, int]
"""By uuid of an object, or name of the label image: the last step that was confirmed; negative where it was deleted."""


def edit(folder: Path, pipe: int, seed: int, first_step: int) -> None:
    """Edit until somebody kills this process."""
    chance = random.Random(seed)
    steps: dict[int, tuple[str, int]] = {}

    def confirm(ticket: int) -> None:
        for one in [one for one in list(steps) if one <= ticket]:
            os.write(pipe, json.dumps(steps.pop(one)).encode() + b"\n")

    with Workspace(sqlite_address(folder / "w.sqlite"), folder) as kept, Autosave(kept, ME) as autosave:
        autosave.saved.connect(confirm)
        state = kept.state(KEY)
        objects = {one.uuid: one for one in state.objects} if state else {}
        pixels = np.zeros((300, 300), np.uint32)
        label = LabelImage(name="labels", axes=("y", "x"), pixels=pixels)
        step = first_step
        while True:
            step += 1
            before = objects.get(chance.choice(list(objects))) if objects and chance.random() < 0.8 else None
            after = None if before and chance.random() < 0.05 else replace(before or rectangle(), name=str(step))
            uuid = (after or before).uuid  # type: ignore[union-attr]
            # Nothing is handed over under a ticket that is not in the table yet.
            steps[autosave._tickets + 1] = (uuid, step if after else -step)
            autosave.save(IMAGE, [ObjectChange(before, after)])
            if after:
                objects[uuid] = after
            else:
                del objects[uuid]
            if step % 7 == 0:
                pixels[chance.randrange(300), :] = step
                pixels[0, 0] = step
                steps[autosave._tickets + 1] = ("labels", step)
                autosave.paint(IMAGE, label)
            if chance.random() < 0.2:
                time.sleep(chance.random() * 0.01)


def check(folder: Path, truth: Truth) -> None:
    """Look whether what was confirmed is there; later changes may be there too."""
    with Workspace(sqlite_address(folder / "w.sqlite"), folder) as kept:
        assert kept.waiting == 0, kept.problem
        assert kept.remarks == (), kept.remarks
        state = kept.state(KEY)
        objects = {one.uuid: int(one.name) for one in state.objects} if state else {}
        ever = {event.object for event in kept.history(KEY).events if event.kind == "deleted"}
        for name, step in truth.items():
            if name == "labels":
                assert state is not None
                assert state.labels[0].pixels[0, 0] >= step
            elif step < 0:
                assert name not in objects, f"{name} was deleted in step {-step}"
            else:
                assert objects.get(name, 0) >= step or name in ever, f"{name} lacks step {step}"
        numbers = [event.lamport for event in kept.history(KEY).events]
        assert numbers == sorted(numbers)


def one_round(folder: Path, chance: random.Random, first_step: int, truth: Truth, *, locked: bool) -> int:
    """Fork, kill, look; return how many changes were confirmed."""
    there, here = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(there)
        edit(folder, here, chance.randrange(1 << 30), first_step)
    os.close(here)
    other = sqlite3.connect(folder / "w.sqlite", isolation_level=None, timeout=30) if locked else None
    time.sleep(0.05 + chance.random() * 0.25)
    if other is not None:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(0.05 + chance.random() * 0.2)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if other is not None:
        other.close()
    with os.fdopen(there, "rb") as pipe:
        lines = [line for line in pipe.read().split(b"\n")[:-1] if line]
    for uuid, step in map(json.loads, lines):
        truth[uuid] = step
    check(folder, truth)
    return len(lines)


def main(folder: Path, kills: int, seed: int) -> None:
    """Run all rounds."""
    database.BUSY_SECONDS, workspace.AGAIN_SECONDS = 0.02, 0.0
    chance, truth, confirmed = random.Random(seed), Truth(), 0
    check(folder, truth)
    for number in range(kills):
        confirmed += one_round(folder, chance, number * 100_000, truth, locked=number % 3 == 2)
    sys.stdout.write(f"{kills} kills, {confirmed} changes confirmed, all there\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
