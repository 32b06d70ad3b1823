"""Draws in a process with Qt that is killed at a random moment; then looks whether all is there that was called saved.

    drawing_kills.py FOLDER KILLS SEED

The child draws and paints in real layers of a viewer; as soon as the Annotate tab would say "Saved", it tells what
there is. Each round opens the image anew and goes on with what the last one left.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import napari  # noqa: F401 - before the fork, so that it is imported once
import numpy as np
from napari.components import ViewerModel
from qtpy.QtWidgets import QApplication

sys.path.insert(0, str(Path(__file__).parents[1]))
from annotated import image_layer
from napari_idr.layers import drawing
from napari_idr.layers.annotated_images import image_of_layer
from napari_idr.layers.viewer_session import ViewerSession
from napari_idr.session import Session
from napari_idr.settings import Settings

SIZE = (4, 600, 800)


def draw(pipe: int, seed: int) -> None:
    """Draw until somebody kills this process."""
    application, chance = QApplication([]), random.Random(seed)
    viewer: Any = ViewerModel()
    session = ViewerSession(viewer, Session(Settings()))
    over = viewer.add_layer(image_layer("zyx", SIZE, name="cells · DNA"))
    offers: list[Any] = []
    session.offers.offered.connect(offers.append)
    until = time.monotonic() + 3
    while session.session.has_workspace and not offers and time.monotonic() < until:
        application.processEvents()
    if offers:
        session.offers.show(offers[0])
        while not session.annotations.book.watches:
            application.processEvents()
    viewer.layers.selection.active = over
    points = drawing.start(session.annotations, viewer, over, "points")
    labels = drawing.start(session.annotations, viewer, over, "labels")

    def tell() -> None:
        if not session.kept.unsaved:
            there = {uuid: held.one.name for uuid, held in session.annotations.book.held.items()}
            value = int(labels.data[0, 0, 0])
            os.write(pipe, json.dumps([there, labels.name, value]).encode() + b"\n")

    session.kept.state_changed.connect(tell)
    step = 0
    while True:
        step += 1
        points.add([[chance.randrange(4), chance.randrange(600), chance.randrange(800)]])
        if step % 5 == 0:
            labels.data_setitem((np.array([0]), np.array([0]), np.array([0])), step)
        if step % 9 == 0:
            points.selected_data = {0}
            points.remove_selected()
        application.processEvents()


def check(told: list[bytes]) -> int:
    """Look whether what was told last is there; return how many objects that was."""
    if not told:
        return 0
    there, name, value = json.loads(told[-1])
    with Session(Settings()) as session:
        state = session.workspace.state(image_of_layer(image_layer("zyx", SIZE)).key)
        assert state is not None
        gone = {event.object for event in session.workspace.history(state.image.key).events if event.kind == "deleted"}
        missing = there.keys() - state.by_uuid().keys() - gone
        assert not missing, f"{len(missing)} of {len(there)} objects are missing"
        if value:
            assert int(state.label_image(name).pixels[0, 0, 0]) >= value
    return len(there)


def main(folder: Path, kills: int, seed: int) -> None:
    """Run all rounds."""
    os.environ.update(NAPARI_IDR_DATA_DIR=str(folder / "data"), NAPARI_IDR_CACHE_DIR=str(folder / "cache"))
    os.environ.update(NAPARI_IDR_CONFIG_DIR=str(folder / "config"), QT_QPA_PLATFORM="offscreen")
    chance, kept = random.Random(seed), 0
    for _ in range(kills):
        there, here = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(there)
            draw(here, chance.randrange(1 << 30))
        os.close(here)
        with os.fdopen(there, "rb") as pipe:
            first = pipe.readline()
            time.sleep(0.1 + chance.random() * 0.6)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            lines = [first, *pipe.read().split(b"\n")[:-1]]
        assert first, "nothing was ever saved"
        kept = check([line for line in lines if line])
    sys.stdout.write(f"{kills} kills, {kept} objects saved, all there\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
