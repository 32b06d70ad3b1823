"""Find what is annotated with a gene, and read the ROIs that are stored for an image."""

from __future__ import annotations

from repository import repository, walk

import napari_idr


def main(address: str) -> None:
    children = list(napari_idr.list_children(address))
    found = napari_idr.search("KIF11", repository=children[0].repository)
    print(f"{len(found)} matches for KIF11")
    for node in found[:5]:
        print(f"    {node.kind} {node.name} {node.address}")

    for image in (node for node in walk(address) if node.kind == "image"):
        rois = napari_idr.read_rois(image.address)
        print(f"{image.name}: {len(rois)} ROIs, {sum(len(roi['shapes']) for roi in rois)} shapes")


if __name__ == "__main__":
    with repository() as where:
        main(where)
