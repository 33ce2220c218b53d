#!/usr/bin/env bash
# What a person types: ledgers, goods, hands, contracts, proofs; and what each command says when it cannot.
. "$(dirname "$0")/node.sh"

# ---- help, and what is mistyped
for command in "" init member device product place party asset custody pack unpack make goods cert correct dispute \
    contract doc label "label seal" "label reveal" trace history contents findings recall origin uses verify statement \
    receipt audit rebuild demo consortium genesis constitution gov "gov propose" export import backup restore recovery "recovery check" \
    "member resume" fork join checkpoint witness proof; do
    # shellcheck disable=SC2086
    expect "help of waybill $command" 0 "$(code_of waybill $command --help)"
    says "help of waybill $command" '^Usage: waybill' out.txt
done
expect "no command" 1 "$(code_of waybill)"
expect "an unknown command" 1 "$(code_of waybill frobnicate)"
expect "an unknown option" 1 "$(code_of waybill trace 01/09506000134352/21/A --frob)"
says "an unknown option" '--frob is no option' err.txt
expect "an option without its value" 1 "$(code_of waybill custody offer 01/09506000134352/21/A --to)"

for mistyped in "pack A --into 00/195060001343520014" "pack 01/09506000134352/21/A" "goods recall" "make split" \
    "make split --from 01/09506000134352/10/A=5lb --to 01/09506000134352/10/B=5kg" \
    "make split --from 01/09506000134352/10/A --to 01/09506000134352/10/B=" \
    "asset commission 01/09506000134352/21/A --amount 0kg" "cert issue organic --until 365d" "cert revoke 12" \
    "custody offer 01/09506000134352/21/A --to x --seal open" "custody accept 01/09506000134352/21/A --counts 1,2" \
    "correct deadbeef --meaning x --reason y" "label seal 01/09506000134352/21/A" \
    "label reveal 01/09506000134352/21/A short" "origin 01/09506000134352/21/A -o x" "recall list x" \
    "custody at 01/09506000134352/21/A yesterday" "product verify 09506000134352" "asset lot 01/09506000134352/21/A"; do
    # shellcheck disable=SC2086
    expect "waybill $mistyped" 1 "$(code_of waybill $mistyped)"
    [ -s err.txt ] || die "waybill $mistyped: says nothing"
done

# ---- a ledger
make_ledger "Farm A" "Carrier B" "Clinic C"
says init 'one authority, run by Farm A' init.txt
expect "init over a folder" 1 "$(code_of waybill init home --name x --member y)"
says "init over a folder" 'is there already' err.txt
expect "members too alike" 1 "$(code_of waybill init other --name x --member "Farm A" --member farm-a)"
[ ! -e other ] || die "init left a folder behind"
for file in keys/farm-a.key keys/farm-a.key.state node/node.key; do
    expect "mode of $file" 600 "$(stat -c %a home/$file)"
done
waybill member list >out.txt
expect members "$(printf 'Carrier B\nClinic C\nFarm A')" "$(cut -c 19- out.txt | sort)"
expect "member as JSON" "Farm A" "$(waybill member show "farm a" --json | jq -r .name)"
expect "a stranger" 1 "$(code_of waybill member show Nobody)"

# ---- a node that is not there: signed, kept, and sent when it is
expect "a node that is down" 1 "$(code_of waybill party set --name "Farm A" --as "Farm A")"
says "a node that is down" "$url" err.txt
start_node
waybill party set --name "Farm A, packing" --as "Farm A" --json >out.txt
expect "the next seq" true "$(jq '.seq >= 1' out.txt)"

# ---- goods
unit=01/09506000134352/21/T1
waybill product set 09506000134352 --name Vaccine --brand Acme --as "Farm A" >out.txt
expect "a wrong check digit" 1 "$(code_of waybill product set 09506000134353 --name x --as "Farm A")"
says "a wrong check digit" 'check digit' err.txt
waybill place set 9506000134376 --name Depot --lat 52.1234567 --lon -4.5 --zone Europe/Amsterdam --as "Clinic C" >out.txt
waybill asset commission $unit 01/09506000134352/21/T2 --lot L7 --as "Farm A" >out.txt
waybill asset commission --range 01/09506000134352/21/R 0001 300 --as "Farm A" >out.txt
expect "goods that exist" 4 "$(code_of waybill asset commission $unit --as "Farm A")"
says "goods that exist" 'refused EXISTS' err.txt
expect "the same as JSON" 4 "$(code_of waybill asset commission $unit --as "Farm A" --json)"
expect "the same as JSON" EXISTS "$(jq -r .refusal.name out.txt)"
expect "how many there are" 302 "$(waybill asset list | wc -l)"
expect "several keys" 1 "$(code_of waybill asset commission 01/09506000134352/21/T9)"
says "several keys" '--as' err.txt

# ---- hands
holder() { waybill asset show $unit --json | jq -r ".$1.name"; }
expect "goods of others" 4 "$(code_of waybill custody offer $unit --to "Clinic C" --as "Carrier B")"
waybill custody offer $unit --to "Carrier B" --condition "two dents" --as "Farm A" >out.txt
expect "an open offer" 4 "$(code_of waybill custody offer $unit --to "Clinic C" --as "Farm A")"
expect "for somebody else" 4 "$(code_of waybill custody accept $unit --as "Clinic C")"
says "for somebody else" 'Carrier B' err.txt
expect "a rejection without a reason" 1 "$(code_of waybill custody reject $unit --as "Carrier B")"
says "a rejection without a reason" '--reason' err.txt
waybill custody reject $unit --reason "the box is wet" --as "Carrier B" >out.txt
expect "after a rejection" "Farm A, packing" "$(holder custodian)"
waybill custody offer $unit --to "Carrier B" --as "Farm A" >out.txt
waybill custody cancel $unit --as "$(waybill member list | sed -n 's/  Farm A.*//p')" >out.txt
expect "nothing to accept" 1 "$(code_of waybill custody accept $unit --as "Carrier B")"
waybill custody offer $unit 01/09506000134352/21/T2 --to "Carrier B" --as "Farm A" >out.txt
waybill custody accept $unit --as "Carrier B" >out.txt
waybill custody offer $unit --to "Clinic C" --role owner --as "Farm A" >out.txt
waybill custody accept $unit --as "Clinic C" >out.txt
expect "who holds it" "Carrier B/Clinic C" "$(holder custodian)/$(holder owner)"

