"""The old place of ``formats.model_json``, for those who import it from here."""

from napari_idr.formats.model_json import LONGEST, decode, encode

__all__ = ["LONGEST", "decode", "encode"]
