"""Links to a view and view files: what a window shows is what another window shows that opens them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import napari
import numpy as np
import pandas as pd
import pytest
import requests
from napari.layers import Labels, Points, Shapes

from napari_idr.errors import NapariIdrError
from napari_idr.layers.view_files import load_view
from napari_idr.layers.view_link import known_servers, link_to_view
from napari_idr.layers.view_python import python_of
from napari_idr.layers.viewer_session import ViewerSession

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_idr.demo.server import EmbeddedServer
    from napari_idr.layers.viewer_session import OpenJob

    Finished = Callable[[OpenJob], OpenJob]

pytestmark = pytest.mark.qt


def page_of(server: EmbeddedServer, name: str) -> str:
    found = requests.get(f"{server.address}api/v0/m/images/?limit=1000", timeout=20).json()["data"]
    number = next(one["@id"] for one in found if one["Name"] == name)
    return f"{server.address}webclient/?show=image-{number}"


def link_of(session: ViewerSession) -> Any:
    return link_to_view(session.viewer, known_servers(session.session))


def look_away(viewer: Any) -> None:
    """Change everything that a link names."""
    viewer.layers[0].visible = False
    viewer.layers[1].contrast_limits = (3, 4)
    viewer.reset_view()
    viewer.dims.set_point(0, 0)
    viewer.dims.set_point(1, 0)


def test_a_link_to_a_view_opens_as_that_view(demo: ViewerSession, server: EmbeddedServer, finished: Finished) -> None:
    viewer: Any = demo.viewer
    finished(demo.open(page_of(server, "embryo-1")))
    image = viewer.layers[0]
    viewer.layers[1].contrast_limits = (20, 150)
    viewer.layers[0].visible = False
    viewer.layers[1].colormap = "red"
    t, z = (list(viewer.dims.axis_labels).index(name) for name in "tz")
    viewer.dims.set_current_step(t, 2)
    viewer.dims.set_current_step(z, 3)
    viewer.scene.camera.center = (0, *image.data_to_world((2, 3, 30.5, 12.5))[-2:])
    viewer.scene.camera.zoom = 2.5 / image.scale[-1]
    link = link_of(demo)
    assert link.remark == ""
    query = link.address.partition("&")[2]
    assert query.startswith("c=-1|"), query
    assert ",2|20:150$FF0000&z=4&t=3&x=13&y=31&zm=250" in query
    assert requests.get(link.address, timeout=20).status_code == 200
    demo.close_all()
    job = finished(demo.open(link.address))
    first, second = job.layers[:2]
    assert (first.visible, second.visible) == (False, True)
    assert tuple(second.contrast_limits) == (20, 150)
    assert np.allclose(second.colormap.colors[-1], (1, 0, 0, 1))
    assert (viewer.dims.current_step[t], viewer.dims.current_step[z]) == (2, 3)
    assert first.world_to_data(viewer.scene.camera.center)[-2:] == pytest.approx((30.5, 12.5), abs=0.05)
    assert viewer.scene.camera.zoom * first.scale[-1] == pytest.approx(2.5)
    assert link_of(demo).address == link.address


def test_links_of_what_is_no_image_say_what_they_leave_out(
    demo: ViewerSession, server: EmbeddedServer, finished: Finished
) -> None:
    with pytest.raises(NapariIdrError, match="Nothing that is shown"):
        link_of(demo)
    finished(demo.open("idr-demo://plate"))
    link = link_of(demo)
    assert link.address.startswith(f"{server.address}webclient/?show=plate-")
    assert "only a view file keeps" in link.remark


def draw_on(viewer: Any) -> None:
    """Draw one of everything."""
    image = viewer.layers[0]
    space = {"scale": image.scale, "translate": image.translate, "units": image.units, "axis_labels": image.axis_labels}
    corners = [
        np.array([[0, 1, y, x] for y, x in ring], float) for ring in ([(1, 1), (1, 9), (8, 9)], [(2, 2), (30, 4)])
    ]
    features = pd.DataFrame(
        {
            "status": pd.Categorical(["accepted", "rejected"], categories=["accepted", "rejected", "flagged"]),
            "score": [0.5, np.nan],
            "n": [1, 2],
            "note": ["a <b> ü 細胞", None],
        }
    )
    viewer.add_layer(
        Shapes(
            corners,
            shape_type=["polygon", "line"],
            edge_color=["red", [0.1, 0.2, 0.3, 0.4]],
            face_color="transparent",
            edge_width=[2, 3],
            features=features,
            text={"string": "{status}", "size": 9, "color": "yellow", "anchor": "upper_left"},
            name="verdicts",
            ndim=4,
            **space,
        )
    )
    viewer.add_layer(
        Points(np.array([[0, 0, 3.25, 4.5], [1, 2, 5, 6]]), size=[3, 5], symbol=["disc", "star"], name="seeds", **space)
    )
    painted = np.zeros((40, 50), np.uint16)
    painted[3:9, 4:20] = 70
    viewer.add_layer(Labels(painted, scale=image.scale[-2:], units=image.units[-2:], name="painted", opacity=0.4))


def assert_same_drawings(viewer: Any) -> None:
    shapes, points, labels = (viewer.layers[name] for name in ("verdicts", "seeds", "painted"))
    assert [list(kind) for kind in (shapes.shape_type,)] == [["polygon", "line"]]
    assert np.array_equal(shapes.data[0], [[0, 1, 1, 1], [0, 1, 1, 9], [0, 1, 8, 9]])
    assert np.allclose(shapes.edge_color, [[1, 0, 0, 1], [0.1, 0.2, 0.3, 0.4]])
    assert shapes.edge_width == [2, 3]
    assert list(shapes.features["status"]) == ["accepted", "rejected"]
    assert list(shapes.features["status"].cat.categories) == ["accepted", "rejected", "flagged"]
    assert shapes.features["score"].isna().tolist() == [False, True]
    assert shapes.features["n"].tolist() == [1, 2]
    assert shapes.features["note"][0] == "a <b> ü 細胞"
    assert (shapes.text.string.format, shapes.text.size) == ("{status}", 9)
    assert points.data.tolist() == [[0, 0, 3.25, 4.5], [1, 2, 5, 6]]
    assert [str(one) for one in points.symbol] == ["disc", "star"]
    assert list(points.size) == [3, 5]
    assert (labels.data[4, 5], labels.data.sum(), labels.data.dtype) == (70, 70 * 6 * 16, np.uint16)
    assert labels.opacity == pytest.approx(0.4)


def test_a_view_file_restores_a_window(
    demo: ViewerSession, server: EmbeddedServer, finished: Finished, tmp_path: Path, qtbot: Any
) -> None:
    viewer: Any = demo.viewer
    demo.embedded_address = server.address
    finished(demo.open(page_of(server, "embryo-1")))
    draw_on(viewer)
    viewer.add_image(np.zeros((4, 4)), name="mine")
    image = viewer.layers[0]
    image.contrast_limits, image.gamma, image.colormap, image.opacity = (7, 99), 0.7, "viridis", 0.5
    viewer.layers[1].visible = False
    viewer.layers.move(viewer.layers.index(viewer.layers["painted"]), 0)
    viewer.dims.set_current_step(0, 2)
    viewer.scene.camera.center, viewer.scene.camera.zoom = (0.0, 5.0, 6.0), 3.5
    viewer.layers.selection.active = viewer.layers["seeds"]
    names = [layer.name for layer in viewer.layers if layer.name != "mine"]
    file, remarks = demo.views.save(tmp_path / "mine.json")
    assert file == tmp_path / "mine.idrview.json"
    assert remarks == ["mine was left out: it comes from no repository, and its pixels are not drawn."]
    assert server.address not in file.read_text(encoding="utf-8")
    while viewer.layers:
        viewer.layers.pop()
        qtbot.wait(20)
    viewer.reset_view()
    job = finished(demo.open(str(file)))
    assert (job.state, job.message) == ("done", "")
    assert [layer.name for layer in viewer.layers] == names
    back = viewer.layers[1]
    assert (tuple(back.contrast_limits), back.gamma, back.colormap.name, back.opacity) == ((7, 99), 0.7, "viridis", 0.5)
    assert viewer.layers[2].visible is False
    assert_same_drawings(viewer)
    assert viewer.dims.current_step[0] == 2
    assert viewer.scene.camera.center[-2:] == (5.0, 6.0)
    assert viewer.scene.camera.zoom == 3.5
    assert viewer.layers.selection.active.name == "seeds"
    again, _ = demo.views.save(tmp_path / "again.idrview.json")
    before, after = (json.loads(one.read_text(encoding="utf-8")) for one in (file, again))
    assert {**before, "made": ""} == {**after, "made": ""}


def test_a_view_of_a_plate_restores_its_wells_and_labels(
    demo: ViewerSession, server: EmbeddedServer, finished: Finished, tmp_path: Path, qtbot: Any
) -> None:
    viewer: Any = demo.viewer
    demo.embedded_address = server.address
    finished(demo.open("idr-demo://plate", wells=("B/2", "B/3")))
    qtbot.waitUntil(lambda: any("label" in layer.metadata["napari_idr"] for layer in viewer.layers), timeout=20_000)
    labels = next(layer for layer in viewer.layers if "label" in layer.metadata["napari_idr"])
    labels.visible, labels.opacity = True, 0.3
    file, _ = demo.views.save(tmp_path / "plate.idrview.json")
    document, _ = load_view(file)
    assert document.sources[0].address.startswith("idr-demo://plate/")
    assert document.sources[0].wells == ["B/2", "B/3"]
    name = labels.name
    demo.close_all()
    qtbot.waitUntil(lambda: not viewer.layers, timeout=20_000)
    finished(demo.open(str(file)))
    qtbot.waitUntil(lambda: name in viewer.layers and viewer.layers[name].opacity == 0.3, timeout=20_000)
    assert viewer.layers[name].visible is True


def test_a_view_in_3d_comes_back_in_3d(
    demo: ViewerSession, server: EmbeddedServer, finished: Finished, tmp_path: Path
) -> None:
    viewer: Any = demo.viewer
    finished(demo.open(page_of(server, "embryo-1")))
    viewer.dims.ndisplay = 3
    viewer.scene.camera.angles, viewer.scene.camera.zoom = (10, 20, 30), 1.25
    file, _ = demo.views.save(tmp_path / "v.idrview.json")
    viewer.dims.ndisplay = 2
    demo.close_all()
    finished(demo.open(str(file)))
    assert viewer.dims.ndisplay == 3
    assert viewer.scene.camera.angles == pytest.approx((10, 20, 30))
    assert viewer.scene.camera.zoom == 1.25


def test_what_cannot_be_opened_of_a_view_is_said_and_the_rest_opens(
    demo: ViewerSession, server: EmbeddedServer, finished: Finished, tmp_path: Path
) -> None:
    finished(demo.open(page_of(server, "embryo-1")))
    draw_on(demo.viewer)
    file, _ = demo.views.save(tmp_path / "v.idrview.json")
    raw = json.loads(file.read_text(encoding="utf-8"))
    raw["sources"][0]["address"] = f"{server.address}webclient/?show=image-1"
    raw["annotations"][1]["arrays"]["data"]["zlib"] = "AAAA"
    raw["sharpness"] = raw["camera"]["lens"] = 4
    file.write_text(json.dumps(raw), encoding="utf-8")
    while demo.viewer.layers:  # type: ignore[union-attr]
        demo.viewer.layers.pop()  # type: ignore[union-attr]
    job = finished(demo.open(str(file)))
    assert job.state == "done"
    assert {layer.name for layer in job.layers} == {"verdicts", "painted"}
    for part in (
        "newer than this version; some of it was ignored: lens, sharpness",
        "could not be opened",
        "An array is damaged, seeds",
    ):
        assert part in job.message


def test_a_file_that_is_not_there_is_one_sentence(demo: ViewerSession, finished: Finished, tmp_path: Path) -> None:
    job = finished(demo.open(str(tmp_path / "none.idrview.json")))
    assert job.state == "failed"
    assert "could not be read" in job.message
    (tmp_path / "empty.idrview.json").write_text('{"format": "napari-idr view"}', encoding="utf-8")
    assert "holds no layers" in finished(demo.open(str(tmp_path / "empty.idrview.json"))).message


def test_no_secret_gets_into_a_view_or_link(
    demo: ViewerSession, server: EmbeddedServer, finished: Finished, tmp_path: Path
) -> None:
    viewer: Any = demo.viewer
    finished(demo.open(page_of(server, "embryo-1")))
    for layer in viewer.layers:
        ours = layer.metadata["napari_idr"]
        ours["address"] = "https://me:hunter2@host/a.zarr?token=hunter2&v=1"
        ours["source"] = ours["address"]
    file, _ = demo.views.save(tmp_path / "v.idrview.json")
    assert "hunter2" not in file.read_text(encoding="utf-8")
    assert "hunter2" not in link_of(demo).address


def test_the_copied_python_opens_the_same_and_looks_there(
    demo: ViewerSession,
    server: EmbeddedServer,
    finished: Finished,
    make_napari_viewer: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    qtbot: Any,
) -> None:
    viewer: Any = demo.viewer
    finished(demo.open(page_of(server, "embryo-1")))
    viewer.dims.set_current_step(0, 2)
    viewer.scene.camera.center, viewer.scene.camera.zoom = (0.0, 5.0, 6.0), 3.5
    lines = python_of(viewer)
    other = make_napari_viewer()
    monkeypatch.setattr(napari, "Viewer", lambda: other)
    monkeypatch.setattr(napari, "run", lambda: None)
    exec(compile(lines, "lines", "exec"), {})
    qtbot.waitUntil(lambda: other.scene.camera.zoom == 3.5, timeout=20_000)
    assert [layer.name for layer in other.layers] == [layer.name for layer in viewer.layers]
    assert other.dims.current_step[0] == 2
    assert (other.scene.camera.zoom, other.scene.camera.center[-2:]) == (3.5, (5.0, 6.0))
    ViewerSession.for_viewer(other).close()


def test_a_link_given_to_napari_itself_is_looked_at(
    demo: ViewerSession, server: EmbeddedServer, finished: Finished, qtbot: Any
) -> None:
    viewer: Any = demo.viewer
    finished(demo.open(page_of(server, "embryo-1")))
    link = link_of(demo).address.replace("&z=", "&z=2&ignored=").partition("&x=")[0] + "&x=13&y=31&zm=250"
    demo.close_all()
    qtbot.waitUntil(lambda: not viewer.layers, timeout=20_000)
    viewer.open(link, plugin="napari-idr")  # as the napari command does, before its event loop runs
    qtbot.waitUntil(lambda: "x=13&y=31&zm=250" in link_of(demo).address, timeout=20_000)
    assert "&z=2&" in link_of(demo).address


def test_file_save_writes_the_window_and_file_open_reads_it(
    demo: ViewerSession, server: EmbeddedServer, finished: Finished, tmp_path: Path, qtbot: Any
) -> None:
    viewer: Any = demo.viewer
    finished(demo.open(page_of(server, "embryo-1")))
    viewer.layers.save(str(tmp_path / "w.idrview.json"), plugin="napari-idr")
    names = [layer.name for layer in viewer.layers]
    demo.close_all()
    qtbot.waitUntil(lambda: not viewer.layers, timeout=20_000)
    viewer.open(str(tmp_path / "w.idrview.json"), plugin="napari-idr")
    qtbot.waitUntil(lambda: [layer.name for layer in viewer.layers] == names, timeout=20_000)
