"""A private PostgreSQL for a module of tests; skipped without its programs, which under CI is a failure."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from private_postgresql import PrivatePostgresql


@pytest.fixture(scope="module")
def server() -> Iterator[PrivatePostgresql]:
    from private_postgresql import PrivatePostgresql, programs

    folder = programs()
    if folder is None:
        missing = "PostgreSQL's programs (initdb, postgres) are not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    server = PrivatePostgresql(folder)
    try:
        server.start()
        yield server
    finally:
        server.close()
