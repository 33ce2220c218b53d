#!/usr/bin/env bash
# Has Spin walk every state of the voting (votes.pml): without a fault two blocks are never final at one
# height, and each planted fault makes them so.
# usage: check.sh [FAULT]   (only the configurations whose name contains FAULT; prints a table)
set -uo pipefail
model=$(cd "$(dirname "$0")" && pwd)/votes.pml
only=${1:-}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/waybill-model.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
passed=0
failed=0

# walk NAME ERRORS [-DMACRO...]: ERRORS is 0 (sound) or 1 (the fault must be found)
walk() {
    local name=$1 expected=$2 begin=$SECONDS errors states
    shift 2
    [[ $name == *"$only"* ]] || return 0
    rm -rf "${scratch:?}"/*
    (cd "$scratch" && spin -a "$@" "$model" && gcc -O2 -w -DSAFETY -DNOREDUCE -DCOLLAPSE -DMEMLIM=3000 -o pan pan.c &&
        ./pan -m1000000 -n) >"$scratch/log" 2>&1
    errors=$(sed -n 's/.*errors: \([0-9]*\).*/\1/p' "$scratch/log")
    states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$scratch/log")
    if [ "$expected" = 1 ]; then
        # found means: two final blocks, not some slip of the model's own
        grep -q 'assertion violated.*final' "$scratch/log" || errors=
    elif grep -qE 'search depth too small|out of memory|not completed' "$scratch/log"; then
        errors=
    fi
    if [ "${errors:-none}" = "$expected" ]; then
        passed=$((passed + 1))
        printf '  ok      %-52s %9s states  %s\n' "$name" "$states" "$([ "$expected" = 0 ] && echo 'no error' || echo found)"
    else
        failed=$((failed + 1))
        printf '  FAILED  %-52s %9s states  errors: %s, expected %s (%d s)\n' "$name" "${states:-no}" "${errors:-?}" "$expected" \
            $((SECONDS - begin))
        tail -n 20 "$scratch/log"
    fi
}

echo "model: two final blocks at one height?"
walk 'sound: n = 4, one lies, 3 rounds' 0
walk 'sound: n = 4, none lies, 2 rounds' 0 -DHONEST=4 -DNEED=3 -DLIAR=0 -DROUNDS=2
walk 'sound: n = 5, one lies, 2 rounds' 0 -DHONEST=4 -DNEED=3 -DLIAR=1 -DROUNDS=2
walk 'sound: n = 4, two forget and are silent, 2 rounds' 0 -DHONEST=4 -DNEED=3 -DLIAR=0 -DROUNDS=2 -DFORGETS=2 -DSTAYS_SILENT
walk 'sound: n = 3, twice one forgets and joins above' 0 -DHONEST=3 -DNEED=3 -DLIAR=0 -DFORGETS=2 -DJOINS_ABOVE
walk 'fault: propose the lowest prepared' 1 -DPROPOSE_LOWEST
walk 'fault: proof of mixed rounds' 1 -DMIX_ROUNDS -DROUNDS=4
walk 'fault: claim without certificate' 1 -DNO_CERTIFICATE
walk 'fault: ROUNDCHANGE hides what is prepared' 1 -DHIDE_PREPARED
walk 'fault: proposals need no justification' 1 -DNO_JUSTIFICATION
walk 'fault: PREPARE twice in a round' 1 -DPREPARE_TWICE
walk 'fault: COMMIT before prepared is durable' 1 -DSOFT_LOCK
walk 'fault: votes at once after forgetting' 1 -DHONEST=4 -DNEED=3 -DLIAR=0 -DROUNDS=2 -DFORGETS=2
walk 'fault: quorum is ceil(2n/3) at n = 3' 1 -DHONEST=2 -DNEED=1 -DLIAR=1
walk 'fault: quorum is a majority at n = 5' 1 -DHONEST=4 -DNEED=2 -DLIAR=1
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
