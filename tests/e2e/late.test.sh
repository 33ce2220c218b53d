#!/usr/bin/env bash
# One statement of a logger comes last of all: what it held is judged as if it had been in time. The same statements
# in order, on a second life of the same ledger, end in the same excursions, times and charges; kill -9 changes nothing.
. "$(dirname "$0")/node.sh"
. "$here/journey.sh"
started=$SECONDS
founded=${day}T05:30:00Z
courier=$(free_port)

# ---- a journey from 06:00 to 18:00, handed over at 10:50; too warm 10:40 to 11:10 and 11:30 to 12:30
at 05:50:00
make_ledger "Farm A" "Carrier B" Clinic
start_node "${clock[@]}"
waybill asset commission $unit --as "Farm A" >/dev/null
make_logger logger "Farm A" 24 "$courier"
open_contract "$here/../../contracts/library/vaccine-2-8.yaml" "Farm A" Clinic --term "budget=1 h"
{
    echo time,temperature
    for ((minute = 0; minute < 720; minute += 5)); do
        celsius=5.2$((minute / 5 % 10))
        if ((minute >= 280 && minute < 310)); then celsius=9.31; fi
        if ((minute >= 330 && minute < 390)); then celsius=8.80; fi
        printf '%sT%02d:%02d:00Z,%s\n' $day $((6 + minute / 60)) $((minute % 60)) $celsius
    done
} >logger/journey.csv
kill_node TERM
at 18:10:00
sign_all logger 6 "$courier"
start_node "${clock[@]}"
waybill custody offer $unit --to "Carrier B" --time ${day}T10:50:00Z --as "Farm A" >/dev/null
waybill custody accept $unit --time ${day}T10:50:00Z --as "Carrier B" >/dev/null
kill_node TERM
cp -a home origin

warm() { # of the excursions: from, to, charges
    excursions | jq -c --arg rule "$1" \
        '[.[] | select(.rule == $rule and .breach) | [.from[11:16], (.to // "")[11:16], (.charged | map([.member.name, .seconds]))]]'
}
revised() { # what was taken back, of "too warm": from
    curl -sf "$url/v1/assets/$unit/history?limit=1000" |
        jq -c '[.history[] | select(.event == "revision" and .data.rule == 0 and .data.void) | .data.from_ms / 1000 | todate[11:16]]'
}

# ---- the third, from 10:00 to 12:00, is held back
at 18:10:00
start_node "${clock[@]}"
arrive logger 1 2 4
deliver logger 5 6
kill_node KILL # whatever is not on the ledger by now is lost, and comes again
start_node "${clock[@]}"
arrive logger 5 6
expect "without the third" '[["12:00","12:30",[["Carrier B",1800]]]]' "$(warm "too warm")"
expect "revised so far" '[]' "$(revised)"
expect "the budget" '[]' "$(warm "warm in all")"
excursions >before.json
deliver logger 3
kill_node KILL
start_node "${clock[@]}"
arrive logger 3
expect "with the third" \
    '[["10:40","11:10",[["Farm A",600],["Carrier B",1200]]],["11:30","12:30",[["Carrier B",3600]]]]' "$(warm "too warm")"
expect "the budget" '[["11:30","12:30",[["Carrier B",3600]]]]' "$(warm "warm in all")"
expect "revised by the third" '["12:00"]' "$(revised)"
excursions >late.json
! cmp -s before.json late.json || die "the late statement changed nothing"
kill_node KILL
start_node "${clock[@]}"
excursions | cmp - late.json || die "after kill -9 the excursions are others"
waybill trace $unit --verify >trace.txt || [ $? = 2 ] || die "the trace is not proven: $(cat trace.txt)"
kill_node TERM
waybill audit home >/dev/null || die "the late ledger does not audit"

# ---- the same in order and in disorder, each from the same start
mv home late
for order in "1 2 3 4 5 6" "6 2 4 1 5 3"; do
    rm -rf home
    cp -a origin home
    start_node "${clock[@]}"
    # shellcheck disable=SC2086
    arrive logger $order
    excursions >again.json
    diff late.json again.json >difference.txt || die "in the order $order it ends otherwise: $(cat difference.txt)"
    [ "$order" != "1 2 3 4 5 6" ] || expect "revised in order" '[]' "$(revised)"
    kill_node TERM
done
echo "late: the same $(jq length late.json) stretches in three orders, in $((SECONDS - started)) s"
