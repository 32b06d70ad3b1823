#!/bin/sh
# Install the system packages that are missing: venv, the libraries Qt opens a window with, a virtual display.
#
#   scripts/system.sh PYTHON [display]
#
# "display" also asks for Xvfb. Only what is missing is installed: as root, or with a sudo that asks nothing;
# otherwise the one line to run is printed and the exit status is 1.
set -eu
. "$(dirname -- "$0")/common.sh"

python=$1
display=${2:-}
missing=''

# want SONAME PACKAGE: note the package where the loader does not find the library. Where a release has
# renamed a package (libglib2.0-0 to libglib2.0-0t64), apt takes the old name too.
want() {
    case $libraries in
    *"$1 "*) ;;
    *) missing="$missing $2" ;;
    esac
}

want_command() {
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

look_for_qt_libraries() {
    libraries=$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p)
    want libEGL.so.1 libegl1
    want libGL.so.1 libgl1
    want libOpenGL.so.0 libopengl0
    want libdbus-1.so.3 libdbus-1-3
    want libfontconfig.so.1 libfontconfig1
    want libfreetype.so.6 libfreetype6
    want libglib-2.0.so.0 libglib2.0-0
    want libICE.so.6 libice6
    want libSM.so.6 libsm6
    want libX11-xcb.so.1 libx11-xcb1
    want libXext.so.6 libxext6
    want libXrender.so.1 libxrender1
    want libxcb-cursor.so.0 libxcb-cursor0
    want libxcb-glx.so.0 libxcb-glx0
    want libxcb-icccm.so.4 libxcb-icccm4
    want libxcb-image.so.0 libxcb-image0
    want libxcb-keysyms.so.1 libxcb-keysyms1
    want libxcb-randr.so.0 libxcb-randr0
    want libxcb-render-util.so.0 libxcb-render-util0
    want libxcb-shape.so.0 libxcb-shape0
    want libxcb-shm.so.0 libxcb-shm0
    want libxcb-sync.so.1 libxcb-sync1
    want libxcb-util.so.1 libxcb-util1
    want libxcb-xfixes.so.0 libxcb-xfixes0
    want libxcb-xinerama.so.0 libxcb-xinerama0
    want libxcb-xkb.so.1 libxcb-xkb1
    want libxkbcommon.so.0 libxkbcommon0
    want libxkbcommon-x11.so.0 libxkbcommon-x11-0
}

look_for_drivers_and_fonts() {
    # Without a graphics card the pictures are drawn by Mesa; without one font Qt writes empty boxes.
    ls /usr/lib/*/dri/*_dri.so >/dev/null 2>&1 || missing="$missing libgl1-mesa-dri"
    find /usr/share/fonts "${HOME:-/nonexistent}/.fonts" -name '*.[to]tf' 2>/dev/null | grep -q . ||
        missing="$missing fonts-dejavu-core"
}

# A team's workspace is tested on a PostgreSQL of the tests' own; elsewhere those tests are left out where it is missing.
look_for_postgresql() {
    [ "${CI:-}" = true ] || return 0
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || want_command initdb postgresql
}

look_for_venv() {
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 && return
    case $("$python" -c 'import os, sys; print(os.path.realpath(sys.executable))') in
    /usr/bin/*) missing="$missing $("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" ;;
    *) fail "$python has no venv module, install it or put another python3 first on PATH" ;;
    esac
}

look_for_missing() {
    missing=''
    look_for_venv
    [ "$(uname -s)" = Linux ] || return 0
    look_for_qt_libraries
    look_for_drivers_and_fonts
    if [ "$display" = display ]; then
        want_command Xvfb xvfb
        want_command xvfb-run xvfb
        want_command xauth xauth
        look_for_postgresql
    fi
    missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
    missing=${missing% }
}

install_missing() {
    command -v apt-get >/dev/null 2>&1 ||
        fail "these are missing (Debian's names): $missing; install them with this system's package manager"
    if [ "$(id -u)" = 0 ]; then
        as_root=env
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root='sudo env'
    else
        say "system packages are missing; run the next line once, then make again:" >&2
        say "sudo apt-get update && sudo apt-get install -y --no-install-recommends $missing" >&2
        exit 1
    fi
    say "installing system packages: $missing"
    $as_root apt-get update -qq
    $as_root DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends $missing
}

look_for_missing
if [ -n "$missing" ]; then
    install_missing
    look_for_missing
    [ -z "$missing" ] || fail "still missing after installing: $missing"
fi
