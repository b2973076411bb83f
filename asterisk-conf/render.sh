#!/bin/sh
# Render the templates of etc/ into an instance's etc folder.
#
# usage: render.sh TEMPLATES TARGET
#
# In a template @NAME@ is replaced by the variable PLATEAU_NAME; "?NAME line" is kept only when
# that variable is not empty; "*NAME line" is repeated for each comma-separated value, as @ITEM@,
# and may be several lines with \n between them.
# TARGET is replaced as a whole, except its folder tls/ (certificates stay).
set -eu
umask 077
[ $# -eq 2 ] || { echo "usage: render.sh TEMPLATES TARGET" >&2; exit 2; }
templates=$1
target=$2

default() { eval "PLATEAU_$1=\${PLATEAU_$1-\$2}; export PLATEAU_$1"; }

default DIR /srv/plateau                    # the instance's folder as Asterisk sees it
default SOUNDS "$PLATEAU_DIR/sounds"        # prompts, writable by the floor
default MODULES ''                          # only when Asterisk's own default is wrong
default DATA ''
default SYSTEM_NAME plateau
default LANGUAGE fr
default TONE_ZONE fr
default DOMAIN plateau.local                # digest realm
default APP plateau                         # Stasis application
default BIND 127.0.0.1                      # SIP
default SIP_PORT 5060
default TLS_PORT 5061
default HTTP_ADDRESS 127.0.0.1              # ARI and ws
default HTTP_PORT 8088
default HTTPS_ADDRESS "$PLATEAU_BIND"       # wss
default HTTPS_PORT 8089
default HTTP_SESSIONS 4096
default RTP_FIRST 10000
default RTP_LAST 19999
default MEDIA_ADDRESS ''                    # address in SDP, when one fits everybody
default EXTERNAL_ADDRESS ''                 # public address, for peers outside LOCAL_NETWORKS
default LOCAL_NETWORKS ''
default MUSIC ''                            # folders of SOUNDS/music, by their names
default TRUNK_MATCH 127.0.0.1               # who is the carrier, by address
default TRUNK_CONTACT ''                    # where outbound calls go, a SIP URI
default ARI_USER plateau
default ARI_PERMIT 127.0.0.1/32
default MAX_CALL_S 14400
default RTP_TIMEOUT_S 60
default RTP_TIMEOUT_HOLD_S 3600
default LOG_CONSOLE error                   # kinds of lines on the output
default LOG_FILES yes                       # messages.log and security.log; empty: neither
if [ -z "${PLATEAU_ARI_PASSWORD:-}" ]; then
  echo "render.sh: PLATEAU_ARI_PASSWORD is not set: ARI is never opened without a password" >&2
  exit 1
fi

# A value may not end its line, start a comment or a section: configuration is not for callers.
env | grep '^PLATEAU_' | cut -d= -f1 | while read -r name; do
  eval "value=\$$name"
  # A SIP URI may have parameters (;transport=tcp): their semicolons are escaped below.
  if [ "$name" = PLATEAU_TRUNK_CONTACT ]; then value=$(printf '%s' "$value" | tr -d ';'); fi
  case $value in
    *[!A-Za-z0-9._:/@,+=\ ~-]* | *@*@*)
      echo "render.sh: $name holds a character that no configuration value may have: $value" |
        sed "s/^\(render.sh: PLATEAU_ARI_PASSWORD.*\): .*/\1/" >&2
      exit 1 ;;
  esac
done

new=$target.new
rm -rf "$new"
mkdir -p "$new"
for template in "$templates"/*.conf; do
  awk '
    # Not gsub: what a backslash means in its replacement differs from one awk to the next.
    function escaped(text,  out, at) {
      while ((at = index(text, ";")) > 0) {
        out = out substr(text, 1, at - 1) "\\;"
        text = substr(text, at + 1)
      }
      return out text
    }
    function fill(line,   name, value) {
      while (match(line, /@[A-Z_]+@/)) {
        name = substr(line, RSTART + 1, RLENGTH - 2)
        if (name == "ITEM") value = item
        else if (("PLATEAU_" name) in ENVIRON) value = ENVIRON["PLATEAU_" name]
        else {
          print FILENAME ":" FNR ": @" name "@ has no value" > "/dev/stderr"
          bad = 1
          exit 1
        }
        if (name == "TRUNK_CONTACT") value = escaped(value)
        line = substr(line, 1, RSTART - 1) value substr(line, RSTART + RLENGTH)
      }
      return line
    }
    /^\?[A-Z_]+ / {
      name = substr($1, 2)
      if (ENVIRON["PLATEAU_" name] == "") next
      sub(/^\?[A-Z_]+ /, "")
    }
    /^\*[A-Z_]+ / {
      name = substr($1, 2)
      sub(/^\*[A-Z_]+ /, "")
      gsub(/\\n/, "\n")
      line = $0
      n = split(ENVIRON["PLATEAU_" name], part, ",")
      for (i = 1; i <= n; i++) { item = part[i]; if (item != "") print fill(line) }
      next
    }
    { print fill($0) }
    END { exit bad }
  ' "$template" >"$new/$(basename -- "$template")"
done
if [ -d "$target/tls" ]; then mv "$target/tls" "$new/tls"; fi
rm -rf "$target"
mv "$new" "$target"
