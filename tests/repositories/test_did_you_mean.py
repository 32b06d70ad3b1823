"""What was meant by a text that nothing was found for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_idr.repositories.did_you_mean import close_values
from napari_idr.repositories.idr import IdrRepository

if TYPE_CHECKING:
    from napari_idr.remote.http import Http
    from repository_server import Served


@pytest.fixture
def idr(served: Served, http: Http) -> IdrRepository:
    return IdrRepository(http, served.address, "demo", "Demo")


@pytest.mark.parametrize(
    ("text", "meant"),
    [("KIFF11", "kif11"), ("IKF11", "kif11"), ("KIF1", "kif11"), ("mitotic arest", "mitotic arrest")],
)
def test_a_slip_leads_to_the_value_that_was_meant(text: str, meant: str, idr: IdrRepository, served: Served) -> None:
    best = close_values(idr.finder, text)[0]
    assert best.value == meant
    assert best.count
    assert len(served.requests()) == 2
    assert idr.finder.find(best.query).image_count


@pytest.mark.parametrize("text", ["", "ab", "zebrafish tail fin", "x" * 500])
def test_what_is_like_nothing_leads_nowhere(text: str, idr: IdrRepository) -> None:
    assert close_values(idr.finder, text) == ()
