"""References to zarr arrays, one module per way of getting pixels."""
