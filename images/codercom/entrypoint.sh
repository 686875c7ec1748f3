#!/bin/sh
# Runs the workspace's own start-up scripts, then code-server with the container's arguments.
set -eu

if [ -d "${ENTRYPOINTD:-}" ]; then
    find "$ENTRYPOINTD" -type f -executable -print -exec {} \;
fi
settings=$HOME/.local/share/code-server/User/settings.json
if [ ! -e "$settings" ] && mkdir -p "${settings%/*}"; then
    cp /usr/share/kode/settings.json "$settings"
fi
exec dumb-init /usr/bin/code-server "$@"
