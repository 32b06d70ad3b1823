"""``python -m napari_idr`` is the ``napari-idr`` command."""

from napari_idr.cli import main

if __name__ == "__main__":
    main()
