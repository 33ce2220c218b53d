#!/usr/bin/env bash
# Statements that were wrong, and what is said against them: the original stays, the history shows both, and what
# followed from it is revised. Only its own side may correct it; anybody may dispute it. Labels with a covered
# code, and a product's verification, follow what stands.
. "$(dirname "$0")/node.sh"
. "$here/journey.sh"

verdict_of() { # SERIAL [OPTION...]: a label's
    waybill product verify 09506000134352 --serial "$@" --json | jq -r .result || true
}

founded=${day}T08:00:00Z
make_ledger "Farm A" "Carrier B" "Shop C"
at 08:30
start_node "${clock[@]}"
gtin=01/09506000134352
waybill asset commission $unit $gtin/21/U1 $gtin/21/U2 $gtin/21/U3 --lot L1 --as "Farm A" >/dev/null

# ---- a quarantine that was a mistake
hold=$(sent waybill goods quarantine $gtin/21/U1 --reason "wrong box" --as "Farm A")
expect "held back" QUARANTINED "$(verdict_of U1 --lot L1)"
refused "corrected without a reason" NO_REASON waybill correct "$hold" --as "Farm A"
refused "corrected by another" NOT_SIGNER waybill correct "$hold" --meaning correction --reason no --as "Carrier B"
correction=$(sent waybill correct "$hold" --meaning correction --reason "it was U9" --as "Farm A")
refused "corrected twice" EXISTS waybill correct "$hold" --meaning correction --reason "again" --as "Farm A"
refused "a correction corrected" NOT_CORRECTABLE \
    waybill correct "$correction" --meaning correction --reason "no" --as "Farm A"
expect "no longer held back" VERIFIED "$(verdict_of U1 --lot L1)"
waybill trace $gtin/21/U1 --verify >out.txt
says "both are shown" '\[corrected below\] QUARANTINED by Farm A (wrong box)' out.txt
says "both are shown" 'CORRECTED an earlier disposition (correction: it was U9)' out.txt
grep -q '^   QUARANTINED' out.txt && die "a corrected quarantine still stands"
waybill trace $gtin/21/U1 --json >out.txt
expect "both as JSON" "$hold" "$(jq -r '.happenings[] | select(.event == "corrected") | .original' out.txt)"
expect "both as JSON" true "$(jq '.happenings[] | select(.statement == "'"$hold"'") | .corrected' out.txt)"

# ---- a scan of the wrong serial, disputed, then corrected
waybill custody offer $gtin/21/U2 --to "Carrier B" --as "Farm A" >/dev/null
waybill custody accept $gtin/21/U2 --as "Carrier B" >/dev/null
scan=$(sent waybill asset scan $gtin/21/U2 --in-custody --as "Shop C")
expect "two say that they have it" 2 "$(code_of waybill findings $gtin/21/U2)"
says "two say that they have it" TWO_CUSTODIANS out.txt
expect "two say that they have it" TWO_CUSTODIANS "$(verdict_of U2)"
waybill dispute "$scan" --reason "it never left our van" --as "Carrier B" >/dev/null
waybill trace $gtin/21/U2 >out.txt
says "a dispute beside it" '\[disputed\] seen by' out.txt
says "a dispute beside it" 'DISPUTED by Carrier B (it never left our van)' out.txt
waybill correct "$scan" --meaning correction --reason "a misread label" --as "Shop C" >/dev/null
expect "the finding fell with the scan" 0 "$(code_of waybill findings $gtin/21/U2)"
says "the finding fell with the scan" 'withdrawn' out.txt
expect "the finding fell with the scan" VERIFIED "$(verdict_of U2)"

# ---- a label that does not fit
expect "never made" NEVER_COMMISSIONED "$(verdict_of U9)"
expect "another lot" LOT_DIFFERS "$(verdict_of U1 --lot L2)"

