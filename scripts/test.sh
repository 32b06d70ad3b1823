#!/bin/sh
# All that `make test` promises: every leg is run, then one line of totals per leg; any failure fails the whole.
#
#   scripts/test.sh [LEG...]      legs: ruff format mypy imports manifest without-qt pyqt5 pyqt6 pyside6
#
# NAPARI_IDR_VENV names another environment than .venv; pytest takes further options from PYTEST_ADDOPTS.
set -eu
. "$(dirname -- "$0")/common.sh"
cd "$root"

venv=${NAPARI_IDR_VENV:-.venv}
bin=$root/$venv/bin
results=$root/$venv/results
number=0

# Run one leg, named $1, and write down how it ended.
leg() {
    name=$1
    shift
    number=$((number + 1))
    file=$results/$number-$name
    began=$(date +%s)
    say "== $name"
    status=0
    report=$file.xml "$@" || status=$?
    say "$status $(($(date +%s) - began))" >"$file.status"
}

tests_without_qt() {
    PYTHONPATH=scripts "$bin/python" -m pytest -p qt_free -p no:pytest-qt -m 'not qt' --junitxml="$report"
}

# The tests that need Qt, on the binding $1; $2 chooses which of them.
tests_with_qt() {
    on_virtual_display env QT_API="$1" PYTEST_QT_API="$1" \
        "$bin/python" -m pytest -m "$2" --junitxml="$report"
}

run_leg() {
    case $1 in
    ruff) leg ruff "$bin/ruff" check . ;;
    format) leg format "$bin/ruff" format --check . ;;
    mypy) leg mypy "$bin/mypy" ;;
    imports) leg imports "$bin/lint-imports" ;;
    manifest) leg manifest "$bin/npe2" validate napari-idr ;;
    without-qt) leg without-Qt tests_without_qt ;;
    pyqt5) leg PyQt5 tests_with_qt pyqt5 qt ;;
    pyqt6) leg PyQt6 tests_with_qt pyqt6 qt ;;
    pyside6) leg PySide6-smoke tests_with_qt pyside6 smoke ;;
    *) fail "there is no leg named $1" ;;
    esac
}

rm -rf "$results"
mkdir -p "$results"
[ $# -gt 0 ] || set -- ruff format mypy imports manifest without-qt pyqt5 pyqt6 pyside6
for chosen in "$@"; do
    run_leg "$chosen"
done
say "== totals"
exec "$bin/python" scripts/totals.py "$results"
