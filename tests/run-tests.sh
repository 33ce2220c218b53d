#!/usr/bin/env bash
# run-tests.sh BUILD STEP...: runs the tests that were built below BUILD and prints "N passed, N failed".
# Steps, in the order given:
#   unit    every BUILD/tests/{unit,sim,model}/test_* (cmocka programs), two at a time
#   replay  every BUILD/tests/fuzz/fuzz_* on its corpus, tests/fuzz/corpus/<name>/, and mutations of it
#   fault   every BUILD/tests/fault/test_* and tests/fault/*.test.sh (WAYBILL_LONG=1: hundreds of rounds)
#   e2e     tests/e2e/*.test.sh one after the other
#   sim     SEEDS (20,000) simulated runs of a consortium, from seed FIRST (1) on; they need a core and no clock,
#           so beside fault and e2e, which mostly wait for processes, they run at the lowest priority
# NAME=x runs only the tests of that name. A skipped case counts as failed: nothing is passed over in silence.
# Each test runs from the top of the source tree and finds in its environment
#   WAYBILL_BUILD    where the programs are (absolute, also first on PATH)
#   WAYBILL_SCRATCH  a directory of its own, removed afterwards
set -uo pipefail
cd "$(dirname "$0")/.."
build=$1
shift
WAYBILL_BUILD=$(cd "$build" && pwd) || exit 2
export WAYBILL_BUILD PATH="$WAYBILL_BUILD:$PATH"
logs=$WAYBILL_BUILD/log
mkdir -p "$logs"
only=${NAME:-}
unset NAME # it is this runner's, not that of a runner which a test starts
total_passed=0
total_failed=0

alive() { # SESSION: its processes but for the dead that nobody has collected yet
    ps -o pid=,stat=,args= -s "$1" 2>/dev/null | awk '$2 !~ /^Z/'
}

# What a test that failed leaves in its folder, the newest last: why it failed is often told there alone.
last_words() {
    local file
    find "$WAYBILL_SCRATCH" -type f \( -name '*.log' -o -name out.txt -o -name err.txt \) -size +0 -printf '%T@ %p\n' |
        sort -n | tail -n 30 | cut -d' ' -f2- | while read -r file; do
            echo "run-tests: the end of ${file#"$WAYBILL_SCRATCH"/}:"
            tail -n 12 "$file" | cut -c 1-300 | tr -c '[:print:]\n\t' '?'
        done
}

say_failed() { # NAME CODE: and why, by its log
    local log=$logs/$1.log
    echo "FAILED $1 (exit code $2; $log)"
    sed '/^run-tests: the end of /,$d' "$log" | tail -n 40
    sed -n '/^run-tests: the end of /,$p' "$log"
}

