"""How long tests wait: a wait ends as soon as its condition holds, so that patience costs nothing but in a failure."""

from __future__ import annotations

import re
from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

PATIENCE = 120.0
"""Seconds that something may take on a machine that does much else besides."""

_WAITS = ("waitUntil", "waitSignal", "waitSignals", "waitCallback", "waitActive", "waitExposed")


def be_patient() -> None:
    """Let no wait of ``qtbot`` give up before :data:`PATIENCE`, but those that are meant to see nothing happen."""
    from pytestqt.qtbot import QtBot

    for name in _WAITS:
        setattr(QtBot, name, _patient(getattr(QtBot, name)))


def answer_seconds(request: pytest.FixtureRequest, short: float) -> float:
    """Return how long a client waits for an answer: briefly in tests whose name says that a server hangs or stops."""
    return short if re.search(r"(?<![a-z])(hangs?|stops)(?![a-z])", request.node.name) else PATIENCE


def _patient(wait: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(wait)
    def patient(self: Any, *arguments: Any, timeout: int = 0, **options: Any) -> Any:
        if options.get("raising", True) is not False:
            timeout = max(timeout, int(PATIENCE * 1000))
        return wait(self, *arguments, timeout=timeout, **options)

    return patient
