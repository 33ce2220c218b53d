#!/usr/bin/env bash
# A running node's whole ledger, checked by other people's COSE, CBOR and Merkle trees; and receipts, offline.
. "$(dirname "$0")/node.sh"
unit=01/09506000134352/21/W1
make_ledger Farm Carrier Clinic
start_node

# ---- some of everything that the prompt can say
waybill product set 09506000134352 --name Vaccine --as Farm >/dev/null
waybill asset commission $unit --as Farm >/dev/null
waybill asset commission --range 01/09506000134352/21/R 001 250 --as Farm >/dev/null
waybill custody offer $unit --to Carrier --as Farm >/dev/null
waybill custody accept $unit --as Carrier >/dev/null
waybill party set --name "Clinic C" --as Clinic >/dev/null
code=0
waybill custody offer $unit --to Clinic --as Farm >/dev/null 2>&1 || code=$?
expect "an offer by who does not hold it" 4 $code
node "$here/npm/witness-node.mjs" "$url" home/identity.cbor home/genesis.cbor

# ---- a receipt needs the node no more
hash=$(curl -sf "$url/v1/blocks/1" | jq -r '.entries[0].hash')
waybill statement get "$hash" -o statement.cose >/dev/null
waybill receipt get "$hash" -o receipt.cbor >/dev/null
kill_node TERM
mkdir changed
waybill receipt verify receipt.cbor statement.cose home/identity.cbor
for file in receipt.cbor statement.cose; do
    cp receipt.cbor statement.cose changed/
    printf '\x55' | dd of=changed/$file bs=1 seek=$(($(stat -c %s $file) - 9)) conv=notrunc status=none
    ! cmp -s $file changed/$file || printf '\x56' | dd of=changed/$file bs=1 seek=$(($(stat -c %s $file) - 9)) conv=notrunc status=none
    code=0
    waybill receipt verify changed/receipt.cbor changed/statement.cose home/identity.cbor >/dev/null 2>&1 || code=$?
    [ $code -ne 0 ] || die "a changed $file was believed"
done
