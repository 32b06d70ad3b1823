"""The ``napari-idr`` command run in this process, for tests that look at what it prints and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_idr.cli import main
from patience import answer_seconds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Run = "Callable[..., tuple[int, str, str]]"
"""Takes the words after ``napari-idr``; returns exit status, standard output and standard error."""


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Callable[..., tuple[int, str, str]]:
    """Run the command, with little patience where the server hangs; nothing of the user's is read or written."""
    monkeypatch.setenv("NAPARI_IDR_READ_TIMEOUT", str(answer_seconds(request, 1)))
    monkeypatch.setenv("NAPARI_IDR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("NAPARI_IDR_DATA_DIR", str(tmp_path / "data"))

    def command(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return command
