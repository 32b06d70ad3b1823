"""COCO by pycocotools: it loads, and each annotation with run lengths has the area and box that it says."""

import contextlib
import io
import sys

import numpy as np
from pycocotools.coco import COCO

for name in sys.argv[1:]:
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(name)
    for annotation in coco.loadAnns(coco.getAnnIds()):
        mask = coco.annToMask(annotation)
        if annotation["iscrowd"] and mask.sum() != annotation["area"]:
            print(f"{name}: annotation {annotation['id']} has {mask.sum()} pixels, says {annotation['area']}")
        rows, columns = np.nonzero(mask)
        x, y, width, height = annotation["bbox"]
        outside = rows.size and (
            rows.min() < y - 1 or columns.min() < x - 1 or rows.max() > y + height or columns.max() > x + width
        )
        if outside or not rows.size:
            print(f"{name}: annotation {annotation['id']} does not lie in its box")
