"""What napari's preferences say, and what is read for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_idr.layers.chosen_settings import configured_settings
from napari_idr.settings import Settings

if TYPE_CHECKING:
    import pytest


def test_the_environment_counts_where_the_preferences_were_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAPARI_IDR_RAM_CACHE_MB", "77")
    assert configured_settings().ram_cache_mb == 77
    assert Settings().ram_cache_mb == 77


def test_manifests_that_are_known_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    import napari.settings
    from npe2 import PluginManager, PluginManifest

    manager, read = PluginManager.instance(), list[str]()
    manager.discover()

    def discover(**_: Any) -> Any:
        read.append("all")
        return iter(())

    monkeypatch.setattr(PluginManifest, "discover", discover)
    napari.settings._clear_plugin_settings_cache()
    assert configured_settings() == Settings()
    assert not read
    manager.discover()
    assert read == ["all"]
