"""Everything that others' validators, and ``sha256sum``, find in a package."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from validate.validators import run_validator

if TYPE_CHECKING:
    from pathlib import Path

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
        if files:
            found += run_validator(name, *files, needs_samples=needs_samples)
    return found
