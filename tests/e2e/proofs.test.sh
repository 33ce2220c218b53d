#!/usr/bin/env bash
# Proofs about the ledger as a whole: whose seals count, that one head goes on from another, what the state holds and
# what it does not; each kept in a file and checked without a node. And a node that shows another history than the
# one seen before is told, with the evidence.
. "$(dirname "$0")/node.sh"

gtin=01/09506000134352
proven() { # WHAT PATTERN COMMAND...
    local what=$1 pattern=$2
    shift 2
    expect "$what" 0 "$(code_of "$@")"
    says "$what" "$pattern"
}
unproven() { # WHAT PATTERN COMMAND...
    local what=$1 pattern=$2
    shift 2
    expect "$what" 3 "$(code_of "$@")"
    says "$what" "$pattern" err.txt
}
flip() { # FROM TO OFFSET-FROM-END: one bit changed
    cp "$1" "$2"
    flip_bit "$2" $(($(stat -c %s "$1") - $3))
}

make_ledger "Farm A" "Carrier B"
start_node
waybill asset commission $gtin/21/U1 --as "Farm A" >/dev/null
waybill trace $gtin/21/U1 >/dev/null
[ -f home/head.cbor ] || die "the head was not kept"
cp home/head.cbor first.head
waybill asset commission $gtin/21/U2 $gtin/21/U3 --as "Farm A" >/dev/null
waybill trace $gtin/21/U2 >/dev/null
cmp -s home/head.cbor first.head && die "the newer head was not kept"

# ---- each proof, with the node and from its file
proven "sets" '0 changes' waybill proof sets -o sets.cbor
proven "consistency" 'the first of the 2 under head 2' waybill proof consistency first.head head -o heads.cbor
proven "consistency by height" 'under head 1' waybill proof consistency 1 2
proven "an entry" '"Carrier B"' waybill proof state member "Carrier B" -o entry.cbor
proven "absence" 'nothing under' waybill proof state asset $gtin/21/NONE -o absent.cbor
proven "a hold's absence" 'nothing under' waybill proof state hold $gtin/21/U1
proven "a voucher" 'voucher of leaf 1' waybill receipt get 1 -o voucher.cbor --voucher
expect "no such head" 1 "$(code_of waybill proof consistency 1 9)"
expect "no such table" 1 "$(code_of waybill proof state goats)"
kill_node TERM
export WAYBILL_NODE=http://127.0.0.1:1
for file in sets heads entry absent voucher; do
    proven "$file, offline" 'proof ok' waybill proof verify $file.cbor
    proven "$file, by the identity alone" 'proof ok' \
        waybill proof verify $file.cbor --dir nowhere --identity home/identity.cbor
    flip $file.cbor bad.cbor 20
    expect "$file, tampered with" 3 "$(code_of waybill proof verify bad.cbor)"
done
expect "absence as JSON" false "$(waybill proof verify absent.cbor --json | jq .present)"
proven "the voucher as a receipt" 'leaf 1 of 2 under block 2' waybill receipt verify voucher.cbor
waybill init other --name other --member X >/dev/null
unproven "of another ledger" 'of another ledger' waybill proof verify heads.cbor --identity other/identity.cbor
export WAYBILL_NODE=$url

# ---- another history: a copy of the ledger goes on by itself under the same authority's key
cp -r home/node twin
start_node
waybill asset commission $gtin/21/U4 --as "Farm A" >/dev/null
proven "U4" 'up to head 3' waybill trace $gtin/21/U4
kill_node TERM
mv home/node first
mv twin home/node
start_node
expect "behind" 0 "$(code_of waybill trace $gtin/21/U2)"
says "behind" 'block 3 was seen before' err.txt
waybill asset commission $gtin/21/U5 --as "Carrier B" >/dev/null
unproven "a fork at the same height" 'THE LEDGER IS FORKED' waybill trace $gtin/21/U5
[ -f home/fork-3.cbor ] || die "no evidence was kept"
unproven "the evidence" 'two different blocks 3 are final' waybill proof verify home/fork-3.cbor
waybill asset commission $gtin/21/U6 --as "Carrier B" >/dev/null
unproven "a fork further on" 'THE LEDGER IS FORKED' waybill trace $gtin/21/U6
unproven "a head of the other side" 'forked' waybill proof consistency home/head.cbor head
kill_node TERM
rm -r home/node
mv first home/node
start_node
proven "the history seen before" 'up to head 3' waybill trace $gtin/21/U4
