#!/bin/sh
# Copy the journal and SQL so that together they miss nothing, while calls go on.
#
# usage: backup.sh HOME TARGET COMMAND...      COMMAND copies SQL; it is run in TARGET
#
# A journal file that has gone to SQL is deleted. So the older files are copied before SQL, the newest
# after it, and all is done again if another file became the newest meanwhile (each 16 MB).
set -eu
[ $# -ge 3 ] || { echo "usage: backup.sh HOME TARGET COMMAND..." >&2; exit 2; }
journal=$(CDPATH='' cd -- "$1/journal" && pwd)
umask 077
mkdir -p "$2/journal"
[ -z "$(ls -A "$2/journal")" ] || { echo "backup.sh: $2/journal is not empty" >&2; exit 1; }
# Put back as it is, it must be the floor's again.
if [ "$(id -u)" = 0 ]; then chown --reference="$journal" "$2/journal"; fi
chmod --reference="$journal" "$2/journal"
cd "$2"
shift 2

newest() { ls "$journal" | grep '^[0-9]*\.jsonl$' | tail -n 1; }
# A file may be deleted while it is looked for: then it is in SQL, and the next round has it.
copy() {
  for file in $(ls "$journal" | grep '\.jsonl$'); do
    cp -p "$journal/$file" journal/ || [ ! -e "$journal/$file" ] || return 1
  done
}
while :; do
  before=$(newest)
  copy
  "$@"
  copy
  if [ "$before" = "$(newest)" ]; then break; fi
  echo "backup.sh: the journal began another file, once more" >&2
done
