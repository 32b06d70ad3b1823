"""``package`` and ``check`` over files of a local image, which nobody is asked for, and of one of a repository."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from made_sets import good_form, good_set, image, region
from test_package import with_uuids

from napari_idr.export.remembered_forms import form_as_json
from napari_idr.formats.annotations.convert import read_any
from napari_idr.formats.annotations.registry import format_of_key
from napari_idr.model.annotation import Rectangle

if TYPE_CHECKING:
    from command import Run
    from napari_idr.model.annotation_set import AnnotatedObject
    from repository_server import Served


@pytest.fixture
def inputs(tmp_path: Path) -> list[str]:
    local = with_uuids(good_set(image=image(address="B1_C1.tif", repository="", image_id="", checksum="sha256:1")))
    table, labels = tmp_path / "cells.rois.csv", tmp_path / "nuclei.labels.ome.tif"
    format_of_key("rois-csv").write([local], table)
    format_of_key("label-tiff").write([local.with_objects(one for one in local.objects if one.label)], labels)
    return [str(table), str(labels)]


@pytest.fixture
def form(tmp_path: Path) -> str:
    path = tmp_path / "form.json"
    path.write_text(json.dumps({**form_as_json(good_form()), "created": "2026-11-30T12:00:00Z"}))
    return str(path)


def test_a_package_is_written_from_files_and_checked(run: Run, inputs: list[str], form: str, tmp_path: Path) -> None:
    status, out, err = run("package", *inputs, "--form", form, "-o", str(tmp_path / "out"), "--yes")
    assert status == 0, err
    folder = out.strip()
    assert "README and checksums" in err
    status, out, err = run("check", folder)
    assert status == 0, out
    status, out, err = run("check", folder, "--json")
    said = json.loads(out)
    assert (said["errors"], said["schema"]) == (0, "napari-idr/preflight/1")
    assert all(one["acknowledged"]["by"] == "Josiah Carberry" for one in said["checks"])


def test_what_a_file_does_not_say_of_its_image_is_asked_of_the_repository(
    run: Run, served: Served, form: str, tmp_path: Path
) -> None:
    whole, bare = tmp_path / "whole.rois.csv", tmp_path / "bare.rois.csv"
    status, _, err = run("rois", f"{served.address}webclient/?show=image-100001", "-o", str(whole))
    assert status == 0, err
    (stored,) = read_any(whole)
    assert stored.image.license == "CC0 1.0"
    image = replace(stored.image, name="renamed", license="")
    one = region_inside(stored.objects[0].uuid, image.size_z)
    format_of_key("rois-csv").write([replace(stored, image=image, objects=(one,))], bare)
    Path(form).write_text(json.dumps(json.loads(Path(form).read_text()) | {"dataset": "Knock-downs"}))
    status, out, err = run("package", str(bare), "--form", form, "-o", str(tmp_path / "out"), "--yes")
    assert status == 0, err
    (packed,) = read_any(Path(out.strip()) / "annotations" / "tables" / "rois.csv")
    assert (packed.image.name, packed.image.license) == (stored.image.name, "CC0 1.0")


def region_inside(uuid: str, planes: int) -> AnnotatedObject:
    shape = Rectangle(x=1.5, y=2.25, width=20, height=9, z=0 if planes > 1 else None)
    return region(uuid, shape, phenotypes=())


def test_images_in_no_plate_are_of_the_dataset_of_the_form(
    run: Run, inputs: list[str], form: str, tmp_path: Path
) -> None:
    (local,) = read_any(Path(inputs[0]))
    table = tmp_path / "nowhere.rois.csv"
    regions = [one for one in local.objects if one.label is None]
    bare = replace(local, image=replace(local.image, dataset=""), objects=tuple(regions))
    format_of_key("rois-csv").write([bare], table)
    stated = json.loads(Path(form).read_text()) | {"dataset": "Blastocysts of the form"}
    Path(form).write_text(json.dumps(stated))
    status, out, err = run("package", str(table), "--form", form, "-o", str(tmp_path / "out"), "--yes")
    assert status == 0, err
    (packed,) = read_any(Path(out.strip()) / "annotations" / "tables" / "rois.csv")
    assert packed.image.dataset == "Blastocysts of the form"


def test_a_warning_is_not_passed_over(run: Run, inputs: list[str], form: str, tmp_path: Path) -> None:
    status, _, err = run("package", *inputs, "--form", form, "-o", str(tmp_path / "out"))
    assert status == 1
    assert "CMPO is not kept here as a whole" in err
    assert "say it with --yes" in err
    assert not (tmp_path / "out").exists()


def test_an_error_blocks_and_is_named(run: Run, inputs: list[str], tmp_path: Path) -> None:
    path = tmp_path / "form.json"
    path.write_text(json.dumps(form_as_json(good_form(license=""))))
    status, _, err = run("package", *inputs, "--form", str(path), "-o", str(tmp_path / "out"), "--yes")
    assert status == 1
    assert "P19 error: the form: no licence is chosen" in err


def test_check_fails_for_a_file_that_an_archive_would_refuse(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "x.ome.xml"
    path.write_text("<OME/>")
    status, out, _ = run("check", str(path))
    assert status == 1
    assert out.startswith("P22 error: x.ome.xml: it cannot be read")


@pytest.mark.parametrize("text", ["{", "[]", '{"created": "yesterday"}'])
def test_a_form_that_is_none_is_one_sentence(run: Run, inputs: list[str], tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    status, _, err = run("package", *inputs, "--form", str(path), "-o", str(tmp_path / "out"))
    assert status == 1
    assert err.count("\n") == 1
