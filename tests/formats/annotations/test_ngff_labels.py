from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from labelled_sets import drawn_object, image, labelled_set, nuclei, rich_object, same_labels
from napari_idr.errors import FormatError, NapariIdrError, NotFound
from napari_idr.formats.annotations import ngff_label_reading
from napari_idr.formats.annotations.ngff_labels import FORMAT, OmeZarrLabels, nest_labels, write_labels
from napari_idr.model.annotation_set import LabelImage
from validate.validators import run_validator

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotationSet

VERSIONS = ("0.4", "0.5")
SECOND = LabelImage(name="cells", axes=("y", "x"), pixels=np.ones((4, 5), np.int32), origin=(1, 2), level=1)


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def same_set(one: AnnotationSet, other: AnnotationSet) -> bool:
    pairs = zip(one.labels, other.labels, strict=True)
    return (one.image, one.objects) == (other.image, other.objects) and all(same_labels(*pair) for pair in pairs)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("ending", [".ome.zarr", ".ome.zarr.zip", ".ozx"])
def test_labels_and_all_that_is_said_of_them_come_back(version: Any, ending: str, tmp_path: Path) -> None:
    one, path = labelled_set(), tmp_path / f"nuclei{ending}"
    OmeZarrLabels(version).write([one], path)
    assert FORMAT.losses([one]) == ()
    assert same_set(FORMAT.read(path, one.image)[0], one)
    again = FORMAT.read(path)[0]
    assert same_set(again, one)
    assert again.remarks == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_several_label_images_are_a_labels_group(version: Any, tmp_path: Path) -> None:
    one = labelled_set(labels=(*labelled_set().labels, SECOND))
    write_labels(tmp_path / "labels.zarr", one, version)
    assert same_set(FORMAT.read(tmp_path / "labels.zarr")[0], one)


def make_image(folder: Path, version: str, *, levels: int = 2) -> None:
    """An image of c, z, y, x that others could have made."""
    zarr_format = 2 if version == "0.4" else 3
    datasets = [
        {
            "path": f"s{n}",
            "coordinateTransformations": [{"type": "scale", "scale": [1.0, 1.0, 0.25 * 2**n, 0.25 * 2**n]}],
        }
        for n in range(levels)
    ]
    axes = [{"name": "c", "type": "channel"}, *({"name": n, "type": "space", "unit": "micrometer"} for n in "zyx")]
    multiscale = {
        "name": "x",
        "axes": axes,
        "datasets": datasets,
        "type": "nearest",
        "metadata": {"version": "1", "method": "x"},
    }
    block = {"multiscales": [multiscale | {"version": "0.4"}]}
    attributes = block if version == "0.4" else {"ome": {"version": "0.5", "multiscales": [multiscale]}}
    group = zarr.open_group(str(folder), mode="w", zarr_format=zarr_format, attributes=attributes)
    for n in range(levels):
        shape = (2, 3, 64 // 2**n, 80 // 2**n)
        names = None if zarr_format == 2 else ["c", "z", "y", "x"]
        keys = {"name": "v2" if zarr_format == 2 else "default", "separator": "/"}
        group.create_array(
            f"s{n}", shape=shape, dtype="uint16", chunks=shape, dimension_names=names, chunk_key_encoding=keys
        )[...] = n


@pytest.mark.parametrize("version", VERSIONS)
def test_labels_are_put_into_the_image_that_lies_here(version: str, tmp_path: Path) -> None:
    folder = tmp_path / "image.ome.zarr"
    make_image(folder, version)
    one = labelled_set()
    nest_labels(folder, one)
    nest_labels(folder, replace(one, labels=(SECOND,), objects=()))
    again = FORMAT.read(folder, one.image)[0]
    assert same_labels(again.labels[0], one.labels[0])
    assert same_labels(again.labels[1], SECOND)
    assert again.objects == one.objects
    label = zarr.open_group(str(folder / "labels" / "nuclei"), mode="r")
    assert [label[str(n)].shape for n in range(2)] == [(3, 64, 80), (3, 32, 40)]
    assert run_validator("ngff", folder, needs_samples=True) == []
    with pytest.raises(FormatError, match="already"):
        nest_labels(folder, one)


def test_independent_validators_find_nothing(tmp_path: Path) -> None:
    paths = []
    colors = ((1, (1, 2, 3, 255)), (7, (1, 2, 3, 255)))
    flat = LabelImage(name="flat", axes=("y", "x"), pixels=nuclei()[0], colors=colors)
    for version in VERSIONS:
        for number, one in enumerate((labelled_set(), labelled_set(labels=(flat,), objects=()))):
            paths.append(tmp_path / f"{version}-{number}.ome.zarr")
            write_labels(paths[-1], one, version)
        several = tmp_path / f"{version}.labels.zarr"
        write_labels(several, labelled_set(labels=(*labelled_set().labels, SECOND)), version)
        paths += [several / "nuclei", several / "cells"]
    assert run_validator("ngff", *paths, needs_samples=True) == []


def test_the_validators_see_what_is_wrong(tmp_path: Path) -> None:
    write_labels(tmp_path / "a.zarr", labelled_set(), "0.4")
    path = tmp_path / "a.zarr" / ".zattrs"
    path.write_text(path.read_text(encoding="utf-8").replace('"rgba"', '"rgb"'), encoding="utf-8")
    assert run_validator("ngff", tmp_path / "a.zarr", needs_samples=True)


@pytest.mark.parametrize("ending", [".ome.zarr", ".ome.zarr.zip"])
def test_the_same_set_gives_the_same_bytes(ending: str, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}{ending}" for name in "ab"]
    for path in paths:
        FORMAT.write([labelled_set()], path)
    if ending.endswith("zip"):
        assert paths[0].read_bytes() == paths[1].read_bytes()
        with zipfile.ZipFile(paths[0]) as archive:
            assert archive.namelist()[:2] == [".zattrs", ".zgroup"]
            assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
    else:
        assert tree(paths[0]) == tree(paths[1])


def test_levels_are_as_many_as_the_images_and_lie_where_they_belong(tmp_path: Path) -> None:
    owner = image(level_factors=(1.0, 2.0, 4.0))
    write_labels(tmp_path / "a.zarr", labelled_set(image=owner), "0.5")
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="r")
    datasets = group.attrs["ome"]["multiscales"][0]["datasets"]
    assert [one["coordinateTransformations"][0]["scale"] for one in datasets] == [
        [1.0, 0.25, 0.25],
        [1.0, 0.5, 0.5],
        [1.0, 1.0, 1.0],
    ]
    assert datasets[2]["coordinateTransformations"][1]["translation"] == [0.0, 0.375, 0.375]
    assert np.array_equal(group["1"][...], nuclei()[:, 1::2, 1::2])


