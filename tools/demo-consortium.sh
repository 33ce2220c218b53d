#!/usr/bin/env bash
# Companies that do not trust each other run one ledger: four nodes on this machine, each with its own keys, brokers
# and file, agreeing over TLS. One is killed and comes back, a fifth company is voted in, one is voted out, and what
# they sealed before still proves itself. `waybill demo --story consortium` runs this file; every line is a command
# you could type yourself.
#
#     demo-consortium.sh BIN DATA [FOLDER]      programs; folder with the demo's data; where to work
set -euo pipefail
start= rate=1 standstill=0 # real clocks: blocks are made as fast as companies work
# shellcheck source=tools/demo-common.sh
. "$(dirname "$0")/demo-common.sh"
clock=REAL
companies=("Farm A" "Carrier B" "Clinic C" "Witness D")
members=(farm-a carrier-b clinic-c witness-d)
unit=01/09506000134352/21/DEMO1

as() { # FOLDER COMMAND...: at that company's machine
    local member=$1
    shift
    quietly env -u WAYBILL_NODE WAYBILL_HOME="$work/$member" "$bin/waybill" "$@"
}

ask() { # FOLDER COMMAND...: the same, and what it says is wanted
    local member=$1
    shift
    env -u WAYBILL_NODE WAYBILL_HOME="$work/$member" "$bin/waybill" "$@"
}

declare -A node
run_node() { # FOLDER
    start "$work/$1.log" "$bin/waybill-node" run --config "$work/$1/node.yaml"
    node[$1]=${children[-1]}
}

height() { ask "$1" gov list | sed -n 's/^height \([0-9]*\),.*/\1/p'; }

reaches() { # FOLDER HEIGHT
    local _ at
    for _ in $(seq 300); do
        at=$(height "$1" 2>/dev/null || true)
        [ -z "$at" ] || [ "$at" -lt "$2" ] || return 0
        sleep 0.1
    done
    fail "the node of $1 does not come to block $2"
}

catches_up() { # FOLDER WITH: has what the other node has told us of; the four need not be at one block
    reaches "$1" "$(height "$2")"
}

until_list_has() { # PATTERN: in what farm's node says of the ledger
    local _
    for _ in $(seq 200); do
        ask farm-a gov list >"$last" 2>/dev/null && grep -q "$1" "$last" && return 0
        sleep 0.1
    done
    fail "waited in vain for \"$1\" in waybill gov list"
}

proposal=
propose() { # FOLDER ACTION...: sets $proposal
    local member=$1
    shift
    as "$member" gov propose "$@" --json
    proposal=$(grep -oE '"statement": *"[0-9a-f]{64}"' "$last" | grep -oE '[0-9a-f]{64}')
}

missing() { ask farm-a gov show "$proposal" | tail -n 1 | sed 's/^ *//'; }

if [ -e "$work" ]; then # an earlier demo's folder, and nothing else, makes room
    [ -e "$work/consortium.yaml" ] || fail "$work is there, and no demo made it: say another FOLDER"
    rm -rf "$work"
fi
mkdir -p "$(dirname "$work")"
base=$(free_port 18600)
for _ in $(seq 50); do
    taken=0
    for port in $(seq "$base" $((base + 49))); do is_taken "$port" && taken=1 && break; done
    [ $taken = 0 ] && break
    base=$((20000 + RANDOM % 300 * 100))
done

# ---------------------------------------------------------------- founding

quietly "$bin/waybill" consortium init "$work" --members "$(IFS=,; echo "${companies[*]}")" --name demo --base-port "$base"
say founders "$(IFS=,; echo "${companies[*]}" | sed 's/,/, /g'): each its own keys, certificate, brokers and file"
for member in "${members[@]}"; do
    sed -i 's/period: .*/period: 100 ms/' "$work/$member/node.yaml"
    run_node "$member"
done
reaches farm-a 0
say ledger "$(ask farm-a gov list | sed -n 's/^height [0-9]*, //p') (a quorum seals each block)"

