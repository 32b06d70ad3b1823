"""What the metadata of OME-Zarr 0.1 to 0.5 come out as: axes, levels, channels, labels, plates, wells."""

from __future__ import annotations

from typing import Any

import pytest

from made_zarr import axes, multiscales
from napari_idr.errors import FormatError
from napari_idr.formats.ngff import (
    ArrayInfo,
    dataset_paths,
    group_kind,
    parse_image,
    parse_plate,
    parse_well,
    parse_well_metadata,
)
from napari_idr.model.image import ImageMetadata, PlateMetadata, Window


def arrays(*shapes: tuple[int, ...], dtype: str = "uint16") -> list[ArrayInfo]:
    return [ArrayInfo(str(index), shape, shape, dtype) for index, shape in enumerate(shapes)]


def image(block: dict[str, Any], *shapes: tuple[int, ...], dtype: str = "uint16") -> ImageMetadata:
    return parse_image(block, arrays(*shapes, dtype=dtype), address="https://host/i.zarr", name="i.zarr")


def scaled(names: str, *scales: list[float], **more: Any) -> dict[str, Any]:
    return {"multiscales": multiscales(names, list(scales), **more)}


# Versions


def bare(version: str | None, axis_names: list[str] | None, levels: int = 2) -> dict[str, Any]:
    """Image as 0.1 to 0.3 write it: without transformations."""
    block: dict[str, Any] = {"datasets": [{"path": str(index)} for index in range(levels)]}
    block |= {"version": version} if version else {}
    block |= {"axes": axis_names} if axis_names else {}
    return {"multiscales": [block]}


@pytest.mark.parametrize("version", ["0.1", "0.2", None])
def test_the_first_versions_have_fixed_axes_and_scales_by_shape(version: str | None) -> None:
    metadata = image(bare(version, None), (1, 2, 3, 100, 90), (1, 2, 3, 50, 30))
    assert metadata.axis_names == ("t", "c", "z", "y", "x")
    assert metadata.levels[1].scale == (1, 1, 1, 2, 3)
    assert metadata.levels[1].translation == (0, 0, 0, 0, 0)
    assert metadata.source_version == (version or "0.1")
    assert metadata.warnings == ()


def test_version_0_3_has_named_axes() -> None:
    metadata = image(bare("0.3", ["c", "y", "x"]), (2, 8, 8), (2, 4, 4))
    assert [(axis.name, axis.type) for axis in metadata.axes] == [("c", "channel"), ("y", "space"), ("x", "space")]
    assert metadata.levels[1].scale == (1, 2, 2)
    assert metadata.warnings == ()


@pytest.mark.parametrize("wrapped", [True, False])
def test_version_0_5_is_read_with_its_ome_key_and_without(wrapped: bool) -> None:
    block = {"version": "0.5", **scaled("yx", [0.5, 0.5])}
    del block["multiscales"][0]["version"]
    metadata = image({"ome": block} if wrapped else block, (8, 8))
    assert (metadata.source_version, metadata.levels[0].scale, metadata.warnings) == ("0.5", (0.5, 0.5), ())


@pytest.mark.parametrize("version", ["0.6", "9", "foo", 4, 0.4])
def test_unknown_versions_are_read_by_what_they_hold(version: object) -> None:
    block = scaled("yx", [1, 1])
    block["multiscales"][0]["version"] = version
    (warning,) = image(block, (8, 8)).warnings
    assert "multiscales[0].version" in warning
    assert warning.startswith("https://host/i.zarr/.zattrs: ")


@pytest.mark.parametrize("version", ["0.4", "0.4.1", "0.5-dev2"])
def test_known_versions_and_their_drafts_are_silent(version: str) -> None:
    block = scaled("yx", [1, 1])
    block["multiscales"][0]["version"] = version
    assert image(block, (8, 8)).warnings == ()


def test_three_dimensions_without_axes_are_refused() -> None:
    with pytest.raises(FormatError, match="3 dimensions can be more than one thing") as caught:
        image(bare("0.4", None), (2, 8, 8), (2, 4, 4))
    assert caught.value.key == "multiscales[0].axes"


