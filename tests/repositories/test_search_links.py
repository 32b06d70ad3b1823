"""Pages that stand for a search or for several things."""

from __future__ import annotations

import pytest

from napari_idr.formats.search_text import parse_query
from napari_idr.repositories.addresses import recognise
from napari_idr.repositories.search_links import others_of, searched

IDR = "https://idr.openmicroscopy.org/"


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (f"{IDR}search/?key=Gene+Symbol&value=KIF11", '"Gene Symbol" = "KIF11"'),
        (f"{IDR}search/?value=mitotic%20arrest", "mitotic arrest"),
        (f"{IDR}search/?query=Title:nuclei", "nuclei"),
        (f"{IDR}mapr/gene/?value=CDK5", '"Gene Symbol" = "CDK5"'),
        (f'{IDR}search/?key=a"b&value=c', '"a\\"b" = "c"'),
        (f"{IDR}search/?query=Name:idr0018", ""),
        (f"{IDR}search/", ""),
        (f"{IDR}webclient/?show=image-1", ""),
        ("idr0001", ""),
        ("https://[x/search/?value=1", ""),
    ],
)
def test_a_page_of_a_search_is_that_search(address: str, text: str) -> None:
    assert searched(address) == text
    if text.startswith('"'):
        (condition,) = parse_query(text).all_of
        assert condition.operator == "equals"


@pytest.mark.parametrize(
    ("address", "others"),
    [
        (f"{IDR}webclient/?show=image-1|image-2|image-3", [f"{IDR}webclient/?show=image-{n}" for n in (2, 3)]),
        (f"{IDR}webclient/?show=image-1%7Cimage-2", [f"{IDR}webclient/?show=image-2"]),
        (f"{IDR}iviewer/?images=1,2,1,x&dataset=5", [f"{IDR}iviewer/?images=2"]),
        (f"{IDR}webclient/?show=image-1", []),
        ("/data/a.zarr", []),
    ],
)
def test_what_a_page_shows_beside_the_first(address: str, others: list[str]) -> None:
    assert others_of(address) == others
    for one in others:
        assert recognise(one).kind == "image"
