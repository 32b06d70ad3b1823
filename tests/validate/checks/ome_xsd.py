"""OME-XML documents and the OME-XML inside TIFF files, by the released schema 2016-06."""

import os
import sys
from pathlib import Path

import tifffile
from lxml import etree

SAMPLES = Path(os.environ["NAPARI_IDR_SAMPLES"])


class _Local(etree.Resolver):
    """ome.xsd imports xml.xsd by a web address."""

    def resolve(self, url, _id, context):
        return self.resolve_filename(str(SAMPLES / "ome" / "xml.xsd"), context) if url.endswith("xml.xsd") else None


def _document(path):
    if path.lower().endswith((".tif", ".tiff")):
        with tifffile.TiffFile(path) as file:
            return etree.fromstring(file.ome_metadata.encode())
    return etree.parse(path)


parser = etree.XMLParser()
parser.resolvers.add(_Local())
schema = etree.XMLSchema(etree.parse(str(SAMPLES / "ome" / "ome.xsd"), parser))
for name in sys.argv[1:]:
    if not schema.validate(_document(name)):
        print(f"{name}: {schema.error_log.last_error}")
