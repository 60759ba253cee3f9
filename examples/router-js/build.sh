#!/bin/sh
# Tests and builds the router, or says loudly why not.
set -eu
cd "$(dirname "$0")"
if ! command -v npm >/dev/null; then
    echo "SKIPPED: router-js needs npm, which is not here" >&2
    exit 0
fi
npm test
npm install --no-audit --no-fund --silent || { echo "SKIPPED: npm could not install componentize-js" >&2; exit 0; }
npm run --silent build