# ---- covered codes
waybill label seal $gtin/21/U2 $gtin/21/U3 -o labels --as "Farm A" >out.txt 2>&1 && die "sealed what another holds"
[ ! -e codes.csv ] || die "codes outside their folder"
rm -r labels
waybill custody offer $gtin/21/U3 --to "Shop C" --as "Farm A" >/dev/null
waybill custody cancel $gtin/21/U3 --as "Farm A" >/dev/null
waybill label seal $gtin/21/U3 $gtin/21/U1 -o labels --as "Farm A" >/dev/null
expect "the codes are nobody else's" 600 "$(stat -c %a labels/codes.csv)"
expect "the labels are nobody else's" 600 "$(stat -c %a labels/0001-U1.png)"
expect "the folder is nobody else's" 700 "$(stat -c %a labels)"
expect "sealed twice" 4 "$(code_of waybill label seal $gtin/21/U3 -o labels2 --as "Farm A")"
code=$(sed -n 's/.*U3","\([^"]*\)".*/\1/p' labels/codes.csv)
expect "the label's own code" "$code" "$(zbarimg -q --raw labels/0002-U3.png 2>/dev/null)"
other=$(sed -n 's/.*U1","\([^"]*\)".*/\1/p' labels/codes.csv)
reveal() { # ASSET CODE: what came of it
    waybill label reveal "$1" "$2" --as "Shop C" --json | jq -r .result || true
}
expect "another unit's code" MISMATCH "$(reveal $gtin/21/U3 "$other")"
expect "still with its maker" TAMPER "$(reveal $gtin/21/U1 "$(tr a-z A-Z <<<"$other" | tr -d -)")"
waybill custody offer $gtin/21/U3 --to "Shop C" --as "Farm A" >/dev/null
waybill custody accept $gtin/21/U3 --as "Shop C" >/dev/null
expect "delivered" AUTHENTIC_OPENED "$(reveal $gtin/21/U3 "$(tr A-Z a-z <<<"$code")")"
expect "delivered, again" ALREADY_OPENED "$(reveal $gtin/21/U3 "$code")"
expect "no label" 4 "$(code_of waybill label reveal $gtin/21/U2 "$code" --as "Shop C")"
grep -rq "${code//-/}" home/node --include='*.log' && die "a code was written to a log"

# ---- a certificate issued by mistake, and one that is revoked
organic=$(sent waybill cert issue organic $gtin/21/U1 --from ${day}T00:00:00Z --until "365 d" --as "Shop C")
expect "valid" VALID "$(waybill cert show "$organic" --json | jq -r .status)"
refused "revoked by another" NOT_ALLOWED waybill cert revoke "$organic" --reason no --as "Farm A"
waybill cert revoke "$organic" --reason fraud --from ${day}T00:00:00Z --as "Shop C" >/dev/null
expect "revoked" REVOKED "$(waybill cert show "$organic" --json | jq -r .status)"
waybill trace $gtin/21/U1 >out.txt
says "revoked" 'CERTIFICATE organic REVOKED by Shop C' out.txt

# ---- a reading that was wrong: the excursion is withdrawn, and the verdict follows
courier=$(free_port)
make_logger logger "Farm A" 24 "$courier"
make_logger probe "Farm A" 24 "$courier"
open_contract "$here/../../contracts/library/vaccine-2-8.yaml" "Farm A" "Shop C" --term "budget=1 h"
{
    echo time,temperature
    for ((minute = 40; minute < 400; minute += 5)); do # 08:40 to 14:40; the second pack begins at 10:40
        celsius=5.2$((minute / 5 % 10))
        if ((minute >= 180 && minute < 210)); then celsius=9.31; fi # a warm hand on the probe, 11:00 to 11:30
        printf '%sT%02d:%02d:00Z,%s\n' $day $((8 + minute / 60)) $((minute % 60)) $celsius
    done
} >logger/journey.csv
{ # a second one beside it: a quarter of a degree more, and 1.5 degrees from 13:00 to 13:30
    echo time,temperature
    for ((minute = 40; minute < 400; minute += 5)); do
        centi=$((545 + minute / 5 % 10))
        if ((minute >= 300 && minute < 330)); then centi=$((centi + 125)); fi
        printf '%sT%02d:%02d:00Z,%d.%02d\n' $day $((8 + minute / 60)) $((minute % 60)) $((centi / 100)) $((centi % 100))
    done
} >probe/journey.csv
kill_node TERM
at 15:00
sign_all logger 3 "$courier"
sign_all probe 3 "$courier"
start_node "${clock[@]}"
arrive logger 1 2 3
arrive probe 1 2 3
warm() { # of the excursions: from, to
    excursions | jq -c '[.[] | select(.rule == "too warm" and .breach) | [.from[11:16], (.to // "")[11:16]]]'
}
expect "too warm" '[["11:00","11:30"]]' "$(warm)"
expect "a breach" 2 "$(code_of waybill trace $unit)"
reading=$(waybill statement status logger-2.cose --json | jq -r .statement)
refused "a reading corrected by another" NOT_SIGNER \
    waybill correct "$reading" --meaning correction --reason "no" --as "Carrier B"
