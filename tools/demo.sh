#!/usr/bin/env bash
# The first voyage: 24 hours of a refrigerated journey in well under a minute, with nothing staged. A real
# broker, a real node, two device agents and a scanner, each a process of its own with its own key, share
# one scaled clock. `waybill demo` runs this file; every line is a command you could type yourself.
#
#     demo.sh BIN DATA [FOLDER]      programs; folder with journey.csv and the contract; where to work
set -euo pipefail

bin=$1
data=$2
contract=$data/vaccine-2-8.yaml
[ -e "$contract" ] || contract=$data/../../contracts/library/vaccine-2-8.yaml
work=$(realpath -m --relative-base="$PWD" "${3:-build/demo}")
asset=01/09506000134352/21/DEMO1
start=2026-06-01T06:00:00Z
rate=2400 # virtual seconds in a real one: 24 h in 36 s
standstill=7 # seconds the clock waits at 06:00 for the set-up below
terminal=0
[ -t 1 ] && terminal=1
children=()
last=$(mktemp) # what the last command said

# ---------------------------------------------------------------- helpers

say() { printf ' %-10s %s\n' "$1" "$2"; }

fail() {
    printf 'demo: %s\n' "$1" >&2
    for log in "$work"/{node,thermometer,hygrometer}.log; do
        [ ! -s "$log" ] || { echo "--- $log" >&2; tail -n 15 "$log" >&2; }
    done
    exit 1
}

stop_children() {
    local pid
    for pid in ${children[@]+"${children[@]}"}; do kill "$pid" 2>/dev/null || true; done
    for pid in ${children[@]+"${children[@]}"}; do wait "$pid" 2>/dev/null || true; done
    children=()
}
trap 'stop_children; rm -f "$last"' EXIT
trap 'exit 130' INT TERM

is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() { # WISH: that one, or another of the loopback interface when somebody has it
    local port=$1
    while is_taken "$port"; do port=$((20000 + RANDOM % 20000)); done
    echo "$port"
}

start() { # LOG PROGRAM...: in the background; it ends when this script does, however that ends
    local log=$1
    shift
    setpriv --pdeathsig TERM "$@" 2>"$log" &
    children+=($!)
}

now_ms() { date +%s%3N; }

virtual_minute() { # minutes since 06:00 on the shared clock
    local past=$(($(now_ms) - origin))
    [ "$past" -gt 0 ] || past=0
    echo $((past * rate / 60000))
}

wait_until() { # MINUTES since 06:00, with a bar on a terminal
    local at minutes=$1
    while at=$(virtual_minute) && [ "$at" -lt "$minutes" ]; do
        bar "$at"
        sleep 0.1
    done
}

bar() {
    [ "$terminal" = 1 ] || return 0
    local done_=$(($1 > 1440 ? 20 : $1 * 20 / 1440)) line="####################--------------------"
    printf '\r %-10s %s [%s] %3d %%  ' sensors "2 replaying 24 h of minutes" \
        "${line:20-done_:20}" $(($1 > 1440 ? 100 : $1 * 100 / 1440))
}

clear_bar() { [ "$terminal" = 0 ] || printf '\r%70s\r' ''; }

waybill() { "$bin/waybill" "$@" --clock "$clock"; }

quietly() { # runs a command, shows what it said only if it fails
    "$@" >"$last" 2>&1 || { cat "$last" >&2; fail "'$*' failed"; }
}

# ---------------------------------------------------------------- a ledger of three companies

if [ -e "$work" ]; then # an earlier demo's folder, and nothing else, makes room
    { [ -e "$work/identity.cbor" ] && [ "$(cat "$work/name" 2>/dev/null)" = demo ]; } ||
        fail "$work is there, and no demo made it: say another FOLDER"
    rm -rf "$work"
