#!/usr/bin/env bash
# Contracts about goods on a real ledger: cocoa whose cooperative's certificate has expired stops at that hop and is told
# why; renewed, it goes on to the bar, is paid and made into bars, and the bars' origin shows the certificates of
# each hop. A medicine handed to who has no licence is held.
. "$(dirname "$0")/node.sh"
library=$here/../../contracts/library
gtin=01/09506000134352
beans=$gtin/10/HARVEST7
bars=01/09506000134369/10/BARS7

call() { # WHO ACTION [NAME=VALUE...]
    local who=$1 action=$2
    shift 2
    waybill contract call "$opening" "$action" "$@" --as "$who"
}
hand_over() { # ASSET FROM TO
    waybill custody offer "$1" --to "$3" --as "$2" >/dev/null
    waybill custody accept "$1" --as "$3" >/dev/null
}
state() {
    waybill contract show "$opening" --json | jq -r .state.name
}
certify() { # BY NAME WHOM [FROM UNTIL]: prints the certificate
    waybill cert issue "$2" --member "$3" --from "${4:-2020-01-01}T00:00:00Z" --until "${5:-2126-01-01}T00:00:00Z" --as "$1" --json |
        jq -r .statement
}

make_ledger "Plot P" "Coop C" "Trader E" "Ship S" "Maker M" "Shop H" "Green G" "Fair F"
start_node

# ---- the harvest, certified by the lot, and its contract
waybill asset commission $beans --amount "25 t" --as "Plot P" >out.txt
waybill cert issue organic $beans --from 2020-01-01T00:00:00Z --until 2126-01-01T00:00:00Z --as "Green G" >out.txt
waybill contract open "$library/cocoa-farm-to-bar.yaml" --asset $beans --party farm="Plot P" --party cooperative="Coop C" \
    --party exporter="Trader E" --party shipper="Ship S" --party maker="Maker M" --party shop="Shop H" \
    --term "organic body"="Green G" --term "fair trade body"="Fair F" --as "Plot P" --json >out.txt
opening=$(jq -r .statement out.txt)
for who in "Coop C" "Trader E" "Ship S" "Maker M" "Shop H"; do
    waybill contract agree "$opening" --as "$who" >/dev/null
done
expect "as agreed" growing "$(state)"
certify "Plot P" "fair trade" "Plot P" >/dev/null # nobody believes him
refused "a certificate of one's own" GUARD call "Plot P" harvest
says "a certificate of one's own" 'certificate "fair trade" of farm by fair trade body is missing' err.txt
certify "Fair F" "fair trade" "Plot P" >/dev/null
call "Plot P" harvest >/dev/null

# ---- the cooperative's certificate has expired
expired=$(certify "Green G" organic "Coop C" 2020-01-01 2021-01-01)
certify "Fair F" "fair trade" "Coop C" >/dev/null
hand_over $beans "Plot P" "Coop C"
refused "not paid before its hop" WRONG_STATE call "Coop C" "pay the farm" "sum=EUR 6400"
refused "an expired certificate" GUARD call "Coop C" ferment "measured=7.2 %"
waybill contract explain "$statement" >out.txt
says "an expired certificate" 'call of ferment in cocoa-farm-to-bar'
says "an expired certificate" 'signed by Coop C'
says "an expired certificate" "because  *ferment: .*certificate \"organic\" of cooperative by organic body has expired (${expired:0:8})"
says "an expired certificate" 'called now  *GUARD'
waybill cert show "$expired" >out.txt
says "an expired certificate, by its hash" EXPIRED
expect "it stays where it is" harvested "$(state)"
expect "what it may not do" '["reject"]' \
    "$(waybill contract actions "$opening" --as "Coop C" --json | jq -c '[.actions[] | select(.may) | .action]')"

# ---- renewed, it holds at its hop; that it is revoked afterwards takes nothing back
renewed=$(certify "Green G" organic "Coop C")
waybill contract explain "$statement" >out.txt
says "renewed" 'called now  *its signer may'
call "Coop C" ferment "measured=7.2 %" >/dev/null
waybill cert revoke "$renewed" --reason "sprayed" --as "Green G" >/dev/null
call "Coop C" "pay the farm" "sum=EUR 6400" >/dev/null
expect "it goes on" fermented "$(state)"

