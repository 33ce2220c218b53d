#!/usr/bin/env bash
# One of four authorities, of five before a vote, loses its disk and keeps its key: it joins at a snapshot of the others,
# with the proof of who sealed when, follows at once, votes again when it may, and brings the history in by itself
# while it works; its ledger is then the others'. A folder that joined before the vote fetches its history after it.
. "$(dirname "$0")/node.sh"
members=(a b c d e)
gtin=01/09506000134352/21

base=$(free_ports 50)
a=http://127.0.0.1:$base b=http://127.0.0.1:$((base + 10)) d=http://127.0.0.1:$((base + 30))

waybill consortium init net --members "$(IFS=,; echo "${members[*]}")" --base-port "$base" >init.txt
sed -i 's/period: 500 ms/period: 50 ms/' net/*/node.yaml
waybill consortium up net >up.txt
export WAYBILL_HOME=$PWD/net/a
waybill asset commission --range $gtin/ 1000 2000 >/dev/null
for n in 1 2 3 4 5 6 7 8; do waybill asset commission $gtin/ONE$n >/dev/null; done

expect "joining, to have no history yet" 0 "$(code_of waybill join early --from "$b" --identity net/a/identity.cbor)"

# The set changes: e leaves.
waybill gov propose remove-authority e --json >proposal.json
proposal=$(jq -r '.proposal // .statement // .hash' proposal.json)
for member in a b c d; do
    WAYBILL_HOME=$PWD/net/$member waybill gov vote "$proposal" yes >vote.txt || die "$member's vote: $(cat vote.txt)"
done
four() {
    [ "$(curl -sf "$a/v1/set" | jq '.authorities | length')" = 4 ]
}
wait_until "the set of four" four
waybill consortium down net e >/dev/null
for n in 1 2 3; do waybill asset commission $gtin/FOUR$n >/dev/null; done


# What happened before the block it joined at is no matter of the set that seals now, of which this folder knows nothing.
expect "history, fetched after the change" 0 "$(code_of waybill join early --history --from "$b" --from "$a" --identity net/a/identity.cbor)"
waybill audit early >out.txt || die "the ledger joined before the change does not pass: $(cat out.txt)"

waybill consortium down net d >/dev/null
rm net/d/node/ledger.db*
expect "joining" 0 "$(code_of waybill join net/d --from "$b" --from "$a" --identity net/a/identity.cbor --json)"
expect "history is not here" false "$(jq .history out.txt)"
joined=$(jq .height out.txt)
waybill consortium up net d --wait 30s >up.txt || true # it need not hear all others yet

# The loss is told, and no vote is given before it can do no harm.
says "that its vote is lost" "it abstains until" net/d/node.log
votes() {
    [ "$(curl -sf "$d/v1/consensus" | jq -r '"\(.votes) \(.lag)"')" = "true 0" ]
}
for n in $(seq 30); do # it votes two blocks after the newest that the others spoke of when it asked
    waybill asset commission $gtin/MORE$n >/dev/null
    if votes; then break; fi
    sleep 0.3
done
wait_until "d to vote again" votes
wait_until "the history" grep -q "the history is whole" net/d/node.log
says "where it began" "joined at block $joined" net/d/node.log
expect "what happened before" "$(curl -sf "$a/v1/assets/$gtin/ONE1" | jq -c 'del(.head)')" \
    "$(curl -sf "$d/v1/assets/$gtin/ONE1" | jq -c 'del(.head)')"
expect "who sealed when, as d proves it" 0 "$(WAYBILL_HOME=$PWD/net/a WAYBILL_NODE=$d code_of waybill proof sets -o sets.cbor)"
says "one change" "1" out.txt
same_head() {
    [ "$(curl -sf "$a/v1/head" | jq -r .hash)" = "$(curl -sf "$d/v1/head" | jq -r .hash)" ]
}
wait_until "one head" same_head
waybill consortium down net >/dev/null
for member in a d; do
    waybill audit net/$member >out.txt || die "the ledger of $member does not pass: $(cat out.txt)"
done
