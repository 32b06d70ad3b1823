"""What is safe to show of an address."""

from __future__ import annotations

import pytest

from napari_idr.remote.safe_address import host_of, without_secrets


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://me:pass@host:8/a?b=1", "https://host:8/a?b=1"),
        ("https://host/a?bsession=uuid&c=2", "https://host/a?bsession=***&c=2"),
        ("https://host/a?Password=x&TOKEN=y", "https://host/a?Password=***&TOKEN=***"),
        ("https://host/a#fragment", "https://host/a"),
        ("http://[broken", "an address that cannot be read"),
    ],
)
def test_secrets_are_not_shown(address: str, shown: str) -> None:
    assert without_secrets(address) == shown


def test_endless_address_is_cut() -> None:
    assert len(without_secrets("https://host/" + "a" * 10_000)) <= 200


def test_host_is_shown_without_the_user() -> None:
    assert host_of("https://me:pass@host:8/a") == "host:8"
    assert host_of("http://[broken") == "the server"