def test_a_small_part_of_a_slide_costs_its_own_chunks_only(tmp_path: Path) -> None:
    owner = image(size_x=30_000, size_y=27_000, size_z=1, level_factors=(1.0, 4.0, 16.0))
    part = LabelImage(name="part", axes=("y", "x"), pixels=np.full((300, 200), 3, np.uint8), origin=(24_000, 21_000))
    one = labelled_set(image=owner, labels=(part,), objects=(rich_object(3, "part"),))
    write_labels(tmp_path / "a.zarr", one, "0.4")
    assert len([name for name in tree(tmp_path / "a.zarr") if name[0] in "012" and ".z" not in name]) <= 4
    assert same_set(FORMAT.read(tmp_path / "a.zarr", owner)[0], one)


@settings(max_examples=15, deadline=None)
@given(
    data=st.data(),
    axes=st.sampled_from([("t", "z", "y", "x"), ("z", "y", "x"), ("t", "y", "x"), ("y", "x")]),
    dtype=st.sampled_from(["uint8", "int8", "uint16", "int32", "int64", "uint64"]),
    factor=st.sampled_from([1.0, 2.0, 3.0, 2.0078125]),
)
def test_any_box_of_any_level_comes_back(
    data: st.DataObject, axes: tuple[str, ...], dtype: str, factor: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    owner = image(size_x=31, size_y=17, size_z=2, size_t=3, level_factors=(1.0, factor))
    room = [int((owner.size(a) - 0.5) / (factor if a in "yx" else 1)) + 1 for a in axes]
    start = tuple(data.draw(st.integers(0, size - 1)) for size in room)
    shape = tuple(data.draw(st.integers(1, size - first)) for size, first in zip(room, start, strict=True))
    pixels = np.random.default_rng(1).integers(0, 100, shape).astype(dtype)
    label = LabelImage(name="x", axes=axes, pixels=pixels, origin=start, level=1)
    one = labelled_set(image=owner, labels=(label,), objects=())
    path = tmp_path_factory.mktemp("box") / "a.zarr"
    write_labels(path, one, "0.5")
    assert same_set(FORMAT.read(path, owner)[0], one)


def test_rows_that_were_edited_are_read_by_their_columns_and_said(tmp_path: Path) -> None:
    write_labels(tmp_path / "a.zarr", labelled_set(), "0.4")
    path = tmp_path / "a.zarr" / ".zattrs"
    document = json.loads(path.read_text(encoding="utf-8"))
    row = document["image-label"]["properties"][0]
    row |= {"class": "mitotic cell", "area": 12.5}
    path.write_text(json.dumps(document), encoding="utf-8")
    again = FORMAT.read(tmp_path / "a.zarr")[0]
    before = rich_object(1)
    assert again.objects[0].object_class == "mitotic cell"
    assert dict(again.objects[0].features)["area"] == 12.5
    assert again.objects[0].uuid == before.uuid
    assert again.objects[0].phenotypes == before.phenotypes
    assert again.objects[0].key_values == before.key_values
    assert "edited" in again.remarks[0]


@pytest.mark.parametrize("name", ["B1_C1__nuclei.v0.4", "B1_C1__nuclei.v0.5", "B1_C1.v0.4", "B1_C1.v0.5"])
def test_label_images_that_others_wrote_are_read(name: str, shared: Path) -> None:
    found = FORMAT.read(shared / f"formats/samples/generated/{name}.ome.zarr")[0]
    assert found.labels[0].name == "nuclei"
    assert [one.label.value for one in found.objects] == [1, 2]
    assert found.objects[0].uuid == "29594281-b6a8-5b7e-93ad-afb02c8cffd7"
    assert found.objects[0].phenotypes[0].name == "round"
    assert found.objects[0].phenotypes[0].term.accession == "CMPO_0000118"
    assert dict(found.objects[0].features) == {"area_px": 371}
    group = shared / f"formats/samples/generated/B1_C1__nuclei.{name[-4:]}.ome.zarr"
    assert np.array_equal(found.labels[0].pixels, zarr.open_group(str(group), mode="r")["0"][...])
    assert found.labels[0].colors[0] == (1, (255, 0, 0, 255))


def test_a_label_image_without_rows_gets_an_object_per_value(shared: Path) -> None:
    found = FORMAT.read(shared / "formats/samples/ngio/v05/test_image_czyx.zarr")[0]
    values = set(np.unique(found.labels[0].pixels).tolist()) - {0}
    assert {one.label.value for one in found.objects} == values


def test_what_is_no_label_is_said_and_left_out(tmp_path: Path) -> None:
    one = labelled_set(objects=(drawn_object(), rich_object(1)))
    assert [loss.uuid for loss in FORMAT.losses([one])] == [drawn_object().uuid]
    FORMAT.write([one], tmp_path / "a.ome.zarr")
    assert FORMAT.read(tmp_path / "a.ome.zarr")[0].objects == (rich_object(1),)


def test_large_label_images_stay_in_their_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_labels(tmp_path / "a.zarr", labelled_set(), "0.5")
    monkeypatch.setattr(ngff_label_reading, "IN_MEMORY", 100)
    pixels = FORMAT.read(tmp_path / "a.zarr", image())[0].labels[0].pixels
    assert not isinstance(pixels, np.ndarray)
    assert np.array_equal(pixels[...], nuclei())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pixels_that_are_no_whole_numbers_are_refused(dtype: str, tmp_path: Path) -> None:
    write_labels(tmp_path / "a.zarr", labelled_set(), "0.4")
    for level in ("0", "1"):
        path = tmp_path / "a.zarr" / level / ".zarray"
        path.write_text(path.read_text().replace('"<u2"', f'"{np.dtype(dtype).str}"'))
    with pytest.raises(FormatError, match="not whole numbers"):
        FORMAT.read(tmp_path / "a.zarr")


def test_labels_of_another_size_or_image_are_refused(tmp_path: Path, shared: Path) -> None:
    write_labels(tmp_path / "a.zarr", labelled_set(), "0.4")
    with pytest.raises(FormatError, match="another image"):
        FORMAT.read(tmp_path / "a.zarr", image(image_id="8"))
    with pytest.raises(FormatError, match="96 pixels along x"):
        FORMAT.read(shared / "formats/samples/generated/B1_C1__nuclei.v0.4.ome.zarr", image())


def test_a_folder_that_is_none_and_an_image_without_labels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        FORMAT.read(tmp_path / "nothing.zarr")
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(NotFound):
        FORMAT.read(tmp_path / "empty.zarr")
    make_image(tmp_path / "i.zarr", "0.5")
    with pytest.raises(FormatError, match="no labels"):
        FORMAT.read(tmp_path / "i.zarr")


def test_zip_members_that_lead_outside_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "evil.zip"
    (tmp_path / "outside").write_text("{}")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(".zgroup", '{"zarr_format": 2}')
        archive.writestr(".zattrs", '{"labels": ["../outside", "..", "/etc"]}')
        archive.writestr("../outside/.zattrs", "{}")
    with pytest.raises(NotFound):
        FORMAT.read(path)


def test_a_bomb_of_metadata_or_chunks_is_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(".zattrs", b" " * (65 << 20))
    with pytest.raises(NapariIdrError, match="too large"):
        FORMAT.read(bomb)


def test_damaged_files_are_refused_in_a_sentence(tmp_path: Path) -> None:
    write_labels(tmp_path / "a.zarr", labelled_set(), "0.5")
    names = sorted(tree(tmp_path / "a.zarr"))
    assert len(names) > 5
    for name in names:
        for content in (b"", b"{}", b"[" * 10_000, b"<html>", b'{"attributes": {"ome": 7}}', b"\xff" * 40):
            broken = tmp_path / "broken.zarr"
            shutil.rmtree(broken, ignore_errors=True)
            shutil.copytree(tmp_path / "a.zarr", broken)
            (broken / name).write_bytes(content)
            try:
                FORMAT.read(broken, image())
            except NapariIdrError:
                continue
            assert name.startswith("1/"), name  # only the coarser level is not needed


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b", ".zattrs", "__x", "c:", "new\nline"])
def test_names_that_lead_elsewhere_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="name"):
        write_labels(tmp_path / "a", labelled_set(labels=(replace(SECOND, name=name),), objects=()), "0.4")
    assert not (tmp_path / "a").exists()