def test_the_first_of_several_images_is_taken() -> None:
    block = scaled("yx", [2, 2])
    block["multiscales"] += multiscales("yx", [[9, 9]])
    assert image(block, (8, 8)).levels[0].scale == (2, 2)


def test_passwords_and_queries_of_an_address_are_not_in_warnings() -> None:
    block = scaled("yx", [1, 1])
    block["multiscales"][0]["version"] = "foo"
    metadata = parse_image(block, arrays((8, 8)), address="https://me:secret@host/i.zarr?token=secret")
    assert "secret" not in metadata.warnings[0]


# Axes


def test_custom_axes_and_units_are_kept_as_they_are() -> None:
    block = scaled("yx", [1, 1, 1])
    block["multiscales"][0]["axes"] = [
        {"name": "angle", "type": "custom", "unit": "degree"},
        {"name": "Y", "unit": "pixel"},
        {"name": "X", "type": "space", "unit": "micron"},
    ]
    metadata = image(block, (3, 8, 8))
    assert [(a.name, a.type, a.unit) for a in metadata.axes] == [
        ("angle", "custom", "degree"),
        ("Y", "space", "pixel"),
        ("X", "space", "micron"),
    ]
    assert metadata.warnings == ()
    assert metadata.channel_axis is None


def test_axes_in_another_order_open_with_a_warning() -> None:
    metadata = image(scaled("yxc", [1, 1, 1]), (8, 8, 2))
    assert metadata.channel_axis == 2
    assert len(metadata.warnings) == 1
    assert "order" in metadata.warnings[0]


@pytest.mark.parametrize("names", ["yx", "zyx", "tczyx"])
def test_axes_that_do_not_count_the_dimensions_are_refused(names: str) -> None:
    with pytest.raises(FormatError, match="axes for arrays of 4 dimensions"):
        image(scaled(names, [1] * len(names)), (2, 2, 8, 8))


# Levels


def test_scales_and_translations_of_both_places_are_composed_in_order() -> None:
    block = scaled("yx", [1, 1])
    first = block["multiscales"][0]
    first["datasets"][0]["coordinateTransformations"] = [
        {"type": "scale", "scale": [2, 3]},
        {"type": "translation", "translation": [10, 20]},
    ]
    first["coordinateTransformations"] = [
        {"type": "scale", "scale": [0.5, 2]},
        {"type": "translation", "translation": [1, -1]},
    ]
    (level,) = image(block, (8, 8)).levels
    assert level.scale == (1, 6)
    assert level.translation == (6, 39)


def test_a_scale_for_the_whole_image_alone_multiplies_the_shapes_ratio() -> None:
    block = bare("0.4", None)
    block["multiscales"][0] |= {
        "axes": axes("yx"),
        "coordinateTransformations": [{"type": "scale", "scale": [0.5, 0.5]}],
    }
    metadata = image(block, (90, 90), (30, 30))
    assert [level.scale for level in metadata.levels] == [(0.5, 0.5), (1.5, 1.5)]
    assert len(metadata.warnings) == 1


@pytest.mark.parametrize("factor", [2, 3, 4, 1.5, 2.0031])
def test_factors_other_than_two_and_rounded_shapes_are_as_the_file_says(factor: float) -> None:
    size = int(1001 / factor)
    metadata = image(scaled("yx", [0.1, 0.1], [0.1 * factor, 0.1 * factor]), (1001, 1001), (size, size))
    assert metadata.levels[1].scale == pytest.approx((0.1 * factor, 0.1 * factor))
    assert metadata.warnings == ()


def test_shapes_win_over_scales_that_contradict_them_and_it_is_said_once() -> None:
    metadata = image(scaled("zyx", *[[2.0, 0.5, 0.5]] * 4), (8, 80, 80), (8, 40, 40), (8, 20, 20), (8, 10, 10))
    assert [level.scale for level in metadata.levels] == [(2, 0.5, 0.5), (2, 1, 1), (2, 2, 2), (2, 4, 4)]
    assert len(metadata.warnings) == 1
    assert "multiscales[0].datasets[1]" in metadata.warnings[0]


