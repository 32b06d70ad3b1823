"""ROIs asked of the embedded server: how many requests, which ROIs, which pixels, and what goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_idr.errors import Cancelled, NapariIdrError, ServerFailure, Unsupported
from napari_idr.formats.mask_pixels import bits_to_pixels
from napari_idr.model.annotation import Mask
from napari_idr.remote.http import Http
from napari_idr.repositories.omero import OmeroRepository
from napari_idr.repositories.roi_reading import read_rois

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.model.catalog import Node
    from repository_server import Served

EVERY, MANY = "embryo-1, every kind of ROI", "colon-section-1, 10,000 ROIs"


@pytest.fixture
def omero(served: Served) -> Iterator[OmeroRepository]:
    http = Http(read_timeout=20)
    yield OmeroRepository(http, served.address)
    http.close()


@pytest.fixture
def images(omero: OmeroRepository) -> dict[str, Node]:
    datasets = [one for project in omero.children(omero.root()).nodes for one in omero.children(project).nodes]
    return {image.name: image for one in datasets if one.kind == "dataset" for image in omero.children(one).nodes}


def masks(omero: OmeroRepository, image: Node) -> list[Mask]:
    found = read_rois(omero.roi_source, image.id, "here")
    return [shape for roi in found.rois for shape in roi.shapes if isinstance(shape, Mask)]


def test_ten_thousand_rois_cost_one_request_per_five_hundred(
    omero: OmeroRepository, images: dict[str, Node], served: Served
) -> None:
    served.reset()
    assert omero.roi_source.count(images[MANY].id) == 10_000
    assert len(served.requests()) == 1
    served.reset()
    found = read_rois(omero.roi_source, images[MANY].id, "here")
    assert len(served.requests()) == 20
    assert len(set(served.requests())) == 20
    assert [roi.name for roi in found.rois] == [f"cell {number + 1}" for number in range(10_000)]
    assert found.remarks == ()


def test_rois_of_one_plane_are_asked_for_where_the_server_can(
    omero: OmeroRepository, images: dict[str, Node], served: Served
) -> None:
    every = {roi.name for roi in read_rois(omero.roi_source, images[EVERY].id, "here").rois}
    served.reset()
    plane = {roi.name for roi in read_rois(omero.roi_source, images[EVERY].id, "here", plane=(2, 1)).rois}
    assert sum("rois_by_plane" in one for one in served.requests()) == 1
    assert every - plane == {"box"}


def test_a_server_without_iviewer_is_asked_for_a_plane_once(
    omero: OmeroRepository, images: dict[str, Node], served: Served
) -> None:
    served.fail("iviewer", "status404", 100)
    served.reset()
    for _ in range(3):
        with pytest.raises(Unsupported):
            read_rois(omero.roi_source, images[EVERY].id, "here", plane=(0, 0))
    assert len(served.requests()) == 1


def test_masks_come_with_the_pixels_they_were_made_of(omero: OmeroRepository, images: dict[str, Node]) -> None:
    found = masks(omero, images[EVERY])
    assert len(found) == 3
    for mask in found:
        assert mask.bits is not None
        height, width = int(mask.height), int(mask.width)
        rows, columns = np.mgrid[:height, :width] - (height - 1) / 2
        assert np.array_equal(
            bits_to_pixels(mask.bits, height, width, ""), rows**2 + columns**2 <= ((height - 1) / 2) ** 2
        )


def test_a_mask_whose_pixels_do_not_come_stays_a_box_and_is_said(
    omero: OmeroRepository, images: dict[str, Node], served: Served
) -> None:
    served.fail("render_shape_mask", "html", 1)
    found = read_rois(omero.roi_source, images[EVERY].id, "here")
    assert len([said for said in found.remarks if said.startswith("1 masks are shown as boxes")]) == 1
    assert [mask.bits is None for mask in masks(omero, images[EVERY])] == [False] * 3


def test_more_masks_than_are_read_are_said(
    omero: OmeroRepository, images: dict[str, Node], served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_idr.repositories.roi_reading.MOST_MASKS", 1)
    served.reset()
    found = read_rois(omero.roi_source, images[EVERY].id, "here")
    assert sum("render_shape_mask" in one for one in served.requests()) == 1
    assert "2 masks" in " ".join(found.remarks)


def test_a_page_that_fails_is_an_error_and_no_shorter_list(
    omero: OmeroRepository, images: dict[str, Node], served: Served
) -> None:
    served.fail("offset=1500", "status500", 10)
    with pytest.raises(ServerFailure):
        read_rois(omero.roi_source, images[MANY].id, "here")


def test_reading_can_be_cancelled(omero: OmeroRepository, images: dict[str, Node]) -> None:
    with pytest.raises(Cancelled):
        read_rois(omero.roi_source, images[MANY].id, "here", is_cancelled=lambda: True)


def test_rois_are_given_for_every_kind_of_node_that_holds_images(omero: OmeroRepository) -> None:
    screen, *_ = omero.children(omero.root()).nodes
    (plate,) = omero.children(screen).nodes
    wells = omero.children(plate).nodes
    (run,) = omero.describe(plate).acquisitions  # type: ignore[attr-defined]
    of_plate, of_run = omero.rois(plate), omero.rois(run)
    of_wells = [roi for well in wells for roi in omero.rois(well)]
    assert of_plate
    assert sorted(roi["@id"] for roi in of_plate) == sorted(roi["@id"] for roi in of_wells)
    assert [roi["@id"] for roi in of_run] == [roi["@id"] for roi in of_plate]
    fields = {field.image_id: field for well in wells for field in omero.samples(well)}
    for image_id in {str(roi["napari-idr:image"]) for roi in of_plate}:
        alone = omero.rois(fields[image_id])
        assert [roi["@id"] for roi in alone] == [
            roi["@id"] for roi in of_plate if str(roi["napari-idr:image"]) == image_id
        ]


def test_rois_of_a_dataset_are_those_of_its_images(omero: OmeroRepository, images: dict[str, Node]) -> None:
    datasets = [one for project in omero.children(omero.root()).nodes for one in omero.children(project).nodes]
    dataset = next(one for one in datasets if one.name == "Variants: regions of interest")
    found = omero.rois(dataset)
    counts = [sum(str(roi["napari-idr:image"]) == images[name].id for roi in found) for name in (EVERY, MANY)]
    assert counts == [11, 10_000]


def test_rois_of_what_holds_more_than_images_are_one_sentence(omero: OmeroRepository) -> None:
    for node in (omero.root(), *omero.children(omero.root()).nodes):
        with pytest.raises(Unsupported) as caught:
            omero.rois(node)
        assert "choose" in caught.value.hint


@pytest.mark.parametrize("kind", ["status403", "status500", "html", "truncate"])
def test_what_a_server_does_wrong_is_an_error_of_the_family(
    omero: OmeroRepository, images: dict[str, Node], served: Served, kind: str
) -> None:
    served.fail("/rois/", kind, 100)
    with pytest.raises(NapariIdrError):
        read_rois(omero.roi_source, images[EVERY].id, "here")
