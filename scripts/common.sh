# Words shared by the scripts beside this file: sourced, never run.

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

say() { printf '%s\n' "$*"; }

fail() {
    printf 'napari-idr: %s\n' "$*" >&2
    exit 1
}

# Whether the Python named $1 runs and is new enough for napari.
is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# The Python to build environments with: python3 where it is new enough, else the newest beside it.
find_python() {
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if is_new_enough "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    found=$(python3 --version 2>/dev/null) || found="no python3"
    fail "Python 3.11 or newer is needed, this machine has ${found}; install python3.11 or newer and run make again"
}

# The Python of exactly version $1 (like 3.12), also where only pyenv knows it; fails where there is none.
find_exact_python() {
    if "python$1" -c '' >/dev/null 2>&1; then
        command -v "python$1"
        return 0
    fi
    command -v pyenv >/dev/null 2>&1 || return 1
    for candidate in "$(pyenv root)"/versions/"$1".*/bin/python; do
        if [ -x "$candidate" ] && "$candidate" -c '' 2>/dev/null; then
            say "$candidate"
            return 0
        fi
    done
    return 1
}

has_display() {
    [ "$(uname -s)" != Linux ] || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]
}

# Run a command on a virtual display of a small laptop's size, drawn without a graphics card.
on_virtual_display() {
    if [ "$(uname -s)" != Linux ]; then
        "$@"
        return
    fi
    if [ -z "${XDG_RUNTIME_DIR:-}" ]; then
        XDG_RUNTIME_DIR=$root/.venv/run
        mkdir -p "$XDG_RUNTIME_DIR" && chmod 700 "$XDG_RUNTIME_DIR"
    fi
    env -u WAYLAND_DISPLAY XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" QT_QPA_PLATFORM=xcb LIBGL_ALWAYS_SOFTWARE=1 \
        xvfb-run -a -s "-screen 0 1366x768x24 -nolisten tcp" "$@"
}
