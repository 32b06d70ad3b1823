"""List what a repository holds: its studies with their key-values, and everything below them."""

from __future__ import annotations

from repository import repository, walk

import napari_idr


def main(address: str) -> None:
    for study in napari_idr.list_children(address):
        print(f"{study.name}: {study.child_count} inside")
        for key, value in napari_idr.describe(study.address).key_values:
            print(f"    {key}: {value}")
        for node in walk(study.address):
            print(f"    {node.kind:<8} {node.name:<40} {node.address}")


if __name__ == "__main__":
    with repository() as where:
        main(where)
