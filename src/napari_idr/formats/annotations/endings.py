"""How files of annotations end that napari opens and saves; light, because napari asks before anything is imported."""

ANNOTATION_ENDINGS = (
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
"""Of files and folders that hold annotations and nothing else; other programs' files end otherwise."""