fi
mkdir -p "$(dirname "$work")"
http=$(free_port "${WAYBILL_DEMO_PORT:-8600}")
mqtt=$(free_port 41883)
origin=$(($(now_ms) + standstill * 1000))
clock=$start@$rate@$origin
quietly "$bin/waybill" init "$work" --name demo --demo --time "$start" --http-port "$http" \
    --broker-port "$mqtt" --member "Farm A" --member "Carrier B" --member "Clinic C"
export WAYBILL_HOME=$work WAYBILL_NODE=http://127.0.0.1:$http
sed -i 's/period: .*/period: 100 ms/' "$work/node.yaml"

start "$work/node.log" "$bin/waybill-node" run --config "$work/node.yaml" --clock "$clock"
for _ in $(seq 100); do
    "$bin/waybill" asset list >/dev/null 2>&1 && break
    kill -0 "${children[0]}" 2>/dev/null || fail "the node ended"
    sleep 0.05
done
say broker "mosquitto on loopback:$mqtt"
say ledger '"demo", one authority, a block every 0.1 s while there is work'

# ---------------------------------------------------------------- goods, devices, contract

quietly waybill product set 09506000134352 --name "Vaccine, 10 doses" --brand Acme --as "Farm A"
quietly waybill place set 9506000134376 --name "Clinic C, goods in" --zone Europe/Amsterdam --as "Clinic C"
for party in "Farm A" "Carrier B" "Clinic C"; do quietly waybill party set --name "$party" --as "$party"; done
quietly waybill asset commission "$asset" --lot LOT-7 --time "$start" --as "Farm A"

agent() { # NAME OWNER PROPERTY COLUMN-UNIT: makes a device, has it enrolled by OWNER and attached
    local name=$1 owner=$2 property=$3 unit=$4 home=$work/$1
    mkdir -p "$home"
    cp "$work/identity.cbor" "$data/journey.csv" "$home/"
    cat >"$home/agent.yaml" <<YAML
ledger: identity.cbor
key: agent.key
outbox: { folder: outbox }
broker: { host: 127.0.0.1, port: $mqtt }
pack: { samples: 60, within: 2 h, resend: 1 h }
sensors:
  - source: csv
    file: journey.csv
    time column: time
    time format: ISO 8601
    columns:
      - { name: $property, property: $property, unit: "$unit", exponent: -2 }
YAML
    local sponsor kid
    sponsor=$(member_kid "$owner")
    quietly "$bin/waybill-agent" request --config "$home/agent.yaml" --sponsor "$sponsor" \
        -o "$home/request.cose"
    kid=$("$bin/waybill-agent" status --config "$home/agent.yaml" | grep -oE '[0-9a-f]{16}' | head -n 1)
    quietly waybill device enrol "$home/request.cose" --class device --right "$property" --name "$name" --as "$owner"
    quietly waybill device attach "$kid" "$asset" --time "$start" --as "$owner"
}

member_kid() { "$bin/waybill" member list | grep -F "  $1" | grep -oE '^[0-9a-f]{16}'; }

agent thermometer "Farm A" temperature "°C"
agent hygrometer "Carrier B" humidity "%"

quietly waybill contract open "$contract" --asset "$asset" --party "sender=Farm A" \
    --party "receiver=Clinic C" --as "Farm A" --json
opening=$(grep -oE '"statement": *"[0-9a-f]{64}"' "$last" | grep -oE '[0-9a-f]{64}')
quietly waybill contract agree "$opening" --as "Clinic C"

label=$work/DEMO1.png
quietly "$bin/waybill" label "$asset" -o "$label" --identity "$work/identity.cbor" --host "http://localhost:$http"
say label "$asset  ->  $label   (scanned back: same)"

if [ "$(virtual_minute)" -gt 0 ]; then fail "this machine was too slow: the journey began before the set-up ended"; fi

# ---------------------------------------------------------------- the journey

agents=()
for name in thermometer hygrometer; do
    start "$work/$name.log" "$bin/waybill-agent" run --config "$work/$name/agent.yaml" --clock "$clock" \
        --exit-when-done --give-up-after "30 s"
    agents+=("${children[-1]}")