@pytest.mark.parametrize("unknown", [0, float("nan"), float("inf")])
def test_a_pixel_without_size_takes_that_of_the_shapes(unknown: float) -> None:
    metadata = image(scaled("tyx", [unknown, 0.5, 0.5], [unknown, 1, 1]), (3, 8, 8), (3, 4, 4))
    assert [level.scale for level in metadata.levels] == [(1, 0.5, 0.5), (1, 1, 1)]
    assert len(metadata.warnings) == 1


@pytest.mark.parametrize("scale", [[-1, 1], ["1", 1], [1], [1, 1, 1], [None, 1], [1e308, True]])
def test_scales_that_cannot_be_placed_are_refused(scale: list[Any]) -> None:
    with pytest.raises(FormatError) as caught:
        image(scaled("yx", scale), (8, 8))
    assert "coordinateTransformations[0].scale" in caught.value.key


def test_levels_listed_coarsest_first_are_sorted() -> None:
    metadata = image(scaled("yx", [4, 4], [2, 2], [1, 1]), (2, 2), (4, 4), (8, 8))
    assert [level.path for level in metadata.levels] == ["2", "1", "0"]
    assert [level.scale for level in metadata.levels] == [(1, 1), (2, 2), (4, 4)]
    assert len(metadata.warnings) == 1


def test_a_level_listed_twice_is_taken_once() -> None:
    block = scaled("yx", [1, 1], [1, 1])
    block["multiscales"][0]["datasets"][1]["path"] = "./0/"
    assert dataset_paths(block, address="") == ("0",)
    metadata = image(block, (8, 8))
    assert len(metadata.levels) == 1
    assert len(metadata.warnings) == 1


@pytest.mark.parametrize(
    ("shapes", "match"),
    [([(8, 8), (4, 4, 1)], "3 dimensions"), ([(8, 8), (0, 4)], "no pixels"), ([(0, 8)], "no pixels")],
)
def test_arrays_that_make_no_pyramid_are_refused(shapes: list[tuple[int, ...]], match: str) -> None:
    with pytest.raises(FormatError, match=match):
        image(scaled("yx", *[[1, 1]] * len(shapes)), *shapes)


# Channels


def channels_of(omero: Any, count: int = 2) -> ImageMetadata:
    return image({**scaled("cyx", [1, 1, 1]), "omero": omero}, (count, 8, 8))


def test_channels_without_omero_have_names_and_nothing_else() -> None:
    metadata = image(scaled("cyx", [1, 1, 1]), (2, 8, 8))
    assert [(c.name, c.color, c.active, c.window) for c in metadata.channels] == [
        ("Channel 0", None, True, None),
        ("Channel 1", None, True, None),
    ]
    assert image(scaled("yx", [1, 1]), (8, 8)).channels == ()


@pytest.mark.parametrize(
    ("color", "expected", "warned"),
    [
        ("0000ff", "0000FF", False),
        ("#00FF00", "00FF00", False),
        (None, None, False),
        ("", None, False),
        ("red", None, True),
        ("FFF", None, True),
        ("FF0000FF", None, True),
        (255, None, True),
        (["FF0000"], None, True),
        ("\uff10" * 6, None, True),
    ],
)
def test_colors_are_six_digits_or_none(color: object, expected: str | None, warned: bool) -> None:
    metadata = channels_of({"channels": [{"color": color}]}, count=1)
    assert metadata.channels[0].color == expected
    assert bool(metadata.warnings) == warned


@pytest.mark.parametrize(
    ("window", "expected", "warned"),
    [
        ({"start": 1, "end": 9, "min": 0, "max": 10}, Window(1, 9, 0, 10), False),
        ({"start": 1, "end": 9}, Window(1, 9), False),
        ({"min": 0, "max": 10}, Window(0, 10, 0, 10), False),
        ({"start": 2, "max": 10}, Window(2, 10, None, 10), False),
        ({"start": -1.5, "end": 1.5}, Window(-1.5, 1.5), False),
        ({"start": 5, "end": 5}, None, True),
        ({"start": 9, "end": 1}, None, True),
        ({"start": 1}, None, True),
        ({}, None, True),
        ({"start": "1", "end": 9}, None, True),
        ({"start": 1, "end": 9, "min": "0"}, Window(1, 9), True),
        ("0-9", None, True),
    ],
)
def test_windows_fill_missing_bounds_from_the_others(window: Any, expected: Window | None, warned: bool) -> None:
    metadata = channels_of({"channels": [{"window": window}]}, count=1)
    assert metadata.channels[0].window == expected
    assert len(metadata.warnings) == warned


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_the_array_tells_how_many_channels_there_are(count: int) -> None:
    metadata = channels_of({"channels": [{"label": "a"}, {"label": 7}]}, count)
    assert [c.name for c in metadata.channels] == ["a", "7", "Channel 2", "Channel 3", "Channel 4"][:count]
    assert bool(metadata.warnings) == (count != 2)


