#!/bin/sh
# Make .venv, or bring it up to date: what `make demo` or `make test` needs; nothing where nothing changed.
#
#   scripts/setup.sh demo|test
#
# The two share one environment: test holds all that demo needs, and three Qt bindings (QT_API chooses).
# NAPARI_IDR_VENV, NAPARI_IDR_PYTHON and NAPARI_IDR_REQUIREMENTS (what to install instead) make other
# environments the same way, as scripts/test_napari.sh does.
set -eu
. "$(dirname -- "$0")/common.sh"
cd "$root"

purpose=$1
venv=${NAPARI_IDR_VENV:-.venv}
# napari 0.10 leaves PyQt5 behind; newer ones than the suite's home are scripts/test_napari.sh's business.
case $purpose in
demo) requirements='--editable .[pyqt6] napari<0.10' ;;
test) requirements='--editable .[pyqt5,pyqt6,pyside6] --group test --group lint' ;;
*) fail "scripts/setup.sh takes demo or test, not $purpose" ;;
esac
requirements=${NAPARI_IDR_REQUIREMENTS:-$requirements}
python=${NAPARI_IDR_PYTHON:-$(find_python)}

# What the environment is made from: where any of it changes, it is brought up to date.
recipe() {
    say "$root" "${NAPARI_IDR_REQUIREMENTS:-}" "$("$python" --version)"
    cksum pyproject.toml scripts/setup.sh
}

is_current() {
    [ -f "$venv/made-for-$purpose" ] && recipe | cmp -s - "$venv/made-for-$purpose" &&
        "$venv/bin/python" -c 'import napari_idr' 2>/dev/null
}

is_usable() {
    grep -qsF "$root/$venv" "$venv/pyvenv.cfg" && "$venv/bin/python" -m pip --version >/dev/null 2>&1 &&
        [ "$("$venv/bin/python" --version)" = "$("$python" --version)" ]
}

pip_install() {
    # pip's own retries do not cover an answer that breaks off in the middle of a file.
    for attempt in 1 2 3; do
        "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input \
            --retries 5 --timeout 60 --prefer-binary "$@" && return 0
        say "pip did not finish (attempt $attempt of 3)" >&2
    done
    fail "the packages could not be installed into $venv, check the network and run make again"
}

make_environment() {
    rm -f "$venv"/made-for-*
    if ! is_usable; then
        say "making the environment $venv with $("$python" --version)"
        "$python" -m venv --clear "$venv"
    fi
    say "installing napari-idr and what it needs into $venv (a few minutes the first time)"
    pip_install --upgrade 'pip>=25.1' # the first that knows dependency groups
    # shellcheck disable=SC2086  # a list of words
    pip_install $requirements
    recipe >"$venv/made-for-$purpose"
    if [ "$purpose" = test ]; then
        recipe >"$venv/made-for-demo"
    fi
}

display=''
if [ "$purpose" = test ] || ! has_display; then
    display=display
fi
sh scripts/system.sh "$python" "$display"
is_current || make_environment
