#!/usr/bin/env bash
# What people do with contracts at a prompt: check and lint them, open a delivery and the letter of credit that it
# releases, call, be refused and ask why, acknowledge what a sensor saw, attach documents and verify files.
. "$(dirname "$0")/node.sh"
library=$here/../../contracts/library
gtin=01/09506000134352/21

contract() { waybill contract "$@"; }

# ---- before anybody agrees: check and lint, of pages and of bytes
expect "the library" 0 "$(code_of contract check "$library"/*.yaml)"
sed 's/to: arrived/to: arived/' "$library/vaccine-2-8.yaml" >typo.yaml
expect "an undeclared state" 1 "$(code_of contract check "$library/frozen.yaml" typo.yaml)"
line=$(grep -n 'to: arived' typo.yaml | cut -d : -f 1)
says "an undeclared state" "^typo.yaml:$line: .*arived"
says "the other file" 'frozen.yaml: ok, frozen version 1'
expect "lint of what does not compile" 1 "$(code_of contract lint typo.yaml)"
says "lint of what does not compile" "^typo.yaml:$line: .*\[does-not-compile\]"
cat >planted.yaml <<'YAML'
contract: planted
roles: { vendor: sells, customer: buys }
parties: { seller: vendor, buyer: customer }
terms: { limit: 5 °C }
properties:
  price: EUR
  paid: EUR
states: { open: { progress: 0 }, limbo: { progress: 50 }, sold: { progress: 100, ends: success } }
actions:
  accept offer:
    by: buyer
    in: open
    sets:
      paid: price
    to: sold
YAML
expect "planted mistakes" 1 "$(code_of contract lint planted.yaml)"
says "an offer nobody made" '^planted.yaml:10: error: actions.accept offer.*price.*\[never-set\]'
says "a state nobody reaches" 'states.limbo.*\[unreachable-state\]'
says "an unused term" '^planted.yaml:4: warning: terms.limit.*\[unused\]'
contract compile planted.yaml -o planted.cbor >out.txt
expect "lint of bytes" 1 "$(code_of contract lint planted.cbor --json)"
expect "the same findings" "$(contract lint planted.yaml --json | jq -c '[.findings[].words]')" \
    "$(jq -c '[.findings[].words]' out.txt)"
cat >warned.yaml <<'YAML'
contract: warned
roles: { keeper: keeps it }
parties: { owner: keeper }
terms: { left over: 5 °C }
states: { kept: { progress: 0 }, gone: { progress: 100, ends: success } }
actions:
  let go: { by: owner, in: kept, to: gone }
YAML
expect "warnings" 0 "$(code_of contract lint warned.yaml)"
says "warnings" '^0 errors, 1 warning$'
expect "warnings, --strict" 1 "$(code_of contract lint warned.yaml --strict)"

# ---- four companies, goods, a sensor
make_ledger "Farm A" "Clinic C" "Bank B" "Carrier D"
start_node
waybill asset commission $gtin/U1 $gtin/U2 $gtin/U3 --as "Farm A" >out.txt
mkdir agent
cp home/identity.cbor agent/
sed "s/port: 1883/port: $broker/; s/resend: 10 s/resend: 1 s/" "$here/../../docs/examples/agent.yaml" >agent/agent.yaml
waybill-agent request --config agent/agent.yaml --sponsor "$(kid_of "Farm A")" -o request.cose 2>kid.txt
device=$(sed -n 's/^device *//p' kid.txt)
waybill device enrol request.cose --class device --right temperature --right humidity --as "Farm A" >out.txt
waybill device attach "$device" $gtin/U1 --as "Farm A" >out.txt

# ---- the delivery
open_delivery() {
    contract open "$library/vaccine-2-8.yaml" --asset $gtin/U1 --party sender="Farm A" --party receiver="Clinic C" \
        --holder logger="$device" --as "Farm A" "$@"
}
expect "a role it does not have" 1 "$(code_of open_delivery --holder pilot="Farm A")"
says "a role it does not have" 'no role "pilot"' err.txt
expect "a holder twice" 1 "$(code_of open_delivery --holder logger="$device")"
delivery=$(open_delivery --term budget="90 min" --json | jq -r .statement)
refused "before it is agreed" WRONG_STATE contract call "$delivery" dispatch --as "Farm A"
contract agree "$delivery" --as "Clinic C" >out.txt
expect "as agreed" "in force" "$(contract show "$delivery" --json | jq -r .status)"

