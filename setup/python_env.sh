#!/usr/bin/env bash
# python_env.sh runtime|dev
# Makes .venv with exactly the packages of setup/runtime.lock (for dev: those of setup/dev.lock too), checked by their
# hashes, and the command .venv/bin/yihu that runs this checkout. Needs no root rights. A second call costs nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD venv=$PWD/.venv part=$1

say() { printf '  %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# A stamp says: this lock, by this script, in this place (a virtual environment cannot be moved). It is written last.
want="$(cat "setup/$part.lock" setup/python_env.sh | sha256sum) $here"
stamp=$venv/.yihu-$part
complete() { [ -f "$stamp" ] && [ "$(< "$stamp")" = "$want" ] && [ -x "$venv/bin/python" ]; }
complete && exit 0
mkdir -p .deps
exec 9> .deps/python.lock
flock -n 9 || { say "another set-up is at it, waiting"; flock 9; }
complete && exit 0

suits() { "$1" -c 'import sys, ssl, sqlite3, ctypes, venv; sys.exit(sys.version_info < (3, 11))' > /dev/null 2>&1; }

make_venv() {
    local python='' candidate
    for candidate in ${PYTHON:-} /usr/bin/python3.11 python3.11 python3.12 python3.13 python3; do
        if suits "$candidate"; then python=$candidate && break; fi
    done
    [ -n "$python" ] || die "no Python >= 3.11 found. On Debian 12, as root: apt-get install python3. Elsewhere: PYTHON=/path/to/python3.11 make setup"
    say "making .venv with $("$python" -V)"
    rm -rf "$venv"
    if "$python" -c 'import ensurepip' 2> /dev/null && "$python" -m venv "$venv" > /dev/null 2>&1; then
        return
    fi
    # Debian keeps pip for new environments in a package of its own; unpacking it beside us needs no root.
    "$python" -m venv --clear --without-pip "$venv"
    if setup/debian_root.sh .deps/pip host python3-pip-whl && bootstrap_pip; then
        return
    fi
    if [ "$(id -u)" = 0 ] && apt-get -q -y install python3-venv > .deps/python.log 2>&1 && "$python" -m venv --clear "$venv"; then
        return
    fi
    die "this Python comes without pip and none could be fetched. As root: apt-get install python3-venv, then start again."
}

bootstrap_pip() {
    local wheel
    for wheel in .deps/pip/usr/share/python-wheels/pip-*.whl; do
        "$venv/bin/python" "$wheel/pip" install -q --no-index --disable-pip-version-check "$wheel" && return
    done
    return 1
}

# .incomplete stands while packages are being written: what was interrupted is made anew.
if [ ! -f "$venv/.yihu-runtime" ] || [ -f "$venv/.incomplete" ] || ! suits "$venv/bin/python" ||
    ! grep -qF " $here" "$venv/.yihu-runtime"; then
    make_venv
fi
: > "$venv/.incomplete"
say "fetching and installing $(grep -c '^[a-z].*==' "setup/$part.lock") Python packages ($part)"
"$venv/bin/python" -m pip install --no-input --disable-pip-version-check --no-warn-script-location --require-hashes \
    -r "setup/$part.lock" > .deps/python.log 2>&1 || {
    { grep '^ERROR' .deps/python.log || tail -n 5 .deps/python.log; } >&2
    die "the Python packages cannot be installed (above; all of it in .deps/python.log): is there a network, and space on the disk?"
}

# The project itself is run from the checkout: a path entry and a command, no build.
printf '%s\n' "$here" > "$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/yihu.pth"
cat > "$venv/bin/yihu.new" << COMMAND
#!$venv/bin/python
import sys

from cti.cli import main

if __name__ == "__main__":  # what this starts as Python's own child process reads this file too
    sys.exit(main())
COMMAND
chmod 755 "$venv/bin/yihu.new"
mv "$venv/bin/yihu.new" "$venv/bin/yihu"
rm "$venv/.incomplete"
printf '%s' "$want" > "$stamp"
