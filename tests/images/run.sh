#!/bin/sh
# The tests of the images, in namespaces of their own: networks cannot meet those of the machine, and
# whatever was started or mounted ends with the run.
#
# usage: tests/images/run.sh PYTHON [PYTEST-ARGS]      (without arguments: all of tests/images)
# What the services said stays in .cache/images/test.
set -eu
python=$1
shift
[ "$(id -u)" = 0 ] || { echo "tests/images/run.sh: needs the superuser (namespaces, chroot): use sudo" >&2; exit 1; }
# A run begins by removing what a killed one left: two at once would remove each other's.
mkdir -p .cache/images
exec 9>.cache/images/lock
flock -n 9 || { echo "tests/images/run.sh: another run is going on in this folder" >&2; exit 1; }
[ $# -gt 0 ] || set -- tests/images
exec timeout --foreground --kill-after=20 900 \
  unshare --net --mount --pid --fork --kill-child --mount-proc \
  sh -c 'mkdir -p /run/netns && mount -t tmpfs none /run/netns && ip link set lo up && exec "$@"' sh \
  "$python" -m pytest --basetemp=.cache/images/test "$@"