# ---- the letter of credit, which names the delivery
open_letter() {
    contract open "$library/letter-of-credit.yaml" --asset $gtin/U2 --party bank="Bank B" --party buyer="Clinic C" \
        --party seller="Farm A" --term expires=2090-01-01T00:00:00Z "$@"
}
expect "a term it must say" 1 "$(code_of open_letter --as "Bank B")"
says "a term it must say" 'delivery' err.txt
refused "opened by another" NOT_ALLOWED open_letter --term delivery="$delivery" --as "Farm A"
letter=$(open_letter --term delivery="$delivery" --term amount="EUR 12.50" --as "Bank B" --json | jq -r .statement)
contract agree "$letter" --as "Clinic C" >out.txt
contract agree "$letter" --as "Farm A" >out.txt

# ---- what may I do now?
may() { contract actions "$1" --as "$2" --json | jq -c '[.actions[] | select(.may) | .action]'; }
expect "the sender, at first" '["dispatch"]' "$(may "$delivery" "Farm A")"
expect "the receiver, at first" '[]' "$(may "$delivery" "Clinic C")"
contract actions "$delivery" --as "Clinic C" >out.txt
says "why not" 'no   arrive .*WRONG_STATE'
expect "an unknown action" 1 "$(code_of contract call "$delivery" teleport --as "Farm A")"
says "an unknown action" 'it has: dispatch, arrive' err.txt
refused "the wrong caller" NOT_ALLOWED contract call "$delivery" dispatch --as "Clinic C"
contract explain "$statement" >out.txt
says "the wrong caller" 'signed by Clinic C'
says "the wrong caller" 'who may  *sender; sender is Farm A'
contract call "$delivery" dispatch --as "Farm A" >out.txt
expect "the sender, then" '[]' "$(may "$delivery" "Farm A")"
refused "not yet there" GUARD contract call "$delivery" arrive --as "Clinic C"
contract explain "$statement" >out.txt
says "not yet there" 'because  *arrive: .*custodian = receiver'
says "not yet there" 'called now  *GUARD'
waybill custody offer $gtin/U1 --to "Clinic C" --as "Farm A" >out.txt
waybill custody accept $gtin/U1 --as "Clinic C" >out.txt
contract call "$delivery" arrive --as "Clinic C" >out.txt
expect "the receiver, then" '["release","reject"]' "$(may "$delivery" "Clinic C")"
contract show "$delivery" >out.txt
says "show" 'state  *\[##################--\]  90 %  arrived'
says "show" 'budget  *90 min'
says "show" 'receiver  *Clinic C  (clinic)'
says "show" 'quality  *receiver'

# ---- a sensor that breaks for a second, acknowledged
now=$(date +%s)
{
    echo time,temperature,humidity
    for i in 0 1 2; do
        echo "$(date -u -d "@$((now + i))" +%Y-%m-%dT%H:%M:%SZ),$((i == 1 ? 100 : 5)),50"
    done
} >agent/journey.csv
waybill-agent run --config agent/agent.yaml --exit-when-done --give-up-after "60 s" >/dev/null 2>agent.log ||
    die "the agent failed: $(tail -n 3 agent.log)"
waiting() { contract show "$delivery" --json | jq '[.assets[].excursions[]] | length'; }
expect "excursions" 1 "$(waiting)"
expect "a value too few" 1 "$(code_of contract call "$delivery" release --as "Clinic C")"
says "a value too few" 'reason=VALUE is needed' err.txt
refused "an excursion nobody has seen" GUARD contract call "$delivery" release reason=fine --as "Clinic C"
contract explain "$statement" --json >out.txt
expect "which condition" true "$(jq '.refusal.detail | test("unacknowledged excursions = 0")' out.txt)"
contract explain "$(jq .leaf out.txt)" >leaf.txt
says "by its leaf" 'call of release in vaccine-2-8' leaf.txt
says "by its leaf" 'reason = fine' leaf.txt
acknowledge() { contract acknowledge "$delivery" --rule "broken sensor" --meaning "no harm" --comment "$1" --as "$2"; }
refused "not for the sender" NOT_ALLOWED acknowledge "loose plug" "Farm A"
refused "nothing said" BAD_ARGUMENT acknowledge " " "Clinic C"
acknowledge "loose plug" "Clinic C" >out.txt
expect "none is left" 1 "$(code_of acknowledge again "Clinic C")"
says "none is left" 'no such excursion waits' err.txt
contract show "$delivery" >out.txt
says "show" 'SENSOR broken sensor (low)'
says "show" '100.0 °C at worst, 100.0 °C on average'
says "show" 'acknowledged by Clinic C: no harm: loose plug'
refused "no such budget" BAD_ARGUMENT contract add-back "$delivery" --budget warmth --give "10 min" --meaning a --reason b \
    --as "Clinic C"

