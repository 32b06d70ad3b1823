"""Where settings come from, and what a wrong one gets."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from napari_idr.errors import NapariIdrError
from napari_idr.settings import Settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"NAPARI_IDR_{name.upper()}", raising=False)


def test_environment_overrides_defaults_and_napari_overrides_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().ram_cache_mb == 0
    monkeypatch.setenv("NAPARI_IDR_RAM_CACHE_MB", "100")
    monkeypatch.setenv("NAPARI_IDR_READ_TIMEOUT", "2.5")
    assert (Settings().ram_cache_mb, Settings().read_timeout) == (100, 2.5)
    settings = Settings.with_napari({"napari-idr.ram_cache_mb": 200, "read_timeout": None, "theme": "dark"})
    assert (settings.ram_cache_mb, settings.read_timeout) == (200, 2.5)


def test_memory_for_pixels_is_a_quarter_of_what_there_is_and_at_most_4_gb(monkeypatch: pytest.MonkeyPatch) -> None:
    def of(gigabytes: int) -> int:
        monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=gigabytes << 30))
        return Settings().ram_cache_bytes

    assert [of(2), of(8), of(64)] == [512 << 20, 2 << 30, 4 << 30]
    monkeypatch.setenv("NAPARI_IDR_RAM_CACHE_MB", "100")
    assert of(64) == 100 << 20


def test_servers_are_a_list_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAPARI_IDR_SERVERS", "https://omero.uni.edu/, /data/plates")
    assert Settings().servers == ("https://omero.uni.edu/", "/data/plates")


def test_cache_folder_is_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAPARI_IDR_CACHE_DIR", "~/pixels")
    assert Settings().cache_dir == Path.home() / "pixels"


@pytest.mark.parametrize(
    ("name", "value"),
    [("ram_cache_mb", "-1"), ("parallel_requests", "65"), ("read_timeout", "soon"), ("server", "ftp://x")],
)
def test_value_out_of_bounds_is_one_sentence_that_names_it(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"NAPARI_IDR_{name.upper()}", value)
    with pytest.raises(NapariIdrError) as caught:
        Settings()
    error = caught.value
    assert name in error.what
    assert value in error.what
    assert error.on
    assert f"NAPARI_IDR_{name.upper()}" in error.hint
    assert "\n" not in str(error)
