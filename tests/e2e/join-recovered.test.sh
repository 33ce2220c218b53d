#!/usr/bin/env bash
# Joining a ledger that has gone on by a recovery: at a snapshot, with its history, and from the genesis; by who has
# pinned the recovery, and by nobody else.
. "$(dirname "$0")/node.sh"
gtin=01/09506000134352/21
rehearsals=(gone)
port=$(free_ports 40)

waybill consortium init gone --members a,b --base-port "$port" >out.txt
sed -i 's/period: 500 ms/period: 50 ms/' gone/*/node.yaml
waybill consortium up gone --wait 40s >out.txt
waybill asset commission $gtin/BEFORE --dir gone/a >out.txt
waybill consortium down gone >out.txt
waybill member spare new --of "$(waybill member show a --dir gone/a --json | jq -r .kid)" --ledger gone/a/identity.cbor \
    --broker 127.0.0.1:$((port + 32)) --url https://127.0.0.1:$((port + 33)) \
    --http-port $((port + 30)) --devices-port $((port + 31)) >out.txt
sed -i 's/period: 500 ms/period: 50 ms/' new/node.yaml
waybill backup gone/a a.backup >out.txt
waybill recovery draft gone/a new/node-request.cbor --reason "a fire" >out.txt
for member in a b; do waybill recovery sign recovery.draft gone/$member >out.txt; done
waybill recovery seal recovery.draft gone/a gone/?/recovery-signature.cbor >out.txt
waybill genesis start new gone/a/genesis.cbor >out.txt
waybill restore a.backup new --replace >out.txt
waybill recovery pin recovery.cbor new >out.txt
pin=$(waybill recovery show recovery.cbor --json | jq -r .hash)
waybill-node run --config new/node.yaml >/dev/null 2>node.log &
running+=($!)
url=http://127.0.0.1:$((port + 30))
wait_until "the node after the recovery" curl -sf "$url/healthz"
for i in 1 2 3; do waybill asset commission $gtin/AFTER$i --dir gone/a --node "$url" >out.txt; done
height=$(curl -sf "$url/v1/head" | jq .height)

join() { # DIR ARGUMENTS
    waybill join "$1" --from "$url" --identity gone/a/identity.cbor "${@:2}"
}
for how in "" --history --from-genesis; do
    dir=joined$how
    # shellcheck disable=SC2086
    expect "without the pin ($how)" 3 "$(WAYBILL_HOME=$PWD/none code_of join "refused$how" $how)"
    says "without the pin ($how)" "recovery $pin, which is not pinned here" err.txt
    # shellcheck disable=SC2086
    expect "with it ($how)" 0 "$(WAYBILL_HOME=$PWD/none code_of join "$dir" $how --pin "$pin" --json)"
    [ "$(jq .height out.txt)" -ge "$height" ] || die "it ends at block $(jq .height out.txt): $(cat err.txt)"
done
# By who has not pinned it: the state in that folder was joined over it.
expect "the history afterwards" 0 "$(WAYBILL_HOME=$PWD/none code_of join joined --history)"
kill "${running[0]}"
wait "${running[0]}" 2>/dev/null || true
running=()
for dir in joined joined--history joined--from-genesis new; do
    waybill audit "$dir" >out.txt || die "audit of $dir: $(cat out.txt)"
    says "it stands there for ever" 'by a recovery'
done
