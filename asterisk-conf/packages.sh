#!/bin/sh
# Print the packages of the given sections of packages.txt, one per line.
# usage: packages.sh FILE SECTION...
set -eu
file=$1
shift
for section in "$@"; do
  awk -v wanted="[$section]" '
    /^#/ || /^[[:space:]]*$/ { next }
    /^\[/ { inside = ($0 == wanted); next }
    inside { print $1 }
  ' "$file"
done
