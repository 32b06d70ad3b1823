"""Links to a view: what is written is what is read, and what others write is understood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.formats.iviewer_link import parse_view_link, view_link
from napari_idr.model.image_view import ChannelLook, ImageView

BASE = "https://idr.openmicroscopy.org/"
VIEW = ImageView(
    "123",
    (ChannelLook(0, True, 100, 600, "00FF00"), ChannelLook(1, False, 0.5, 255, "FF0000")),
    z=4,
    t=0,
    x=1200.5,
    y=800.0,
    zoom=1.5,
)


def test_a_link_is_what_the_viewer_in_the_browser_reads() -> None:
    assert view_link(BASE, VIEW) == (
        f"{BASE}iviewer/?images=123&c=1|100:600$00FF00,-2|0.5:255$FF0000&z=5&t=1&x=1200.5&y=800&zm=150"
    )
    assert view_link(BASE, ImageView("9")) == f"{BASE}iviewer/?images=9"


def test_a_link_read_back_is_the_same_view() -> None:
    assert parse_view_link(view_link(BASE, VIEW)) == VIEW


numbers = st.integers(-(2**15), 2**16)
looks = st.builds(
    lambda index, visible, start, width, color: ChannelLook(index, visible, start, start + width, color),
    st.integers(0, 40),
    st.booleans(),
    numbers,
    st.integers(1, 900),
    st.sampled_from(["0000FF", "FFFFFF", "80A1B2", None]),
)


@given(
    st.lists(looks, max_size=6, unique_by=lambda look: look.index),
    st.integers(0, 999),
    st.integers(0, 99_999),
    st.integers(1, 100_000),
)
def test_any_view_survives_the_link(channels: list[ChannelLook], z: int, y: int, zoom: int) -> None:
    view = ImageView("7", tuple(channels), z=z, t=0, x=y / 2, y=float(y), zoom=zoom / 100)
    back = parse_view_link(view_link(BASE, view))
    assert back is not None
    assert (back.z, back.t) == (z, 0)
    assert back.zoom == pytest.approx(zoom / 100, rel=1e-3)
    assert (back.x, back.y) == (pytest.approx(y / 2, rel=1e-3, abs=0.1), pytest.approx(y, rel=1e-3, abs=0.1))
    for before, after in zip(channels, back.channels, strict=True):
        assert (after.index, after.visible, after.color) == (before.index, before.visible, before.color)
        assert (after.start, after.end) == (pytest.approx(before.start, rel=1e-5), pytest.approx(before.end, rel=1e-5))


@pytest.mark.parametrize(
    "address",
    [
        "https://host/iviewer/?images=1,2&dataset=5",
        "https://host/webclient/?show=image-1",
        "https://host/iviewer/?well=3&x=1&y=2",
        "https://host/iviewer/?images=x&z=2",
        "https://[broken/iviewer/?images=1&z=2",
        "https://host/iviewer/?images=1&z=2&c=" + "1," * 4096,
        "/data/image.ome.tif",
    ],
)
def test_links_without_a_view_have_none(address: str) -> None:
    assert parse_view_link(address) is None


def test_what_cannot_be_understood_is_passed_over() -> None:
    link = f"{BASE}iviewer/?images=1,2&Z=0&T=x&x=nan&y=3&zm=-4&c=1|5:2$red.lut,0|1:2,-3,x|1:2,2|inf:3&m=c&p=normal"
    view = parse_view_link(link)
    assert view == ImageView("1", (ChannelLook(0), ChannelLook(2, False)), z=0)


def test_places_of_older_viewers_count_upwards_and_colours_may_be_encoded() -> None:
    view = parse_view_link("https://h/omero/iviewer/?images=4&x=10&y=-20&c=1%7C3:9%2400ff00")
    assert view == ImageView("4", (ChannelLook(0, True, 3, 9, "00FF00"),), x=10, y=20)
