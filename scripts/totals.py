"""Print one line of totals per leg of the tests, and fail if any leg failed.

``python scripts/totals.py FOLDER``: scripts/test.sh left a ``N-name.status`` (exit status, seconds) and a
``N-name.log`` per leg there, and a ``N-name.xml`` (JUnit) beside them where the leg was pytest. Of a leg that failed,
what says why is printed once more: who sees only the end of a long run sees it, too.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

LINES, WIDTH = 20, 300
"""How much is said of a leg that failed."""


def count(report: Path) -> Counter[str]:
    """Return the tests of a JUnit file by outcome; none where pytest died before writing it."""
    totals: Counter[str] = Counter()
    if not report.is_file():
        return totals
    for suite in ElementTree.parse(report).iter("testsuite"):
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        totals += Counter(passed=int(suite.get("tests", 0)) - failed - skipped, failed=failed, skipped=skipped)
    return totals


def describe(totals: Counter[str]) -> str:
    """Return the totals in words."""
    words = f"{totals['passed']} passed, {totals['failed']} failed"
    return f"{words}, {totals['skipped']} skipped" if totals["skipped"] else words


def reasons(log: str) -> list[str]:
    """Return the lines of a leg's output that say why it failed: where it crashed, which tests, else its last ones."""
    lines = log.splitlines()
    crash = next((at for at, line in enumerate(lines) if line.startswith("Current thread")), len(lines))
    told = [line for line in lines if line.startswith(("FAILED ", "ERROR ")) or "Fatal Python error" in line]
    return [line[:WIDTH] for line in (told + lines[crash : crash + LINES] or lines[-LINES:])]


def main(folder: Path) -> int:
    """Print a line per leg and one for all; return the exit status."""
    everything: Counter[str] = Counter()
    broken = []
    for status_file in sorted(folder.glob("*.status")):
        status, seconds = (int(word) for word in status_file.read_text(encoding="ascii").split())
        name = status_file.stem.partition("-")[2].replace("-", " ")
        totals = count(status_file.with_suffix(".xml"))
        if status:
            broken.append(name)
            totals["failed"] = max(totals["failed"], 1)  # also what died before it could count
            log = status_file.with_suffix(".log").read_text(encoding="utf-8", errors="replace")
            print(*(f"  {name}: {line}" for line in reasons(log)), sep="\n")
        words = describe(totals) if totals else "passed"
        print(f"{name:<24} {words}, in {seconds} s")
        everything += totals
    if broken:
        print(f"failed: {', '.join(broken)}")
    print(f"total: {describe(everything)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
