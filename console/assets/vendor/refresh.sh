#!/bin/sh
# Fetches the vendored files anew with `npm pack` and writes SHA256SUMS. The build never runs this; a person does, looks
# at the difference, and commits both. Usage: refresh.sh
set -eu
htmx=4.0.1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent "htmx.org@$htmx" >/dev/null
tar xzf "htmx.org-$htmx.tgz"
cp package/dist/htmx.min.js package/dist/ext/hx-sse.min.js "$here/"
cp package/LICENSE "$here/htmx.LICENSE.txt"
cd "$here"
sha256sum htmx.min.js hx-sse.min.js htmx.LICENSE.txt > SHA256SUMS
