"""Errors: one line of three parts, wherever in the package they are made."""

from __future__ import annotations

import ast
import copy
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import napari_idr
from napari_idr import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

FAMILY = {
    name
    for name, thing in vars(errors).items()
    if isinstance(thing, type) and issubclass(thing, errors.NapariIdrError) and thing is not errors.Cancelled
}
"""All but what the user stopped: that is no failure."""


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Where each error of the family is made."""
    root = Path(napari_idr.__file__).parent
    for file in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FAMILY:
                yield f"{file.relative_to(root)}:{node.lineno}", node


def test_every_error_says_what_on_what_and_what_to_try() -> None:
    found = list(calls())
    assert len(found) > 100
    parts = {where: {"what", "on", "hint"}.intersection(k.arg or "" for k in call.keywords) for where, call in found}
    lacking = [where for where, call in found if len(call.args) + len(parts[where]) < 3]
    assert lacking == []


def test_message_is_one_line_whatever_its_parts_hold() -> None:
    error = errors.ProtocolError("It\nfailed", "on\r\nthis", "try that")
    assert str(error) == "It failed, on this, try that"
    assert (error.what, error.on, error.hint) == ("It failed", "on this", "try that")


@pytest.mark.parametrize("name", sorted(FAMILY))
def test_error_survives_another_process(name: str) -> None:
    error = getattr(errors, name)("It failed", "on this", "try that")
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(twin) is type(error)
        assert (str(twin), twin.hint) == (str(error), error.hint)
        assert isinstance(twin, errors.NapariIdrError)


def test_format_error_names_key_and_rule() -> None:
    error = errors.FormatError(
        "It has no axes", "plate.zarr/.zattrs", "tell who made it", key="multiscales[0]", rule="0.4"
    )
    assert str(error) == "It has no axes at multiscales[0] (0.4), plate.zarr/.zattrs, tell who made it"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_no_message_holds_a_password() -> None:
    error = errors.NotFound(
        "https://me:hunter2@host/x is gone", "s3://me:hunter2@host/key", "try http://me:hunter2@host"
    )
    assert "hunter2" not in str(error) + repr(error) + error.on
    assert "https://host/x is gone" in str(error)
