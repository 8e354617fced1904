#!/bin/sh
# debian_root.sh ROOT SUITE PACKAGE...
# Unpacks Debian packages with all they depend on into the folder ROOT: no root rights, no chroot, nothing installed.
# The mirror and its options are the machine's own; SUITE "host" means the release that this machine runs.
# ROOT/.complete holds the request it was made for, so that a second call costs nothing.
set -eu
root=$1 suite=$2
shift 2
want="$suite $*"
[ -f "$root/.complete" ] && [ "$(cat "$root/.complete")" = "$want" ] && exit 0

say() { printf '  %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
    die "apt-get and dpkg-deb are needed to unpack $*. On a system that is not Debian, install these programs by hand and put them on PATH."
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r $keyring ] || die "$keyring is missing: install the package debian-archive-keyring."

# shellcheck disable=SC1091
host_suite=$(. /etc/os-release && printf %s "${VERSION_CODENAME:-bookworm}")
[ "$suite" = host ] && suite=$host_suite
mirror=$(apt-get indextargets --format '$(CODENAME) $(LABEL) $(SITE)' 2>/dev/null |
    awk -v s="$host_suite" '$1 == s && $2 == "Debian" { print $3; exit }')
[ -n "$mirror" ] || mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    grep -Ev '^ *#|security' | grep -oE '(https?|file)://[^ ]*/debian/?( |$)' | head -n 1 | tr -d ' ')
[ -n "$mirror" ] || die "no Debian mirror found in /etc/apt/sources.list or sources.list.d: add one, then start again."

mkdir -p "$(dirname "$root")"
root=$(cd "$(dirname "$root")" && pwd)/$(basename "$root")
work=$(mktemp -d "$root.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/root"
: > "$work/status"
echo "deb [signed-by=$keyring] $mirror $suite main" > "$work/sources.list"

apt() {
    apt-get -q -y -o Dir::State="$work" -o Dir::State::lists="$work/lists" -o Dir::State::status="$work/status" \
        -o Dir::Cache="$work/cache" -o Dir::Cache::archives="$work/cache/archives" \
        -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Log="$work" -o Debug::NoLocking=true -o APT::Sandbox::User="$(id -un)" \
        -o APT::Install-Recommends=false -o Acquire::Languages=none -o Acquire::Retries=3 \
        -o APT::Update::Error-Mode=any "$@"
}

say "reading the package list of Debian $suite"
if ! apt update > "$work/log" 2>&1; then
    if grep -q 'expired' "$work/log"; then
        say "WARNING: this mirror's release file has expired; its signature is still checked, its age is not"
        apt -o Acquire::Check-Valid-Until=false update > "$work/log" 2>&1 || { cat "$work/log" >&2; die "the package list of Debian $suite cannot be read (above)."; }
    elif [ -z "$(ls "$work/lists" | grep _Packages || true)" ]; then
        cat "$work/log" >&2
        die "the package list of Debian $suite cannot be read (above): is there a network, and does the mirror carry $suite?"
    fi
fi
say "fetching $*"
apt --download-only install "$@" > "$work/log" 2>&1 || { cat "$work/log" >&2; die "$* cannot be fetched from Debian $suite (above)."; }
say "unpacking $(ls "$work"/cache/archives/*.deb | wc -l) packages"
for deb in "$work"/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$work/root" --no-same-owner \
        --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' --exclude='./var/log/*'
done
chmod -R u+w,u-s,g-s "$work/root"
printf '%s' "$want" > "$work/root/.complete"
rm -rf "$root"
mv "$work/root" "$root"
say "done: $(du -sh "$root" | cut -f1) in $(basename "$root")"
