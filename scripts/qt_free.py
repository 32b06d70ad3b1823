"""pytest plugin for the leg without Qt: an import of Qt fails, whatever is installed.

``pytest -p qt_free`` leaves out the test files that need Qt as a whole (those that say ``pytestmark =
pytest.mark.qt``), and folders of nothing else, and refuses every Qt package to the others: what passes here
runs on a cluster or in a notebook without Qt.
"""

from __future__ import annotations

import re
import sys
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

QT = frozenset({"PyQt5", "PyQt6", "PySide2", "PySide6", "qtpy", "superqt"})
NEEDS_QT = re.compile(r"^pytestmark\s*=.*\bmark\.qt\b", re.MULTILINE)


class RefuseQt(MetaPathFinder):
    """Answers for Qt before anybody else can."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        """Refuse Qt, know nothing about anything else."""
        if fullname.partition(".")[0] in QT:
            raise ModuleNotFoundError(f"{fullname} was imported in the leg without Qt", name=fullname)


def pytest_configure() -> None:
    """Refuse Qt from here on; what is there already would make the proof void."""
    already = QT & {name.partition(".")[0] for name in sys.modules}
    if already:
        raise RuntimeError(f"Qt was there before the tests: {', '.join(sorted(already))}")
    sys.meta_path.insert(0, RefuseQt())


def needs_qt(test_file: Path) -> bool:
    """Whether every test of a file needs Qt."""
    return bool(NEEDS_QT.search(test_file.read_text(encoding="utf-8")))


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out files in which every test needs Qt, and folders (with their conftest.py) of such files only."""
    if collection_path.is_dir():
        files = list(collection_path.rglob("test_*.py"))
        ignored = bool(files) and all(map(needs_qt, files))
    else:
        ignored = collection_path.suffix == ".py" and needs_qt(collection_path)
    return ignored or None
