#!/bin/sh
# Make the secrets that are missing, each as FILE holding 256 random bits in hexadecimal.
# usage: make-secrets.sh FILE...
# Mode 0444: who may read one is decided by which service mounts its folder.
set -eu
for file in "$@"; do
  [ -s "$file" ] && continue
  umask 077
  head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$file.new"
  chmod 444 "$file.new"
  mv "$file.new" "$file"
  echo "make-secrets.sh: made ${file##*/}"
done
