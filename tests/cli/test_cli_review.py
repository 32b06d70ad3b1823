"""``review``: a queue is made, listed, written and merged without a window."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from command import Run
    from repository_server import Served


def test_a_queue_is_made_listed_handed_over_and_merged(
    run: Run, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"{served.address}webclient/?show=image-100001"
    status, out, err = run("review", "add", address, "--name", "cells", "--class", "", "--per-class", "5")
    assert (status, out.split("\t")[:2]) == (0, ["cells", "5 objects"]), err
    assert run("review", "list")[1].startswith("cells\t5 objects\t1 images\t5 unreviewed")
    file = tmp_path / "cells.idrreview"
    assert run("review", "export", "cells", "-o", str(file))[:2] == (0, f"{file}\n")
    status, out, _ = run("review", "export", "-o", str(tmp_path / "r.html"), "--no-pictures")
    assert status == 0
    monkeypatch.setenv("NAPARI_IDR_DATA_DIR", str(tmp_path / "colleague"))
    status, out, _ = run("review", "merge", str(file))
    assert (status, out.split()[1:]) == (0, ["events", "added"])
    (document,) = json.loads(run("review", "list", "--json")[1])
    assert (document["name"], document["objects"], document["statuses"]) == ("cells", 5, {"unreviewed": 5})
    assert run("review", "merge", str(file))[1] == "0 events added\n"


def test_failures_are_one_line(run: Run, tmp_path: Path) -> None:
    for words, expected in (
        (("export", "-o", str(tmp_path / "a.geojson")), "There is no such queue of review"),
        (("export",), "There is no file to write"),
        (("add", "workspace"), "There is nothing to review"),
        (("merge", str(tmp_path / "none.idrreview")), "There is no review file"),
        (("list", "tomorrow"), "There is no such queue of review, tomorrow, queues are: none"),
    ):
        status, out, err = run("review", *words)
        assert (status, out, err.count("\n")) == (1, "", 1)
        assert expected in err
    assert run("review", "list")[0] == 0
