"""OME-Zarr groups, by yaozarrs, by ome-zarr-models where they are label images, and by the specification's schemas."""

import json
import os
import sys
from importlib import import_module
from pathlib import Path

import jsonschema
import yaozarrs
import zarr
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

SCHEMAS = Path(os.environ["NAPARI_IDR_SAMPLES"]) / "ngff"


def _validator(version, name):
    documents = {path.stem: json.loads(path.read_text()) for path in (SCHEMAS / version / "schemas").glob("*.schema")}
    resources = [
        (one["$id"], Resource.from_contents(one, default_specification=DRAFT202012)) for one in documents.values()
    ]
    return jsonschema.Draft202012Validator(documents[name], registry=Registry().with_resources(resources))


def _check_schemas(path, attributes):
    block = attributes.get("ome", attributes)
    version = "0.5" if "ome" in attributes else "0.4"
    names = ["image", "strict_image"] if "multiscales" in block else []
    names += ["label", "strict_label"] if "image-label" in block else []
    for name in names:
        for error in _validator(version, name).iter_errors(attributes):
            print(f"{path}: {name} of {version}: {error.json_path} {error.message[:200]}")
    if "image-label" in block:
        model = import_module(f"ome_zarr_models.v{version.replace('.', '')}.image_label")
        model.ImageLabel.from_zarr(zarr.open_group(path, mode="r"))


for name in sys.argv[1:]:
    try:
        yaozarrs.validate_zarr_store(name)
    except Exception as error:
        print(f"{name}: yaozarrs: {error}")
    if not Path(name).is_dir():
        continue
    for group in [name, *map(str, Path(name, "labels").glob("*/"))]:
        try:
            _check_schemas(group, dict(zarr.open_group(group, mode="r").attrs))
        except Exception as error:
            print(f"{group}: {type(error).__name__}: {str(error)[:500]}")
