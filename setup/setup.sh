#!/bin/sh
# Set up a development or demonstration machine: Debian 12 or newer, Ubuntu 24.04.
#
# usage: setup/setup.sh run|dev
#   run   what `make demo` needs: Python packages in .venv, Asterisk, the voice
#   dev   that, and what the tests and checks need: PostgreSQL, Chromium, Compose
#
# Idempotent and quick when nothing is missing. Installs Debian packages as root (or with sudo) and
# Python packages by hash; Asterisk comes from PATH, from Docker, or into .cache/rootfs.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
mode=${1:-dev}
mkdir -p .cache

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null 2>&1; then sudo "$@"
  else fail "this needs the superuser: $*"
  fi
}

packages='ca-certificates debian-archive-keyring debootstrap espeak-ng python3-venv sox util-linux'
[ "$mode" = run ] || packages="$packages postgresql docker-compose libatomic1"
if [ "$mode" != run ] && ! command -v chromium >/dev/null 2>&1 &&
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
  if [ -d /etc/postgresql-common ] || as_root mkdir -p /etc/postgresql-common; then
    [ -e /etc/postgresql-common/createcluster.conf ] ||
      echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  # shellcheck disable=SC2086 # a list of words
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends \
    $missing >.cache/apt.log 2>&1 || { tail -n 20 .cache/apt.log >&2; fail "apt-get failed, see .cache/apt.log"; }
fi

# Asterisk in a root folder, beside the Python packages: both take a minute, on two cores.
rootfs_pid=
if setup/asterisk-present.sh; then
  :
else
  say "the root folder with Asterisk (about a minute the first time)"
  as_root sh asterisk-conf/make-rootfs.sh >.cache/rootfs.log 2>&1 &
  rootfs_pid=$!
fi

stamp=$(cat requirements/dev.txt pyproject.toml setup/setup.sh | sha256sum | cut -d' ' -f1)
if [ "$(cat .venv/plateau-stamp 2>/dev/null)" != "$stamp" ]; then
  say "installing Python packages into .venv"
  python=$(command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3) ||
    fail "python3 (3.11 or newer) is missing"
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$python is older than 3.11"
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
  .venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
    --config-settings editable_mode=compat -e .
  echo "$stamp" >.venv/plateau-stamp
fi

if [ -n "$rootfs_pid" ]; then
  wait "$rootfs_pid" || { tail -n 20 .cache/rootfs.log >&2; fail "the root folder failed, see .cache/rootfs.log"; }
fi
