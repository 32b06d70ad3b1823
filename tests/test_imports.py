"""What importing costs: nothing heavy for the package, neither Qt nor napari for everything without a window."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import napari_idr

QT = ("qtpy", "superqt", "PyQt5", "PyQt6", "PySide2", "PySide6")
WINDOW = (*QT, "napari", "vispy", "magicgui")
HEAVY = (
    *WINDOW,
    "zarr",
    "numpy",
    "pandas",
    "requests",
    "obstore",
    "tifffile",
    "PIL",
    "pydantic",
    "starlette",
    "uvicorn",
)
FOR_LATER = (
    "zarr",
    "numcodecs",
    "obstore",
    "tifffile",
    "pandas",
    "pyarrow",
    "sqlalchemy",
    "alembic",
    "lxml",
    "keyring",
    "requests",
    "urllib3",
    "xml",
    *(f"napari_idr.{name}" for name in ("export", "workspace.workspace", "review", "formats.view_file")),
    *(f"napari_idr.formats.{name}" for name in ("annotations", "documents", "ngff")),
    *(f"napari_idr.layers.{name}" for name in ("history", "kept_offers", "opening", "shown_rois", "view_files")),
    *(f"napari_idr.widgets.{name}" for name in ("annotate_tab", "review_tab", "export_dialog", "servers_dialog")),
)
"""What nobody needs who only opens the dock."""
SHOW_DOCK = """
import sys
from napari.components import ViewerModel
from qtpy.QtWidgets import QApplication
application = QApplication([])
viewer = ViewerModel()
import napari_idr.layers.full_collections
from napari_idr.widgets import browser
browser.REST_SECONDS = 600  # what is imported in the background comes later
before = set(sys.modules)
dock = browser.IdrDock(viewer)
dock.show()
application.processEvents()
print(*set(sys.modules) - before)
assert dock.browse.start.isVisible()
dock._session.close()
"""
WITH_WINDOW = ("widgets", "layers", "plugin")
"""Rooms that may import Qt or napari."""

BLOCK = f"""
import sys
class NoWindow:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {WINDOW!r}:
            raise ModuleNotFoundError("there is no " + name + " here", name=name)
sys.meta_path.insert(0, NoWindow())
"""
IMPORT_ALL = """
import sys
from importlib import import_module
for name in sys.argv[1:]:
    import_module(name)
    print(name)
"""


def python(code: str, *arguments: str) -> str:
    """Standard output of a fresh Python."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120, env=environment
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def imported_by(statement: str, names: tuple[str, ...]) -> set[str]:
    """Which of some packages a fresh Python has imported after a statement."""
    code = f"import json, sys\n{statement}\nprint(json.dumps([name for name in {names!r} if name in sys.modules]))"
    return set(json.loads(python(code)))


def modules() -> list[str]:
    """Names of all modules of the package."""
    root = Path(napari_idr.__file__).parent
    files = (file.relative_to(root.parent).with_suffix("") for file in root.rglob("*.py") if file.stem != "__main__")
    return sorted(".".join(file.parts).removesuffix(".__init__") for file in files)


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_package_imports_nothing_heavy() -> None:
    assert imported_by("import napari_idr", HEAVY) == set()


def test_public_names_are_there_without_anything_heavy() -> None:
    names = "import napari_idr\nassert all(callable(getattr(napari_idr, name)) for name in napari_idr.__all__)"
    assert imported_by(names, HEAVY) == set()


@pytest.mark.parametrize("module", ["napari_idr.session", "napari_idr.cli", "napari_idr.demo.server"])
def test_headless_doors_import_neither_qt_nor_napari(module: str) -> None:
    assert imported_by(f"import {module}", WINDOW) == set()


def test_rooms_without_a_window_import_where_there_is_no_qt() -> None:
    headless = [module for module in modules() if room(module) not in WITH_WINDOW]
    assert "napari_idr.session" in headless
    assert "napari_idr.readers.plate" in headless
    assert python(BLOCK + IMPORT_ALL, *headless).split() == headless


@pytest.mark.qt
def test_the_dock_is_shown_without_anything_that_only_later_jobs_need() -> None:
    came = python(SHOW_DOCK).split()
    assert "napari_idr.widgets.browser_tab" in came
    assert [name for name in FOR_LATER if any(f"{module}.".startswith(f"{name}.") for module in came)] == []


@pytest.mark.qt
def test_everything_imports_by_itself() -> None:
    assert python(IMPORT_ALL, *modules()).split() == modules()


def test_region_is_read_through_the_embedded_server_where_there_is_no_qt(demo_content: Path) -> None:
    code = f"""{BLOCK}
from pathlib import Path
from napari_idr.demo.server import EmbeddedServer
from napari_idr.session import Session
with EmbeddedServer(Path(sys.argv[1])) as server, Session() as session:
    root = session.resolve(server.address)
    study = session.children(root).nodes[0]
    screen = session.children(study).nodes[0]
    plate = session.children(screen).nodes[0]
    assert session.plate_grid(plate).cells
    field = session.children(session.children(plate).nodes[0]).nodes[0]
    assert session.describe(field).key_values
    pixels, metadata = session.read(field.address, region="c=0,y=0:32,x=0:16")
    print(pixels.shape, pixels.dtype, bool(pixels.any()), metadata.source_kind)
    coarsest = session.open_plate(session.reference(plate)).channel(0)[-1]
    print(bool(coarsest[...].__array__().any()))
"""
    assert python(code, str(demo_content)).splitlines() == ["(1, 32, 16) uint16 True ome-zarr", "True"]