def test_defaults_outside_the_image_are_its_first_plane() -> None:
    block = {**scaled("tzyx", [1] * 4), "omero": {"rdefs": {"defaultT": 2, "defaultZ": 99}}}
    metadata = image(block, (3, 4, 8, 8))
    assert (metadata.default_t, metadata.default_z) == (2, 0)


RGB = [{"color": "FF0000"}, {"color": "00FF00"}, {"color": "0000FF"}]


@pytest.mark.parametrize(
    ("names", "shape", "dtype", "omero", "expected"),
    [
        ("yxc", (8, 8, 3), "uint8", {}, True),
        ("yxc", (8, 8, 4), "uint8", {}, True),
        ("yxc", (8, 8, 3), "uint8", {"channels": RGB, "rdefs": {"model": "color"}}, True),
        ("yxc", (8, 8, 3), "uint8", {"rdefs": {"model": "greyscale"}}, False),
        ("yxc", (8, 8, 3), "uint8", {"channels": RGB[::-1]}, False),
        ("yxc", (8, 8, 2), "uint8", {}, False),
        ("yxc", (8, 8, 3), "float32", {}, False),
        ("cyx", (3, 8, 8), "uint8", {"channels": RGB, "rdefs": {"model": "color"}}, False),
        ("zyx", (3, 8, 3), "uint8", {}, False),
    ],
)
def test_only_samples_side_by_side_are_one_colour_picture(
    names: str, shape: tuple[int, ...], dtype: str, omero: dict[str, Any], expected: bool
) -> None:
    block = {**scaled(names, [1.0] * len(names)), "omero": omero}
    assert image(block, shape, dtype=dtype).rgb is expected


# Labels


def label(block: Any) -> ImageMetadata:
    return image({**scaled("yx", [1, 1]), "image-label": block}, (8, 8))


def test_of_several_colours_of_a_value_the_last_counts() -> None:
    metadata = label(
        {"colors": [{"label-value": v, "rgba": [r, 0, 0, 255]} for v, r in ((1, 10), (2, 20), (1, 30), (3.0, 40))]}
    )
    assert metadata.label is not None
    assert metadata.label.colors == ((1, (30, 0, 0, 255)), (2, (20, 0, 0, 255)), (3, (40, 0, 0, 255)))
    assert len(metadata.warnings) == 1


def test_colours_are_optional_and_properties_keep_all_they_say() -> None:
    metadata = label({"colors": [{"label-value": 1}], "properties": [{"label-value": 4, "class": "x", "n": [1]}]})
    assert metadata.label is not None
    assert metadata.label.colors == ()
    assert metadata.label.properties == ({"label-value": 4, "class": "x", "n": [1]},)
    assert metadata.warnings == ()


@pytest.mark.parametrize("block", [{}, {"version": "0.4"}])
def test_a_label_image_that_says_nothing_is_still_one(block: dict[str, Any]) -> None:
    assert label(block).label is not None
    assert image(scaled("yx", [1, 1]), (8, 8)).label is None


# Plates and wells


def plate(wells: list[Any], rows: str = "AB", columns: str = "12", **more: Any) -> PlateMetadata:
    block = {
        "rows": [{"name": name} for name in rows],
        "columns": [{"name": name} for name in columns],
        "wells": wells,
        "version": "0.4",
        **more,
    }
    return parse_plate({"plate": block}, address="https://host/p.zarr")