# ---- contracts
contract=$here/../../contracts/library/vaccine-2-8.yaml
waybill contract compile "$contract" -o contract.cbor >out.txt
expect "its name is its hash" "$(sha256sum contract.cbor | cut -c 1-64)" "$(sed -n 's/^ *definition //p' out.txt)"
open() { waybill contract open "$contract" --asset $unit --party sender="Farm A" --party receiver="Clinic C" "$@" --as "Farm A"; }
expect "a term in the wrong unit" 1 "$(code_of open --term warmest="8 %")"
expect "a party too few" 1 "$(code_of waybill contract open "$contract" --asset $unit --party sender="Farm A" --as "Farm A")"
opening=$(open --term warmest="46.4 °F" --json | jq -r .statement)
expect "agreeing for others" 4 "$(code_of waybill contract agree "$opening" --as "Carrier B")"
waybill contract agree "$opening" --as "Clinic C" >out.txt
expect "agreeing twice" 4 "$(code_of waybill contract agree "$opening" --as "Clinic C")"

# ---- statements and receipts
waybill statement get "$opening" -o opening.cose >out.txt
expect "a statement's name" "$opening" "$(sha256sum opening.cose | cut -c 1-64)"
expect "its status" final "$(waybill statement status opening.cose --json | jq -r .status)"
before=$(leaves)
waybill statement send opening.cose --wait >out.txt
expect "leaves after a repeat" "$before" "$(leaves)"
waybill receipt get "$opening" -o opening.receipt --json >out.txt
expect "a receipt as JSON" opening.receipt "$(jq -r .file out.txt)"
waybill statement status "$opening" --json >out.txt
expect "a status by hash names no signer" false "$(jq 'has("signer")' out.txt)"
(unset WAYBILL_HOME WAYBILL_NODE; waybill receipt verify opening.receipt opening.cose home/identity.cbor >out.txt)
says "a receipt" '^proof ok: leaf' out.txt
expect "a receipt of something else" 3 "$(code_of waybill receipt verify opening.receipt contract.cbor home/identity.cbor)"

# ---- the journey, proven
expect "a trace" 0 "$(code_of waybill trace $unit --verify -o unit.bundle)"
says "a trace" 'custody Farm A -> Carrier B' out.txt
says "a trace" 'ownership Farm A -> Clinic C' out.txt
says "a trace" 'proof ok' out.txt
expect "offline" 0 "$(code_of env -u WAYBILL_NODE -u WAYBILL_HOME waybill verify unit.bundle --identity home/identity.cbor)"
waybill trace $unit --json >out.txt
expect "as JSON" '["Farm A","Farm A","Carrier B","Clinic C"]' "$(jq -c '[.custody[].member.name]' out.txt)"
expect "without an identity" 0 "$(code_of waybill trace $unit --dir nowhere)"
says "without an identity" UNPROVEN out.txt
expect "without an identity, --verify" 1 "$(code_of waybill trace $unit --dir nowhere --verify)"
waybill init twin --name twin --member "Farm A" >out.txt
expect "a twin's identity" 3 "$(code_of waybill trace $unit --identity twin/identity.cbor)"
expect "signing for another ledger's node" 3 "$(code_of waybill party set --name X --dir twin)"
flip_bit unit.bundle 900
expect "a changed bundle" 3 "$(code_of waybill verify unit.bundle)"
expect "unknown goods" 1 "$(code_of waybill trace 01/09506000134352/21/NONE)"

# ---- a person's key: made here, enrolled by a company, signing by name
person() { waybill device request "Quality Officer" --sponsor "Clinic C" "$@"; }
expect "a request to nowhere" 1 "$(code_of person)"
says "a request to nowhere" ' -o is needed' err.txt
expect "a stranger as sponsor" 1 "$(code_of waybill device request Dora --sponsor "Nobody" -o dora.cose)"
expect "a request" 0 "$(code_of person -o officer.cose --json)"
officer=$(jq -r .key out.txt)
expect "a key is not made twice" 1 "$(code_of person -o officer.cose)"
says "a key is not made twice" 'never overwritten' err.txt
for file in quality-officer.key quality-officer.key.state; do
    expect "mode of $file" 600 "$(stat -c %a home/keys/$file)"
done
expect "another company's" 1 "$(code_of waybill device enrol officer.cose --class operator --as "Farm A")"
expect "a person" 0 "$(code_of waybill device enrol officer.cose --class operator --as "Clinic C")"
expect "the person's word" 0 "$(code_of waybill asset scan $unit --note "looks good" --as "Quality Officer" --json)"
expect "who signed" "$officer" "$(jq -r .signer out.txt)"

# ---- upkeep
expect "an audit while the node runs" 1 "$(code_of waybill audit home)"
says "an audit while the node runs" 'node is running' err.txt
kill_node TERM
waybill rebuild home >out.txt
says rebuild 'the same bytes as before' out.txt
waybill audit home >out.txt
says audit '^audit ok: .* all executed again' out.txt
expect "an empty folder" 1 "$(code_of waybill audit .)"
echo "tools: $(waybill audit home --json | jq .statements) statements"
