"""Which image is annotated, from catalogue and metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.cli_annotations import image_at
from napari_idr.model.annotation_set import Spacing
from napari_idr.session import Session

if TYPE_CHECKING:
    from pathlib import Path

    from repository_server import Served


def test_an_image_of_a_server_is_named_by_repository_and_id(served: Served) -> None:
    with Session() as session:
        image = image_at(session, f"{served.address}webclient/?show=image-100001")
    assert (image.image_id, image.address) == ("100001", f"{served.address}webclient/?show=image-100001")
    assert image.key == f"{image.repository}/100001"
    assert (image.size_x, image.size_y, image.size_c, image.dtype) == (128, 128, 3, "uint16")
    assert image.spacing_of("x") == Spacing(0.325, "micrometer")
    assert image.spacing_of("z") is None
    assert (image.container, image.license) == ("idr9901-demo-knockdown/screenA", "CC0 1.0")
    assert image.level_factors == (1.0, 2.0, 4.0)
    assert image.source_kind == "ome-zarr"


def test_a_local_image_is_named_without_a_path_of_the_machine(demo_content: Path) -> None:
    with Session() as session:
        image = image_at(session, str(demo_content / "plates" / "knockdown-1.ome.zarr" / "A" / "1" / "0"))
    assert "/" not in image.address
    assert (image.repository, image.image_id) == ("", "")
