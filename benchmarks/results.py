"""RESULTS.md: one section per benchmark, replaced when that benchmark runs again."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
HEADER = """# Results of the benchmarks

Written by `make bench`; each section says how it was measured and what it is held against.
"""


def machine() -> str:
    """Return what the numbers were measured on, in a line."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, napari {version('napari')}"
    )


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def sections(text: str) -> dict[str, str]:
    """Return the body of each ``## `` section by its title, in order."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], (body.strip() for body in parts[2::2]), strict=True))


def write_section(title: str, body: str) -> None:
    """Put one section into RESULTS.md, in place of the one of the same title."""
    known = sections(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    known[title] = f"{body.strip()}\n\nMeasured {machine()}."
    written = "\n".join(f"## {title}\n\n{body}\n" for title, body in known.items())
    RESULTS.write_text(f"{HEADER}\n{written}", encoding="utf-8")
    print(f"{title}\n\n{body}\n")