# ---- documents
echo "23 boxes of vaccine" >lading.txt
head -c 3000000 /dev/zero >invoice.bin
echo origin >origin.txt
attach() { waybill doc attach "$1" --contract "$letter" --name "$2" --as "$3"; }
expect "no such document" 1 "$(code_of attach lading.txt "bill of loading" "Farm A")"
says "no such document" 'it has: bill of lading' err.txt
refused "not the seller" NOT_ALLOWED attach lading.txt "bill of lading" "Clinic C"
contract explain "$statement" >out.txt
says "not the seller" 'document bill of lading in letter-of-credit'
for endless in /dev/zero .; do
    expect "no file: $endless" 1 "$(code_of attach $endless "bill of lading" "Farm A")"
    says "no file: $endless" 'expected a file' err.txt
done
expect "nothing attached yet" 1 "$(code_of waybill doc verify lading.txt --contract "$letter")"
echo "24 boxes" >first.txt
attach first.txt "bill of lading" "Farm A" >out.txt
attach lading.txt "bill of lading" "Farm A" >out.txt
attach invoice.bin "commercial invoice" "Farm A" >out.txt
expect "a document" 0 "$(code_of waybill doc verify lading.txt --contract "$letter" --name "bill of lading")"
says "a document" '^OK  lading.txt'
says "a document" 'attached as bill of lading by Farm A at '
says "a document" 'proof ok'
expect "by its hash alone" 0 "$(code_of waybill doc verify invoice.bin --contract "$letter")"
expect "of an asset" 0 "$(code_of waybill doc verify lading.txt --unit $gtin/U2)"
expect "anywhere" 0 "$(code_of waybill doc verify lading.txt)"
says "anywhere" "^  contract $letter"
expect "nowhere" 1 "$(code_of waybill doc verify origin.txt)"
expect "the one before, anywhere" 3 "$(code_of waybill doc verify first.txt --name "bill of lading")"
expect "the one before" 3 "$(code_of waybill doc verify first.txt --contract "$letter")"
says "the one before" '^REPLACED'
flip_bit invoice.bin 1500000
expect "one byte changed" 3 "$(code_of waybill doc verify invoice.bin --contract "$letter" --name "commercial invoice")"
says "one byte changed" '^MISMATCH'
says "one byte changed" "the file is  *$(sha256sum invoice.bin | cut -c 1-64)"
expect "one byte changed" 3 "$(code_of waybill doc verify invoice.bin --contract "$letter" --json)"
expect "one byte changed" MISMATCH "$(jq -r .result out.txt)"
expect "not attached" 1 "$(code_of waybill doc verify origin.txt --contract "$letter" --name "certificate of origin")"

# ---- the delivery succeeds and sets the letter going
expect "the bank must wait" '[]' "$(may "$letter" "Farm A")"
contract call "$delivery" release reason="all is well" --as "Clinic C" >out.txt
expect "the delivery" "finished success" "$(contract show "$delivery" --json | jq -r '.status + " " + .ending')"
expect "the letter" delivered "$(contract show "$letter" --json | jq -r .state.name)"
refused "after the end" FINISHED contract call "$delivery" reject reason=late --as "Clinic C"
contract explain "$statement" >out.txt
says "after the end" 'the contract  *is finished (success) since '
refused "a document too few" GUARD contract call "$letter" "present documents" --as "Farm A"
says "a document too few" 'certificate of origin' err.txt
attach origin.txt "certificate of origin" "Farm A" >out.txt
contract call "$letter" "present documents" --as "Farm A" >out.txt
expect "a sum without a unit" 1 "$(code_of contract call "$letter" pay sum=12.50 --as "Bank B")"
says "a sum without a unit" 'EUR' err.txt
refused "the wrong sum" GUARD contract call "$letter" pay sum="EUR 12.49" --as "Bank B"
contract explain "$statement" >out.txt
says "the wrong sum" 'sum = EUR 12.49'
says "the wrong sum" 'because  *pay: .*sum = amount'
paid=$(contract call "$letter" pay sum="12.50 EUR" --as "Bank B" --json | jq -r .statement)
contract explain "$paid" >out.txt
says "what it brought" 'state presented -> paid, by pay'
says "what it brought" 'fulfilled'
contract show "$letter" >out.txt
says "paid" 'letter-of-credit version 1: finished, success'
says "paid" '100 %  paid, success'

