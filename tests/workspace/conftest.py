"""Workspaces in folders of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from postgresql_server import server  # noqa: F401 - fixture

from napari_idr.workspace.database import sqlite_address
from napari_idr.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the workspace is."""
    return tmp_path / "work space" / "wörk%20#1?.sqlite"


@pytest.fixture
def workspace(file: Path) -> Iterator[Workspace]:
    with Workspace(sqlite_address(file), file.parent) as workspace:
        yield workspace
