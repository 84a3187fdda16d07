#!/bin/sh
# Everything that a GPU is to be asked, on a bare machine with nothing but its driver, Node and this repository: at most 8 minutes.
#   sh bench/device.sh [--driver auto|hardware|lavapipe|swiftshader] [--peak TFLOPS] [--minutes 8] [--reduced] [--out FILE]
# See bench/device/main.ts, which does the work.
set -e
cd "$(dirname "$0")/.."
command -v node >/dev/null || { echo 'Node 20.11 or newer is needed: https://nodejs.org' >&2; exit 1; }
[ -d node_modules/deno ] || npm ci
exec npm run --silent bench:device -- "$@"
