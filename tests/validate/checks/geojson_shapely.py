"""GeoJSON by the geojson package (closed rings, types) and by shapely (areas that do not cross themselves)."""

import sys
from pathlib import Path

import geojson
from shapely.geometry import shape

for name in sys.argv[1:]:
    document = geojson.loads(Path(name).read_text(encoding="utf-8"))
    if not document.is_valid:
        print(f"{name}: {document.errors()}")
    for feature in document["features"]:
        if not shape(feature["geometry"]).is_valid:
            print(f"{name}: {feature.get('id')} crosses itself")
