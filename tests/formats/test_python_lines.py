"""Copied Python runs as it is, whatever things are called."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import napari_idr
from napari_idr.formats.python_lines import lines_of_node, lines_of_view

if TYPE_CHECKING:
    from repository_server import Served


@pytest.fixture
def _fresh() -> object:
    yield
    session = napari_idr._shared.pop("session", None)
    if session is not None:
        session.close()


@pytest.mark.usefixtures("_fresh")
def test_lines_of_an_image_and_of_a_study_run(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    nodes = list(napari_idr.list_children(served.address))
    names: dict[str, object] = {}
    exec(lines_of_node(nodes[0].address, nodes[0].kind, nodes[0].name), names)
    assert "screen idr9901-demo-knockdown/screenA" in capsys.readouterr().out
    node = nodes[1]
    while node.kind != "image":
        node = next(iter(napari_idr.list_children(node.address)))
    exec(lines_of_node(node.address, node.kind, node.name), names)
    assert isinstance(names["smallest"], np.ndarray)
    assert "uint8" in capsys.readouterr().out


@given(st.text(max_size=200), st.text(max_size=200))
def test_names_and_addresses_are_never_code(address: str, name: str) -> None:
    tree = ast.parse(lines_of_node(f"https://host/{address}", "image", name))
    assert [type(node).__name__ for node in tree.body] == ["Import", "Import", "Assign", "For", "Assign"]
    ast.parse(lines_of_view([f"https://host/{address}"], {name: 1.5}, (0, 1, 2), 2.5, 3))


def test_no_secret_is_copied() -> None:
    lines = lines_of_node("https://me:hunter2@host/a.zarr?token=hunter2", "image")
    assert "hunter2" not in lines + lines_of_view(["https://me:hunter2@host/a.zarr"], {}, (0, 0, 0), 1, 2)
