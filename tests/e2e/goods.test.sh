#!/usr/bin/env bash
# Goods between companies: a pallet of 48 and ten thousand in bulk change hands by one statement each, with one
# receipt each, and each unit's custodian is right afterwards. What is in a box goes with the box; what is
# held back, missing, on offer or at its end does not go anywhere.
. "$(dirname "$0")/node.sh"

# Whoever holds the units PREFIX[FIRST-LAST], as the node says: one name a line, with how many units have it.
holders() { # PREFIX FIRST LAST
    curl -sf "$url/v1/assets/$1[$2-$3]" | jq -r .custodian.name | sort | uniq -c | sed 's/^ *//'
}

make_ledger "Farm A" "Carrier B" "Shop C"
start_node
gtin=01/09506000134352
pallet=00/195060001343520014
box=00/195060001343520021

# ---- a pallet of 48
waybill asset commission $gtin/21/U001..048 --lot L1 --as "Farm A" >/dev/null
waybill asset commission $pallet $box --as "Farm A" >/dev/null
waybill pack $gtin/21/U001..048 --into $pallet --as "Farm A" >/dev/null
expect "before the pallet goes" "48 Farm A" "$(holders $gtin/21/U 001 048)"
refused "one of what is packed" PACKED waybill custody offer $gtin/21/U007 --to "Carrier B" --as "Farm A"
before=$(leaves)
offer=$(sent waybill custody offer $pallet --to "Carrier B" --seal intact:4711 --as "Farm A")
refused "packing what is on offer" OFFER_OPEN waybill unpack $gtin/21/U001 --from $pallet --as "Farm A"
acceptance=$(sent waybill custody accept $pallet --seal intact:4711 --counts 0,0,1 --as "Carrier B")
expect "statements for the pallet" $((before + 3)) "$(leaves)" # offer, refusal, acceptance
expect "after the pallet went" "48 Carrier B" "$(holders $gtin/21/U 001 048)"
one_receipt "$offer"
one_receipt "$acceptance"
waybill trace $pallet --verify >out.txt
says "the pallet's journey" '48 packed into it, now 48 inside' out.txt
says "the pallet's seal" 'seal intact, number 4711' out.txt
says "the pallet's count" 'RECEIVED with 0 missing, 0 too many, 1 damaged' out.txt
waybill trace $gtin/21/U048 --verify >out.txt
says "a unit's journey" "packed into $pallet" out.txt
says "a unit's journey" 'custody Farm A -> Carrier B' out.txt

# ---- what is unpacked no longer goes along
waybill unpack $gtin/21/U001 $gtin/21/U002 --from $pallet --as "Carrier B" >/dev/null
waybill custody offer $pallet --to "Shop C" --as "Carrier B" >/dev/null
waybill custody accept $pallet --as "Shop C" >/dev/null
expect "what was unpacked" "2 Carrier B" "$(holders $gtin/21/U 001 002)"
expect "what was not" "46 Shop C" "$(holders $gtin/21/U 003 048)"
refused "packed by who does not hold it" NOT_HOLDER waybill pack $gtin/21/U001 --into $pallet --as "Carrier B"
refused "unpacked twice" NOT_PACKED waybill unpack $gtin/21/U001 --from $pallet --as "Shop C"

# ---- ten thousand in bulk
waybill asset commission $gtin/21/B00001..10000 --as "Farm A" >/dev/null
before=$(leaves)
offer=$(sent waybill custody offer --range $gtin/21/B 00001 10000 --to "Carrier B" --as "Farm A")
acceptance=$(sent waybill custody accept $gtin/21/B05000 --as "Carrier B")
expect "statements for the bulk" $((before + 2)) "$(leaves)"
expect "after the bulk went" "10000 Carrier B" "$(holders $gtin/21/B 00001 10000)"
one_receipt "$offer"
one_receipt "$acceptance"

# ---- missing goods stay with who offered them
waybill custody offer $gtin/21/B00001..00010 --to "Shop C" --as "Carrier B" >/dev/null
refused "missing, but never offered" NOT_OFFERED \
    waybill custody accept $gtin/21/B00001 --missing $gtin/21/B00011 --as "Shop C"
