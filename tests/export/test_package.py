import hashlib
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import pytest
from known_terms import SmallCmpo
from made_sets import good, good_form, good_set, image, region

from napari_idr.errors import AddressError, Cancelled, FormatError
from napari_idr.export.checks_texts import file_name_fault
from napari_idr.export.package import Progress, WrittenPackage, chosen, write_package
from napari_idr.export.preflight import Preflight
from napari_idr.model.annotation import Mask, Point
from napari_idr.model.annotation_set import AnnotationSet
from napari_idr.model.submission import Submission, Target


def written(submission: Submission, folder: Path, target: Target = "both", **more: object) -> WrittenPackage:
    report = Preflight(target, SmallCmpo()).check(submission)
    return write_package(submission, target, report, folder, **more)  # type: ignore[arg-type]


def digests(package: WrittenPackage) -> dict[str, str]:
    return {name: hashlib.sha256((package.folder / name).read_bytes()).hexdigest() for name in package.files}


def full() -> Submission:
    mask = region("m", Mask(x=3, y=4, width=4, height=2, bits=bytes([0b10110111]), z=0, t=0))
    track = region("t", shapes=(Point(x=3.5, y=4.5, t=0, z=0),), is_track=True, parents=())
    one = good_set(objects=(*good_set().objects, mask, track, region("f", features=(("area", 12.5), ("kind", "µ")))))
    other = good_set(image=image(image_id="6001248", name="B1_C2.tif"), labels=(), objects=(region("z1"),))
    return good(sets=(with_uuids(one), with_uuids(other)))


def with_uuids(one_set: AnnotationSet) -> AnnotationSet:
    """Return a set with the uuids that objects really have."""
    return one_set.with_objects(replace(one, uuid=str(uuid5(NAMESPACE_URL, one.uuid))) for one in one_set.objects)


def test_a_package_holds_what_the_archives_ask_for(tmp_path: Path) -> None:
    package = written(full(), tmp_path)
    stem = "6001247__B1_C1.tif"
    assert package.folder.name == "idr0062-annotations-Nuclei_of_blastocysts-20261130"
    assert set(package.files) >= {
        "README.md",
        "manifest.json",
        "checksums.sha256",
        "preflight.json",
        "ro-crate-metadata.json",
        "file_list.tsv",
        f"annotations/rois/{stem}.rois.ome.xml",
        f"annotations/rois/{stem}.masks.ome.xml",
        f"annotations/rois/{stem}.rois.geojson",
        f"annotations/labels/{stem}__nuclei.labels.ome.tif",
        f"annotations/labels/{stem}__nuclei.ome.zarr.zip",
        "annotations/tables/rois.csv",
        "annotations/tables/tracks.csv",
        f"annotations/tables/{stem}.omero_table.csv",
        "idr/experimentA/idr0062-experimentA-annotation.csv",
        "idr/experimentA/idr0062-experimentA-processed.txt",
        "idr/idr0062-study-phenotypes.txt",
        "idr/roi_import.tsv",
        "bia/file_list_annotations.tsv",
        "bia/annotation_section.tsv",
        "bia/mifa_annotations.yaml",
    }
    assert [name for name in package.files if file_name_fault(name)] == []


def test_the_checksums_are_those_that_sha256sum_reads(tmp_path: Path) -> None:
    package = written(full(), tmp_path)
    run = subprocess.run(["sha256sum", "-c", "--strict", "checksums.sha256"], cwd=package.folder, capture_output=True)
    assert run.returncode == 0, run.stdout
    assert run.stdout.count(b": OK") == len(package.files) - 1


def test_the_same_submission_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    assert digests(written(full(), tmp_path / "one")) == digests(written(full(), tmp_path / "other"))


@pytest.mark.parametrize(("target", "has", "has_not"), [("idr", "idr/", "bia/"), ("bia", "bia/", "idr/")])
def test_each_archive_gets_its_own_tables(tmp_path: Path, target: Target, has: str, has_not: str) -> None:
    package = written(full(), tmp_path, target)
    assert any(name.startswith(has) for name in package.files)
    assert not any(name.startswith(has_not) for name in package.files)
    assert "ro-crate-metadata.json" in package.files


def test_what_does_not_pass_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="findings"):
        written(good(form=good_form(title="")), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    first = written(full(), tmp_path)
    before = digests(first)
    with pytest.raises(AddressError, match="already"):
        written(full(), tmp_path)
    assert digests(first) == before


def test_writing_can_be_stopped_and_leaves_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    stop = Progress(on_progress=lambda done, total, what: said.append(what), is_cancelled=lambda: len(said) > 4)
    with pytest.raises(Cancelled):
        written(full(), tmp_path, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_progress_reaches_its_end(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    written(full(), tmp_path, progress=Progress(on_progress=lambda done, total, _: steps.append((done, total))))
    assert [done for done, _ in steps] == list(range(len(steps)))
    assert len(steps) == steps[-1][1]


def test_a_writer_that_errs_is_found_before_the_package_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_idr.formats.annotations.registry import format_of_key

    right = type(format_of_key("ome-xml")).write

    def wrong(self: object, sets: tuple, path: Path) -> object:  # type: ignore[type-arg]
        moved = [one.with_objects(_half_a_pixel_off(each) for each in one.objects) for one in sets]
        return right(self, moved, path)  # type: ignore[arg-type]

    monkeypatch.setattr(type(format_of_key("ome-xml")), "write", wrong)
    with pytest.raises(FormatError, match="did not read back the same: it lies elsewhere"):
        written(full(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def _half_a_pixel_off(one: object) -> object:
    shapes = tuple(replace(s, x=s.x + 0.5) if hasattr(s, "x") else s for s in one.shapes)  # type: ignore[attr-defined]
    return replace(one, shapes=shapes)  # type: ignore[type-var]


def test_the_manifest_says_what_is_where(tmp_path: Path) -> None:
    package = written(full(), tmp_path)
    said = json.loads((package.folder / "manifest.json").read_text())
    assert said["schema"] == "napari-idr/package/1"
    assert said["counts"] == {"images": 2, "rois": 7, "labels": 2, "tracks": 1, "label_images": 1}
    assert [one["prefix"] for one in said["ontologies"]] == ["CMPO"]
    assert {one["path"] for one in said["files"]} == set(package.files) - {"manifest.json", "checksums.sha256"}
    assert str(tmp_path) not in json.dumps(said)


def test_the_readme_tells_a_curator_how_to_load_it(tmp_path: Path) -> None:
    text = (written(full(), tmp_path).folder / "README.md").read_text()
    for words in (
        "sha256sum -c",
        "ome-omero-roitool import",
        "napari-idr check .",
        "idr@openmicroscopy.org",
        "Carberry",
    ):
        assert words in text


def test_only_accepted_objects_go_into_a_package_where_that_is_chosen() -> None:
    submission = good(
        sets=(good_set(objects=(region("a", status="accepted"), region("b"))), good_set(objects=(region("c"),)))
    )
    kept = chosen(submission, {"accepted"})
    assert [[one.uuid for one in each.objects] for each in kept.sets] == [["a"]]
