#!/bin/sh
# Print this machine's own Debian mirror: the archive from which its own release comes, component
# main, out of apt's sources. Nothing is printed on other systems (their archive is another).
# usage: mirror.sh
set -eu
ID='' VERSION_CODENAME=''
# shellcheck disable=SC1091
[ -r /etc/os-release ] && . /etc/os-release
[ "$ID" = debian ] || exit 0
{
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] || continue
    awk -v codename="$VERSION_CODENAME" '
      function wanted(text,  i, n, part) {
        n = split(text, part, " ")
        for (i = 1; i <= n; i++)
          if (part[i] ~ ("^(" codename "|oldstable|stable|testing|unstable|sid)$")) return 1
        return 0
      }
      function finish() {
        if (!off && uri != "" && types ~ /(^| )deb( |$)/ && wanted(suites) && components ~ /(^| )main( |$)/) print uri
        uri = ""; suites = ""; types = ""; components = ""; off = 0
      }
      /^#/ { next }
      /^[[:space:]]*$/ { finish(); next }
      tolower($1) == "types:" { $1 = ""; types = $0 }
      tolower($1) == "uris:" { uri = $2 }
      tolower($1) == "suites:" { $1 = ""; suites = $0 }
      tolower($1) == "components:" { $1 = ""; components = $0 }
      tolower($1) == "enabled:" && tolower($2) == "no" { off = 1 }
      END { finish() }
    ' "$file"
  done
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -f "$file" ] || continue
    sed -n 's/^deb[[:space:]]\{1,\}\(\[[^]]*\][[:space:]]*\)\{0,1\}//p' "$file" |
      awk -v codename="$VERSION_CODENAME" \
        '$2 ~ ("^(" codename "|oldstable|stable|testing|unstable|sid)$") && / main( |$)/ { print $1 }'
  done
} | grep -E '^(https?|file):' | head -n 1 || true