waybill custody accept $gtin/21/B00001 --missing $gtin/21/B00003 --missing $gtin/21/B00009..00010 --as "Shop C" \
    >/dev/null
expect "what arrived" "7 Shop C" "$(holders $gtin/21/B 00001 00010 | grep Shop)"
expect "what was missing" "3 Carrier B" "$(holders $gtin/21/B 00001 00010 | grep Carrier)"
waybill trace $gtin/21/B00009 >out.txt
says "what was missing" 'NOT RECEIVED' out.txt
expect "missing is not on offer" 1 "$(code_of waybill custody accept $gtin/21/B00009 --as "Shop C")"

# ---- ownership is another matter
waybill custody offer $gtin/21/B00020 --to "Shop C" --role owner --as "Farm A" >/dev/null
waybill custody offer $gtin/21/B00020 --to "Shop C" --as "Carrier B" >/dev/null
refused "a custodian sells" NOT_HOLDER waybill custody offer $gtin/21/B00021 --to "Shop C" --role owner --as "Carrier B"
refused "an owner hands over" NOT_HOLDER waybill custody offer $gtin/21/B00021 --to "Shop C" --as "Farm A"
waybill custody accept $gtin/21/B00020 --role owner --as "Shop C" >/dev/null
expect "bought" "Shop C" "$(waybill asset show $gtin/21/B00020 --json | jq -r .owner.name)"
expect "not yet there" "Carrier B" "$(waybill asset show $gtin/21/B00020 --json | jq -r .custodian.name)"
waybill custody accept $gtin/21/B00020 --as "Shop C" >/dev/null
expect "there" "Shop C" "$(waybill asset show $gtin/21/B00020 --json | jq -r .custodian.name)"

# ---- an offer that nobody answers
waybill custody offer $gtin/21/B00030 --to "Shop C" --expires "1 s" --as "Carrier B" >/dev/null
is_over() { waybill trace $gtin/21/B00030 | grep -q 'the offer to Shop C expired'; }
wait_until "the offer's end" is_over
expect "after its end" 1 "$(code_of waybill custody accept $gtin/21/B00030 --as "Shop C")"

# ---- quarantine, and how it ends
waybill goods quarantine $gtin/21/B00040 --reason "a wet box" --as "Carrier B" >/dev/null
refused "held back" QUARANTINED waybill custody offer $gtin/21/B00040 --to "Shop C" --as "Carrier B"
refused "released without a reason" NO_REASON waybill goods release $gtin/21/B00040 --as "Carrier B"
waybill trace $gtin/21/B00040 >out.txt
says "held back" 'QUARANTINED by Carrier B: a wet box' out.txt
waybill goods release $gtin/21/B00040 --meaning "quality release" --reason "dry again" --as "Carrier B" >/dev/null
waybill custody offer $gtin/21/B00040 --to "Shop C" --as "Carrier B" >/dev/null

# ---- a box in quarantine holds its pallet back
waybill asset commission $gtin/21/C1 --as "Farm A" >/dev/null
waybill pack $gtin/21/C1 --into $box --as "Farm A" >/dev/null
waybill goods quarantine $gtin/21/C1 --as "Farm A" >/dev/null
refused "a box with it inside" QUARANTINED waybill custody offer $box --to "Carrier B" --as "Farm A"

# ---- the end of goods
waybill goods dispense $gtin/21/B00050 --as "Carrier B" >/dev/null
refused "dispensed goods" ENDED waybill custody offer $gtin/21/B00050 --to "Shop C" --as "Carrier B"
refused "a box that is not empty" NOT_EMPTY waybill goods destroy $box --as "Farm A"
waybill asset scan $gtin/21/B00050 --as "Shop C" >/dev/null
waybill trace $gtin/21/B00050 >out.txt
says "seen after its end" 'FINDING AFTER_END' out.txt
waybill asset scan $gtin/21/NEVER --as "Shop C" >/dev/null
waybill trace $gtin/21/NEVER >out.txt || true
says "never made" 'FINDING NEVER_COMMISSIONED' out.txt

# ---- a proof of all that, offline
waybill trace $gtin/21/U048 --verify -o unit.bundle >/dev/null
kill_node TERM
waybill verify unit.bundle >out.txt
says "offline" 'proof ok' out.txt