# ---- how it came to be
contract explain $gtin/U2 >out.txt
says "the letter's story" 'state issued -> delivered, by the goods arrived in order, a reaction to the success of delivery'
says "the letter's story" 'document bill of lading attached by Farm A'
says "the letter's story" 'proof ok'
contract explain $gtin/U1 --json >out.txt
expect "the delivery's states" '["dispatch","arrive","release"]' \
    "$(jq -c '[.contracts[0].events[] | select(.event == "state") | .words | sub(".*, by "; "")]' out.txt)"
expect "goods without a contract" 0 "$(code_of contract explain $gtin/U3)"
says "goods without a contract" 'under no contract'

# ---- a newer version, agreed again
cat >keep.yaml <<'YAML'
contract: keep
summary: "kept \u202enrut taht skram"
roles: { keeper: keeps it, owner: takes it back }
parties: { store: keeper, client: owner }
properties: { seen: { is: int 0..10, starts: 0 } }
states: { kept: { progress: 0 }, gone: { progress: 100, ends: success } }
actions:
  look: { by: client, in: kept, sets: { seen: seen + 1 } }
  let go: { by: store, in: kept, to: gone }
YAML
sed 's/^contract: keep/&\nversion: 2/' keep.yaml >keep-2.yaml
open_keep() { contract open "$1" --asset $gtin/U3 --party store="Farm A" --party client="Clinic C" --as "Farm A" "${@:2}"; }
old=$(open_keep keep.yaml --json | jq -r .statement)
contract show "$old" >out.txt
says "no mark turns the writing" '^  kept ?nrut'
contract agree "$old" --as "Clinic C" >out.txt
contract call "$old" look --as "Clinic C" >out.txt
refused "no higher version" NOT_REPLACEABLE open_keep keep.yaml --replaces "$old"
new=$(open_keep keep-2.yaml --replaces "$old" --json | jq -r .statement)
expect "until it is agreed" "in force" "$(contract show "$old" --json | jq -r .status)"
contract agree "$new" --as "Clinic C" >out.txt
expect "the old one" "replaced $new" "$(contract show "$old" --json | jq -r '.status + " " + .replaced_by')"
expect "what the new one has of it" 1 "$(contract show "$new" --json | jq -r '.properties[0].value')"

# ---- ten thousand units in one statement, each with a state of its own
waybill asset commission --range $gtin/B 00001 10000 --as "Farm A" >out.txt
before=$(leaves)
expect "a large opening" 0 "$(code_of contract open "$library/unit-provenance.yaml" --range $gtin/B 00001 10000 \
    --party initiator="Farm A" --party "supply chain owner=Farm A" --party "supply chain observer=Farm A" \
    --holder counterparty="Carrier D" --as "Farm A" --json)"
bulk=$(jq -r .statement out.txt)
expect "one statement" $((before + 1)) "$(leaves)"
expect "units" 10000 "$(contract show "$bulk" --json --limit 1 | jq .asset_count)"
contract call "$bulk" "transfer responsibility" "new counterparty=Carrier D" --unit $gtin/B04711 --unit $gtin/B04712 \
    --as "Farm A" >out.txt
state_of() { contract show "$bulk" --json --from "$1" --limit 1 | jq -r '.assets[0].state.name'; }
expect "one that was handed on" "in transit" "$(state_of 4710)"
expect "one that was not" created "$(state_of 4709)"
expect "by unit" '["complete"]' "$(contract actions "$bulk" --as "Farm A" --unit $gtin/B04711 --json |
    jq -c '[.actions[] | select(.may) | .action]')"
kill_node TERM
expect "a node that is down" 1 "$(code_of contract actions "$bulk" --as "Farm A")"
says "a node that is down" 'connect' err.txt
echo "contracts: $(waybill audit home --json | jq .statements) statements"