done
[ "$terminal" = 1 ] || say sensors "2 replaying 24 h of minutes"

handover() { # FROM TO HH:MM MINUTES: offered by one company, accepted by the other from the scanned label
    wait_until "$4"
    quietly waybill custody offer "$asset" --to "$2" --time "2026-06-01T$3:00Z" --as "$1"
    quietly "$bin/waybill-scan" "$label" --accept --yes --node "$WAYBILL_NODE" --identity "$work/identity.cbor" \
        --key "$work/keys/$(tr 'A-Z ' 'a-z-' <<<"$2").key" --clock "$clock" --time "2026-06-01T$3:00Z"
    clear_bar
    say handover "$1 -> $2   offered $3, accepted $3 by scanning the label, both signed"
}

call() { # WHO WHEN ACTION [NAME=VALUE...]: an action of the contract, signed as of then
    local who=$1 when=$2 action=$3
    shift 3
    waybill contract call "$opening" "$action" "$@" --time "$when" --as "$who"
}

echo "Bill of lading: 1 unit of $asset, Farm A to Clinic C by Carrier B" >"$work/bill-of-lading.txt"
wait_until 15
quietly waybill doc attach "$work/bill-of-lading.txt" --contract "$opening" --name "bill of lading" --as "Farm A"
wait_until 20
quietly call "Farm A" 2026-06-01T06:20:00Z dispatch
clear_bar
say dispatch "called by Farm A, 06:20, with the bill of lading attached: packed -> travelling"
handover "Farm A" "Carrier B" 10:20 260
handover "Carrier B" "Clinic C" 18:40 760
wait_until 770
quietly call "Clinic C" 2026-06-01T18:50:00Z arrive
clear_bar
say arrive "called by Clinic C, 18:50: travelling -> arrived"

# The contract lets nothing be released that was too warm unless somebody has looked at it and said so.
wait_until 775
code=0
call "Clinic C" 2026-06-01T18:55:00Z release "reason=arrived in time" >"$last" 2>&1 || code=$?
[ "$code" = 4 ] || { cat "$last" >&2; fail "release ended with $code, expected 4: refused"; }
clear_bar
say release "called by Clinic C, 18:55: REFUSED, $(sed -n '1s/.* release: //p' "$last")"
wait_until 785
quietly waybill contract acknowledge "$opening" --rule "too warm" --meaning "fit for use" \
    --comment "an hour up to 9.1 °C is within the maker's stability data" --as "Clinic C"
clear_bar
say quality "acknowledged by Clinic C: the hour above 8 °C is within the maker's stability data"
wait_until 1440
clear_bar
for pid in "${agents[@]}"; do wait "$pid" || fail "an agent ended with samples that are not proven to be on the ledger"; done
quietly call "Clinic C" 2026-06-02T06:00:00Z release "reason=all readings seen, one excursion acknowledged"
say release "called by Clinic C, 06:00 next day, every reading seen: arrived -> released"

# ---------------------------------------------------------------- the answer

echo
code=0
"$bin/waybill" trace "$asset" --verify || code=$?
[ "$code" = 2 ] || fail "trace ended with $code, expected 2: a breach, and proven"
echo

# One statement on its own, checked with nothing but its receipt and the ledger's public identity.
quietly "$bin/waybill" statement get "$opening" -o "$work/opening.cose"
quietly "$bin/waybill" receipt get "$opening" -o "$work/opening.receipt"
(cd "$work" && env -u WAYBILL_NODE -u WAYBILL_HOME "$bin/waybill" receipt verify opening.receipt opening.cose \
    identity.cbor >receipt.out 2>&1) || { cat "$work/receipt.out" >&2; fail "the receipt does not verify"; }
say receipt "of the contract's opening: $(head -n 1 "$work/receipt.out")"
say page "http://localhost:$http/$asset"

if [ "$terminal" = 1 ]; then
    echo " press Ctrl-C to stop"
    trap 'exit 0' INT
    wait "${children[0]}" || true
fi