# ---------------------------------------------------------------- goods change hands, each company at its own node

as farm-a asset commission $unit
as farm-a custody offer $unit --to "Carrier B"
catches_up carrier-b farm-a
as carrier-b custody accept $unit
as carrier-b receipt get "$(sed -n 's/^ *statement \([0-9a-f]*\).*/\1/p' "$last" | tail -n 1)" -o "$work/accepted.voucher" --voucher
say handover "Farm A -> Carrier B: offered at one company's node, accepted at the other's, in block $(height carrier-b)"

# ---------------------------------------------------------------- one dies

disown "${node[clinic-c]}" # bash says nothing of its end
kill -9 "${node[clinic-c]}"
before=$(height farm-a)
as carrier-b custody offer $unit --to "Clinic C"
as farm-a asset commission 01/09506000134352/21/DEMO2
say crash "kill -9 at Clinic C: the other three go on, block $before to $(height farm-a)"
run_node clinic-c
catches_up clinic-c farm-a
as clinic-c custody accept $unit
say back "Clinic C has caught up, and accepts what was offered while it was away, in block $(height clinic-c)"

# ---------------------------------------------------------------- a fifth company

port=$((base + 40))
quietly "$bin/waybill" member new "$work/shop-e" --name "Shop E" --broker 127.0.0.1:$((port + 2)) \
    --url https://127.0.0.1:$((port + 3)) --http-port $port --devices-port $((port + 1)) \
    --ledger "$work/farm-a/identity.cbor"
propose carrier-b add-member "$work/shop-e/request.cbor"
as farm-a gov vote "$proposal" yes
as carrier-b gov vote "$proposal" yes
catches_up farm-a carrier-b
say vote "Carrier B proposes Shop E: $(missing)"
as witness-d gov vote "$proposal" yes
until_list_has "Shop E"
catches_up carrier-b farm-a
propose carrier-b add-authority "$work/shop-e/request.cbor"
for member in farm-a carrier-b clinic-c; do as "$member" gov vote "$proposal" yes; done
quietly "$bin/waybill" genesis start "$work/shop-e" "$work/farm-a/genesis.cbor"
quietly env WAYBILL_HOME="$work/shop-e" "$bin/waybill" member announce --node "http://127.0.0.1:$base"
sed -i 's/period: .*/period: 100 ms/' "$work/shop-e/node.yaml"
run_node shop-e
until_list_has "Shop E, authority"
say "" "three of four voted for it and then for its node, which caught up and entered: $(sed -n 's/^height [0-9]*, //p' "$last")"

# ---------------------------------------------------------------- one is voted out

propose farm-a remove-member "Witness D"
for member in farm-a carrier-b clinic-c shop-e; do
    catches_up "$member" farm-a
    as "$member" gov vote "$proposal" yes
done
until_list_has "Witness D (removed)"
say removed "Witness D, by four of five: $(sed -n 's/^height [0-9]*, //p' "$last")"

# ---------------------------------------------------------------- the answers

catches_up shop-e farm-a
as shop-e trace $unit -o "$work/DEMO1.bundle"
echo
sed 's/^/ /' "$last"
echo
say offline "with nothing but these files and the ledger's public identity:"
offline_quietly() { (cd "$work" && env -u WAYBILL_NODE -u WAYBILL_HOME "$bin/waybill" "$@") >"$last" 2>&1 || fail "'$*' failed: $(cat "$last")"; }
offline_quietly receipt verify accepted.voucher --identity farm-a/identity.cbor
say "" "receipt of the handover, from two sets of authorities ago: $(head -n 1 "$last")"
for member in "${members[@]}"; do kill "${node[$member]}" 2>/dev/null || true; done
for member in "${members[@]}"; do wait "${node[$member]}" 2>/dev/null || true; done
for member in farm-a carrier-b clinic-c; do
    quietly "$bin/waybill" audit "$work/$member"
    say audit "$member: $(head -n 1 "$last")"
done
