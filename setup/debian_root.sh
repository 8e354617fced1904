#!/usr/bin/env bash
# debian_root.sh ROOT SUITE PACKAGE...
# Unpacks Debian packages with all they depend on into the folder ROOT: no root rights, no chroot, nothing installed.
# The mirror is the machine's own; SUITE "host" means the release that this machine runs.
# ROOT appears whole or not at all; ROOT/.complete holds the request it was made for, so that a second call costs nothing.
set -euo pipefail
export LC_ALL=C
root=$1 suite=$2
shift 2
want="$suite $*"
complete() { [ -f "$root/.complete" ] && [ "$(< "$root/.complete")" = "$want" ]; }
complete && exit 0

say() { printf '  %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }
for program in apt-get apt-config dpkg-deb tar flock; do
    command -v $program > /dev/null ||
        die "$program is needed to unpack $*. On a system that is not Debian, install these programs by hand and put them on PATH."
done
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r $keyring ] || die "$keyring is missing: as root, apt-get install debian-archive-keyring; or install $* by hand and put them on PATH."
# shellcheck disable=SC1091
host_suite=$(. /etc/os-release && printf %s "${VERSION_CODENAME:-}")
[ "$suite" != host ] || suite=$host_suite
[ -n "$suite" ] || die "/etc/os-release names no Debian release: install $* by hand and put them on PATH."

# One at a time: the second waits and then finds the work done.
mkdir -p "$(dirname "$root")"
root=$(cd "$(dirname "$root")" && pwd)/$(basename "$root")
exec 9> "$root.lock"
flock -n 9 || { say "$(basename "$root"): another set-up is at it, waiting"; flock 9; }
complete && exit 0
rm -rf "$root".unpacking.* # of one that was killed

# The mirror: what apt knows where its lists are read; on a fresh machine, where its sources would have it look.
mirror=$(apt-get indextargets --format '$(CODENAME)|$(COMPONENT)|$(LABEL)|$(SITE)' 2> /dev/null |
    awk -F'|' -v s="$host_suite" '$1 == s && $2 == "main" && $3 == "Debian" && !n++ { print $4 }' || true)
[ -n "$mirror" ] || mirror=$(apt-get update --print-uris -o Debug::NoLocking=true 2> /dev/null |
    sed -nE "s#^'([^']*/debian)/?/dists/($host_suite|stable)/InRelease'.*#\1#p" | sed -n 1p || true)
[ -n "$mirror" ] || die "no Debian mirror found in /etc/apt/sources.list or sources.list.d: add one, then start again."

work=$(mktemp -d "$root.unpacking.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/root"
: > "$work/status"
echo "deb [signed-by=$keyring] $mirror $suite main" > "$work/sources.list"

# Of the machine's apt configuration only how to reach the network is ours to use: no hooks, no caches, no foreign architectures.
{
    apt-config dump | grep '^Acquire::' | grep -Ev '^Acquire::(IndexTargets|Languages|GzipIndexes)'
    cat << CONF
APT::Architecture "$(dpkg --print-architecture)";
APT::Architectures { "$(dpkg --print-architecture)"; };
APT::Sandbox::User "root";
APT::Install-Recommends "false";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "3";
Debug::NoLocking "true";
Dir::State "$work";
Dir::State::lists "$work/lists";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
Dir::Cache::archives "$work/cache/archives";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Log "$work";
CONF
} > "$work/apt.conf"
apt() { APT_CONFIG="$work/apt.conf" apt-get -q -y "$@" > "$work/log" 2>&1; }

say "reading the package list of Debian $suite"
if ! apt update; then
    if grep -Eq 'is (expired|not valid yet)' "$work/log"; then
        say "WARNING: the release file of this mirror has expired (or the clock of this machine is wrong); its signature is still checked, its age is not"
        printf 'Acquire::Check-Valid-Until "false";\nAcquire::Check-Date "false";\n' >> "$work/apt.conf"
        apt update || { cat "$work/log" >&2; die "the package list of Debian $suite cannot be read (above)."; }
    else
        cat "$work/log" >&2
        die "the package list of Debian $suite cannot be read (above): is there a network, and does the mirror carry $suite?"
    fi
fi
say "fetching $*"
apt --download-only install "$@" || { cat "$work/log" >&2; die "$* cannot be fetched from Debian $suite (above)."; }
debs=("$work"/cache/archives/*.deb)
[ -f "${debs[0]}" ] || { cat "$work/log" >&2; die "$*: apt fetched nothing (above)."; }
say "unpacking ${#debs[@]} packages"
for deb in "${debs[@]}"; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$work/root" --no-same-owner \
        --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' --exclude='./var/log/*' 2> "$work/log" || {
        head -n 2 "$work/log" >&2
        die "$(basename "$deb") cannot be unpacked into $(dirname "$root"): is the disk full?"
    }
done
chmod -R u+rwX,u-s,g-s "$work/root"
printf '%s' "$want" > "$work/root/.complete"
sync -f "$work/root"
[ ! -e "$root" ] || mv "$root" "$work/old"
mv "$work/root" "$root"
say "done: $(du -sh "$root" | cut -f1) in $(basename "$root")"
