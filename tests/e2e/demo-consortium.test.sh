#!/usr/bin/env bash
# The demo's third story: four companies' nodes, a crash, votes, a fifth company and one that leaves. It ends well, and
# leaves nothing running.
set -euo pipefail
cd "${WAYBILL_SCRATCH:?run by tests/run-tests.sh}"

die() { echo "demo-consortium: $*" >&2; exit 1; }
says() { # WHAT PATTERN: in a line of the story
    grep -qE -- "$2" story.txt || die "$1: expected \"$2\" in: $(cat story.txt)"
}
waybill demo --story consortium story >story.txt 2>err.txt || die "ended with $?: $(cat story.txt err.txt)"
[ ! -s err.txt ] || die "complained: $(cat err.txt)"
says "founding" '^ ledger +4 members, 4 authorities, quorum 3: 1 may fail'
says "a handover" 'Farm A -> Carrier B: offered at one company.s node, accepted at the other.s'
says "a crash" 'kill -9 at Clinic C: the other three go on'
says "coming back" 'Clinic C has caught up, and accepts'
says "a vote that has not passed" '2 of 4 yes; needs 3: 1 more is missing'
says "a fifth company" 'caught up and entered: 5 members, 5 authorities, quorum 4: 1 may fail'
says "one that is voted out" 'Witness D, by four of five: 4 members, 4 authorities'
says "the proof" 'proof ok  5 statements, none missing up to head [0-9]+, 4 of 5 seals'
says "an old receipt" 'proof ok: leaf 2 of 3 under block [0-9]+, sealed .* by 3 of 4 \(3 needed\)'
[ "$(grep -c 'audit ok' story.txt)" = 3 ] || die "three audits should be told of"
