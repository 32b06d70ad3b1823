#!/bin/sh
# Make .venv-validate, or bring it up to date: the validators that other projects wrote, in an environment of their own
# because some of them would take napari's packages back to older versions. Nothing where nothing changed.
#
#   scripts/setup_validate.sh [FOLDER]
#
# Without network the tests that need it are skipped, with the reason; where CI is set that is a failure.
set -eu
. "$(dirname -- "$0")/common.sh"

venv=${1:-$root/.venv-validate}
python=${NAPARI_IDR_PYTHON:-$(find_python)}
requirements=$root/scripts/validate_requirements.txt
made=$venv/made-for-validate

# What the environment is made from: where any of it changes, it is made again.
recipe() {
    say "$venv" "$("$python" --version)"
    cksum <"$requirements"
}

is_current() {
    [ -f "$made" ] && recipe | cmp -s - "$made" && "$venv/bin/python" -c 'import lxml, yaozarrs' 2>/dev/null
}

make_environment() {
    rm -f "$made"
    say "making the environment of the validators in $venv (a minute the first time)"
    "$python" -m venv --clear "$venv" &&
        "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input --retries 2 --timeout 30 \
            --prefer-binary --requirement "$requirements" &&
        recipe >"$made"
}

if ! is_current && ! make_environment; then
    rm -rf "$venv"
    [ -z "${CI:-}" ] || fail "the validators could not be installed into $venv, check the network"
    say "the validators could not be installed (no network?): the tests that need them will be skipped"
fi
