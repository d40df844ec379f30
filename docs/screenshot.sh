#!/usr/bin/env bash
# Takes docs/report.png again: the top of the report of examples/credit-g, in
# the light theme. Needs chromium; pngquant makes the picture smaller when it is
# there.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

go run ./cmd/bespoke run examples/credit-g --dir "$work/run" --quiet >/dev/null
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
# The page follows the system's theme; a browser without a screen has the light one.
"$browser" --headless=new --no-sandbox --disable-gpu --hide-scrollbars \
	--user-data-dir="$work/profile" --force-device-scale-factor=1.5 \
	--window-size=1200,"${HEIGHT:-820}" --virtual-time-budget=8000 \
	--screenshot="$work/report.png" "file://$work/run/report.html" >/dev/null 2>&1
if command -v pngquant >/dev/null; then
	pngquant --force --quality 70-95 --output "$work/small.png" "$work/report.png"
	mv "$work/small.png" "$work/report.png"
fi
size=$(stat -c %s "$work/report.png")
if [ "$size" -gt 300000 ]; then
	echo "docs/report.png would have $size bytes, at most 300000 are allowed; install pngquant or lower HEIGHT" >&2
	exit 1
fi
mv "$work/report.png" docs/report.png
echo "docs/report.png: $size bytes"
