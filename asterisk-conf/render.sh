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
default SIP_COPIES_PORT ''                  # UDP port of this machine that gets copies (HEP); '': none
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

# Values with which Asterisk would start and not work: the rules of switch/values.py, for a
# container has no Python. No braces in patterns and no gsub: not every awk has them alike.
awk '
  function fault(name, why) {
    print "render.sh: PLATEAU_" name "=" ENVIRON["PLATEAU_" name] ": " why > "/dev/stderr"
    bad = 1
  }
  function number(text, most) {
    return text ~ /^[0-9]+$/ && length(text) < 9 && text + 0 <= most
  }
  function ipv4(text,  part, i) {
    if (split(text, part, ".") != 4) return 0
    for (i = 1; i <= 4; i++) {
      if (!number(part[i], 255) || length(part[i]) > 3) return 0
      if (part[i] ~ /^0./) return 0
    }
    return 1
  }
  function host(text,  part, i, n) {
    if (text ~ /^[0-9.]+$/) return ipv4(text)
    if (text !~ /^[A-Za-z0-9.-]+$/ || length(text) > 253) return 0
    n = split(text, part, ".")
    for (i = 1; i <= n; i++)
      if (part[i] == "" || part[i] ~ /^-/ || part[i] ~ /-$/ || length(part[i]) > 63) return 0
    return 1
  }
  # The address of a network, as a number cut to its first LENGTH bits.
  function cut_to(text, bits,  part, value, size) {
    split(text, part, ".")
    value = ((part[1] * 256 + part[2]) * 256 + part[3]) * 256 + part[4]
    for (size = 1; bits < 32; bits++) size = size * 2
    return value % size
  }
  function network(text, least,  part, n) {
    n = split(text, part, "/")
    if (n < 1 || n > 2 || !ipv4(part[1])) return 0
    if (n == 1) return text != "0.0.0.0"
    if (!number(part[2], 32) || part[2] + 0 < least || length(part[2]) > 2) return 0
    return cut_to(part[1], part[2] + 0) == 0
  }
  function networks(name, least, why,  part, i, n) {
    n = split(ENVIRON["PLATEAU_" name], part, ",")
    for (i = 1; i <= n; i++) {
      gsub(/^ +| +$/, "", part[i])
      if (!network(part[i], least)) { fault(name, why); return }
    }
    if (n == 0 && least > 0) fault(name, why)
  }
  function uri(text,  part, i, n, at, place) {
    if (text ~ / / || tolower(text) !~ /^sips?:/) return 0
    n = split(text, part, ";")
    for (i = 2; i <= n; i++) {
      if (part[i] !~ /^[A-Za-z0-9._-]+$/ && part[i] !~ /^[A-Za-z0-9._-]+=[A-Za-z0-9._:\/+~-]+$/)
        return 0
      if (tolower(part[i]) ~ /^transport(=|$)/ && tolower(part[i]) !~ /^transport=(udp|tcp|tls)$/)
        return 0
    }
    place = substr(part[1], index(part[1], ":") + 1)
    at = index(place, "@")
    if (at == 1) return 0
    if (at > 0 && substr(place, 1, at - 1) !~ /^[A-Za-z0-9._+~-]+$/) return 0
    if (at > 0) place = substr(place, at + 1)
    n = split(place, part, ":")
    if (n < 1 || n > 2 || !host(part[1])) return 0
    return n == 1 || (number(part[2], 65535) && length(part[2]) < 6 && part[2] + 0 > 0)
  }
  function whole(name, least, most) {
    if (!number(ENVIRON["PLATEAU_" name], most) || ENVIRON["PLATEAU_" name] + 0 < least)
      fault(name, "write a whole number from " least " to " most)
  }
  function address(name) {
    if (!ipv4(ENVIRON["PLATEAU_" name]))
      fault(name, "write an IPv4 address as four numbers, like 192.0.2.10")
  }
  function word(name) {
    if (ENVIRON["PLATEAU_" name] !~ /^[A-Za-z0-9][A-Za-z0-9_.-]*$/ || \
        length(ENVIRON["PLATEAU_" name]) > 80)
      fault(name, "use letters without accents, digits, _, . and -, at most 80")
  }
  BEGIN {
    n = split("SIP TLS HTTP HTTPS", port, " ")
    for (i = 1; i <= n; i++) whole(port[i] "_PORT", 1, 65535)
    whole("RTP_FIRST", 1, 65535); whole("RTP_LAST", 1, 65535)
    whole("HTTP_SESSIONS", 1, 1000000)
    whole("MAX_CALL_S", 1, 604800)
    whole("RTP_TIMEOUT_S", 1, 86400); whole("RTP_TIMEOUT_HOLD_S", 1, 86400)
    address("BIND"); address("HTTP_ADDRESS"); address("HTTPS_ADDRESS")
    if (ENVIRON["PLATEAU_MEDIA_ADDRESS"] != "") address("MEDIA_ADDRESS")
    outside = ENVIRON["PLATEAU_EXTERNAL_ADDRESS"]
    if (outside != "") {
      address("EXTERNAL_ADDRESS")
      split(outside, part, ".")
      if (outside == "0.0.0.0" || outside == "255.255.255.255" || part[1] ~ /^(22[4-9]|23[0-9])$/)
        fault("EXTERNAL_ADDRESS", "nobody can send there; write the address of this machine")
    }
    networks("TRUNK_MATCH", 8, "write the addresses and networks (/8 to /32) of the carrier, " \
      "commas between, as 198.51.100.7,203.0.113.0/24; names are not looked up")
    networks("LOCAL_NETWORKS", 0, "write networks with commas between, as 192.168.0.0/16")
    networks("ARI_PERMIT", 1, "write addresses and networks, commas between, as 172.28.90.0/24")
    if (ENVIRON["PLATEAU_TRUNK_CONTACT"] != "" && !uri(ENVIRON["PLATEAU_TRUNK_CONTACT"]))
      fault("TRUNK_CONTACT", "write a SIP URI: sip:HOST, sip:HOST:PORT, " \
        "or with parameters, as sip:HOST;transport=tcp (udp, tcp or tls)")
    if (!host(ENVIRON["PLATEAU_DOMAIN"])) fault("DOMAIN", "write a name like sip.example")
    word("APP"); word("ARI_USER"); word("SYSTEM_NAME")
    if (ENVIRON["PLATEAU_LANGUAGE"] !~ /^(fr|en)$/) fault("LANGUAGE", "write fr or en")
    if (bad) exit 1
    for (i = 1; i <= n; i++)
      for (j = i + 1; j <= n; j++)
        if (ENVIRON["PLATEAU_" port[i] "_PORT"] + 0 == ENVIRON["PLATEAU_" port[j] "_PORT"] + 0)
          fault(port[i] "_PORT", "PLATEAU_" port[j] "_PORT is the same: give each its own")
    first = ENVIRON["PLATEAU_RTP_FIRST"] + 0; last = ENVIRON["PLATEAU_RTP_LAST"] + 0
    if (first >= last) fault("RTP_FIRST", "must be below PLATEAU_RTP_LAST=" last)
    if (first % 2) fault("RTP_FIRST", "must be even, as RTP ports are: write " first + 1)
    if (ENVIRON["PLATEAU_SIP_PORT"] + 0 >= first && ENVIRON["PLATEAU_SIP_PORT"] + 0 <= last)
      fault("SIP_PORT", "lies in the RTP ports (" first " to " last "): choose one outside")
    exit bad
  }
' || exit 1

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
