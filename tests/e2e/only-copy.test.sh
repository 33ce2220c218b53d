#!/usr/bin/env bash
# A ledger of one authority that was restored from a backup stands still, because nobody can say what its key has
# sealed since; a person says by hand that this is the only copy. A node that lost nothing, runs, or has others to
# ask is refused (the last in consortium-life).
. "$(dirname "$0")/node.sh"
gtin=01/09506000134352/21

make_ledger "Farm A" "Carrier B"
start_node
waybill asset commission $gtin/U1 --as "Farm A" >/dev/null
waybill backup home one.backup >/dev/null
expect "while its node runs" 1 "$(code_of waybill member resume home --only-copy)"
says "while its node runs" 'a node is running here' err.txt
kill_node TERM
expect "nothing is lost" 1 "$(code_of waybill member resume home --only-copy)"
says "nothing is lost" 'knows what it voted' err.txt

expect "restoring" 0 "$(code_of waybill restore one.backup home --replace)"
says "what to do" 'waybill member resume home --only-copy'
abstains() { curl -sf "$url/metrics" | grep -q '^waybill_consensus_abstains 1'; }
start_node
wait_until "it abstains" abstains
height=$(curl -sf "$url/v1/head" | jq .height)
waybill asset commission $gtin/U2 --as "Farm A" --no-wait >/dev/null
sleep 1
expect "no block" "$height" "$(curl -sf "$url/v1/head" | jq .height)"
kill_node TERM
expect "without a word" 1 "$(code_of waybill member resume home)"
says "without a word" "blocks after $height may exist elsewhere" err.txt
expect "by hand" 0 "$(code_of waybill member resume home --only-copy --json)"
expect "after which block" "$height" "$(jq .height out.txt)"
expect "once" 1 "$(code_of waybill member resume home --only-copy)"
says "it is noted" "resumed by hand after block $height [0-9a-f]\{64\}" home/node/resumed.log
start_node
says "the node says so" 'set aside by hand' node.log
waybill asset commission $gtin/U3 --as "Farm A" >/dev/null
kill_node TERM
waybill audit home >out.txt || die "the ledger does not pass an audit: $(cat out.txt)"
