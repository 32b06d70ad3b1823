"""Everything that others' validators, and ``sha256sum``, find in a package."""

from __future__ import annotations

import subprocess
import tempfile
import zipfile
from pathlib import Path

from validate.validators import run_validator

VALIDATED = (
    ("ome_xsd", "annotations/**/*.ome.xml", True),
    ("ome_xsd", "annotations/**/*.ome.tif", True),
    ("geojson_shapely", "annotations/**/*.geojson", False),
    ("ngff", "annotations/**/*.ome.zarr.zip", True),
    ("tables", "annotations/tables/rois.csv", False),
    ("tables", "annotations/tables/tracks.csv", False),
    ("tables", "bia/file_list*.tsv", False),
    ("tables", "file_list.tsv", False),
    ("idr_annotation", "idr/**/*-annotation.csv", True),
    ("mifa", "bia/*.yaml", True),
)


def problems_of(folder: Path) -> list[str]:
    """Return what is wrong with a package; validators that need schemas are skipped with the test without them."""
    command = ["sha256sum", "-c", "--strict", "--quiet", "checksums.sha256"]
    sums = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    found = [sums.stdout.decode()] if sums.returncode else []
    for name, pattern, needs_samples in VALIDATED:
        files = sorted(folder.glob(pattern))
        if files and name == "ngff":
            found += _problems_of_zips(files)
        elif files:
            found += run_validator(name, *files, needs_samples=needs_samples)
    return found


def _problems_of_zips(files: list[Path]) -> list[str]:
    """Return what is wrong with zipped OME-Zarr: the validators look at folders."""
    with tempfile.TemporaryDirectory() as place:
        folders = [Path(place) / path.name.removesuffix(".zip") for path in files]
        for path, folder in zip(files, folders, strict=True):
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
        return run_validator("ngff", *folders, needs_samples=True)
