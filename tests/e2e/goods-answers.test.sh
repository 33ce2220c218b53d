#!/usr/bin/env bash
# What a person is told who asks: which offers stand open, how much is left of what, whom to telephone about a
# recall and whether it still stands, who said what does not add up, and a refusal's sentence that fits.
. "$(dirname "$0")/node.sh"

says() { # WHAT PATTERN FILE
    grep -q -- "$2" "$3" || die "$1: expected \"$2\", found \"$(cat "$3")\""
}
offers() { # ASSET: role and receiver of each open offer
    curl -sf "$url/v1/assets/$1/custody" | jq -c '[.offers[] | .role + " " + .to.name]'
}

make_ledger "Farm A" "Carrier B" "Shop C"
start_node
gtin=01/09506000134352

# ---- offers: of both roles, and none that was answered
waybill asset commission $gtin/21/U1..4 --lot L1 --expiry 2030-01-02T00:00:00Z --amount 2kg --as "Farm A" >/dev/null
waybill custody offer $gtin/21/U1..2 --to "Carrier B" --expires "1 h" --as "Farm A" >/dev/null
waybill custody offer $gtin/21/U2 --to "Shop C" --role owner --as "Farm A" >/dev/null
expect "both offers" '["custodian Carrier B","owner Shop C"]' "$(offers $gtin/21/U2)"
waybill custody show $gtin/21/U2 >out.txt
says "the offer of custody" 'offered to Carrier B as custodian at .*; the offer ends at 20' out.txt
says "the offer to own it" 'offered to Shop C as owner at .*, not answered yet$' out.txt
waybill custody accept $gtin/21/U1 --missing $gtin/21/U1 --as "Carrier B" >/dev/null
expect "what was not received is not on offer" '[]' "$(offers $gtin/21/U1)"
expect "the other role's offer stands" '["owner Shop C"]' "$(offers $gtin/21/U2)"
at=$(curl -sf "$url/v1/assets/$gtin/21/U2/custody" | jq -r '.custody[-1].from')
waybill custody at $gtin/21/U2 "$at" >out.txt
says "custody to the second" "custodian Carrier B, since $at" out.txt

# ---- how it stands
expect "its amount, lot and expiry" '["2 kg","L1","2030-01-02T00:00:00Z"]' \
    "$(curl -sf "$url/v1/assets/$gtin/21/U2" | jq -c '[.amount.text, .lot, .expiry]')"

waybill asset show $gtin/21/U2 >out.txt
says "its lot" '^  lot        L1$' out.txt
says "its amount" '^  amount     2 kg$' out.txt

# ---- what something was made of is recalled
waybill make split --from $gtin/21/U3 --to $gtin/21/W1=1kg --to $gtin/21/W2=1000g --as "Farm A" >/dev/null
waybill goods recall $gtin/21/U3 --meaning recall --reason "a stone" --as "Farm A" >/dev/null
waybill origin $gtin/21/W1 >out.txt
says "on the way back" "^  RECALLED by Farm A, made of $gtin/21/U3: a stone" out.txt
says "how many makings" ': 2 makings on the way back' out.txt
waybill uses $gtin/21/U3 >out.txt
says "on the way forward" '^  RECALLED by Farm A: a stone' out.txt
says "how many uses" ': 1 making of it' out.txt

# ---- the list to telephone by
waybill product set 09506000134352 --name "Bar 70 %" --as "Farm A" >/dev/null
waybill party set --name "Carrier B" --contact "desk@b.example" --as "Carrier B" >/dev/null
waybill asset commission $gtin/10/L2 --amount "2 each" --as "Farm A" >/dev/null
waybill asset commission $gtin/21/V1..2 --lot L2 --as "Farm A" >/dev/null
waybill asset commission $gtin/10/SILO --amount 25t --as "Farm A" >/dev/null
waybill custody offer $gtin/21/V1 --to "Carrier B" --as "Farm A" >/dev/null
waybill custody accept $gtin/21/V1 --as "Carrier B" >/dev/null
waybill goods recall $gtin/10/L2 $gtin/10/SILO --meaning recall --reason "a nut" --as "Farm A" >/dev/null
waybill recall list $gtin/10/L2 >out.txt
says "a lot's name is none of its units" '^  3 units with 2 holders' out.txt
says "whom to call" '^  Carrier B  1 unit, contact desk@b.example' out.txt
says "whom one cannot call" '^  Farm A  2 units, no contact given' out.txt
says "what it is called" '21/V1  Bar 70 %' out.txt
says "goods that are a whole lot" '10/SILO  Bar 70 %' out.txt
grep -q ENDED out.txt && die "a recall that stands is told as ended"
expect "the same one by one" 3 "$(waybill recall list $gtin/10/L2 --units --json | jq '.units | length')"
waybill goods end-recall $gtin/10/L2 $gtin/10/SILO --meaning over --reason "a grain" --as "Farm A" >/dev/null
recall=$(curl -sf "$url/v1/recalls" | jq -r '.recalls[0].statement')
waybill recall list "$recall" >out.txt
says "a recall that is over" '^  ENDED' out.txt

