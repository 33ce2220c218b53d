#!/usr/bin/env bash
# run-bench.sh BUILD [NAME...]: runs the benchmarks, which print one line a figure: "bench NAME VALUE UNIT".
# Without names each BUILD/tests/bench/bench_* and tests/bench/bench_*.sh runs once and prints its quick figures;
# with names each runs as `bench_x NAME` and prints that figure if it is its own, nothing otherwise.
# Each finds WAYBILL_BUILD and WAYBILL_SCRATCH in its environment, as tests do.
set -uo pipefail
cd "$(dirname "$0")/.."
build=$1
shift
WAYBILL_BUILD=$(cd "$build" && pwd) || exit 2
export WAYBILL_BUILD PATH="$WAYBILL_BUILD:$PATH"
WAYBILL_SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/waybill-bench.XXXXXX") || exit 2
export WAYBILL_SCRATCH
trap 'rm -rf "$WAYBILL_SCRATCH"' EXIT
failed=0

run_all() { # [NAME]
    local source program
    for source in tests/bench/bench_*.c tests/bench/bench_*.sh; do
        [ -e "$source" ] || continue
        program=$source
        [[ $source == *.sh ]] || program=$WAYBILL_BUILD/${source%.c}
        "$program" "$@" || { echo "bench: $(basename "$program") $* failed (exit code $?)" >&2; return 1; }
    done
}

if [ $# -eq 0 ]; then
    run_all | tee "$WAYBILL_SCRATCH/lines" || failed=1
    grep -q '^bench ' "$WAYBILL_SCRATCH/lines" || { echo "bench: no figure was printed" >&2; failed=1; }
fi
for name; do
    run_all "$name" | tee "$WAYBILL_SCRATCH/lines" || failed=1
    grep -q "^bench $name " "$WAYBILL_SCRATCH/lines" ||
        { echo "bench: nothing measures \"$name\"" >&2; failed=1; }
done
exit $failed
