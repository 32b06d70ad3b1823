"""Tables, by frictionless: file lists of the BioImage Archive by their rules, any other by what a table is."""

import sys

from frictionless import Dialect, Resource, Schema, system

TYPES = (
    "class_labels bounding_boxes counts derived_annotations geometrical_annotations graphs point_annotations "
    "segmentation_mask tracks weak_annotations other"
).split()
PATH = r"(?!/)(?!.*(\.\./|\./|//))[A-Za-z0-9!\-_.*'()/]+(?<!/)"


def _field(name, **rules):
    return {"name": name, "type": "string", "constraints": rules}


FILE_LIST = [
    _field("Files", required=True, unique=True, pattern=PATH),
    _field("Source Image", required=True),
    _field("Annotation Type", required=True, pattern=f"({'|'.join(TYPES)})(,({'|'.join(TYPES)}))*"),
    _field("Transformation"),
    _field("Creation Time"),
    _field("Source Image URL"),
    _field("SHA-256", pattern="[0-9a-f]{64}"),
]

system.trusted = True
for name in sys.argv[1:]:
    schema = Schema.from_descriptor({"fields": FILE_LIST}) if "file_list_annotations" in name else None
    delimiter = "," if name.endswith(".csv") else "\t"
    dialect = Dialect.from_descriptor({"csv": {"delimiter": delimiter}})
    report = Resource(path=name, schema=schema, dialect=dialect, format="csv", encoding="utf-8").validate()
    for task in report.tasks:
        for error in task.errors:
            print(f"{name}: {error.message[:300]}")
