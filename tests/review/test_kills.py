"""Killed at any moment: every verdict whose sign was shown is there. 20 kills here, 200 in ``make soak``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills are tried where processes fork")
def test_every_verdict_that_was_shown_outlives_a_kill(tmp_path: Path) -> None:
    kills, seed = os.environ.get("NAPARI_IDR_KILLS", "20"), str(int.from_bytes(os.urandom(4), "big"))
    script = Path(__file__).with_name("kills.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), kills, seed], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"seed {seed}: {done.stderr[-3000:]}"
    shown = re.fullmatch(rf"{kills} kills, (\d+) signs shown, all there\n", done.stdout)
    assert shown is not None
    assert int(shown[1]) >= int(kills)