# Runs a command with a time limit in a session of its own, a scratch directory and a log. Whatever of that
# session is still alive afterwards is named in the log, ended, and makes the test fail.
run_one() { # NAME SECONDS COMMAND...; the exit code of the command
    local name=$1 limit=$2 code=0 left try
    shift 2
    WAYBILL_SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/waybill-test.XXXXXX") || return 1
    export WAYBILL_SCRATCH
    local log=$logs/$name.log
    setsid --wait bash -c 'echo $$ >"$0.sid"; limit=$1; shift; timeout -k 5 --foreground "$limit" "$@"' \
        "$log" "$limit" "$@" >"$log" 2>&1 </dev/null || code=$?
    [ $code -ne 124 ] || echo "run-tests: $name: no end after $limit s" >>"$log"
    left=$(alive "$(cat "$log.sid")")
    for ((try = 0; try < 50 && ${#left} > 0; try++)); do # ten seconds' grace for what is ending just now
        sleep 0.2
        left=$(alive "$(cat "$log.sid")")
    done
    if [ -n "$left" ]; then
        printf 'run-tests: %s left processes behind:\n%s\n' "$name" "$left" >>"$log"
        awk '{ print $1 }' <<<"$left" | xargs -r kill -9 2>/dev/null
        [ $code -ne 0 ] || code=125
    fi
    [ $code -eq 0 ] || last_words >>"$log"
    rm -rf "$WAYBILL_SCRATCH" "$log.sid"
    return $code
}

# One cmocka program: writes "PASSED FAILED" to its .tally, says something only when not all is well.
run_cmocka() { # PROGRAM SECONDS
    local name log code=0 ran passed failed
    name=$(basename "$1")
    log=$logs/$name.log
    run_one "$name" "$2" "$1" || code=$?
    ran=$(grep -c '^\[ RUN      \]' "$log")
    passed=$(grep -c '^\[       OK \]' "$log")
    failed=$((ran - passed))
    [ "$ran" -gt 0 ] || failed=1
    [ $code -eq 0 ] || [ $failed -gt 0 ] || failed=1
    echo "$passed $failed" >"$logs/$name.tally"
    [ $failed -eq 0 ] || say_failed "$name" $code
}

run_whole() { # NAME SECONDS COMMAND...: one program or script that passes or fails as a whole
    local name=$1 code=0 begin=$SECONDS
    run_one "$@" || code=$?
    if [ $code -eq 0 ]; then
        echo "1 0" >"$logs/$name.tally"
        printf '  %-9s %s (%d s)\n' ok "$name" $((SECONDS - begin))
    else
        echo "0 1" >"$logs/$name.tally"
        say_failed "$name" $code
    fi
}

wanted() { # of the paths given, those that exist and bear the name asked for
    local path base
    for path; do
        base=$(basename "$path" .test.sh)
        [ ! -e "$path" ] || { [ -n "$only" ] && [ "$base" != "$only" ]; } || echo "$path"
    done
}

built() { # what was built from the sources given, which may have been deleted since
    local source
    for source; do
        [ ! -e "$source" ] || wanted "$WAYBILL_BUILD/${source%.c}"
    done
}

tally() { # STEP: adds up the tallies of this step
    local passed=0 failed=0 p f
    while read -r p f; do
        passed=$((passed + p)) failed=$((failed + f))
    done < <(cat "$logs"/*.tally 2>/dev/null)
    printf '  %-9s %d passed, %d failed\n' "$1" $passed $failed
    total_passed=$((total_passed + passed)) total_failed=$((total_failed + failed))
}

sim_run() { # JOBS
    local seeds=${SEEDS:-20000} cover=
    [ "$seeds" -lt 20000 ] || cover=--cover # so many reach every branch and code
    [ -n "$(wanted "$WAYBILL_BUILD/tests/sim/simulate")" ] || return 0
    # In a session of its own a process's priority counts among that session's alone: lower the session's, too.
    run_whole simulate 3600 bash -c '{ echo 19 >/proc/self/autogroup; } 2>/dev/null; exec nice -n 19 "$@"' \
        simulate "$WAYBILL_BUILD/tests/sim/simulate" --seeds "$seeds" \
        --first "${FIRST:-1}" --jobs "$1" --sqlite-every 40 $cover
    grep -E '^(first block|  n =|[0-9]+ seeds|simulate:)' "$logs/simulate.log"
}

# With a folder for logs of its own: the tallies of the steps meanwhile are not its.
sim_begin() {
    mkdir -p "$logs/sim"
    (logs=$logs/sim && sim_run 1) >"$logs/sim/said" 2>&1 &
    sim_pid=$!
}

sim_end() {
    wait "$sim_pid"
    cat "$logs/sim/said"
    cp "$logs/sim/simulate.tally" "$logs" 2>/dev/null
}

export -f alive last_words say_failed run_one run_cmocka run_whole
export logs
if [ "${WAYBILL_LONG:-}" = 1 ]; then limit=3600; else limit=600; fi

sim_pid=
for step; do
    case " $* " in *" $step "*" sim "*)
        case $step in fault | e2e) [ -n "$sim_pid" ] || sim_begin ;; esac
        ;;
    esac
    rm -f "$logs"/*.tally
    case $step in
    unit)
        built tests/{unit,sim,model}/test_*.c |
            xargs -r -P 2 -I{} bash -c 'run_cmocka {} '$limit
        ;;
    replay)
        built tests/fuzz/fuzz_*.c |
            xargs -r -P 2 -I{} bash -c 'name=$(basename {}); run_whole $name '$limit' {} tests/fuzz/corpus/${name#fuzz_}'
        ;;
    fault)
        built tests/fault/test_*.c | xargs -r -I{} bash -c 'run_cmocka {} '$limit
        for script in $(wanted tests/fault/*.test.sh); do
            run_whole "$(basename "$script" .test.sh)" $limit "$script"
        done
        ;;
    e2e)
        for script in $(wanted tests/e2e/*.test.sh); do
            run_whole "$(basename "$script" .test.sh)" $limit "$script"
        done
        ;;
    sim)
        if [ -n "$sim_pid" ]; then sim_end; else sim_run 2; fi
        ;;
    *)
        echo "run-tests: no step \"$step\"" >&2
        exit 2
        ;;
    esac
    tally "$step"
done
echo "$total_passed passed, $total_failed failed"
[ $total_failed -eq 0 ] && [ $total_passed -gt 0 ]