# ---- the other hops
hand_over $beans "Coop C" "Trader E"
echo "no pests" >phytosanitary.txt
waybill doc attach phytosanitary.txt --contract "$opening" --name "phytosanitary certificate" --as "Trader E" >/dev/null
certify "Fair F" "fair trade" "Trader E" >/dev/null
organic=$(certify "Green G" organic "Trader E")
waybill cert revoke "$organic" --reason "residues found" --as "Green G" >/dev/null
refused "a revoked certificate" GUARD call "Trader E" "clear for export" "measured=7.4 %"
waybill contract explain "$statement" >out.txt
says "a revoked certificate" "of exporter by organic body was revoked (${organic:0:8})"
certify "Green G" organic "Trader E" >/dev/null
call "Trader E" "clear for export" "measured=7.4 %" >/dev/null
call "Trader E" "pay the cooperative" "sum=EUR 7100" >/dev/null
hand_over $beans "Trader E" "Ship S"
echo "25 t" >lading.txt
waybill doc attach lading.txt --contract "$opening" --name "bill of lading" --as "Ship S" >/dev/null
call "Ship S" "take on board" >/dev/null
hand_over $beans "Ship S" "Maker M"
refused "beans too wet" GUARD call "Maker M" land "measured=7.6 %"
says "beans too wet" 'measured is 7.6 %, wettest landed is 7.5 %' err.txt
call "Maker M" land "measured=7.5 %" >/dev/null
call "Maker M" "pay the shipper" "sum=EUR 350" >/dev/null
call "Maker M" "pay the exporter" "sum=EUR 7900" >/dev/null
certify "Green G" organic "Maker M" >/dev/null
certify "Fair F" "fair trade" "Maker M" >/dev/null

# ---- bars are made of them: by the ledger's own making, and by the contract's word
call "Maker M" "make bars" "lot=$bars" >/dev/null
waybill make transform --from $beans --to $bars=24.5t --as "Maker M" >/dev/null
hand_over $bars "Maker M" "Shop H"
refused "not paid" GUARD call "Shop H" "put on sale" "lot=$bars"
says "not paid" 'paid to maker is EUR 0.00, bar price is EUR 21000.00' err.txt
call "Shop H" "pay the maker" "sum=EUR 21000" >/dev/null
refused "other bars" GUARD call "Shop H" "put on sale" "lot=01/09506000134369/10/OTHER"
call "Shop H" "put on sale" "lot=$bars" >/dev/null
expect "on sale" "finished success" "$(waybill contract show "$opening" --json | jq -r '.status + " " + .ending')"
waybill contract explain $beans >out.txt
says "its story" 'state growing -> harvested, by harvest'
says "its story" 'state made -> on sale, by put on sale'
says "its story" 'proof ok'
waybill origin $bars >out.txt
says "at the maker's hop" 'certificate organic by Green G of Maker M, .*: VALID'
says "at the plot's hop" 'certificate fair trade by Fair F of Plot P, .*: VALID'
says "at the plot's hop" 'certificate organic by Green G, .*: VALID'

# ---- medicines, each by itself: one goes astray and is held
waybill asset commission $gtin/21/M1..3 --as "Maker M" >/dev/null
waybill contract open "$library/pharma-serial-custody.yaml" --asset $gtin/21/M1 --asset $gtin/21/M2 --asset $gtin/21/M3 \
    --party maker="Maker M" --holder wholesaler="Trader E" --holder pharmacy="Shop H" --term authority="Green G" \
    --term expires=2090-01-01T00:00:00Z --as "Maker M" --json >out.txt
opening=$(jq -r .statement out.txt)
unit_state() { # N
    waybill contract show "$opening" --json --from $(($1 - 1)) --limit 1 | jq -r '.assets[0].state.name'
}
certify "Green G" "pharmacy licence" "Shop H" >/dev/null
refused "no licence" GUARD call "Maker M" "ship to wholesaler" "receiver=Trader E"
says "no licence" 'certificate "wholesale licence" of receiver by authority is missing' err.txt
call "Maker M" "ship to pharmacy" "receiver=Shop H" >/dev/null
hand_over $gtin/21/M1 "Maker M" "Shop H"
hand_over $gtin/21/M2 "Maker M" "Ship S"
expect "one that arrived" received "$(unit_state 1)"
expect "one that went astray" suspect "$(unit_state 2)"
expect "one on its way" shipped "$(unit_state 3)"
hand_over $gtin/21/M2 "Ship S" "Shop H"
refused "dispensing what is suspect" WRONG_STATE call "Shop H" dispense --unit $gtin/21/M2
waybill contract explain "$statement" >out.txt
says "dispensing what is suspect" "possible in  *received; now $gtin/21/M2 is in suspect"
says "dispensing what is suspect" 'called now  *WRONG_STATE: dispense: not in the state suspect'
call "Shop H" dispense --unit $gtin/21/M1 >/dev/null
waybill goods dispense $gtin/21/M1 --as "Shop H" >/dev/null
expect "dispensed" dispensed "$(unit_state 1)"
waybill goods quarantine $gtin/21/M3 --as "Maker M" >/dev/null
expect "in quarantine" suspect "$(unit_state 3)"
waybill contract explain $gtin/21/M3 >out.txt
says "in quarantine" 'state shipped -> suspect, by hold what is in quarantine, a reaction to a disposition (quarantined)'
kill_node TERM
