#!/bin/sh
# The long dose of the tests that draw what they do at random; `make test` takes a short one of each.
#
#   scripts/soak.sh [EXAMPLES [KILLS]]      random arrays that are read over a server that fails at random; 1000.
#                                           kills of a process that edits; 200 (and 50 of one that draws). Two curators with 2000 verdicts each.
#
# NAPARI_IDR_VENV names another environment than .venv; pytest takes further options from PYTEST_ADDOPTS.
set -eu
. "$(dirname -- "$0")/common.sh"
cd "$root"

export NAPARI_IDR_EXAMPLES="${1:-1000}" NAPARI_IDR_KILLS="${2:-200}" NAPARI_IDR_VERDICTS=2000
NAPARI_IDR_DRAWING_KILLS="${NAPARI_IDR_DRAWING_KILLS:-50}"
drawing="$(mktemp -d)"
"$root/${NAPARI_IDR_VENV:-.venv}/bin/python" tests/layers/drawing_kills.py "$drawing" "$NAPARI_IDR_DRAWING_KILLS" 1
rm -rf "$drawing"
PYTHONPATH=scripts exec "$root/${NAPARI_IDR_VENV:-.venv}/bin/python" -m pytest \
    -p qt_free -p no:pytest-qt -m 'not qt' --timeout=0 tests/faults/test_random_reads.py \
    tests/workspace/test_crash.py tests/workspace/test_postgresql.py \
    tests/review/test_kills.py tests/review/test_team.py