waybill correct "$reading" --meaning "correction of data" --reason "a hand on the probe" --as "Farm A" >/dev/null
expect "withdrawn" '[]' "$(warm)"
expect "no breach" 0 "$(code_of waybill trace $unit --verify -o unit.bundle)"
says "both are shown" 'CORRECTED an earlier reading (correction of data: a hand on the probe)' out.txt
expect "a revision follows" true "$(curl -sf "$url/v1/assets/$unit/history?limit=1000" |
    jq '[.history[] | select(.event == "revision" and .data.void)] | length > 0')"

# ---- two loggers on one asset: what was withdrawn is not compared
waybill asset loggers $unit >out.txt
says "two loggers" '|.*#.*|' out.txt
says "the loggers by name" '^  logger [0-9a-f]' out.txt
says "the two compared, by name" 'probe minus logger\|logger minus probe' out.txt
says "when they disagreed" '# 2026-06-01 13:00 to 2026-06-01 13:' out.txt
waybill asset loggers $unit --json >out.txt
expect "two loggers" 2 "$(jq '.loggers | length' out.txt)"
expect "how often they disagreed" 1 "$(jq '.comparisons[0].disagreement_count' out.txt)"

# ---- a handover to which the last readings are bound; both sides keep it
logger=$(device_kid logger)
waybill custody offer $unit --to "Shop C" --reading "$logger" --seal intact:99 --as "Farm A" >/dev/null
waybill custody accept $unit --reading auto --seal intact:99 --as "Shop C" >/dev/null
waybill custody receipt $unit -o handover.cbor --json >out.txt
expect "who offered" "Farm A" "$(jq -r .offered_with.signer.name out.txt)"
expect "who accepted" "Shop C" "$(jq -r .answered_with.signer.name out.txt)"
offer=$(jq -r .offered_with.statement out.txt)
expect "what was bound in" "$(waybill statement status logger-3.cose --json | jq -r .statement)" \
    "$(curl -sf "$url/v1/handovers/$offer" | jq -r .offered_with.reading)"
expect "which sensor, of any" "$(device_kid probe)" "$(curl -sf "$url/v1/handovers/$offer" | jq -r .answered_with.device)"
expect "an unknown sensor" 1 "$(code_of waybill custody offer $unit --to "Farm A" --reading 0000000000000000 --as "Shop C")"
waybill trace $unit --verify -o unit.bundle >out.txt
says "the seal" 'seal intact, number 99; bound to the last reading of sensor' out.txt
waybill custody at $unit ${day}T08:45:00Z >out.txt
says "who held it at 08:45" 'custodian Farm A' out.txt

# ---- the same after a restart, and in an audit
kill_node KILL
expect "offline" 0 "$(code_of waybill verify unit.bundle)"
expect "the handover, offline" 0 "$(code_of waybill receipt verify handover.cbor)"
for at in 20 400 1000; do
    python3 - $at <<'PY'
import sys
data = bytearray(open("handover.cbor", "rb").read())
data[int(sys.argv[1])] ^= 4
open("touched.cbor", "wb").write(data)
PY
    expect "the handover, touched" 3 "$(code_of waybill receipt verify touched.cbor)"
done
start_node "${clock[@]}"
expect "after a restart" '[]' "$(warm)"
kill_node TERM
waybill audit home >/dev/null || die "the ledger does not audit"
