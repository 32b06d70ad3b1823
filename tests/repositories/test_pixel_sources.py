"""From what OMERO says to an address that can be read."""

from __future__ import annotations

import pytest

from napari_idr.repositories.pixel_sources import moved_addresses, plate_address, public_address


@pytest.mark.parametrize(
    ("lsid", "address"),
    [
        ("s3://uk1s3.embassy.ebi.ac.uk/b/x.zarr/0?anonymous=true", "https://uk1s3.embassy.ebi.ac.uk/b/x.zarr/0"),
        ("https://host/x.zarr/", "https://host/x.zarr"),
        ("http://127.0.0.1:80/x.zarr/A/1/0", "http://127.0.0.1:80/x.zarr/A/1/0"),
        ("s3://bucket/key/x.zarr", "s3://bucket/key/x.zarr"),
        ("/bia-idr/S-BIAD1891/x.zarr/0", None),
        ("file:///etc/passwd", None),
        ("urn:lsid:export.openmicroscopy.org:Image:1", None),
        ("https://host", None),
        ("http://[broken/x", None),
        ("", None),
        (None, None),
    ],
)
def test_public_address_of_an_image(lsid: str | None, address: str | None) -> None:
    assert public_address(lsid) == address


@pytest.mark.parametrize(
    ("field", "plate"),
    [
        ("https://host/a/p.zarr/A/1/0", "https://host/a/p.zarr"),
        ("https://host/a/p.zarr/AB/12/3", "https://host/a/p.zarr"),
        ("https://host/a/image.zarr/0", None),
        ("https://host/x.zarr", None),
        ("https://host/A/1/0", None),
    ],
)
def test_plate_of_a_field(field: str, plate: str | None) -> None:
    assert plate_address(field) == plate


def test_former_object_store_of_the_idr_has_a_new_address() -> None:
    old, new = "https://uk1s3.embassy.ebi.ac.uk", "https://livingobjects.ebi.ac.uk"
    assert moved_addresses(f"{old}/idr/zarr/v0.4/1.zarr") == [f"{new}/idr/zarr/v0.4/1.zarr"]
    assert moved_addresses(f"{old}/bia-integrator-data/S-BIAD882/u/u.zarr") == [
        f"{new}/bioimaging-integrator-data/S-BIAD882/u/u.zarr",
        f"{new}/bia-integrator-data/S-BIAD882/u/u.zarr",
    ]
    assert moved_addresses("https://host/x") == []
