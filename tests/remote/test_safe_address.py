"""What of an address may be shown and kept."""

from __future__ import annotations

import pytest

from napari_idr.remote.safe_address import to_keep


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://host/a%20b.zarr", "https://host/a%20b.zarr"),
        ("https://me:hunter2@host:80/x", "https://host:80/x"),
        ("https://host/x?token=hunter2", "https://host/x"),
        ("https://host/x?a=1&Password=hunter2&b=%2F#c", "https://host/x?a=1&b=%2F#c"),
        ("s3://me@bucket/key?anonymous=true", "s3://bucket/key?anonymous=true"),
        ("/a/folder/with@sign?token=1.zarr", "/a/folder/with@sign?token=1.zarr"),
        ("C:\\data\\x.zarr", "C:\\data\\x.zarr"),
        ("idr-demo://plate", "idr-demo://plate"),
        ("http://[broken", "http://[broken"),
    ],
)
def test_an_address_is_kept_without_its_secrets(address: str, kept: str) -> None:
    assert to_keep(address) == kept
