#!/usr/bin/env bash
# A ledger whose state is more than a genesis can hold is not forked, and is told so before anything is read or written.
. "$(dirname "$0")/node.sh"
gtin=01/09506000134352/21

make_ledger "Farm A"
start_node
waybill asset commission --range $gtin/ 10001 9000 --as "Farm A" >/dev/null
expect "a ledger that fits" 1 "$(code_of waybill fork draft home none.request --name fork)"
says "a ledger that fits" 'none.request: ' err.txt
for lot in 2 3; do
    waybill asset commission --range $gtin/ ${lot}0001 9000 --as "Farm A" >/dev/null
done
expect "a ledger that does not" 1 "$(code_of waybill fork draft home none.request --name fork)"
says "a ledger that does not" 'too large to be taken along: 27[0-9]* entries of state, [0-9]* KiB; a genesis holds 2[0-9]* entries' err.txt
[ ! -e fork.draft ] || die "a draft all the same"
kill_node TERM
