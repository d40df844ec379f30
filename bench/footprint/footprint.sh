#!/bin/sh
# Start-up, size, idle memory and latency of the program, into RESULTS.md.
#
#     bench/footprint/footprint.sh [a built, stripped bespoke]
#
# Everything else is made in a temporary folder. Linux only: memory is read from
# /proc.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"

binary=${1:-}
if [ -z "$binary" ]; then
	binary=$work/bespoke
	go build -trimpath -ldflags '-s -w' -o "$binary" ./cmd/bespoke
fi
go build -o "$work/footprint" ./bench/footprint

# Two bundles of the same example: as chosen, and with trees alone, since a
# linear model may have been chosen, which is the smaller of the two.
for kind in chosen trees; do
	mkdir "$work/$kind"
	cp -r examples/credit-g/data examples/credit-g/scenario.yaml "$work/$kind/"
done
printf '\ndesign: {models: [trees.boost.v1]}\n' >>"$work/trees/scenario.yaml"
for kind in chosen trees; do
	"$binary" run "$work/$kind" --quiet --force >/dev/null
	mv "$work/$kind/run/credit-g.bespoke" "$work/$kind.bespoke"
done

{
	echo "# Footprint"
	echo
	echo "Written by footprint.sh on $(date +%Y-%m-%d) with $(go version | cut -d' ' -f3); 2 cores, AMD with AVX-512, shared with other work."
	echo "The bundles are of examples/credit-g: as chosen, and with boosted trees alone. One client asks for one row at a time over one connection on loopback; MB are of 10^6 bytes."
	echo
	(cd "$work" && ./footprint -binary "$binary" -rows "$root/examples/credit-g/data/credit-g.csv" -target class chosen.bespoke trees.bespoke)
} >"$work/RESULTS.md"
cp "$work/RESULTS.md" "$here/RESULTS.md"
cat "$here/RESULTS.md"
