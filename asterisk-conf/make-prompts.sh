#!/bin/sh
# Speak prompts.txt into TARGET/{fr,en}/KEY.wav (8 kHz, mono, 16 bits).
# usage: make-prompts.sh PROMPTS TARGET        needs espeak-ng and sox
set -eu
prompts=$1
target=$2
for program in espeak-ng sox; do
  if ! command -v "$program" >/dev/null 2>&1; then
    echo "make-prompts.sh: $program is missing: install the package $program" >&2
    exit 1
  fi
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
while IFS='|' read -r key language text; do
  case $key in '' | '#'*) continue ;; esac
  mkdir -p "$target/$language"
  espeak-ng -v "$language" -s 150 -w "$work/spoken.wav" "$text"
  # A little silence before and after: the first syllable is often lost while the codec settles.
  sox -q "$work/spoken.wav" -r 8000 -c 1 -b 16 -e signed-integer "$work/prompt.wav" \
    norm -6 pad 0.15 0.2
  mv "$work/prompt.wav" "$target/$language/$key.wav"
done <"$prompts"
