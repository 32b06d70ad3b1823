import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from known_terms import SmallCmpo
from made_sets import WHEN, good, good_set, region
from test_package import full, with_uuids, written

from napari_idr.errors import NotFound
from napari_idr.export.checksums import write_checksums
from napari_idr.export.package import write_package
from napari_idr.export.package_check import check_path
from napari_idr.export.preflight import Preflight
from napari_idr.export.report import Acknowledgement, key_of
from napari_idr.model.annotator import Annotator

STEM = "6001247__B1_C1.tif"
ROIS = f"annotations/rois/{STEM}.rois.ome.xml"
MASKS = f"annotations/rois/{STEM}.masks.ome.xml"
GEOJSON = f"annotations/rois/{STEM}.rois.geojson"
TIFF = f"annotations/labels/{STEM}__nuclei.labels.ome.tif"
ZARR = f"annotations/labels/{STEM}__nuclei.ome.zarr.zip"
TABLE = "annotations/tables/rois.csv"
IDR = "idr/experimentA/idr0062-experimentA-annotation.csv"
LIST = "bia/file_list_annotations.tsv"
MIFA = "bia/mifa_annotations.yaml"
CRATE = "ro-crate-metadata.json"
OME = "http://www.openmicroscopy.org/Schemas/OME/2016-06"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(full(), tmp_path_factory.mktemp("package")).folder


def findings(path: Path) -> set[tuple[str, str]]:
    return {(one.id, one.severity) for one in check_path(path, SmallCmpo()).findings}


def test_a_package_as_it_was_written_has_nothing_wrong(package: Path) -> None:
    report = check_path(package, SmallCmpo())
    assert report.findings == ()
    assert report.passes


def swap(before: str, after: str, count: int = 1) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        assert re.search(before, text), f"{before} is not in {path.name}"
        path.write_text(re.sub(before, after, text, count=count), encoding="utf-8", newline="")

    return change


def edited_json(change: Callable[[dict], object]) -> Callable[[Path], None]:  # type: ignore[type-arg]
    def edit(path: Path) -> None:
        value = json.loads(path.read_text())
        change(value)
        path.write_text(json.dumps(value))

    return edit


GREY = {"photometric": "minisblack", "planarconfig": None}


def painted(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        with tifffile.TiffFile(path) as file:
            pixels, description = file.asarray(), file.pages[0].description  # type: ignore[union-attr]
        shape = (3, 64, 96)
        tifffile.imwrite(path, change(pixels.reshape(shape)), description=description.encode(), metadata=None, **GREY)

    return edit


def rezipped(change: Callable[[dict[str, bytes]], object]) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            members = {one: archive.read(one) for one in archive.namelist()}
        change(members)
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)

    return edit


def _zattrs(change: Callable[[dict], object]) -> Callable[[dict[str, bytes]], None]:  # type: ignore[type-arg]
    def edit(members: dict[str, bytes]) -> None:
        value = json.loads(members[".zattrs"])
        change(value)
        members[".zattrs"] = json.dumps(value).encode()

    return edit


def _first_level(value: dict) -> dict:  # type: ignore[type-arg]
    return value["multiscales"][0]["datasets"][0]  # type: ignore[no-any-return]


def twice(path: Path) -> None:
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines, lines[1]]))


def excelled(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))


def first_polygon(text: str) -> Callable[[Path], None]:
    return swap(r'(<(?:\w+:)?Polygon [^>]*?Points=")[^"]*"', rf'\g<1>{text}"')


def feature(change: Callable[[dict], object]) -> Callable[[Path], None]:  # type: ignore[type-arg]
    return edited_json(
        lambda value: change(next(one for one in value["features"] if one["properties"]["name"] == "cell c"))
    )


