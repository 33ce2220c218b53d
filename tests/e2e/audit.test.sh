#!/usr/bin/env bash
# An auditor's view: a clean ledger passes; each of 1,000 random flipped bytes in a node's files is found and named;
# an insider who changes the database and mends its checksums is found by executing everything again.
. "$(dirname "$0")/node.sh"
gtin=01/09506000134352/21

make_ledger "Farm A" "Carrier B"
start_node
waybill product set 09506000134352 --name Vaccine --as "Farm A" >/dev/null
waybill asset commission --range $gtin/ 0001 40 --as "Farm A" >/dev/null
for n in 1 2 3 4 5 6; do
    waybill custody offer $gtin/000$n --to "Carrier B" --as "Farm A" >/dev/null
    waybill custody accept $gtin/000$n --as "Carrier B" >/dev/null
done
# What an insider would change: a signature, a verdict's or offer's name, who held the goods; each wherever it stands.
offer=$(waybill custody offer $gtin/0007 --to "Carrier B" --as "Farm A" --json | jq -r .statement)
waybill statement get "$offer" -o offer.cose >/dev/null
signature=$(tail -c 40 offer.cose | head -c 16 | od -An -v -tx1 | tr -d ' \n')
member=$(kid_of "Carrier B")
kill_node TERM
waybill audit home || die "a clean ledger does not pass"
node "$here/npm/flips.mjs" "$(command -v waybill)" home "${FLIPS:-1000}" "${SEED:-7}" "$signature" "$offer" "$member" ||
    die "a change went unnoticed"
