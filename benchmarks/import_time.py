"""How long ``import napari_idr`` takes beyond an empty Python; the aim is at most 50 ms.

``python benchmarks/import_time.py``: fresh processes in turn, so that both meet the same machine.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from results import table, write_section

RUNS = 20
AIM_MS = 50


def milliseconds(code: str) -> float:
    """Return how long a fresh Python takes to run ``code``, in ms."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return (time.perf_counter() - began) * 1000


def main() -> int:
    milliseconds("import napari_idr")  # fills the cache of compiled files
    pairs = [(milliseconds("pass"), milliseconds("import napari_idr")) for _ in range(RUNS)]
    empty, ours = (statistics.median(times) for times in zip(*pairs, strict=True))
    extra = statistics.median(with_us - without for without, with_us in pairs)
    met = extra <= AIM_MS
    head = ("an empty Python", "import napari_idr", "more", "ratio", f"at most {AIM_MS} ms more")
    row = (
        f"{empty:.1f} ms",
        f"{ours:.1f} ms",
        f"{extra:.1f} ms",
        f"{ours / empty:.2f}",
        "yes" if met else "no",
    )
    write_section("Import time", f"Median of {RUNS} fresh processes of each, in turn.\n\n{table(head, [row])}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
