"""Bytes and JSON to model and back, pure: no network, no files."""
