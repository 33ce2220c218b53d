#!/usr/bin/env bash
# run-conformance.sh BUILD VECTORS: runs every program of tests/conformance/ as `program VECTORS`, and the npm
# witness on the vectors of the wire. Prints "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.."
build=$1
vectors=$(cd "$2" && pwd) || { echo "conformance: no directory \"$2\"" >&2; exit 2; }
passed=0
failed=0

check() { # NAME COMMAND...: counts cmocka's cases where there are some, else the program as one
    local name=$1 log=$build/log/conformance-$1.log code=0 ran good
    shift
    mkdir -p "$build/log"
    timeout -k 5 120 "$@" >"$log" 2>&1 </dev/null || code=$?
    ran=$(grep -c '^\[ RUN      \]' "$log")
    good=$(grep -c '^\[       OK \]' "$log")
    if [ "$ran" -eq 0 ]; then
        ran=1
        good=$((code == 0 ? 1 : 0))
    elif [ $code -ne 0 ] && [ "$good" -eq "$ran" ]; then
        ran=$((ran + 1))
    fi
    passed=$((passed + good))
    failed=$((failed + ran - good))
    [ "$good" -eq "$ran" ] && [ $code -eq 0 ] && { echo "  ok        $name"; return; }
    echo "FAILED $name (exit code $code; $log)"
    tail -n 40 "$log"
}

programs=0
for source in tests/conformance/*.c; do
    [ -e "$source" ] || continue
    programs=$((programs + 1))
    check "$(basename "$source" .c)" "$build/${source%.c}" "$vectors"
done
[ $programs -gt 0 ] || { echo "no conformance programs" >&2; exit 1; }
check witness-vectors node tests/e2e/npm/witness-vectors.mjs "$vectors/waybill/vectors.json"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
