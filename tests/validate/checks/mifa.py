"""MIFA documents, by the JSON schema that is published with the model."""

import json
import os
import sys
from pathlib import Path

import jsonschema
import yaml

SCHEMA = Path(os.environ["NAPARI_IDR_SAMPLES"]) / "mifa" / "bia_mifa_models.schema.json"

validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
for name in sys.argv[1:]:
    document = yaml.safe_load(Path(name).read_text(encoding="utf-8"))
    for error in validator.iter_errors(json.loads(json.dumps(document, default=str))):
        print(f"{name}: {error.json_path} {error.message[:200]}")
