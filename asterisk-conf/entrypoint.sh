#!/bin/sh
# Prepare /srv/plateau and become Asterisk. The ARI password comes from PLATEAU_ARI_PASSWORD_FILE
# (a secret's file); everything else from the PLATEAU_ variables that render.sh lists.
set -eu
umask 027
shared=/usr/share/plateau
home=/srv/plateau

: "${PLATEAU_ARI_PASSWORD_FILE:?entrypoint.sh: PLATEAU_ARI_PASSWORD_FILE names no file}"
[ -s "$PLATEAU_ARI_PASSWORD_FILE" ] || {
  echo "entrypoint.sh: $PLATEAU_ARI_PASSWORD_FILE is missing or empty" >&2
  exit 1
}
PLATEAU_ARI_PASSWORD=$(cat "$PLATEAU_ARI_PASSWORD_FILE")
export PLATEAU_ARI_PASSWORD
unset PLATEAU_ARI_PASSWORD_FILE # a path's characters are its own; render.sh need not judge them

case ${PLATEAU_LANGUAGE:-fr} in en) PLATEAU_TONE_ZONE=us ;; *) PLATEAU_TONE_ZONE=fr ;; esac
export PLATEAU_TONE_ZONE
echo "entrypoint.sh: the carrier is ${PLATEAU_TRUNK_MATCH:-127.0.0.1}," \
  "the public address ${PLATEAU_EXTERNAL_ADDRESS:-none}" >&2

for folder in var/cache var/keys spool/recording spool/tmp spool/system run log sounds/plateau; do
  mkdir -p "$home/$folder"
done
# Each folder of sounds/music is a queue's music.
PLATEAU_MUSIC=$(find "$home/sounds/music" -mindepth 1 -maxdepth 1 -type d 2>/dev/null |
  sed 's|.*/||' | grep -xE '[A-Za-z0-9_-]{1,40}' | grep -vxE 'default|general' | paste -sd, -)
export PLATEAU_MUSIC
sh "$shared/render.sh" "$shared/etc" "$home/etc"
unset PLATEAU_ARI_PASSWORD

# Certificates live with the phones' accounts (var), which is a volume; etc is made anew.
tls=$home/var/tls
if [ ! -s "$tls/plateau.key" ] || [ ! -s "$tls/plateau.crt" ]; then
  mkdir -p "$tls"
  domain=${PLATEAU_DOMAIN:-plateau.local}
  openssl req -x509 -newkey rsa:2048 -nodes -days 825 -subj "/CN=$domain" \
    -addext "subjectAltName=DNS:$domain,DNS:localhost" \
    -keyout "$tls/plateau.key" -out "$tls/plateau.crt" 2>/dev/null
  chmod 600 "$tls/plateau.key"
fi
mkdir -p "$home/etc/tls"
cp -p "$tls/plateau.key" "$tls/plateau.crt" "$home/etc/tls/"

for language in fr en; do
  mkdir -p "$home/sounds/plateau/$language"
  for prompt in "$shared/sounds/$language"/*.wav; do
    # A recorded voice that was put there stays.
    [ -e "$home/sounds/plateau/$language/${prompt##*/}" ] ||
      cp "$prompt" "$home/sounds/plateau/$language/"
  done
done
exec /usr/sbin/asterisk -f -C "$home/etc/asterisk.conf" "$@"
