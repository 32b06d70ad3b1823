"""A folder served as a large archive: 250 screens and projects in 143 studies, one of them with 1,000 plates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

STUDY = "idr.openmicroscopy.org/study/info"
STUDIES, CONTAINERS, UMBRELLAS, PLATES = 143, 250, 32, 1000
LICENCES = ("CC0 1.0 https://creativecommons.org/publicdomain/zero/1.0/", "CC BY 4.0 https://x.org/by", "CC BY-NC 4.0")
ORGANISMS = ("Homo sapiens", "Mus musculus", "Danio rerio", "Drosophila melanogaster", "Arabidopsis thaliana")


def write_large_archive(folder: Path) -> Path:
    """Write the archive; its images and wells hold nothing."""
    plate = folder / "plate.ome.zarr"
    plate.mkdir(parents=True)
    (plate / ".zgroup").write_text('{"zarr_format": 2}')
    layout = {"rows": [{"name": "A"}], "columns": [{"name": "1"}], "wells": [], "version": "0.4"}
    (plate / ".zattrs").write_text(json.dumps({"plate": layout}))
    names = [_container_name(number) for number in range(CONTAINERS - UMBRELLAS)]
    screens = [_screen(number, name) for number, name in enumerate(names) if number % 3 == 0]
    screens[0]["plates"] = [{"path": plate.name, "name": f"plate {n}"} for n in range(PLATES)]
    projects = [_project(number, name) for number, name in enumerate(names) if number % 3]
    umbrellas = [_project(n, _study_name(n), empty=True) for n in range(UMBRELLAS)]
    catalogue = {"version": 1, "screens": screens, "projects": [*projects, *umbrellas]}
    (folder / "catalogue.json").write_text(json.dumps(catalogue))
    return folder


def _study_name(number: int) -> str:
    return f"idr{number % STUDIES + 1:04d}-author{number % STUDIES}-topic"


def _container_name(number: int) -> str:
    return f"{_study_name(number)}/{'screen' if number % 3 == 0 else 'experiment'}{'AB'[number // STUDIES]}"


def _annotations(number: int) -> list[dict[str, Any]]:
    study = number % STUDIES
    pairs = [
        ["Study Title", f"Title of study {study + 1}"],
        ["Organism", ORGANISMS[study % 5]],
        ["Imaging Method", "fluorescence microscopy" if study % 2 else "light sheet microscopy"],
        ["License", LICENCES[study % 3]],
        ["Study Type", "time-lapse imaging"],
        ["Release Date", f"20{16 + study % 10}-01-01"],
        ["Data DOI", f"10.17867/{study:07d} https://doi.org/10.17867/{study:07d}"],
    ]
    return [{"ns": STUDY, "values": pairs}]


def _screen(number: int, name: str) -> dict[str, Any]:
    plates = [{"path": "plate.ome.zarr", "name": "plate"}]
    return {"name": name, "annotations": _annotations(number), "plates": plates}


def _project(number: int, name: str, *, empty: bool = False) -> dict[str, Any]:
    images = [{"path": "none.zarr", "name": f"image {n}"} for n in range(3)]
    datasets = [] if empty else [{"name": "dataset", "images": images}]
    return {"name": name, "annotations": _annotations(number), "datasets": datasets}
