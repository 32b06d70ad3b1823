"""The reading engine: pyramids, mosaics, chunks. No napari, no Qt, no addresses."""
