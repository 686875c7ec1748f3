#!/bin/sh
# Takes Envoy's arguments with or without the word envoy before them; root becomes user envoy
# unless ENVOY_UID says otherwise.
set -eu

case "${1:-}" in
    -* | "") set -- envoy "$@" ;;
esac
uid=${ENVOY_UID:-101}
gid=${ENVOY_GID:-$uid}
if [ "$1" = envoy ] && [ "$(id -u)" = 0 ] && [ "$uid" != 0 ]; then
    exec setpriv "--reuid=$uid" "--regid=$gid" --clear-groups -- "$@"
fi
exec "$@"
