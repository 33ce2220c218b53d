#!/usr/bin/env bash
# What `waybill gov` says to people beside the votes themselves: why what passed was not applied; and what would lock
# everybody out, which it does not sign unless somebody insists.
. "$(dirname "$0")/node.sh"
unset WAYBILL_HOME WAYBILL_NODE

accepted() { # WHAT COMMAND...
    local what=$1
    shift
    "$@" >out.txt 2>err.txt || die "$what: $(cat out.txt err.txt)"
}
proposed() { # ACTION...: sets hash
    accepted "propose $*" waybill gov propose "$@" --dir net/farm-a --json
    hash=$(jq -r .statement out.txt)
}
is() { # STATUS [DIR]: of $hash
    [ "$(waybill gov show "$hash" --dir "${2:-net/farm-a}" --json | jq -r .status)" = "$1" ]
}
votes() { # DIR...: yes on $hash
    local dir
    for dir; do
        wait_until "$dir's node to know the proposal" waybill gov show "$hash" --dir "net/$dir"
        accepted "the ballot of $dir" waybill gov vote "$hash" yes --dir "net/$dir"
    done
}
port=$(free_ports 40)
cat >law.yaml <<'YAML'
default: more than 1/2
actions:
  amend: { by: operators }
  add-operator: { by: operators }
  add-authority: { by: operators }
  remove-authority: { by: operators }
operators: [Farm A, Carrier B, Clinic C]
YAML
waybill consortium init net --members "Farm A,Carrier B,Clinic C,Witness W" --base-port "$port" --constitution law.yaml >out.txt
sed -i 's/period: 500 ms/period: 50 ms/; s/empty every: 60 s/empty every: 2 s/' net/*/node.yaml
waybill consortium up net --wait 120s >out.txt

# ---- twice the same: the second one passed and no longer fitted
proposed add-sponsor "Clinic C"
first=$hash
proposed add-sponsor "Clinic C" --reason "once more"
second=$hash
hash=$first votes farm-a carrier-b clinic-c
hash=$first wait_until "the first to be applied" is applied
hash=$second votes farm-a carrier-b clinic-c
hash=$second wait_until "the second to be decided" is "not applied"
hash=$second wait_until "witness-w to know it" is "not applied" net/witness-w
for dir in farm-a witness-w; do
    code=0
    waybill gov show "$second" --dir net/$dir >out.txt || code=$?
    expect "shown by $dir" 0 $code
    says "why" 'it passed, and was not applied: EXISTS: '
    waybill gov show "$second" --dir net/$dir --json >out.txt
    expect "why, to a program" "36 EXISTS true" "$(jq -r '"\(.refusal.code) \(.refusal.name) \(.refusal.sentence | length > 0)"' out.txt)"
done
waybill gov list --all --dir net/farm-a >out.txt
says "in the list" "^${second:0:12}  not applied add-sponsor .*  EXISTS\$"
waybill gov show "$first" --dir net/farm-a --json >out.txt
expect "nothing to explain" null "$(jq .refusal out.txt)"

# ---- what would lock everybody out: not proposed, and no yes
not_signed() { # WHAT PATTERN COMMAND...
    local what=$1 pattern=$2
    shift 2
    expect "$what" 1 "$(code_of "$@" --dir net/farm-a)"
    says "$what" 'not signed (--despite-warning does it): ' err.txt
    says "$what" "$pattern" err.txt
}
open() {
    waybill gov list --dir net/farm-a --json | jq '[.proposals[]|select(.status=="open")]|length'
}
not_signed "rules of the future" 'knows rules up to' waybill gov propose rules 60000
not_signed "too few operators for a quorum" 'would need 3 yes, and 2 operators may vote' \
    waybill gov propose remove-operator "Clinic C"
not_signed "too few operators, by the member's end" 'none could ever pass\|none would be made' waybill gov propose remove-member "Clinic C"
expect "nothing was signed" 0 "$(open)"
proposed remove-operator "Clinic C" --despite-warning
not_signed "a yes to it" 'and 2 operators may vote' waybill gov vote "$hash" yes
expect "to a program" 1 "$(code_of waybill gov vote "$hash" yes --dir net/farm-a --json)"
says "to a program" 'despite-warning'
wait_until "witness-w's node to know the proposal" waybill gov show "$hash" --dir net/witness-w
accepted "a no" waybill gov vote "$hash" no --dir net/witness-w
for dir in farm-a carrier-b clinic-c; do
    wait_until "$dir's node to know the proposal" waybill gov show "$hash" --dir net/$dir
    accepted "a yes that insists" waybill gov vote "$hash" yes --despite-warning --dir net/$dir
done
wait_until "it to be applied" is applied
not_signed "one operator alone" 'Farm A alone would decide' waybill gov propose remove-operator "Carrier B"
sed 's/^operators:.*//; /add-authority\|remove-authority/d' law.yaml >better.yaml
proposed amend better.yaml # makes it better than it is
for dir in farm-a carrier-b; do
    wait_until "$dir's node to know the proposal" waybill gov show "$hash" --dir net/$dir
    accepted "a yes to what mends it" waybill gov vote "$hash" yes --dir net/$dir
done
wait_until "the amendment to be applied" is applied

# ---- with one node down, another one's end would stop the ledger, and its own would not
hears() { # COUNT
    [ "$(curl -sf "http://127.0.0.1:$port/v1/consensus" | jq -r '"\(.peers) \(.unheard | length)"')" = "$1 $((3 - $1))" ]
}
wait_until "all to be heard" hears 3
proposed remove-authority "Clinic C"
waybill consortium down net witness-w >out.txt
wait_until "one to be missed" hears 2
not_signed "a quorum that is not there" 'of the 3 authorities that would be left the node hears [0-9]* and a block would need 3' \
    waybill gov propose remove-authority "Clinic C"
not_signed "a yes to it" 'none would be made' waybill gov vote "$hash" yes
accepted "who is down" waybill gov propose remove-authority "Witness W" --dir net/farm-a
waybill consortium up net witness-w --wait 120s >out.txt
wait_until "all to be heard again" hears 3
accepted "a yes when all are there" waybill gov vote "$hash" yes --dir net/farm-a
waybill consortium down net >out.txt
echo "gov-warnings: $second"
