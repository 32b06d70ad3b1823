"""Walk from a repository to its plates and images, with the key-values of each study."""

from __future__ import annotations

from napari_idr.embedded import EmbeddedRepository

import napari_idr


def show(address: str, depth: int = 0) -> None:
    """Print what is inside, down to plates and images."""
    for node in napari_idr.list_children(address):
        print(f"{'  ' * depth}{node.kind:<8} {node.name}")
        if node.kind == "study":
            for key, value in napari_idr.describe(node.address).key_values:
                print(f"{'  ' * depth}    {key}: {value}")
        if node.kind not in ("plate", "image"):
            show(node.address, depth + 1)


if __name__ == "__main__":
    repository = EmbeddedRepository()
    try:
        show(repository.start())
    finally:
        repository.stop()
