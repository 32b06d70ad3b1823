"""Print one line of totals per leg of the tests, and fail if any leg failed.

``python scripts/totals.py FOLDER``: scripts/test.sh left a ``N-name.status`` (exit status, seconds) per leg there,
and a ``N-name.xml`` (JUnit) beside it where the leg was pytest.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree


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
        words = describe(totals) if totals else "passed"
        print(f"{name:<24} {words}, in {seconds} s")
        everything += totals
    if broken:
        print(f"failed: {', '.join(broken)}")
    print(f"total: {describe(everything)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
