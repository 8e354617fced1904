#!/usr/bin/env bash
# programs.sh run|test
# Sees to the programs Yihu drives: those on PATH are used, what is missing is unpacked into .deps without root rights.
# cti/programs.py finds them again by the same rules.
set -euo pipefail
cd "$(dirname "$0")/.."
least=22.10.1 # earlier ones carry published holes

on_path() { command -v "$1" > /dev/null; }
asterisk_is_new_enough() {
    local version
    on_path asterisk || return
    version=$(asterisk -V 2> /dev/null | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1)
    [ -n "$version" ] && [ "$(printf '%s\n' "$least" "$version" | sort -V | head -n 1)" = "$least" ]
}

asterisk_is_new_enough || setup/debian_root.sh .deps/asterisk forky asterisk
{ on_path redis-server && on_path sipp && on_path espeak-ng; } ||
    setup/debian_root.sh .deps/tools host redis-server sip-tester espeak-ng
if [ "$1" = test ] && ! on_path initdb && ! compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null; then
    setup/debian_root.sh .deps/postgres host postgresql
fi