def well(path: str, row: int, column: int) -> dict[str, Any]:
    return {"path": path, "rowIndex": row, "columnIndex": column}


def test_wells_keep_the_order_of_the_file() -> None:
    metadata = plate([well("B/2", 1, 1), well("A/1", 0, 0)])
    assert [(w.path, w.name, w.row_index, w.column_index) for w in metadata.wells] == [
        ("B/2", "B2", 1, 1),
        ("A/1", "A1", 0, 0),
    ]
    assert metadata.warnings == ()


def test_paths_win_over_indexes_and_it_is_said_once() -> None:
    metadata = plate([well("A/2", 1, 0), well("B/1", 0, 1), well("A/1", 0, 0)])
    assert [(w.name, w.row_index, w.column_index) for w in metadata.wells] == [("A2", 0, 1), ("B1", 1, 0), ("A1", 0, 0)]
    assert len(metadata.warnings) == 1


@pytest.mark.parametrize(("version", "warned"), [("0.1", False), ("0.3", False), ("0.4", True)])
def test_before_0_4_wells_have_paths_only(version: str, warned: bool) -> None:
    metadata = plate([{"path": "A/2"}], version=version)
    assert (metadata.wells[0].row_index, metadata.wells[0].column_index) == (0, 1)
    assert bool(metadata.warnings) == warned


def test_indexes_place_wells_whose_paths_name_no_row_and_column() -> None:
    metadata = plate([well("plate/A/1", 0, 0), well("x", 1, 1)])
    assert [w.name for w in metadata.wells] == ["A1", "B2"]
    assert len(metadata.warnings) == 1


def test_indexes_outside_the_plate_are_not_followed() -> None:
    assert plate([well("A/1", 7, -1)]).wells[0].row_index == 0
    with pytest.raises(FormatError, match="place of a well"):
        plate([well("Z/9", 25, 8)])


def test_two_wells_in_one_place_are_refused_and_one_listed_twice_is_taken_once() -> None:
    with pytest.raises(FormatError, match="same place"):
        plate([well("A/1", 0, 0), well("other", 0, 0)])
    metadata = plate([well("A/1", 0, 0), well("A/1", 0, 0)])
    assert (len(metadata.wells), len(metadata.warnings)) == (1, 1)


def test_a_plate_without_wells_opens_with_a_warning() -> None:
    metadata = plate([])
    assert metadata.wells == ()
    assert len(metadata.warnings) == 1


def test_a_plate_of_0_5_without_version_and_acquisitions_is_silent() -> None:
    block = {"rows": [{"name": "A"}], "columns": [{"name": "1"}], "wells": [well("A/1", 0, 0)]}
    metadata = parse_plate({"ome": {"version": "0.5", "plate": block}}, address="")
    assert (metadata.source_version, metadata.acquisitions, metadata.warnings) == ("0.5", (), ())


def test_fields_keep_order_and_acquisitions() -> None:
    images = [{"path": "1", "acquisition": 3}, {"path": "0"}, {"path": "1", "acquisition": 4}]
    found = parse_well_metadata({"well": {"images": images}}, address="w")
    assert [(field.path, field.acquisition) for field in found.fields] == [("1", 3), ("0", None)]
    assert len(found.warnings) == 1
    assert parse_well({"well": {"images": images}}, address="w") == found.fields


@pytest.mark.parametrize("block", [None, {}, {"images": None}, {"images": "0"}, {"images": ["0"]}, {"images": [{}]}])
def test_what_is_no_well_is_refused(block: Any) -> None:
    with pytest.raises(FormatError) as caught:
        parse_well({"well": block}, address="w")
    assert caught.value.key.startswith("well")


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"plate": {}, "bioformats2raw.layout": 3}, "plate"),
        ({"multiscales": []}, "image"),
        ({"well": {}}, "well"),
        ({"ome": {"bioformats2raw.layout": 3}}, "collection"),
        ({"ome": {"labels": []}}, "labels"),
        ({}, "unknown"),
        ({"ome": 3}, "unknown"),
    ],
)
def test_kind_of_a_group_is_told_by_its_keys(attributes: dict[str, Any], kind: str) -> None:
    assert group_kind(attributes) == kind
