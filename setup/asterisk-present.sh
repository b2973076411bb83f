#!/bin/sh
# Exit 0 if an Asterisk can be had without a root folder: 22.10.1 or newer on PATH, with SIPp 3.7 or
# newer for the demonstration and the tests. (Docker serves production; SIPp's files must be seen
# by it at their own paths, which the root folder gives.)
set -eu
version=$(asterisk -V 2>/dev/null | sed -n 's/^Asterisk \([0-9][0-9.]*[0-9]\).*/\1/p')
[ -n "$version" ] || exit 1
[ "$(printf '22.10.1\n%s\n' "$version" | sort -V | head -n 1)" = 22.10.1 ] || exit 1
command -v sipp >/dev/null 2>&1