FAULTS: list[tuple[str, str, Callable[[Path], object], str]] = [
    # OME-XML
    ("negative vertex", ROIS, first_polygon("-3.5,10 60,12 60,30.5"), "P04"),
    ("exponent", ROIS, first_polygon("1e1,10 60,12 60,30.5"), "P04"),
    ("not a number", ROIS, first_polygon("nan,10 60,12 60,30.5"), "P04"),
    ("garbage points", ROIS, first_polygon("here and there"), "P04"),
    ("comma and space", ROIS, first_polygon("50,10, 60,12, 60,30.5"), "P04"),
    ("vertex outside", ROIS, first_polygon("50,10 970,12 60,30.5"), "P21"),
    ("vertex moved", ROIS, first_polygon("50,10 70.35,12 60,30.5"), "P21"),
    ("half a pixel", ROIS, first_polygon("50.5,10.5 70.75,12.5 60.5,31"), "P21"),
    ("plane beyond the stack", ROIS, swap(r'TheZ="2"', 'TheZ="99"'), "P21"),
    ("negative plane", ROIS, swap(r'TheZ="2"', 'TheZ="-1"'), "P05"),
    ("plane between", ROIS, swap(r'TheZ="2"', 'TheZ="1.5"'), "P22"),
    ("no width", ROIS, swap(r'(<(?:\w+:)?Rectangle [^>]*?) Width="[^"]*"', r"\g<1>"), "P22"),
    ("width of zero", ROIS, swap(r'(<(?:\w+:)?Rectangle [^>]*?Width=")[^"]*', r"\g<1>0"), "P07"),
    ("radius of zero", ROIS, swap(r'(RadiusX=")[^"]*', r"\g<1>0"), "P07"),
    ("duplicate ROI id", ROIS, swap(r'<((?:\w+:)?ROI) ID="ROI:1"', r'<\g<1> ID="ROI:0"'), "P11"),
    ("bad shape id", ROIS, swap(r'ID="Shape:0:0"', 'ID="one"'), "P22"),
    ("dangling reference", ROIS, swap(r'(AnnotationRef ID=")[^"]*', r"\g<1>Annotation:999"), "P22"),
    ("empty union", ROIS, swap(r"(?s)(<(?:\w+:)?Union>).*?(</(?:\w+:)?Union>)", r"\g<1>\g<2>"), "P22"),
    ("colour beyond 32 bits", ROIS, swap(r"(<(?:\w+:)?Rectangle )", r'\g<1>StrokeColor="4294967295" '), "P22"),
    ("another namespace", ROIS, swap(re.escape(OME), "http://example.org/ome", 0), "P22"),
    ("an entity", ROIS, swap(r"<((?:\w+:)?OME )", r'<!DOCTYPE x [<!ENTITY a "b">]><\g<1>'), "P22"),
    ("cut off", ROIS, lambda path: path.write_bytes(path.read_bytes()[:-200]), "P22"),
    ("an object less", ROIS, swap(r"(?s)<((?:\w+:)?)ROI ID=.*?</\1ROI>", ""), "P22"),
    ("file gone", ROIS, lambda path: path.unlink(), "P22"),
    ("mask of other bytes", MASKS, swap(r"(>)[A-Za-z0-9+/=]+(</(?:\w+:)?BinData>)", r"\g<1>twAA\g<2>"), "P20"),
    ("mask length", MASKS, swap(r'Length="\d+"', 'Length="3"'), "P20"),
    ("mask compressed", MASKS, swap(r'Compression="none"', 'Compression="zlib"'), "P20"),
    ("mask bits moved", MASKS, swap(r"(>)[A-Za-z0-9+/=]+(</(?:\w+:)?BinData>)", r"\g<1>tg==\g<2>"), "P21"),
    # GeoJSON
    ("NaN", GEOJSON, swap(r"50\b", "NaN"), "P04"),
    ("not JSON", GEOJSON, lambda path: path.write_text("{"), "P22"),
    ("unclosed ring", GEOJSON, feature(lambda one: one["geometry"]["coordinates"][0].pop()), "P22"),
    ("moved", GEOJSON, feature(lambda one: one["geometry"]["coordinates"][0][1].__setitem__(0, 71.0)), "P21"),
    (
        "other plane",
        GEOJSON,
        feature(lambda one: one["geometry"].__setitem__("plane", {"c": -1, "z": 0, "t": 0})),
        "P21",
    ),
    # label images
    ("float labels", TIFF, painted(lambda pixels: pixels.astype(np.float32)), "P22"),
    ("other shape", TIFF, painted(lambda pixels: pixels[:, :32]), "P22"),
    ("value without a row", TIFF, painted(lambda pixels: np.where(pixels == 2, 3, pixels).astype(pixels.dtype)), "P09"),
    ("pixels moved", TIFF, painted(lambda pixels: np.roll(pixels, 1, axis=2)), "P21"),
    ("all background", TIFF, painted(lambda pixels: pixels * 0), "P09"),
    ("no zip", ZARR, lambda path: path.write_bytes(b"no zip"), "P22"),
    ("path that leads out", ZARR, rezipped(lambda members: members.__setitem__("../x", b"")), "P22"),
    (
        "missing level",
        ZARR,
        rezipped(_zattrs(lambda one: one["multiscales"][0]["datasets"][0].__setitem__("path", "9"))),
        "P22",
    ),
    ("no multiscales", ZARR, rezipped(_zattrs(lambda one: one.pop("multiscales"))), "P22"),
    (
        "changed chunk",
        ZARR,
        rezipped(lambda members: members.pop(sorted(n for n in members if n.startswith("0/0"))[0])),
        "P21",
    ),
    # tables
    ("a column less", TABLE, swap("shape_type", "shape_kind"), "P22"),
    (
        "a row twice",
        TABLE,
        twice,
        "P22",
    ),
    ("vertex in the table", TABLE, swap(r"\[11\.75, 10\]", "[11.75, 11]"), "P21"),
    (
        "BOM and CRLF",
        IDR,
        excelled,
        "P15",
    ),
    ("other delimiter", IDR, swap(",", ";", 0), "P15"),
    ("partial triple", IDR, swap("CMPO_0000123", ""), "P12"),
    ("label of another term", IDR, swap("round nucleus phenotype", "abnormal nucleus shape phenotype"), "P12"),
    ("trailing space", IDR, swap("round nuclei", "round nuclei "), "P15"),
    ("no organism", IDR, swap("Mus musculus", "", 0), "P25"),
    (
        "duplicate row",
        IDR,
        twice,
        "P11",
    ),
    ("source image misspelt", LIST, swap("Source Image", "Source_Image"), "P17"),
    ("source image missing", LIST, swap(r"images/[^\t]*", ""), "P17"),
    ("wrong type", LIST, swap("segmentation_mask", "polygons"), "P18"),
    ("type as text", MIFA, swap(r"annotation_type:\n- [a-z_]+\n", "annotation_type: class_labels\n"), "P22"),
    ("no method", MIFA, swap(r"annotation_method:", "method:"), "P19"),
    ("no source row", "file_list.tsv", swap(r"(?m)^images/.*\n", ""), "P17"),
    ("crate without licence", CRATE, edited_json(lambda one: [x.pop("license", 0) for x in one["@graph"]]), "P19"),
    ("crate no JSON", CRATE, lambda path: path.write_text("{"), "P22"),
    ("manifest lies", "manifest.json", edited_json(lambda one: one["files"][0].__setitem__("sha256", "0" * 64)), "P22"),
    ("bad file name", "README.md", lambda path: path.rename(path.with_name("read me.md")), "P16"),
    ("a link", "README.md", lambda path: (path.unlink(), path.symlink_to("/etc/hostname")), "P16"),
]


