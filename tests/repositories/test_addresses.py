"""What people paste, and what it is taken for."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.errors import AddressError
from napari_idr.repositories.addresses import IDR, recognise

IDR_FORMS = [
    ("https://idr.openmicroscopy.org/webclient/?show=image-123", "image", "123"),
    ("https://idr.openmicroscopy.org/webclient/?show=image-1|image-2", "image", "1"),
    ("HTTPS://IDR.OpenMicroscopy.org/webclient/?show=plate-422", "plate", "422"),
    ("https://idr.openmicroscopy.org/webclient/?show=screen-102", "screen", "102"),
    ("https://idr.openmicroscopy.org/webclient/?show=project-51", "project", "51"),
    ("https://idr.openmicroscopy.org/webclient/?show=dataset-5", "dataset", "5"),
    ("https://idr.openmicroscopy.org/webclient/?show=well-7", "well", "7"),
    ("https://idr.openmicroscopy.org/webclient/?show=run-422", "acquisition", "422"),
    ("https://idr.openmicroscopy.org/webclient/img_detail/123/", "image", "123"),
    ("https://idr.openmicroscopy.org/webclient/img_detail/123/?dataset=5", "image", "123"),
    ("https://idr.openmicroscopy.org/iviewer/?images=1,2", "image", "1"),
    ("https://idr.openmicroscopy.org/iviewer/?dataset=5", "dataset", "5"),
    ("https://idr.openmicroscopy.org/iviewer/?well=7", "well", "7"),
    ("https://idr.openmicroscopy.org/image/123/", "image", "123"),
    ("https://idr.openmicroscopy.org/study/idr0001/", "study", "idr0001"),
    ("https://idr.openmicroscopy.org/study/idr0001/json/", "study", "idr0001"),
    ("https://idr.openmicroscopy.org/search/?query=Name:idr0018", "study", "idr0018"),
    ("https://idr.openmicroscopy.org/api/v0/m/images/123/", "image", "123"),
    ("https://idr.openmicroscopy.org/webgateway/render_image/123/0/0/", "image", "123"),
    ("https://idr.openmicroscopy.org", "repository", ""),
    ("https://idr.openmicroscopy.org/webclient/", "repository", ""),
    ("idr://image/123", "image", "123"),
    ("IDR://Plate/123", "plate", "123"),
    ("idr://study/idr0001", "study", "idr0001"),
    ("idr://idr0001-graml-sysgro/screenA", "study", "idr0001-graml-sysgro/screenA"),
    ("idr://", "repository", ""),
    ("idr0001", "study", "idr0001"),
    ("IDR0001", "study", "idr0001"),
    ("idr0001-graml-sysgro", "study", "idr0001-graml-sysgro"),
    ("idr0001-graml-sysgro/screenA", "study", "idr0001-graml-sysgro/screenA"),
    ("https://doi.org/10.17867/10000101", "study", "10.17867/10000101"),
]
OMERO_FORMS = [
    ("http://127.0.0.1:4080/webclient/?show=plate-1", "http://127.0.0.1:4080/", "plate", "1"),
    ("http://127.0.0.1:4080/", "http://127.0.0.1:4080/", "repository", ""),
    ("http://127.0.0.1:4080", "http://127.0.0.1:4080/", "repository", ""),
    ("https://Omero.Uni.edu/omero/webclient/?show=image-9", "https://omero.uni.edu/omero/", "image", "9"),
    ("https://omero.uni.edu/omero/iviewer/?images=9", "https://omero.uni.edu/omero/", "image", "9"),
    ("https://omero.uni.edu/webgateway/plate/4/0/", "https://omero.uni.edu/", "plate", "4"),
    ("https://omero.uni.edu/image/9/", "https://omero.uni.edu/", "image", "9"),
    ("omero://omero.uni.edu/image/123", "https://omero.uni.edu/", "image", "123"),
    ("OMERO://localhost:4080/well/3", "http://localhost:4080/", "well", "3"),
    ("omero://127.0.0.1:4080", "http://127.0.0.1:4080/", "repository", ""),
]
ZARR_FORMS = [
    ("https://host/a/b.zarr", "https://host/a/b.zarr"),
    ("https://host/a/b.zarr/A/1/0/", "https://host/a/b.zarr/A/1/0"),
    ("https://host/idr/zarr/v0.4/idr0048A/9846151", "https://host/idr/zarr/v0.4/idr0048A/9846151"),
    ("https://host/api/b.ome.zarr", "https://host/api/b.ome.zarr"),
    ("s3://bucket/key/b.zarr", "s3://bucket/key/b.zarr"),
    (
        "S3://uk1s3.embassy.ebi.ac.uk/idr/1.zarr?anonymous=true",
        "s3://uk1s3.embassy.ebi.ac.uk/idr/1.zarr?anonymous=true",
    ),
    ("ome-zarr://https/host/path", "https://host/path"),
    ("OME-Zarr://http/127.0.0.1:99/b.zarr", "http://127.0.0.1:99/b.zarr"),
    ("ome-zarr://s3/bucket/key", "s3://bucket/key"),
    ("ome-zarr://file/data/b.zarr", "/data/b.zarr"),
    ("ome-zarr:///data/b", "/data/b"),
    ("file:///data/my%20b.zarr", "/data/my b.zarr"),
    ("/data/b.ome.zarr", "/data/b.ome.zarr"),
    ("/data/anything", "/data/anything"),
    ("/data/b.ozx", "/data/b.ozx"),
    ("/data/b.zip", "/data/b.zip"),
    (" '/data/b.zarr' ", "/data/b.zarr"),
]


@pytest.mark.parametrize(("address", "kind", "number"), IDR_FORMS)
def test_address_of_idr_is_recognised(address: str, kind: str, number: str) -> None:
    found = recognise(address)
    assert (found.scheme, found.base, found.kind, found.id) == ("idr", IDR, kind, number)


@pytest.mark.parametrize(("address", "base", "kind", "number"), OMERO_FORMS)
def test_page_of_any_omero_web_is_recognised(address: str, base: str, kind: str, number: str) -> None:
    found = recognise(address)
    assert (found.scheme, found.base, found.kind, found.id) == ("omero", base, kind, number)


@pytest.mark.parametrize(("address", "base"), ZARR_FORMS)
def test_ome_zarr_address_is_recognised(address: str, base: str) -> None:
    found = recognise(address)
    assert (found.scheme, found.base, found.kind) == ("ome-zarr", base, None)


def test_paths_are_made_absolute_so_that_they_name_one_thing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/tmp")
    assert recognise("./a/../b.zarr").base == os.path.join(os.getcwd(), "b.zarr")
    assert recognise("sub/plates").base == os.path.join(os.getcwd(), "sub", "plates")


@pytest.mark.parametrize("address", ["/data/a.tif", "a.OME.TIFF", "file:///data/a.tiff"])
def test_local_tiff_is_recognised(address: str) -> None:
    found = recognise(address)
    assert (found.scheme, found.kind) == ("tiff", "image")


def test_known_server_is_recognised_below_its_prefix() -> None:
    found = recognise("https://uni.edu/web/image/9/", known_servers=("https://uni.edu/web/",))
    assert (found.scheme, found.base, found.kind, found.id) == ("omero", "https://uni.edu/web/", "image", "9")


def test_ome_zarr_that_is_open_does_not_make_its_fields_pages_of_a_server() -> None:
    found = recognise("https://host/data/plate/A/1/0", known_servers=("https://host/data/plate",))
    assert (found.scheme, found.base) == ("ome-zarr", "https://host/data/plate/A/1/0")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "   ",
        "nonsense",
        "idr1",
        "idr:123",
        "idr://image/abc",
        "idr://nothing/1",
        "ftp://host/a.zarr",
        "http://",
        "http://[::1",
        "http://host:99999/webclient/?show=image-1",
        "https://idr.openmicroscopy.org/webclient/?show=image-x",
        "https://idr.openmicroscopy.org/about/",
        "https://www.example.org/search?q=cells",
        "https://host/a.tif",
        "S-BIAD144",
        "EMPIAR-10326",
        "https://www.ebi.ac.uk/biostudies/studies/S-BIAD144",
        "s3://bucket",
        "omero://",
        "a\nb",
        "x" * 5000,
    ],
)
def test_what_fits_no_form_is_refused(address: str) -> None:
    with pytest.raises(AddressError) as caught:
        recognise(address)
    assert caught.value.what
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_refusal_lists_the_forms_and_keeps_secrets() -> None:
    with pytest.raises(AddressError) as caught:
        recognise("ftp://me:secret@host/x?bsession=abc")
    message = str(caught.value)
    assert "idr://image/123" in message
    assert "OME-Zarr" in message
    assert "secret" not in message
    assert "abc" not in message


PIECES = st.sampled_from(
    ["http://", "https://", "idr://", "omero://", "ome-zarr://", "s3://", "file://", "[", "]", ":", "@", "/", "?show=",
     "image-1", "plate", "webclient/", "api/v0/", "study/idr0001", ".zarr", "%00", "127.0.0.1",
     "~", "..", "&", "\\", "C:\\"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=8).map("".join)))
def test_any_text_is_recognised_or_refused_in_words(text: str) -> None:
    try:
        found = recognise(text, known_servers=("http://127.0.0.1:80/",))
    except AddressError as error:
        assert error.hint  # noqa: PT017 - either outcome is right
    else:
        assert found.base
