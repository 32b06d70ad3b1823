"""``workspace``: where it is, a copy of it, another one's taken over; and the session that opens it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from napari_idr.errors import NapariIdrError
from napari_idr.model.annotation import Rectangle
from napari_idr.model.annotation_set import AnnotatedImage, AnnotatedObject, new_uuid
from napari_idr.session import Session
from napari_idr.settings import Settings
from napari_idr.workspace.autosave import Autosave
from napari_idr.workspace.changes import ObjectChange

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

IMAGE = AnnotatedImage(address="https://idr.example.org/?show=image-1", name="cells", repository="idr", image_id="1")


def annotate(data: Path) -> AnnotatedObject:
    one = AnnotatedObject(uuid=new_uuid(), shapes=(Rectangle(x=1, y=2, width=3, height=4),))
    with Session(Settings(data_dir=data)) as session, Autosave(session.workspace) as autosave:
        autosave.save(IMAGE, [ObjectChange(None, one)])
    return one


def test_a_session_keeps_what_is_made_in_its_data_folder(tmp_path: Path) -> None:
    one = annotate(tmp_path / "data")
    assert (tmp_path / "data" / "workspace.sqlite").is_file()
    with Session(Settings(data_dir=tmp_path / "data")) as session:
        assert session.workspace is session.workspace
        state = session.workspace.state(IMAGE.key)
    assert state is not None
    assert state.objects == (one,)


def test_info_lists_the_images_and_the_number_of_their_objects(run: Run, tmp_path: Path) -> None:
    annotate(tmp_path / "data")
    status, out, err = run("workspace", "info")
    assert (status, err) == (0, "")
    place, image = (line.split("\t") for line in out.splitlines())
    assert place == [str(tmp_path / "data" / "workspace.sqlite"), "2 events", "0 waiting"]
    assert image == ["cells", "1 object", IMAGE.address]
    assert json.loads(run("workspace", "info", "--json")[1])["images"][0]["objects"] == 1


def test_a_backup_of_one_computer_is_merged_on_another(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    annotate(tmp_path / "data")
    copy = tmp_path / "copy.idrreview"
    assert run("workspace", "backup", str(copy)) == (0, f"{copy}\n", "")
    status, _, err = run("workspace", "backup", str(copy))
    assert status == 1
    assert "There is a file of that name" in err
    monkeypatch.setenv("NAPARI_IDR_DATA_DIR", str(tmp_path / "other"))
    assert run("workspace", "merge", str(copy))[1] == "2 events added\n"
    assert run("workspace", "merge", str(copy))[1] == "0 events added\n"
    status, _, err = run("workspace", "merge", str(tmp_path / "none"))
    assert status == 1
    assert "There is no review file" in err


def test_a_workspace_that_is_no_address_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAPARI_IDR_WORKSPACE", "mysql://me:hunter2@host/x")
    with pytest.raises(NapariIdrError, match="workspace") as caught:
        Settings()
    assert "hunter2" not in str(caught.value)