# ---- who said it, and sentences of refusals
waybill asset scan $gtin/21/V2 --in-custody --as "Shop C" >/dev/null
waybill findings $gtin/21/V2 >out.txt && die "a finding that stands is no exit code 0"
says "who said it" 'TWO_CUSTODIANS .* by Shop C ' out.txt
waybill custody offer $gtin/21/V2 --to "Farm A" --as "Farm A" >out.txt 2>&1 && die "an offer to oneself"
says "an offer to oneself" 'BAD_REQUEST: .* an offer to oneself' out.txt
grep -q "not signed" out.txt && die "an offer to oneself is told to be unsigned"
waybill make split --from $gtin/10/SILO --to $gtin/10/S1=24t --as "Farm A" >out.txt 2>&1 && die "24 t of 25"
grep -q "More would come out" out.txt && die "less is told as more"

# ---- what cannot be said is told plainly
waybill pack $gtin/21/V2 --into $gtin/21/V2 --as "Farm A" >out.txt 2>&1 && die "packed into itself"
says "packed into itself" '21/V2 cannot be inside itself' out.txt
waybill make transform --from $gtin/21/K00001..10000 --from $gtin/21/V2 --to $gtin/21/V3 --as "Farm A" >out.txt 2>&1 &&
    die "made of 10,001"
says "made of 10,001" 'at most 10000 go in' out.txt

# ---- what a consumer sees of a covered code, whatever somebody else types later
waybill asset commission $gtin/21/C1..2 --as "Farm A" >/dev/null
waybill label seal $gtin/21/C1..2 -o labels --as "Farm A" >/dev/null
code() { sed -n 's/.*'"$1"'","\([^"]*\)".*/\1/p' labels/codes.csv; }
waybill label reveal $gtin/21/C1 "$(code C1)" --as "Farm A" >/dev/null && die "opened with its maker"
waybill custody offer $gtin/21/C2 --to "Shop C" --as "Farm A" >/dev/null
waybill custody accept $gtin/21/C2 --as "Shop C" >/dev/null
waybill label reveal $gtin/21/C2 "$(code C2)" --as "Shop C" >/dev/null
waybill label reveal $gtin/21/C2 "$(code C1)" --as "Farm A" >/dev/null && die "another's code"
expect "the last look and the opening" '["MISMATCH","AUTHENTIC_OPENED"]' \
    "$(curl -sf "$url/v1/assets/$gtin/21/C2" | jq -c '[.label, .label_opening]')"
curl -sf "$url/$gtin/21/C1" >page.html
says "the page of what was opened on its way" 'opened while it was still on its way' page.html
curl -sf "$url/$gtin/21/C2" >page.html
says "the page of what was opened by its buyer" 'opened after delivery' page.html

# ---- why a certificate does not hold
paper=$(waybill cert issue organic $gtin/21/V2 --until "9 d" --as "Shop C" --json | jq -r .statement)
waybill cert show "$paper" >out.txt
says "a certificate that holds" '^  now VALID$' out.txt
waybill cert revoke "$paper" --reason pesticides --as "Shop C" >/dev/null
waybill cert show "$paper" >out.txt
says "why it is revoked" '^  now REVOKED: pesticides; statement ' out.txt
mistake=$(waybill cert issue organic $gtin/21/V1 --until "9 d" --as "Shop C" --json | jq -r .statement)
waybill correct "$mistake" --meaning correction --reason "another lot" --as "Shop C" >/dev/null
waybill cert show "$mistake" >out.txt
says "why it never held" '^  now REVOKED: another lot; statement ' out.txt
exit 0
