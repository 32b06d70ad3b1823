"""Browse public image archives, and stream their plates and slides as exact arrays.

The names below do in a notebook what the ``napari-idr`` command does. Importing this package imports neither Qt nor
napari nor zarr; what a function needs is imported when it is called.

>>> import napari_idr
>>> for study in napari_idr.list_children("https://idr.openmicroscopy.org/"):  # doctest: +SKIP
...     print(study.accession, study.name)
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from .version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from .model.catalog import Node
    from .model.image import CollectionMetadata, ImageMetadata, PlateMetadata
    from .session import Session
    from .streaming.level import Level

__version__ = VERSION
__all__ = ["describe", "export", "list_children", "open_arrays", "read_rois", "search"]


def list_children(address: str = "") -> Iterator[Node]:
    """Yield what a repository, study, plate or folder holds; without an address the repositories known.

    Pages are asked for as they are needed. Raises ``errors.NapariIdrError``.
    """
    session = _session()
    if not address:
        yield from (repository.root() for repository in session.repositories)
        return
    node = session.resolve(address)
    offset: int | None = 0
    while offset is not None:
        page = session.children(node, offset=offset)
        yield from page.nodes
        offset = page.next_offset


def describe(address: str) -> ImageMetadata | PlateMetadata | CollectionMetadata | Node:
    """Return the metadata of an image, plate or collection, of anything else its catalogue entry.

    Raises ``errors.NapariIdrError``.
    """
    return _session().info(address)


def open_arrays(address: str, *, label: str = "") -> list[tuple[Level, ...]]:
    """Return the pixels of an image or plate as lazy arrays that read exactly.

    Parameters
    ----------
    address
        An image or a plate, in any form a user would paste.
    label
        Name of a label image, in place of the image.

    Returns
    -------
    One tuple of levels (finest first) for an image, with all its axes in the file's order; for a plate one tuple per
    channel, with the axes t, z, y, x as far as it has them, over all wells and fields.

    Raises
    ------
    errors.NapariIdrError
        It is neither, or could not be read.
    """
    from .model.image import PlateReference

    session = _session()
    reference = session.reference(session.resolve(address))
    if not isinstance(reference, PlateReference):
        return [session.open_image(reference, label=label).levels]
    mosaic = session.open_plate(reference)
    if label:
        return [session.open_plate_labels(mosaic, label).levels]
    return [mosaic.channel(index) for index in range(len(mosaic.channels))]


def search(query: str, repository: str = "") -> tuple[Node, ...]:
    """Return the studies, plates and images that match, in one repository (its key) or in all known."""
    return _session().search(query, repository).nodes


def read_rois(address: str) -> list[dict[str, Any]]:
    """Return the regions stored for an image, as its server gives them (OMERO's JSON, coordinates in pixels)."""
    return _session().rois(address)


def export(
    address: str,
    output: str | Path,
    *,
    level: int = 0,
    label: str = "",
    region: str | Mapping[str, int | slice] | None = None,
) -> Path:
    """Write exact pixels to ``.npy``, ``.ome.tif`` or ``.ome.zarr`` and return the path.

    Parameters
    ----------
    address
        An image, in any form a user would paste.
    output
        File (or folder) to make; its ending chooses the format.
    level
        Pyramid level, 0 is the finest.
    label
        Name of a label image, in place of the image.
    region
        Like ``"t=0,c=1,y=0:512,x=0:512"``, or the same as a mapping; axes not named are whole.
    """
    from pathlib import Path

    _session().write(address, Path(output), level=level, label=label, region=region)
    return Path(output)


_shared: dict[str, Session] = {}
"""The one session that the functions of this module share; made at the first call."""
_making = Lock()


def _session() -> Session:
    with _making:
        if "session" not in _shared:
            import atexit

            from .session import Session

            _shared["session"] = Session()
            atexit.register(_shared["session"].close)
        return _shared["session"]