@pytest.mark.parametrize(
    ("name", "file", "fault", "rule"), FAULTS, ids=[f"{one[0]} in {Path(one[1]).name}" for one in FAULTS]
)
def test_a_fault_is_found(
    package: Path, tmp_path: Path, name: str, file: str, fault: Callable[[Path], object], rule: str
) -> None:
    copy = tmp_path / package.name
    shutil.copytree(package, copy)
    fault(copy / file)
    write_checksums(copy)
    for document in (copy / "manifest.json",) if file != "manifest.json" else ():
        refresh(document)
        write_checksums(copy)
    assert rule in {rule for rule, severity in findings(copy) if severity == "error" or rule == "P22"}


def refresh(path: Path) -> None:
    """Let a manifest state what is there: the fault is in the file, not in its checksum."""
    from napari_idr.export.checksums import sha256_of

    said = json.loads(path.read_text())
    said["files"] = [one for one in said["files"] if (path.parent / one["path"]).is_file()]
    for one in said["files"]:
        one["sha256"] = sha256_of(path.parent / one["path"])
    path.write_text(json.dumps(said))


def test_a_file_that_changed_on_its_way_is_found_by_its_checksum(package: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(package, copy)
    (copy / "README.md").write_text("changed")
    (copy / "extra.txt").write_text("more")
    (copy / GEOJSON).unlink()
    whats = {one.what for one in check_path(copy, SmallCmpo()).findings}
    assert {
        "it was changed after the package was written (another checksum)",
        "it is there and not listed",
        "it is listed and not there",
    } <= whats


def test_a_single_file_is_checked_too(package: Path, tmp_path: Path) -> None:
    assert findings(package / ROIS) == set()
    first_polygon("-3.5,10 60,12 60,30.5")(Path(shutil.copy(package / ROIS, tmp_path / "one.ome.xml")))
    assert ("P04", "error") in findings(tmp_path / "one.ome.xml")
    (tmp_path / "notes.docx").write_text("x")
    assert findings(tmp_path / "notes.docx") == {("P22", "error")}
    with pytest.raises(NotFound):
        check_path(tmp_path / "gone", SmallCmpo())


def test_a_warning_that_was_acknowledged_stays_so(tmp_path: Path) -> None:
    one = with_uuids(good_set(objects=(*good_set().objects, region("x", comment="mail me@uni.edu"))))
    submission = good(sets=(one,))
    check = Preflight("both", SmallCmpo())
    said = Acknowledgement(key_of(check.check(submission).findings[0]), Annotator("A"), WHEN)
    report = check.check(submission, acknowledged=(said,))
    folder = write_package(submission, "both", report, tmp_path).folder
    again = check_path(folder, SmallCmpo())
    assert [one.id for one in again.findings] == ["P23"]
    assert again.passes
