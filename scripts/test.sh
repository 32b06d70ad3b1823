#!/bin/sh
# All that `make test` promises: every leg is run, then one line of totals per leg; any failure fails the whole.
#
#   scripts/test.sh [LEG...]      legs: ruff format mypy imports manifest without-qt pyqt5 pyqt6 pyside6, and the parts
#                                 pyqt5-layers pyqt5-widgets pyqt6-layers pyqt6-widgets
#
# One leg more than there are processors runs at a time, since tests wait for much; the long ones are first. What a leg
# prints is shown when it has ended. NAPARI_IDR_LEGS_AT_ONCE chooses another number.
#
# NAPARI_IDR_VENV names another environment than .venv; pytest takes further options from PYTEST_ADDOPTS.
set -eu
. "$(dirname -- "$0")/common.sh"
cd "$root"

venv=${NAPARI_IDR_VENV:-.venv}
bin=$root/$venv/bin
# Some machines forbid it: then each of the legs, and each command that a test starts, compiles everything anew.
unset PYTHONDONTWRITEBYTECODE
results=$root/$venv/results

# Run one leg, named $1, and write down how it ended. Software OpenGL keeps to one core: the other has a leg of its own.
leg() {
    name=$1
    shift
    file=$results/$number-$name
    began=$(date +%s)
    status=0
    LP_NUM_THREADS=1 report=$file.xml "$@" >"$file.log" 2>&1 || status=$?
    say "$status $(($(date +%s) - began))" >"$file.status"
    {
        say "== $name"
        cat "$file.log"
    } >"$file.shown" && cat "$file.shown"
}

processors() {
    getconf _NPROCESSORS_ONLN 2>/dev/null || say 2
}

tests_without_qt() {
    PYTHONPATH=scripts "$bin/python" -m pytest -p qt_free -p no:pytest-qt -m 'not qt' --junitxml="$report"
}

# The tests that need Qt, on the binding $1; $2 chooses which of them, what follows where they lie.
tests_with_qt() {
    binding=$1
    chosen=$2
    shift 2
    on_virtual_display env QT_API="$binding" PYTEST_QT_API="$binding" \
        "$bin/python" -m pytest -m "$chosen" --junitxml="$report" "$@"
}

run_leg() {
    case $1 in
    ruff) leg ruff "$bin/ruff" check . ;;
    format) leg format "$bin/ruff" format --check . ;;
    mypy) leg mypy "$bin/mypy" ;;
    imports) leg imports "$bin/lint-imports" ;;
    manifest) leg manifest "$bin/npe2" validate napari-idr ;;
    without-qt) leg without-Qt tests_without_qt ;;
    pyqt5 | pyqt6) leg "$1" tests_with_qt "$1" qt ;;
    pyqt5-layers | pyqt6-layers) leg "$1" tests_with_qt "${1%-layers}" qt tests/layers ;;
    pyqt5-widgets | pyqt6-widgets) leg "$1" tests_with_qt "${1%-widgets}" qt --ignore=tests/layers ;;
    pyside6) leg PySide6-smoke tests_with_qt pyside6 smoke ;;
    *) fail "there is no leg named $1" ;;
    esac
}

if [ "${1:-}" = --one ]; then # one leg of the run below
    number=$2
    run_leg "$3"
    exit 0
fi

rm -rf "$results"
mkdir -p "$results"
[ $# -gt 0 ] || set -- without-qt pyqt5-layers pyqt6-layers pyqt5-widgets pyqt6-widgets mypy pyside6 ruff format imports manifest
number=10
for chosen in "$@"; do
    number=$((number + 1))
    say "$number $chosen"
done | xargs -P "${NAPARI_IDR_LEGS_AT_ONCE:-$(($(processors) + 1))}" -L 1 sh "$root/scripts/test.sh" --one
say "== totals"
exec "$bin/python" scripts/totals.py "$results"
