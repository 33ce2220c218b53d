#!/usr/bin/env bash
# A budget that follows goods from one contract to the next, time given back and that undone, at the prompt; and an
# auditor who executes every block again comes to the same.
. "$(dirname "$0")/node.sh"
. "$here/journey.sh"
founded=${day}T05:30:00Z
courier=$(free_port)

broken() { # where an excursion begins, by contract: "06:40 06:40"
    excursions | jq -r '[.[] | select(.breach) | .from[11:16]] | join(" ")'
}

# ---- 40 minutes of warmth in the morning, 30 at noon
at 05:50:00
make_ledger "Farm A" Clinic
start_node "${clock[@]}"
waybill asset commission $unit --as "Farm A" >/dev/null
make_logger logger "Farm A" 24 "$courier"
open_contract "$here/budget.yaml" "Farm A" Clinic
first=$opening
{
    echo time,temperature
    for ((minute = 0; minute < 480; minute += 5)); do
        celsius=5.2$((minute / 5 % 10))
        if ((minute >= 60 && minute < 100)) || ((minute >= 360 && minute < 390)); then celsius=9.31; fi
        printf '%sT%02d:%02d:00Z,%s\n' $day $((6 + minute / 60)) $((minute % 60)) $celsius
    done
} >logger/journey.csv
kill_node TERM
at 14:10:00
sign_all logger 4 "$courier"

# ---- the second shipment begins at 09:00 and carries 40 of the 60 minutes
at 08:00:00
start_node "${clock[@]}"
arrive logger 1
kill_node TERM
at 09:00:00
start_node "${clock[@]}"
open_contract "$here/budget.yaml" "Farm A" Clinic
second=$opening
kill_node TERM
at 14:10:00
start_node "${clock[@]}"
arrive logger 2 3 4
expect "the hour is used up under both" "12:00 12:00" "$(broken)"

# ---- given back, by whom and how much the contract says; undone; given back where it was used
add=(waybill contract add-back --budget "room temperature" --meaning "released by stability data" --reason "study 17")
expect "not for the sender" 4 "$(code_of "${add[@]}" "$second" --give "15 min" --as "Farm A")"
expect "more than was used" 4 "$(code_of "${add[@]}" "$second" --give "31 min" --as Clinic)"
expect "given back" 0 "$(code_of "${add[@]}" "$second" --give "15 min" --as Clinic --json)"
call=$(jq -r .statement out.txt)
expect "one contract excuses nothing of the other's" "12:00" "$(broken)"
expect "undone" 0 "$(code_of waybill contract undo-add-back "$second" --call "$call" --meaning withdrawn --reason "wrong study" \
    --as Clinic)"
expect "undone" "12:00 12:00" "$(broken)"
expect "undone twice" 4 "$(code_of waybill contract undo-add-back "$second" --call "$call" --meaning withdrawn --reason again \
    --as Clinic)"
expect "given back where it was used" 0 "$(code_of "${add[@]}" "$first" --give "15 min" --as Clinic)"
expect "given back where it was used" "" "$(broken)"

# ---- what was told is kept, proven, and what the rules make of the blocks
kill_node KILL
start_node "${clock[@]}"
expect "after kill -9" "" "$(broken)"
waybill trace $unit --verify >trace.txt || die "the trace: $(cat trace.txt)"
kill_node TERM
waybill audit home >audit.txt || die "the ledger does not audit: $(cat audit.txt)"
