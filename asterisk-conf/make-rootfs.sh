#!/bin/sh
# Make the root folder in which Asterisk and SIPp run where no Docker engine does.
#
# usage: make-rootfs.sh [--cache-dir DIR] [--force] [TARGET]     (default TARGET: .cache/rootfs)
#
# Idempotent: nothing is done while TARGET carries the stamp of this list of packages, these
# prompts and this script. Atomic: built in TARGET.new, then renamed. Packages come from this
# machine's own Debian mirror when it has one, else from debootstrap's default, always verified
# with the Debian archive's keyring.
set -eu
umask 022

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
suite=forky
cache=
force=no
target=
while [ $# -gt 0 ]; do
  case $1 in
    --cache-dir) cache=$2; shift 2 ;;
    --force) force=yes; shift ;;
    -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "make-rootfs.sh: unknown option $1" >&2; exit 2 ;;
    *) target=$1; shift ;;
  esac
done
[ -n "$target" ] || target=$here/../.cache/rootfs
mkdir -p "$(dirname -- "$target")"
target=$(CDPATH='' cd -- "$(dirname -- "$target")" && pwd)/$(basename -- "$target")
[ -n "$cache" ] || cache=$(dirname -- "$target")/debs

say() { printf 'rootfs: %s\n' "$*" >&2; }
fail() { printf 'make-rootfs.sh: %s\n' "$*" >&2; exit 1; }

stamp=$(cat "$here/packages.txt" "$here/prompts.txt" "$here/make-prompts.sh" "$here/make-rootfs.sh" |
  sha256sum | cut -d' ' -f1)
if [ "$force" = no ] && [ "$(cat "$target/etc/plateau-rootfs" 2>/dev/null)" = "$stamp" ]; then
  say "$target is up to date"
  exit 0
fi

[ "$(id -u)" = 0 ] || fail "making a root folder needs the superuser: run it with sudo"
for program in debootstrap unshare flock; do
  command -v "$program" >/dev/null 2>&1 ||
    fail "$program is missing: apt-get install debootstrap util-linux"
done
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -f "$keyring" ] || fail "$keyring is missing: apt-get install debian-archive-keyring"

# Two of us (a test run and a developer) must not build the same folder at once.
exec 9>"$target.lock"
flock -n 9 || { say "another build of $target is going on, waiting for it"; flock 9; }
if [ "$force" = no ] && [ "$(cat "$target/etc/plateau-rootfs" 2>/dev/null)" = "$stamp" ]; then
  say "$target is up to date"
  exit 0
fi

mirror=$(sh "$here/mirror.sh")

# wget does not read apt's proxy; apt-config tells it without our parsing its files.
if command -v apt-config >/dev/null 2>&1 && [ -z "${http_proxy:-}" ]; then
  apt_proxy=
  eval "$(apt-config shell apt_proxy Acquire::http::Proxy)"
  case $apt_proxy in '' | DIRECT) ;; *) http_proxy=$apt_proxy; export http_proxy ;; esac
fi

# An older debootstrap has no script of that name: every Debian suite uses sid's.
script=/usr/share/debootstrap/scripts/$suite
[ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid

new=$target.new
rm -rf "$new"
mkdir -p "$cache"
packages=$(sh "$here/packages.sh" "$here/packages.txt" asterisk sipp | paste -sd, -)
log=$target.log
say "building $target (about a minute; packages are kept in $cache)"
# An empty mirror means debootstrap's own default.
run_debootstrap() {
  debootstrap --variant=minbase --keyring="$keyring" --cache-dir="$cache" \
    --include="$packages" "$suite" "$new" "$mirror" "$script"
}
if [ -n "$mirror" ]; then say "mirror: this machine's own"; else say "mirror: debootstrap's default"; fi
started=$(date +%s)
# debootstrap prints several hundred lines: a few milestones are enough here, the rest is in the log.
if ! { run_debootstrap 2>&1 || echo "debootstrap-failed"; } | tee "$log" | awk '
    /^I: Retrieving/ { n++; if (n % 60 == 0) print "rootfs: " n " packages fetched"; fflush(); next }
    /^I: (Extracting base|Extracting [a-z])/ && !x { x = 1; print "rootfs: extracting"; fflush() }
    /^I: Configuring/ { c++; if (c % 60 == 1) print "rootfs: configuring"; fflush() }
    /^(E|W): / { print "rootfs: " $0; fflush() }
    /^debootstrap-failed/ { bad = 1 }
    END { exit bad }
  ' >&2; then
  tail -n 15 "$log" >&2
  [ ! -f "$new/debootstrap/debootstrap.log" ] || tail -n 15 "$new/debootstrap/debootstrap.log" >&2
  fail "debootstrap failed; the whole log is $log"
fi

say "speaking the prompts"
mkdir -p "$new/usr/share/plateau"
cp "$here/prompts.txt" "$here/make-prompts.sh" "$new/usr/share/plateau/"
chroot "$new" /usr/bin/env PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
  sh /usr/share/plateau/make-prompts.sh /usr/share/plateau/prompts.txt /usr/share/plateau/sounds

# Without a hosts file naming localhost every call waits seconds for a name that nobody knows.
cat >"$new/etc/hosts" <<END
127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
127.0.1.1 $(uname -n)
END
mkdir -p "$new/srv" "$new/mnt" "$new/run" "$new/tmp"
rm -f "$new"/var/cache/apt/archives/*.deb
chroot "$new" /usr/sbin/asterisk -V >"$log.version" || fail "the Asterisk in $new does not start"
version=$(cat "$log.version")
rm -f "$log.version"
printf '%s\n' "$stamp" >"$new/etc/plateau-rootfs"

if [ -e "$target" ]; then
  rm -rf "$target.old"
  mv "$target" "$target.old"
  mv "$new" "$target"
  # A switch that still runs from the old folder keeps its mounts: never delete through them.
  rm -rf --one-file-system "$target.old"
else
  mv "$new" "$target"
fi
say "$version in $target, made in $(($(date +%s) - started)) s, $(du -sh "$target" | cut -f1)"
