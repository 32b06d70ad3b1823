#!/bin/sh
# Run the suite against the oldest napari that is supported, the newest, and the newest pre-release.
#
#   scripts/test_napari.sh [oldest] [newest] [next]
#
# Each has an environment of its own, .venv-napari-VERSION. "oldest" takes the oldest of every other dependency
# too. "next" wants Python 3.12. What fails fails the whole; what is left out is said.
set -eu
. "$(dirname -- "$0")/common.sh"
cd "$root"

failed='' left_out=''
# That an old or a coming version of another package deprecates something is shown, but fails nothing.
PYTEST_ADDOPTS='-W default::DeprecationWarning -W default::PendingDeprecationWarning -W default::FutureWarning'
export PYTEST_ADDOPTS

# The newest napari that pip would install for Python $1; further words are options of pip.
newest_napari() {
    on_python=$1
    shift
    "$on_python" -m pip index versions napari --disable-pip-version-check "$@" 2>/dev/null |
        sed -n '1s/^napari (\(.*\))$/\1/p'
}

is_at_least_0_10() {
    case $1 in
    0.[0-9] | 0.[0-9].* | 0.[0-9][a-z]*) return 1 ;;
    *) return 0 ;;
    esac
}

# run_against LABEL PYTHON VERSION [PIP-WORDS]: make the environment, run every leg it can have.
run_against() {
    label=$1 python=$2 version=$3 words=${4:-}
    if is_at_least_0_10 "$version"; then
        bindings=pyqt6,pyside6 legs='without-qt pyqt6 pyside6'
    else
        bindings=pyqt5,pyqt6,pyside6 legs='without-qt pyqt5 pyqt6 pyside6'
    fi
    export NAPARI_IDR_VENV=".venv-napari-$version" NAPARI_IDR_PYTHON="$python"
    export NAPARI_IDR_REQUIREMENTS="--editable . napari[$bindings]==$version --group test $words"
    say "=== $label: napari $version on $("$python" --version)"
    # shellcheck disable=SC2086  # a list of legs
    if ! { sh scripts/setup.sh test && sh scripts/test.sh manifest $legs; }; then
        failed="$failed $label ($version)"
    fi
}

oldest() {
    python=$(find_python)
    mkdir -p .venv-napari
    "$python" scripts/lower_bounds.py pyproject.toml >.venv-napari/oldest.txt
    version=$(sed -n 's/^napari==//p' .venv-napari/oldest.txt)
    run_against oldest "$python" "$version" "--constraint .venv-napari/oldest.txt"
}

newest() {
    python=$(find_python)
    version=$(newest_napari "$root/.venv/bin/python")
    [ -n "$version" ] || fail "the newest napari could not be asked for, check the network"
    run_against newest "$python" "$version"
}

next() {
    if ! python=$(find_exact_python 3.12); then
        say "=== next: left out, it wants Python 3.12 and this machine has none"
        left_out=' (next was left out: no Python 3.12 here)'
        return
    fi
    version=$(newest_napari "$python" --pre)
    [ -n "$version" ] || fail "the newest napari could not be asked for, check the network"
    run_against next "$python" "$version" --pre
}

sh scripts/setup.sh test
[ $# -gt 0 ] || set -- oldest newest next
for chosen in "$@"; do
    case $chosen in
    oldest | newest | next) "$chosen" ;;
    *) fail "scripts/test_napari.sh takes oldest, newest and next, not $chosen" ;;
    esac
done
[ -z "$failed" ] || fail "these failed:$failed$left_out"
say "passed: $*$left_out"
