"""What napari does anew for each viewer of a test, though it comes out the same: done once per run, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.metadata import Distribution, EntryPoint


def read_manifests_once() -> None:
    """Have npe2 parse the manifest of each installed plugin once: a fourth of what a viewer costs."""
    from npe2 import PluginManifest

    read, known = getattr(PluginManifest, "_from_entrypoint", None), dict[str, Any]()
    if read is None:  # another npe2
        return

    def _from_entrypoint(entry_point: EntryPoint, distribution: Distribution | None = None) -> Any:
        if entry_point.value not in known:
            known[entry_point.value] = read(entry_point, distribution)
        return known[entry_point.value]

    PluginManifest._from_entrypoint = staticmethod(_from_entrypoint)


def leave_settings_unsaved() -> None:
    """Have napari write no file each time that a test's viewer changes a setting: nobody reads it."""
    from napari.settings import get_settings

    settings = get_settings()
    if hasattr(settings, "_save_on_change"):
        settings._save_on_change = False
