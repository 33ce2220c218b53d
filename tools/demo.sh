#!/usr/bin/env bash
# The first voyage: 24 hours of a refrigerated journey in well under a minute, with nothing staged. A real
# broker, a real node, two device agents and a scanner, each a process of its own with its own key, share
# one scaled clock. `waybill demo` runs this file; every line is a command you could type yourself.
#
#     demo.sh BIN DATA [FOLDER]      programs; folder with journey.csv and the contract; where to work
set -euo pipefail
start=2026-06-01T06:00:00Z
rate=2400 # virtual seconds in a real one: 24 h in 36 s
standstill=7 # seconds the clock waits at 06:00 for the set-up below
# shellcheck source=tools/demo-common.sh
. "$(dirname "$0")/demo-common.sh"

contract=$(contract_file vaccine-2-8)
asset=01/09506000134352/21/DEMO1
progress=(1440 sensors "2 replaying 24 h of minutes")

# ---------------------------------------------------------------- three companies; goods, devices, contract

begin_ledger "Farm A" "Carrier B" "Clinic C"
quietly waybill product set 09506000134352 --name "Vaccine, 10 doses" --brand Acme --as "Farm A"
quietly waybill place set 9506000134376 --name "Clinic C, goods in" --zone Europe/Amsterdam --as "Clinic C"
for party in "Farm A" "Carrier B" "Clinic C"; do quietly waybill party set --name "$party" --as "$party"; done
quietly waybill asset commission "$asset" --lot LOT-7 --time "$start" --as "Farm A"

agent() { # NAME OWNER PROPERTY=UNIT: replays the journey, attached to the goods
    make_agent "$1" "$2" "$data/journey.csv" "$3"
    quietly waybill device attach "$(device_kid "$1")" "$asset" --time "$start" --as "$2"
}
agent thermometer "Farm A" temperature=°C
agent hygrometer "Carrier B" humidity=%

statement waybill contract open "$contract" --asset "$asset" --party "sender=Farm A" \
    --party "receiver=Clinic C" --as "Farm A"
opening=$hash
quietly waybill contract agree "$opening" --as "Clinic C"

label=$work/DEMO1.png
quietly "$bin/waybill" label "$asset" -o "$label" --identity "$work/identity.cbor" --host "http://localhost:$http"
say label "$asset  ->  $label   (scanned back: same)"

clock_stands_still

# ---------------------------------------------------------------- the journey

start_agents thermometer hygrometer
[ "$terminal" = 1 ] || say "${progress[1]}" "${progress[2]}"

handover() { # FROM TO HH:MM MINUTES: offered by one company, accepted by the other from the scanned label
    wait_until "$4"
    quietly waybill custody offer "$asset" --to "$2" --time "2026-06-01T$3:00Z" --as "$1"
    quietly "$bin/waybill-scan" "$label" --accept --yes --node "$WAYBILL_NODE" --identity "$work/identity.cbor" \
        --key "$work/keys/$(tr 'A-Z ' 'a-z-' <<<"$2").key" --clock "$clock" --time "2026-06-01T$3:00Z"
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
say dispatch "called by Farm A, 06:20, with the bill of lading attached: packed -> travelling"
handover "Farm A" "Carrier B" 10:20 260
handover "Carrier B" "Clinic C" 18:40 760
wait_until 770
quietly call "Clinic C" 2026-06-01T18:50:00Z arrive
say arrive "called by Clinic C, 18:50: travelling -> arrived"

# The contract lets nothing be released that was too warm unless somebody has looked at it and said so.
wait_until 775
ends_with 4 release call "Clinic C" 2026-06-01T18:55:00Z release "reason=arrived in time"
say release "called by Clinic C, 18:55: REFUSED, $(sed -n '1s/.* release: //p' "$last")"
wait_until 785
quietly waybill contract acknowledge "$opening" --rule "too warm" --meaning "fit for use" \
    --comment "an hour up to 9.1 °C is within the maker's stability data" --as "Clinic C"
say quality "acknowledged by Clinic C: the hour above 8 °C is within the maker's stability data"
wait_until 1440
wait_for_agents
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
offline receipt verify opening.receipt opening.cose identity.cbor >"$last" 2>&1 ||
    { cat "$last" >&2; fail "the receipt does not verify"; }
say receipt "of the contract's opening: $(head -n 1 "$last")"
say page "http://localhost:$http/$asset"
stay_up
