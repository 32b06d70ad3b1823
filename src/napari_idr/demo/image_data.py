"""``imgData``: what a viewer of OMERO.web needs to know of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .image_objects import PIXEL_TYPES, pixel_size, sizes
from .pictures import type_range

if TYPE_CHECKING:
    from .objects import Json
    from .pictures import ChannelView, Picture
    from .served import Catalogue, ServedImage

TIMESTAMP = 1767225600.0
TILE = 512


def image_data(image: ServedImage, picture: Picture, catalogue: Catalogue) -> Json:
    """Return the whole document of one image."""
    metadata, view = picture.metadata, picture.view
    extent = sizes(metadata)
    document = bare_image_data(image, catalogue)
    document["meta"]["pixelsType"] = PIXEL_TYPES.get(metadata.levels[0].dtype, ("double", 9))[0]
    width, height = extent["x"], extent["y"]
    document |= {
        "tiles": len(metadata.levels) > 1,
        "interpolate": True,
        "size": {"width": width, "height": height, "z": extent["z"], "t": extent["t"], "c": extent["c"]},
        "pixel_size": {axis: pixel_size(metadata, axis) for axis in "xyz"},
        "init_zoom": 0,
        "pixel_range": [int(value) for value in type_range(metadata.levels[0].dtype)],
        "channels": [_channel(channel) for channel in view.channels],
        "split_channel": _split(width, height, extent["c"]),
        "rdefs": {
            "model": "color",
            "projection": "normal",
            "defaultZ": metadata.default_z,
            "defaultT": metadata.default_t,
            "invertAxis": False,
        },
    }
    return document | (_tiles(picture) if document["tiles"] else {})


def bare_image_data(image: ServedImage, catalogue: Catalogue) -> Json:
    """Return what is left of the document where the image cannot be rendered."""
    dataset = catalogue.dataset_of_image.get(image.id)
    project = catalogue.project_of_dataset[dataset.id] if dataset else None
    well = catalogue.well_of_image.get(image.id)
    meta: Json = {
        "imageName": image.name,
        "imageDescription": image.description,
        "imageAuthor": "Public data",
        "projectName": project.name if project else "Multiple",
        "projectId": project.id if project else None,
        "projectDescription": project.description if project else "",
        "datasetName": dataset.name if dataset else "Multiple",
        "datasetId": dataset.id if dataset else None,
        "datasetDescription": dataset.description if dataset else "",
        "wellSampleId": "",
        "wellId": well.id if well else "",
        "imageTimestamp": TIMESTAMP,
        "imageId": image.id,
    }
    rights = dict.fromkeys(("canAnnotate", "canEdit", "canDelete", "canLink"), False)
    return {"id": image.id, "meta": meta, "perms": rights}


def _tiles(picture: Picture) -> Json:
    levels = [picture.size(level) for level in range(len(picture.metadata.levels))]
    full = max(1, levels[0][0])
    return {
        "tile_size": {"width": TILE, "height": TILE},
        "levels": len(levels),
        "resolutions": {str(number): {"sizeX": x, "sizeY": y} for number, (x, y) in enumerate(levels)},
        "zoomLevelScaling": {str(number): x / full for number, (x, _) in enumerate(levels)},
    }


def _channel(channel: ChannelView) -> Json:
    window = {"min": channel.minimum, "max": channel.maximum, "start": channel.start, "end": channel.end}
    return {
        "emissionWave": None,
        "label": channel.name,
        "color": channel.color,
        "inverted": False,
        "reverseIntensity": False,
        "family": "linear",
        "coefficient": 1.0,
        "window": {key: float(value) for key, value in window.items()},
        "active": channel.active,
    }


def _split(width: int, height: int, channels: int) -> Json:
    """Layout of the view of all channels side by side, with a border of two pixels."""

    def layout(count: int) -> Json:
        columns = 1
        while columns * columns < count:
            columns += 1
        rows = -(-count // columns)
        return {
            "width": columns * (width + 2) + 2,
            "height": rows * (height + 2) + 2,
            "border": 2,
            "gridx": columns,
            "gridy": rows,
        }

    return {"g": layout(channels), "c": layout(channels + 1)}
