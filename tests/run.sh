#!/bin/sh
# All tests, in two runs side by side: those of the telephone mostly wait in real time, the others
# only compute. The second run steps back (nice), so that no ring comes late because of it.
#
# usage: tests/run.sh PYTHON
# Prints the telephone's tests as they go, then the others'; exits with 0 only if both passed.
set -u
python=$1
log=.cache/tests-without-telephone.log
mkdir -p .cache
nice -n 19 "$python" -m pytest -p no:cacheprovider tests/unit tests/store tests/browser tests/sim \
  >"$log" 2>&1 &
others=$!
trap 'kill "$others" 2>/dev/null' INT TERM
"$python" -m pytest tests/contract
telephone=$?
wait "$others"
rest=$?
cat "$log"
printf 'tests: telephone %s, others %s (0: all passed)\n' "$telephone" "$rest"
[ "$telephone" -eq 0 ] && [ "$rest" -eq 0 ]
