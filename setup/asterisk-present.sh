#!/bin/sh
# Exit 0 if an Asterisk can be had without a root folder.
#
# usage: asterisk-present.sh run|demo|dev
#   run         22.10.1 or newer on PATH, or a Docker engine that answers
#   demo, dev   22.10.1 or newer on PATH, with SIPp beside it (Docker does not serve: SIPp's files
#               must be seen by it at their own paths, which the root folder gives)
set -eu
PATH=$PATH:/usr/sbin:/usr/local/sbin
version=$(asterisk -V 2>/dev/null | sed -n 's/^Asterisk \([0-9][0-9.]*[0-9]\).*/\1/p')
if [ -n "$version" ] && [ "$(printf '22.10.1\n%s\n' "$version" | sort -V | head -n 1)" = 22.10.1 ]; then
  [ "${1:-dev}" = run ] || command -v sipp >/dev/null 2>&1
  exit
fi
[ "${1:-dev}" = run ] && [ -z "$version" ] && timeout 5 docker info >/dev/null 2>&1
