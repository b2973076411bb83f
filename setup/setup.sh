#!/bin/sh
# Set up a machine: Debian 12 or newer, Ubuntu 24.04.
#
# usage: setup/setup.sh run|demo|dev
#   run    what production needs: Python packages in .venv (requirements/runtime.txt), the voice,
#          Asterisk from PATH, from a Docker engine, or into .cache/rootfs
#   demo   that, and what `make demo` needs: SIPp beside Asterisk
#   dev    that, and what tests and checks need: requirements/dev.txt, PostgreSQL, Chromium, Compose
#
# Idempotent and quick when nothing is missing: says what it does, and at the end what that took.
# Installs Debian packages as root (or with sudo) and Python packages by hash.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
mode=${1:-dev}
case $mode in
  run | demo | dev) ;;
  *) echo "usage: setup/setup.sh run|demo|dev" >&2; exit 2 ;;
esac
mkdir -p .cache
began=$(date +%s)
did=

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }
size() { du -sm "$1" | cut -f1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null 2>&1; then sudo "$@"
  else fail "this needs the superuser: $*"
  fi
}

# A root folder is made only where nothing else serves and none of this release is there: the stamp
# is that of make-rootfs.sh.
rootfs_wanted=no
if ! setup/asterisk-present.sh "$mode"; then
  current=$(cd asterisk-conf && cat packages.txt prompts.txt make-prompts.sh make-rootfs.sh |
    sha256sum | cut -d' ' -f1)
  [ "$(cat .cache/rootfs/etc/plateau-rootfs 2>/dev/null)" = "$current" ] || rootfs_wanted=yes
fi

packages='ca-certificates espeak-ng python3-venv sox'
[ "$rootfs_wanted" = no ] || packages="$packages debian-archive-keyring debootstrap util-linux"
[ "$mode" != dev ] || packages="$packages debian-archive-keyring debootstrap postgresql docker-compose libatomic1 systemd"
if [ "$mode" = dev ] && ! command -v chromium >/dev/null 2>&1 &&
   ! command -v google-chrome >/dev/null 2>&1 && ! command -v chromium-browser >/dev/null 2>&1; then
  # Ubuntu's package only fetches a snap; there, any Chromium or Chrome on PATH serves.
  if grep -q '^ID=debian' /etc/os-release; then packages="$packages chromium"
  else say "install Chromium or Google Chrome: the tests of the pages need one"; fi
fi

missing=
for package in $packages; do
  dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed' ||
    missing="$missing $package"
done
if [ -n "$missing" ]; then
  say "installing$missing"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
  # The tests run a PostgreSQL of their own: Debian must not start one at installation.
  if [ "$mode" = dev ] && { [ -d /etc/postgresql-common ] || as_root mkdir -p /etc/postgresql-common; }; then
    [ -e /etc/postgresql-common/createcluster.conf ] ||
      echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  # shellcheck disable=SC2086 # a list of words
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends \
    $missing >.cache/apt.log 2>&1 || { tail -n 20 .cache/apt.log >&2; fail "apt-get failed, see .cache/apt.log"; }
  did="$did Debian packages,"
fi

# Asterisk in a root folder, beside the Python packages: both take a minute, on two cores.
rootfs_pid=
if [ "$rootfs_wanted" = yes ]; then
  say "making the root folder with Asterisk in .cache/rootfs (about a minute, once)"
  as_root sh asterisk-conf/make-rootfs.sh >.cache/rootfs.log 2>&1 &
  rootfs_pid=$!
fi

# What is installed for development serves the others too; it is never taken away here.
stamp() { cat "requirements/$1.txt" pyproject.toml setup/setup.sh | sha256sum | cut -d' ' -f1; }
kind=runtime
[ "$mode" != dev ] || kind=dev
there=$(cat .venv/plateau-stamp 2>/dev/null || true)
if [ "$there" != "$(stamp "$kind")" ] && [ "$there" != "$(stamp dev)" ]; then
  say "installing Python packages into .venv"
  python=$(command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3) ||
    fail "python3 (3.11 or newer) is missing"
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$python is older than 3.11"
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  pip() { .venv/bin/pip "$@" --quiet --disable-pip-version-check; }
  pip install --require-hashes -r "requirements/$kind.txt"
  if [ "$kind" = runtime ]; then
    # What puts the checkout itself in place is needed once.
    awk '/^[a-z]/ { inside = /^setuptools==/ } inside' requirements/dev.txt >.cache/build.txt
    pip install --require-hashes -r .cache/build.txt
  fi
  pip install --no-deps --no-build-isolation --config-settings editable_mode=compat -e .
  [ "$kind" = dev ] || pip uninstall --yes setuptools
  stamp "$kind" >.venv/plateau-stamp
  did="$did .venv of $(size .venv) MB,"
fi

if [ -n "$rootfs_pid" ]; then
  wait "$rootfs_pid" || { tail -n 20 .cache/rootfs.log >&2; fail "the root folder failed, see .cache/rootfs.log"; }
  did="$did root folder of $(size .cache/rootfs) MB,"
fi
[ -z "$did" ] || say "done in $(($(date +%s) - began)) s:${did%,}"
