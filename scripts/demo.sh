#!/bin/sh
# Open napari on the embedded repository; without a display, end with a picture of it (demo.png).
set -eu
. "$(dirname -- "$0")/common.sh"
cd "$root"

sh scripts/setup.sh demo
command=".venv/bin/python -m napari_idr demo"
if has_display; then
    say "no files are changed; close the window to end"
    exec env QT_API=pyqt6 $command
fi
say "no display here: the demo runs on a virtual one and leaves a picture"
picture=$root/demo.png
rm -f "$picture"
export QT_API=pyqt6
on_virtual_display $command --screenshot "$picture"
[ -s "$picture" ] || fail "the demo ended without its picture, run it again with: $command --screenshot $picture"
say "the picture is in $picture"
