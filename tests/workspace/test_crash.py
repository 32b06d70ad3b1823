"""Killed at any moment: every change that was confirmed is there. 20 kills here, 200 in ``make soak``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills are tried where processes fork")
def test_every_confirmed_change_outlives_a_kill(tmp_path: Path) -> None:
    kills, seed = os.environ.get("NAPARI_IDR_KILLS", "20"), str(int.from_bytes(os.urandom(4), "big"))
    script = Path(__file__).with_name("kills.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), kills, seed], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"seed {seed}: {done.stderr[-3000:]}"
    confirmed = re.fullmatch(rf"{kills} kills, (\d+) changes confirmed, all there\n", done.stdout)
    assert confirmed is not None
    assert int(confirmed[1]) > int(kills)
