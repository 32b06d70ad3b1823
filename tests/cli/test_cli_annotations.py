"""The command that converts annotations, and stored ROIs in any format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run
    from repository_server import Served


def test_stored_rois_are_written_in_the_format_of_the_ending(run: Run, served: Served, tmp_path: Path) -> None:
    image = f"{served.address}webclient/?show=image-100001"
    status, out, err = run("rois", image, "-o", str(tmp_path / "a.geojson"))
    assert (status, out, err) == (0, f"{tmp_path / 'a.geojson'}\n", "")
    stored = json.loads(run("rois", image)[1])
    features = json.loads((tmp_path / "a.geojson").read_text(encoding="utf-8"))["features"]
    assert len({feature["properties"]["metadata"]["uuid"] for feature in features}) == len(stored)
    status, out, err = run("rois", f"{served.address}webclient/?show=well-10001", "-o", str(tmp_path / "b.coco.json"))
    assert status == 0
    assert "becomes a polygon of 64 corners" in err


def test_a_file_is_converted_and_what_is_lost_is_said(run: Run, served: Served, tmp_path: Path) -> None:
    image = f"{served.address}webclient/?show=image-100001"
    source = tmp_path / "a.geojson"
    run("rois", image, "-o", str(source))
    status, out, err = run("convert", str(source), str(tmp_path / "b.ome.xml"))
    assert (status, out, err) == (0, f"{tmp_path / 'b.ome.xml'}\n", "")
    status, _, err = run("convert", str(source), str(tmp_path / "c.masks.ome.xml"))
    assert status == 0
    assert "it has no pixels of its own" in err
    other = f"{served.address}webclient/?show=image-100002"
    status, out, err = run("convert", str(source), str(tmp_path / "d.rois.csv"), "--image", other)
    assert (status, out) == (1, "")
    assert "another image" in err
    status, _, err = run("convert", str(source), str(source))
    assert status == 1
    assert "onto itself" in err
    status, _, err = run("convert", str(tmp_path / "none.geojson"), str(tmp_path / "e.rois.csv"))
    assert (status, err.count("\n")) == (1, 1)
    assert not list(tmp_path.glob(".*part*"))
