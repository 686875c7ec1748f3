#!/bin/sh
# Removes from a code-server tree what the test images never run: the AI agent, other platforms'
# binaries, build leftovers and source maps. About two thirds of the size; settings.json turns the
# features off whose parts are gone.
# Usage: slim.sh CODE_SERVER_DIRECTORY
set -eu
modules=$(dirname "$1")
code=$1/lib/vscode

rm -rf "$code/node_modules/@github" "$code/node_modules/@microsoft/mxc-sdk" \
    "$code/extensions/copilot" "$code/extensions/mermaid-markdown-features" \
    "$code/node_modules/@vscode/sqlite3/build" "$code/node_modules/@vscode/sqlite3/deps" \
    "$code/node_modules/@vscode/sqlite3/src" \
    "$code/node_modules/node-pty/third_party" "$code/node_modules/node-pty/deps" \
    "$code/node_modules/@parcel/watcher-linux-x64-musl" \
    "$code/node_modules/@parcel/watcher-linux-arm64-musl"

platform=linux-$(dpkg --print-architecture | sed 's/amd64/x64/')
find "$code/node_modules" "$modules/argon2" -depth -type d -path '*/prebuilds/*' \
    ! -path "*/$platform*" -exec rm -rf {} +
find "$code/node_modules/@vscode/ripgrep-universal/bin" -mindepth 1 -maxdepth 1 \
    ! -name "$platform" -exec rm -rf {} +
find "$code/node_modules/@vscode" "$code/node_modules/kerberos" -type f -path '*/build/*' \
    ! -name '*.node' -delete
find "$modules" -name '*.map' -type f -delete

# What the package's own install script links: the command line and browser opener for terminals.
ln -sf code-linux.sh "$code/bin/remote-cli/code-server"
ln -sf browser-linux.sh "$code/bin/helpers/browser.sh"
