"""Units asked for by several threads at once, in a process where nobody asked before."""

from __future__ import annotations

import subprocess
import sys

MANY = """
from concurrent.futures import ThreadPoolExecutor
from napari_idr.layers.unit_registry import is_unit
with ThreadPoolExecutor(8) as pool:
    print(set(pool.map(is_unit, ["micrometer", "nanometer", "second", "millimeter"] * 4)))
"""


def test_every_thread_knows_the_units_also_while_they_are_loaded() -> None:
    for _ in range(3):
        assert subprocess.run([sys.executable, "-c", MANY], capture_output=True, text=True).stdout == "{True}\n"


def test_what_is_no_unit_is_none() -> None:
    from napari_idr.layers.unit_registry import is_unit

    assert not is_unit("parrot")
    assert not is_unit("µ µ (")
