#!/usr/bin/env bash
# One of four authorities says two things at once: twin.py signs two PREPAREs with its key, then two COMMITs, and they go
# out on its own broker, over TLS, as its node's own words do. The others put it on the ledger and say so everywhere; they vote it
# out, no statement waits for it meanwhile, and its node says that it is out.
. "$(dirname "$0")/node.sh"
members=(a b c d)
unset WAYBILL_HOME WAYBILL_NODE

base=$(free_ports 40)
declare -A url_of=([a]=http://127.0.0.1:$base [b]=http://127.0.0.1:$((base + 10)) [c]=http://127.0.0.1:$((base + 20))
    [d]=http://127.0.0.1:$((base + 30)))
ask() { # MEMBER PATH FILTER
    curl -sf "${url_of[$1]}$2" | jq -r "$3"
}
against() { # MEMBER: how often its node's ledger speaks against d's authority
    ask "$1" /v1/governance ".nodes[] | select(.kid == \"$bad\").evidence"
}
known() { # MEMBER COUNT
    [ "$(against "$1")" = "$2" ]
}
height() { # MEMBER
    ask "$1" /v1/head .height
}
reached() { # MEMBER HEIGHT
    [ "$(height "$1")" -ge "$2" ]
}
made=0
commission() { # MEMBER: goods of its own, and wait for the block
    made=$((made + 1))
    waybill asset commission "01/09506000134352/21/E$made" --dir "net/$1" >out.txt 2>err.txt ||
        die "a statement of $1: $(cat err.txt)"
}
publish() { # FILE: on d's broker, as d
    mosquitto_pub -V 5 -h 127.0.0.1 -p $((base + 32)) --cafile net/d/tls.crt --insecure --cert net/d/tls.crt \
        --key net/d/tls.key -t wb/1/peer/all -f "$1"
}

waybill consortium init net --members "$(IFS=,; echo "${members[*]}")" --base-port "$base" >init.txt
sed -i 's/period: 500 ms/period: 50 ms/' net/*/node.yaml
waybill consortium up net --wait 40s >up.txt
ledger=$(curl -sf "${url_of[a]}/v1/head" | jq -r .ledger)
bad=$(ask a /v1/governance '.members[] | select(.name == "d").authority')
began=$(date +%s%3N)
commission a
limit=$((10000 + 10 * ($(date +%s%3N) - began))) # ms from block to block below: one statement shows how slow this machine is
for member in "${members[@]}"; do wait_until "$member at block 1" reached "$member" 1; done
for member in "${members[@]}"; do expect "no evidence, says $member" 0 "$(against "$member")"; done

# ---- two PREPAREs for the height that is due
next=$(($(height a) + 1))
"$here/twin.py" prepare net/d "$ledger" "$next" 0
publish one.message
publish two.message
for member in "${members[@]}"; do wait_until "evidence, as $member has it" known "$member" 1; done

alarmed() { # MEMBER
    ask "$1" /healthz '.alarms[].alarm' | grep -qx evidence
}
for member in a b c; do wait_until "the alarm of $member" alarmed "$member"; done

# ---- it is a statement of the ledger's, with a receipt, and told wherever somebody looks
statement=$(ask b /v1/governance ".nodes[] | select(.kid == \"$bad\").newest_evidence")
waybill statement get "$statement" -o evidence.cose --dir net/b >/dev/null
waybill receipt get "$statement" -o evidence.receipt --dir net/b >/dev/null
expect "its receipt" 0 "$(code_of waybill receipt verify evidence.receipt evidence.cose net/a/identity.cbor)"
for name in one two; do
    xxd -p evidence.cose | tr -d '\n' | grep -qF "$(xxd -p $name.message | tr -d '\n')" ||
        die "the evidence does not hold $name.message"
done
grep -q "ALARM: authority $bad signed two different things at height $next, round 0 (prepare)" net/?/node.log ||
    die "no node says so in its log"
waybill gov list --dir net/c >out.txt
says "gov list" "$bad.*signed two different things"
waybill consortium status net >out.txt || true
says "consortium status" "alarm of a: evidence: authority $bad signed two different things"
for member in a b c; do
    curl -sf "${url_of[$member]}/metrics" >metrics.txt
    says "metrics of $member" '^waybill_alarm{alarm="evidence"} 1' metrics.txt
    says "health of $member" degraded <(curl -sf "${url_of[$member]}/healthz")
done

# ---- two COMMITs, seals for two blocks, are another piece of evidence
both_commits() { # whether the newest evidence holds the two messages as they were sent
    local newest name
    newest=$(ask a /v1/governance ".nodes[] | select(.kid == \"$bad\").newest_evidence")
    waybill statement get "$newest" -o seals.cose --dir net/a >/dev/null 2>&1 || return 1
    for name in one two; do
        xxd -p seals.cose | tr -d '\n' | grep -qF "$(xxd -p $name.message | tr -d '\n')" || return 1
    done
}
heard_of_seals() { # up to half a minute; a block that is made meanwhile puts the height that is due behind
    local until=$((SECONDS + 30))
    while [ $SECONDS -lt $until ]; do
        if both_commits; then return 0; fi
        [ "$(height a)" -lt $((next + 3)) ] || return 1
        sleep 0.05
    done
    return 1
}
for _ in 1 2 3 4 5; do
    next=$(($(height a) + 1))
    "$here/twin.py" commit net/d "$ledger" "$next" 0
    publish one.message
    publish two.message
    if heard_of_seals; then break; fi
done
both_commits || die "two seals of one authority at height $next, round 0 are no evidence"
known_more() { # MEMBER
    [ "$(against "$1")" -ge 2 ]
}
for member in "${members[@]}"; do wait_until "evidence by seals, as $member has it" known_more "$member"; done
words=$(against a)
for member in a b c; do wait_until "the alarm of $member, still" alarmed "$member"; done
grep -q "ALARM: authority $bad signed two different things at height $next, round 0 (commit)" net/?/node.log ||
    die "no node says in its log that it was two seals"

# ---- a node that starts again has not forgotten
waybill consortium down net b >out.txt
waybill consortium up net b --wait 40s >out.txt
wait_until "the alarm of b, started again" alarmed b

# ---- voted out while statements go on: none waits
load() {
    while [ ! -e enough ]; do
        made=$((made + 1))
        waybill asset commission "01/09506000134352/21/L$made" --dir net/c >load.txt 2>&1 || cp load.txt lost.txt
        sleep 0.1
    done
}
load &
load=$!
first=$(($(height a) + 1)) # the ledger rested before
waybill gov propose remove-authority d --reason "two words where one is allowed" --dir net/a --json >proposal.json
proposal=$(jq -r .statement proposal.json)
for member in a b c; do waybill gov vote "$proposal" yes --dir "net/$member" >out.txt; done
three() { # MEMBER
    [ "$(ask "$1" /v1/set '.authorities | length')" = 3 ]
}
for member in a b c d; do wait_until "the set of three, as $member has it" three "$member"; done
last=$(($(height a) + 5))
wait_until "blocks by the three" reached a $last
touch enough
wait $load
[ ! -e lost.txt ] || die "a statement was lost: $(cat lost.txt)"
gap=$(ask a "/v1/blocks?from=$first&limit=100" '.blocks[].time' | while read -r time; do date -d "$time" +%s%3N; done |
    awk 'NR > 1 && $1 - before > most { most = $1 - before } { before = $1 } END { print most }')
[ "$gap" -le $limit ] || die "no block for $gap ms around the removal, of $limit ms at most"

# ---- the alarm is over, the evidence stays, and d's node knows where it stands
calm() { # MEMBER
    ! alarmed "$1"
}
for member in a b c; do wait_until "the end of the alarm of $member" calm "$member"; done
expect "the evidence stays" "$words" "$(against a)"
wait_until "d to say so" grep -q "this node's key is not one of theirs" net/d/node.log
status_says() { # PATTERN
    waybill consortium status net >out.txt || true
    grep -q "$1" out.txt
}
wait_until "the status of who is out" status_says "alarm of d: lone: .*not one of theirs"
waybill consortium down net >out.txt
for member in a d; do expect "the audit of $member" 0 "$(code_of waybill audit "net/$member")"; done
echo "ok: at most $gap ms from block to block (of $limit)"
