"""Browse public image archives, and stream their plates and slides as exact arrays.

The names below do in a notebook what the ``napari-idr`` command does; importing this package imports
neither Qt nor napari nor zarr.
"""

from __future__ import annotations

__version__ = "0.1.0"
