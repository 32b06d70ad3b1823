"""By the ends of their names: which files are views or reviews, and which hold annotations and nothing else.

Nothing is opened, and nothing imported: napari asks before anything else is.
"""

from __future__ import annotations

VIEW, REVIEW = ".idrview.json", ".idrreview"
ANNOTATIONS = (
    ".ome.xml",
    ".omero.json",
    ".geojson",
    ".coco.json",
    ".rois.zip",
    ".roi",
    "rois.csv",
    "rois.parquet",
    "tracks.csv",
    ".omero_table.csv",
    ".labels.ome.tif",
    ".labels.ome.tiff",
    ".labels.ome.zarr",
    ".labels.ome.zarr.zip",
    ".tables.zarr",
)
"""Other programs' files end otherwise."""


def is_view_file(address: str) -> bool:
    """Whether an address is the path of a view file."""
    return address.strip().lower().endswith(VIEW)


def is_review_file(address: str) -> bool:
    """Whether an address is the path of a review file."""
    return "://" not in address and address.strip().lower().endswith(REVIEW)


def is_file_of_annotations(address: str) -> bool:
    """Whether an address is the path of a file, or OME-Zarr folder, of annotations; a package is not one."""
    return "://" not in address and address.strip().rstrip("/").lower().endswith(ANNOTATIONS)
