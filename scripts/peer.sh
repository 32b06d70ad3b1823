#!/bin/sh
# Make .venv-peer, the environment of what the benchmarks compare with: the newest napari-ome-zarr on PyPI, with the
# napari, the Qt binding and the numpy of .venv. Nothing where nothing changed; remove the folder to have a newer one.
set -eu
. "$(dirname -- "$0")/common.sh"
cd "$root"

venv=.venv-peer
same='napari PyQt6 PyQt6-Qt6 vispy numpy zarr psutil'

# What must be the same in both environments, as pip's requirements.
requirements() {
    # shellcheck disable=SC2086  # a list of names
    .venv/bin/python -c '
import sys
from importlib.metadata import version

print(*(f"{name}=={version(name)}" for name in sys.argv[1:]), sep="\n")' $same
}

wanted=$(requirements)
if [ -f "$venv/made-with" ] && [ "$wanted" = "$(cat "$venv/made-with")" ]; then
    exit 0
fi
say "making the environment $venv with napari-ome-zarr (a minute or two)"
.venv/bin/python -m venv --clear "$venv"
for attempt in 1 2 3; do
    # shellcheck disable=SC2086  # a list of words
    if "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input --retries 5 --timeout 60 \
        --prefer-binary 'napari[pyqt6]' napari-ome-zarr $wanted; then
        say "$wanted" >"$venv/made-with"
        exit 0
    fi
    say "pip did not finish (attempt $attempt of 3)" >&2
done
fail "the packages could not be installed into $venv, check the network and run make again"
