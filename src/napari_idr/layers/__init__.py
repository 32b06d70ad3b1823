"""The napari edge: pyramids and metadata to layers. No widgets."""
