#!/usr/bin/env bash
# What `waybill gov` says to people beside the votes themselves: why what passed was not applied.
. "$(dirname "$0")/node.sh"
unset WAYBILL_HOME WAYBILL_NODE

down_all() {
    [ ! -d net ] || waybill consortium down net >/dev/null 2>&1 || true
    finish
}
trap down_all EXIT

patiently() { # WHAT COMMAND...: up to two minutes
    local what=$1
    shift
    for _ in $(seq 600); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.2
    done
    die "waited in vain for $what"
}
accepted() { # WHAT COMMAND...
    local what=$1
    shift
    "$@" >out.txt 2>err.txt || die "$what: $(cat out.txt err.txt)"
}
proposed() { # ACTION...: sets hash
    accepted "propose $*" waybill gov propose "$@" --dir net/farm-a --json
    hash=$(jq -r .statement out.txt)
}
is() { # STATUS: of $hash
    [ "$(waybill gov show "$hash" --dir net/farm-a --json | jq -r .status)" = "$1" ]
}
votes() { # DIR...: yes on $hash
    local dir
    for dir; do accepted "the ballot of $dir" waybill gov vote "$hash" yes --dir "net/$dir"; done
}
port=$(free_ports 40)
waybill consortium init net --members "Farm A,Carrier B,Clinic C,Witness W" --base-port "$port" >out.txt
sed -i 's/period: 500 ms/period: 50 ms/; s/empty every: 60 s/empty every: 2 s/' net/*/node.yaml
waybill consortium up net --wait 120s >out.txt

# ---- twice the same: the second one passed and no longer fitted
proposed add-operator "Clinic C"
first=$hash
proposed add-operator "Clinic C" --reason "once more"
second=$hash
hash=$first votes farm-a carrier-b clinic-c
hash=$first patiently "the first to be applied" is applied
hash=$second votes farm-a carrier-b clinic-c
hash=$second patiently "the second to be decided" is "not applied"
for dir in farm-a witness-w; do
    code=0
    waybill gov show "$second" --dir net/$dir >out.txt || code=$?
    expect "shown by $dir" 0 $code
    says "why" 'it passed, and was not applied: EXISTS: '
    waybill gov show "$second" --dir net/$dir --json >out.txt
    expect "why, to a program" "36 EXISTS true" "$(jq -r '"\(.refusal.code) \(.refusal.name) \(.refusal.sentence | length > 0)"' out.txt)"
done
waybill gov list --all --dir net/farm-a >out.txt
says "in the list" "^${second:0:12}  not applied add-operator .*  EXISTS\$"
waybill gov show "$first" --dir net/farm-a --json >out.txt
expect "nothing to explain" null "$(jq .refusal out.txt)"
waybill consortium down net >out.txt
echo "gov-warnings: $second"
