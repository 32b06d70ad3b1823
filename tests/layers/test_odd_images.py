"""Images and labels of every type and shape become layers that lie and look right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from made_zarr import multiscales, ramp, write_array, write_group, write_image
from napari_idr.errors import Unsupported
from napari_idr.layers.opening import open_node
from napari_idr.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_idr.layers.images import LayerPlan
    from napari_idr.layers.viewer_session import OpenJob, ViewerSession

    Finished = Callable[[OpenJob], OpenJob]

pytestmark = pytest.mark.qt


@pytest.fixture
def headless() -> Iterator[Session]:
    with Session() as opened:
        yield opened


def write_labels(image: Path, names: str, values: np.ndarray, scale: list[float], **attributes: Any) -> None:
    """Put a label image of one level, called "cells", into an image."""
    write_group(image / "labels", {"labels": ["cells"]})
    write_group(image / "labels" / "cells", {"multiscales": multiscales(names, [scale]), **attributes})
    write_array(image / "labels" / "cells" / "0", values)


def labels_of(session: Session, image: Path) -> LayerPlan:
    return next(plan for plan in open_node(session, str(image)).plans if plan.kind == "labels")


def write_stack(folder: Path) -> Path:
    """Write an image with the axes t, c, z, y, x whose planes are 2 apart."""
    write_group(folder, {"multiscales": multiscales("tczyx", [[1, 1, 2, 0.5, 0.5]])})
    write_array(folder / "0", ramp((3, 2, 5, 16, 24)))
    return folder


@pytest.mark.parametrize(
    ("names", "axes", "shape", "scale"),
    [
        ("yx", ("y", "x"), (16, 24), (0.5, 0.5)),
        ("zyx", ("z", "y", "x"), (5, 16, 24), (2, 0.5, 0.5)),
        ("tyx", ("t", "z", "y", "x"), (3, 5, 16, 24), (1, 2, 0.5, 0.5)),
        ("cyx", ("y", "x"), (16, 24), (0.5, 0.5)),
        ("tczyx", ("t", "z", "y", "x"), (3, 5, 16, 24), (1, 2, 0.5, 0.5)),
    ],
)
def test_labels_that_lack_axes_lie_over_all_of_the_image(
    names: str,
    axes: tuple[str, ...],
    shape: tuple[int, ...],
    scale: tuple[float, ...],
    headless: Session,
    tmp_path: Path,
) -> None:
    sizes = {"t": 3, "c": 1, "z": 5, "y": 16, "x": 24}
    steps = {"t": 1.0, "c": 1.0, "z": 2.0, "y": 0.5, "x": 0.5}
    values = ramp(tuple(sizes[name] for name in names), "uint32")
    image = write_stack(tmp_path / "stack")
    write_labels(image, names, values, [steps[name] for name in names])
    plan = labels_of(headless, image)
    assert plan.options["axis_labels"] == axes
    assert plan.options["scale"] == scale
    assert plan.levels[0].shape == shape
    stored = values[0] if names == "cyx" else values[:, 0] if names == "tczyx" else values
    stored = stored[:, np.newaxis] if names == "tyx" else stored
    np.testing.assert_array_equal(plan.levels[0], np.broadcast_to(stored, shape))


def test_labels_of_truth_values_open(session: ViewerSession, finished: Finished, tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", "yx", (16, 24), levels=1)
    values = ramp((16, 24)) % 3 == 0
    write_labels(image, "yx", values, [1, 1])
    job = finished(session.open(str(image)))
    assert job.state == "done", job.message
    labels = job.layers[-1]
    assert type(labels).__name__ == "Labels"
    np.testing.assert_array_equal(labels.data, values)


def test_a_property_called_index_does_not_hide_whose_it_is(headless: Session, tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", "yx", (16, 24), levels=1)
    said = {"image-label": {"properties": [{"label-value": 3, "index": 99, "area": 7}]}}
    write_labels(image, "yx", ramp((16, 24), "uint8"), [1, 1], **said)
    features = labels_of(headless, image).options["features"]
    assert features.to_dict("records") == [{"index": 3, "area": 7}]


@pytest.mark.parametrize(("dtype", "brightest"), [("uint8", 255), ("uint16", 65535)])
def test_an_rgb_picture_is_shown_over_all_its_type_holds(
    dtype: str, brightest: int, session: ViewerSession, finished: Finished, tmp_path: Path
) -> None:
    axes = [{"name": n, "type": t} for n, t in (("y", "space"), ("x", "space"), ("c", "channel"))]
    image = write_group(tmp_path / "rgb", {"multiscales": multiscales("yxc", [[1, 1, 1]], axes=axes)})
    write_array(image / "0", np.full((32, 32, 3), brightest // 2, dtype))
    job = finished(session.open(str(image)))
    assert job.layers[0].rgb
    shot = session.viewer.screenshot(canvas_only=True, flash=False)
    middle = shot[shot.shape[0] // 2, shot.shape[1] // 2, :3]
    np.testing.assert_allclose(middle, 127, atol=1)


@pytest.mark.parametrize("chunk", [512, 1])
def test_a_picture_that_nothing_can_show_is_refused_at_once(chunk: int, headless: Session, tmp_path: Path) -> None:
    image = write_group(tmp_path / "image", {"multiscales": multiscales("yx", [[1, 1]])})
    (image / "0").mkdir()
    size = 10**12
    (image / "0" / ".zarray").write_text(
        f'{{"zarr_format": 2, "shape": [{size}, {size}], "chunks": [{chunk}, {chunk}], "dtype": "<u2", "order": "C",'
        ' "compressor": null, "filters": null, "fill_value": 7, "dimension_separator": "/"}'
    )
    with pytest.raises(Unsupported, match="coarsest level"):
        open_node(headless, str(image))
    with pytest.raises(Unsupported, match="memory"):
        headless.read(str(image))
    pixels, _ = headless.read(str(image), region=f"y={size - 2}:{size},x=0:3")
    np.testing.assert_array_equal(pixels, np.full((2, 3), 7))


def test_what_napari_refuses_is_said_and_the_window_lives(
    session: ViewerSession, finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("napari does not take this")

    image = write_image(tmp_path / "image", "yx", (16, 24))
    monkeypatch.setattr(session, "add", refuse)
    failed: list[Exception] = []
    session.failed.connect(lambda job, error: failed.append(error))
    job = finished(session.open(str(image)))
    assert job.state == "failed"
    assert "napari does not take this" in job.message
    assert len(failed) == 1


def test_secrets_of_an_address_are_not_kept(session: ViewerSession, finished: Finished, tmp_path: Path) -> None:
    from napari_idr.demo.server import EmbeddedServer

    write_image(tmp_path / "image.ome.zarr", "yx", (16, 24))
    with EmbeddedServer(tmp_path) as server:
        address = server.address
        base = server.address.replace("http://", "http://somebody:hunter2@")
        job = finished(session.open(f"{base}zarr/image.ome.zarr?token=hunter2&size=3"))
        assert job.state == "done", job.message
        finished(session.open(f"{base}zarr/absent.ome.zarr?token=hunter2"))
    kept = session.recent.entries[0][1]
    assert kept == f"{address}zarr/image.ome.zarr?size=3"
    assert "hunter2" not in str(job.layers[0].metadata) + job.title
    assert "hunter2" not in (session.session.settings.cache_dir / "recent.json").read_text()
    assert not [repository.key for repository in session.session.repositories if "absent" in repository.key]
