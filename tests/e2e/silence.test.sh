#!/usr/bin/env bash
# Nothing arrives, and that is a finding: block time alone raises it, of a logger that went silent and of goods whose
# logger was never heard. It is on the bus, in the API and in the proven journey, and ends when the sensor reports.
. "$(dirname "$0")/node.sh"
. "$here/journey.sh"
started=$SECONDS
founded=${day}T05:30:00Z

# ---- a broker of its own, so that somebody listens before the node is there
shared=$(free_port)
broker_conf "$shared" >broker.conf
mosquitto -c broker.conf 2>broker.log &
running+=($!)
wait_until "the broker" mosquitto_pub -h 127.0.0.1 -p "$shared" -t ready -r -m ready
at 05:50:00
make_ledger "Farm A" Clinic
sed -i "s/^  port: $broker$/  port: $shared\n  host: 127.0.0.1/" home/node.yaml
broker=$shared
mosquitto_sub -h 127.0.0.1 -p "$broker" -q 1 -t 'wb/1/events/+' -t ready -F '%p' >events.txt &
running+=($!)
wait_until "the subscription" grep -q ready events.txt

# ---- two units under the contract from 05:50 on; a logger speaks of one of them until 06:00, and after 06:45
quiet=01/09506000134352/21/QUIET
start_node "${clock[@]}"
waybill asset commission $unit $quiet --as "Farm A" >/dev/null
courier=$(free_port)
make_logger logger "Farm A" 10 "$courier"
open_contract "$here/silent.yaml" "Farm A" Clinic
spoken=$unit
unit=$quiet open_contract "$here/silent.yaml" "Farm A" Clinic
{
    echo time,temperature
    for minute in 51 52 53 54 55 56 57 58 59; do echo ${day}T05:$minute:00Z,5.1; done
    echo ${day}T06:00:00Z,5.1
    for minute in 45 46 47 48 49 50 51 52 53 54; do echo ${day}T06:$minute:00Z,5.2; done
} >logger/journey.csv
kill_node TERM
at 07:00:00
sign_all logger 2 "$courier"
at 06:05:00
start_node "${clock[@]}"
arrive logger 1

silent() { # UNIT: from, to, seconds, whether any device is named
    curl -sf "$url/v1/assets/$1/excursions" | jq -c '[.excursions[] | [.rule, .finding, .from[11:16], (.to // "")[11:16],
        .seconds, .device != "0000000000000000", (.charged | map([.member.name, .seconds]))]]'
}
raised() { # UNIT N: so many are told
    [ "$(curl -sf "$url/v1/assets/$1/excursions" | jq '.excursions | length')" = "$2" ]
}
told() { # EVENT: of silence, on the bus: the device, from and the event's time
    grep "\"event\":\"$1\"" events.txt | jq -c '[.data[3], (.data[1] / 1000 | todate[11:16]), (.time / 1000 | todate[11:16])]'
}
expect "while it speaks" '[]' "$(silent "$spoken")"
expect "too early" '[]' "$(silent $quiet)"
kill_node TERM

# ---- time goes by, two minutes in a second, and nobody says a word
start_node --clock "${day}T06:18:00Z@240"
before=$(leaves)
wait_until "silence of the one never heard" raised $quiet 1
wait_until "silence of the one that spoke" raised "$spoken" 1
expect "statements while nobody spoke" "$before" "$(leaves)"
expect "silence of the one that spoke" '[["silence","sensor","06:00","",0,true,[]]]' "$(silent "$spoken")"
expect "silence of the one never heard" '[["silence","sensor","05:50","",0,false,[]]]' "$(silent $quiet)"
logger=$(device_kid logger)
is_told() { [ "$(told "$1" | wc -l)" = "$2" ]; }
wait_until "the events" is_told excursion_opened 2
expect "on the bus, at once" "$(printf '["0000000000000000","05:50","06:20"]\n["%s","06:00","06:30"]' "$logger")" \
    "$(told excursion_opened)"
kill_node KILL

# ---- it is kept; it is in the proven journey, goods without a single reading among them
at 07:00:00
start_node "${clock[@]}"
expect "after kill -9" '[["silence","sensor","06:00","",0,true,[]]]' "$(silent "$spoken")"
for goods in "$spoken" $quiet; do
    code=0
    waybill trace "$goods" --verify >trace.txt || code=$?
    expect "the trace of $goods" 2 $code
    grep -q 'SENSOR silence' trace.txt || die "the trace: $(cat trace.txt)"
    grep -q 'proof ok' trace.txt || die "the trace: $(cat trace.txt)"
done

# ---- the sensor reports again, and the other goods get one: each silence ends with its first reading, and is charged
arrive logger 2
expect "the end of silence" '[["silence","sensor","06:00","06:45",2700,true,[["Farm A",2700]]]]' "$(silent "$spoken")"
unit=$quiet make_logger newcomer "Farm A" 10 "$courier"
{
    echo time,temperature
    for minute in 01 02 03 04 05 06 07 08 09 10; do echo ${day}T07:$minute:00Z,5.3; done
} >newcomer/journey.csv
at 07:12:00
sign_all newcomer 1 "$courier"
kill_node TERM
start_node "${clock[@]}"
arrive newcomer 1
expect "heard at last" '[["silence","sensor","05:50","07:01",false,["Farm A"]]]' \
    "$(silent $quiet | jq -c 'map([.[0, 1, 2, 3], .[5], (.[6] | map(.[0]))])')"
wait_until "the events" is_told excursion_closed 2
kill_node TERM

# ---- and begins again
start_node --clock "${day}T07:22:00Z@240"
wait_until "silence again" raised "$spoken" 2
expect "silence again" '["silence","sensor","06:54","",0,true,[]]' "$(silent "$spoken" | jq -c '.[1]')"
kill_node TERM
waybill audit home >/dev/null || die "the ledger does not audit"
echo "silence: raised three times by block time alone, in $((SECONDS - started)) s"
