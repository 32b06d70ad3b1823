"""What the user has set in napari's preferences, and what stands where nothing is set there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from napari_idr.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

PLUGIN = "napari-idr"


def configured_settings() -> Settings:
    """Return the settings: defaults, the environment, then what the user set in napari's preferences."""
    from napari.settings import get_plugin_settings

    try:
        with _manifests_known():
            chosen = get_plugin_settings(PLUGIN)
    except KeyError:  # a viewer without plugin discovery
        return Settings()
    groups = (chosen.repositories, chosen.work, chosen.reading)
    # what was left at its default must not hide the environment
    return Settings.with_napari({k: v for group in groups for k, v in group.dict(exclude_defaults=True).items()})


@contextmanager
def _manifests_known() -> Iterator[None]:
    """Keep napari from reading the manifests of all plugins once more: 0.16 s with five of them.

    A running napari has read them, and is told of those that are installed later.
    """
    from npe2 import PluginManager

    manager: Any = PluginManager.instance()
    if PLUGIN not in manager or "discover" in vars(manager):
        yield
        return
    manager.discover = _nothing_new
    try:
        yield
    finally:
        del manager.discover


def _nothing_new(*_: Any, **__: Any) -> int:
    return 0
