from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas
import pytest

from labelled_sets import drawn_object, image, labelled_set, rich_object
from napari_idr.errors import FormatError, NapariIdrError
from napari_idr.formats.annotations.omero_table import FORMAT, omero_table_text

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr.model.annotation_set import AnnotatedObject

ODD = replace(rich_object(3), features=(("Image", "link?"), ("Well_ID", 4), ('é, "quoted"', "x\ty")))


def placeless(one: AnnotatedObject) -> AnnotatedObject:
    return replace(one, shapes=(), label=None)


def test_what_is_said_of_all_objects_comes_back_and_their_place_does_not(tmp_path: Path) -> None:
    objects = (drawn_object(), rich_object(1), ODD, labelled_set().objects[1])
    one = labelled_set(objects=objects)
    path = tmp_path / "a.omero_table.csv"
    FORMAT.write([one], path)
    again = FORMAT.read(path, one.image)[0]
    assert again.objects == tuple(map(placeless, objects))
    assert again.remarks == ()
    assert {loss.uuid for loss in FORMAT.losses([one])} == {"", *(each.uuid for each in objects)}


def test_the_header_says_the_type_of_each_column() -> None:
    rows = [replace(rich_object(n), features=(("area", 1.5 * n), ("count", n), ("ok", True))) for n in (1, 2)]
    rows.append(replace(rich_object(3), features=(("area", 2), ("count", 5))))
    header, columns = omero_table_text(labelled_set(objects=tuple(rows))).splitlines()[:2]
    kinds = dict(zip(columns.split(","), header.removeprefix("# header ").split(","), strict=True))
    assert (kinds["Roi Name"], kinds["area"], kinds["count"], kinds["ok"]) == ("s", "d", "l", "s")


def test_no_feature_is_taken_for_a_link_to_an_object_of_the_server() -> None:
    columns = omero_table_text(labelled_set(objects=(ODD,))).splitlines()[1].split(",")
    assert {"feature:Image", "feature:Well_ID"} <= set(columns)


def test_pandas_reads_the_same_table(tmp_path: Path) -> None:
    path = tmp_path / "a.omero_table.csv"
    named = replace(rich_object(1), features=(("Gene Symbol", "NA"), ("area", 3.25)))
    FORMAT.write([labelled_set(objects=(named,))], path)
    frame = pandas.read_csv(path, skiprows=1, keep_default_na=False)
    assert frame["Gene Symbol"].tolist() == ["NA"]
    assert frame["area"].tolist() == [3.25]


def test_a_table_that_others_wrote_is_read(shared: Path) -> None:
    found = FORMAT.read(shared / "formats/samples/generated/B1_C1.omero_table.csv", image())[0]
    assert [one.name for one in found.objects][:2] == ["rect_1", "rect_rot"]
    assert found.objects[0].phenotypes[0].term.accession == "CMPO_0000128"


def test_two_objects_of_one_name_are_refused() -> None:
    twins = (drawn_object(), replace(drawn_object(), uuid="00000000-0000-4000-8000-00000000000b"))
    with pytest.raises(FormatError, match="'box'"):
        omero_table_text(labelled_set(objects=twins))


def test_what_a_spreadsheet_did_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.omero_table.csv"
    path.write_bytes("\ufeffRoi Name;Gene Symbol\r\nbox;1-Sep\r\n".encode())
    found = FORMAT.read(path, image())[0]
    assert dict(found.objects[0].features) == {"Gene Symbol": "1-Sep"}
    said = " ".join(found.remarks)
    assert all(word in said for word in ("byte order mark", "line ends", "semicolons", "'1-Sep'"))


@pytest.mark.parametrize(
    "content",
    [b"", b"Roi Name,a,a\nx,1,2\n", b"Roi Name,a\nx\n", b"Roi Name\n\xff\xfe\n", b'Roi Name\n"open\n', b"a\0b"],
)
def test_broken_tables_are_refused_in_a_sentence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.omero_table.csv"
    path.write_bytes(content)
    with pytest.raises(NapariIdrError):
        FORMAT.read(path, image())
