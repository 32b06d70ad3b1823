"""A workspace of each test's own."""

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
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(sqlite_address(tmp_path / "w.sqlite"), tmp_path) as made:
        yield made
