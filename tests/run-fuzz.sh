#!/usr/bin/env bash
# run-fuzz.sh BUILD SECONDS: libFuzzer on every target below BUILD for so many seconds each, from its corpus in
# tests/fuzz/corpus/<name>/. What is found new is kept in BUILD/found/<name>/ and a crashing input beside it.
set -uo pipefail
cd "$(dirname "$0")/.."
build=$1
# Freed memory that the sanitizer holds back would count against the limit below.
export ASAN_OPTIONS=quarantine_size_mb=32:${ASAN_OPTIONS:-}
seconds=$2
passed=0
failed=0
for source in tests/fuzz/fuzz_*.c; do
    [ -e "$source" ] || continue
    name=$(basename "$source" .c)
    [ -z "${NAME:-}" ] || [ "$NAME" = "$name" ] || continue
    corpus=tests/fuzz/corpus/${name#fuzz_}
    found=$build/found/${name#fuzz_}
    mkdir -p "$found"
    [ -d "$corpus" ] || { echo "FAILED $name: no corpus at $corpus"; failed=$((failed + 1)); continue; }
    if "$build/tests/fuzz/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=768 -print_final_stats=1 \
        -artifact_prefix="$found/crash-" "$found" "$corpus" >"$build/$name.log" 2>&1; then
        printf '  ok        %s (%s runs)\n' "$name" \
            "$(awk '/number_of_executed_units/ { print $2 }' "$build/$name.log")"
        passed=$((passed + 1))
    else
        echo "FAILED $name ($build/$name.log)"
        tail -n 30 "$build/$name.log"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
