#!/bin/sh
# Take the pictures of the documentation again: docs/pictures/*.png.
set -eu
. "$(dirname -- "$0")/common.sh"
cd "$root"

on_virtual_display env QT_API=pyqt6 .venv/bin/python scripts/take_pictures.py
