#!/usr/bin/env bash
# A recall reaches goods by reference: no event of a unit tells that its lot, or the beans it was made of, are
# recalled. Its proof does; and whoever takes that out of the proof, or puts in another's, convinces nobody.
. "$(dirname "$0")/node.sh"

json() { # FILTER COMMAND...
    local filter=$1
    shift
    "$@" --json >json.txt || true
    jq -r "$filter" json.txt
}

make_ledger "Farm A" "Maker B" "Shop C"
start_node
beans=01/09506000134352
bars=01/09506000134369
gift=01/09506000134376

# ---- two lots of beans; bars of the one, bars of the other
waybill asset commission $beans/21/SACK01..04 --lot WET --amount 50kg --as "Farm A" >/dev/null
waybill asset commission $beans/21/SACK11..14 --lot DRY --amount 50kg --as "Farm A" >/dev/null
for sack in SACK01 SACK02 SACK11 SACK12; do
    waybill custody offer $beans/21/$sack --to "Maker B" --as "Farm A" >/dev/null
    waybill custody accept $beans/21/$sack --as "Maker B" >/dev/null
done
waybill make transform --from $beans/21/SACK01..02 --to $bars/21/WET01..10=5kg --lot B1 --as "Maker B" >/dev/null
waybill make transform --from $beans/21/SACK11..12 --to $bars/21/DRY01..10=5kg --lot B2 --as "Maker B" >/dev/null
waybill asset commission $gift/21/BOX1 --lot G1 --as "Maker B" >/dev/null

# ---- nothing is held, and that is proven
for name in $beans/21/SACK01 $bars/21/WET01 $gift/21/BOX1; do
    expect "$name before" 0 "$(code_of waybill trace $name --verify)"
    says "$name before" '^   holds    none of its name or its lot .*(proven)$'
done
waybill trace $beans/21/SACK03 --verify -o before.bundle >/dev/null
expect "a bar before" 0 "$(code_of waybill origin $bars/21/WET01 --verify -o before.pack)"
expect "nothing said of a lot" 1 "$(code_of waybill trace $beans/10/WET --verify)"

# ---- one lot of beans, and one of gifts, are recalled
waybill goods recall $beans/10/WET --meaning recall --reason mould --as "Farm A" >/dev/null
waybill goods recall $gift/10/G1 --meaning recall --reason glass --as "Maker B" >/dev/null
waybill goods quarantine $bars/10/B2 --meaning quarantine --reason "a look" --as "Maker B" >/dev/null

expect "a unit of a recalled lot" 2 "$(code_of waybill trace $beans/21/SACK03 --verify -o recalled.bundle)"
says "a unit of a recalled lot" "^   RECALLED by Farm A, with its lot $beans/10/WET, statement [0-9a-f]\{16\} (proven)\$"
expect "its JSON" "true true $beans/10/WET" \
    "$(json '.holds | "\(.proven) \(.recalled) \(.lot.name)"' waybill trace $beans/21/SACK03 --verify)"
statement=$(json .holds.lot.recall.statement waybill trace $beans/21/SACK03 --verify)
waybill statement get "$statement" -o recall.cose >/dev/null # the very statement that recalls it
expect "another lot's unit" 2 "$(code_of waybill trace $gift/21/BOX1 --verify)"
expect "a clean one" 0 "$(code_of waybill trace $beans/21/SACK13 --verify -o clean.bundle)"
grep -q 'was made of' out.txt && die "a commission was made of nothing"
says "a clean one" "^   holds    none of its name or its lot $beans/10/DRY .*(proven)\$"
expect "its JSON" "true false false" \
    "$(json '.holds | "\(.proven) \(.recalled) \(.quarantined)"' waybill trace $beans/21/SACK13 --verify)"
expect "in quarantine by its lot" 0 "$(code_of waybill trace $bars/21/DRY01 --verify)"
says "in quarantine by its lot" "QUARANTINED by Maker B, with its lot $bars/10/B2"
waybill goods reject $bars/10/B2 --meaning rejection --reason mould --as "Maker B" >/dev/null
expect "rejected by its lot" 2 "$(code_of waybill trace $bars/21/DRY01 --verify)"
says "rejected by its lot" "REJECTED; QUARANTINED by Maker B, with its lot $bars/10/B2"
waybill goods end-recall $gift/10/G1 --meaning "end of recall" --reason "no glass" --as "Maker B" >/dev/null
expect "no longer recalled" 0 "$(code_of waybill trace $gift/21/BOX1 --verify)"

# ---- a bar of recalled beans: its own proof says where to ask, its origin tells
expect "a bar's own name and lot" 0 "$(code_of waybill trace $bars/21/WET01 --verify)"
says "a bar's own name and lot" 'what it was made of is not looked into'
expect "a bar of recalled beans" 2 "$(code_of waybill origin $bars/21/WET01 --verify -o recalled.pack)"
says "a bar of recalled beans" "^RECALLED: $beans/21/SACK01 with its lot $beans/10/WET, and all that was made of it"
expect "its JSON" "$beans/10/WET" "$(json .recall.name waybill origin $bars/21/WET01 --verify)"
expect "a bar of clean beans" 0 "$(code_of waybill origin $bars/21/DRY01 --verify -o clean.pack)"
expect "its JSON" true "$(json .proof.holds waybill origin $bars/21/DRY01 --verify)"

# ---- the lot itself, which is no asset
expect "a recalled lot" 2 "$(code_of waybill trace $beans/10/WET --verify -o lot.bundle)"
says "a recalled lot" 'RECALLED by Farm A (proven)'
says "a recalled lot" 'no asset of this name'
expect "its JSON" "false true" "$(json '"\(.known) \(.holds.recalled)"' waybill trace $beans/10/WET --verify)"

# ---- offline, and forged
kill_node TERM
expect "offline: recalled" 2 "$(code_of waybill verify recalled.bundle)"
says "offline: recalled" "RECALLED by Farm A, with its lot $beans/10/WET"
expect "offline: clean" 0 "$(code_of waybill verify clean.bundle)"
expect "offline: the lot" 2 "$(code_of waybill verify lot.bundle)"
expect "offline: recalled beans" 2 "$(code_of waybill verify recalled.pack)"
expect "offline: clean beans" 0 "$(code_of waybill verify clean.pack)"
expect "offline: as it was" 0 "$(code_of waybill verify before.bundle)" # true up to the head that it names
python3 - <<'PY'
def head(b, i):  # (major, value, next)
    major, low = b[i] >> 5, b[i] & 31
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(low, 0)
    return major, int.from_bytes(b[i + 1:i + 1 + size], "big") if size else low, i + 1 + size

def item(b, i):  # the item that begins at i: what bundles have of arrays, integers and byte strings
    start = i
    major, value, i = head(b, i)
    if major == 4:
        for _ in range(value):
            i += len(item(b, i))
    elif major in (2, 3):
        i += value
    return b[start:i]

def items(b):
    _, count, i = head(b, 0)
    out = []
    for _ in range(count):
        out.append(item(b, i))
        i += len(out[-1])
    assert i == len(b)
    return out

def write(name, some):
    open(name, "wb").write(bytes([0x80 | len(some)]) + b"".join(some))

recalled, clean, before = (items(open(f"{n}.bundle", "rb").read()) for n in ("recalled", "clean", "before"))
assert len(recalled) == len(clean) == len(before) == 6
write("same.bundle", recalled)
write("left-out.bundle", recalled[:5])
write("other-lot.bundle", recalled[:5] + clean[5:])
write("old-holds.bundle", recalled[:5] + before[5:])
own, lot = items(recalled[5])
write("one-proof.bundle", recalled[:5] + [bytes([0x81]) + own])
write("own-twice.bundle", recalled[:5] + [bytes([0x82]) + own + own])
write("turned.bundle", recalled[:5] + [bytes([0x82]) + lot + own])
PY
expect "written again" 2 "$(code_of waybill verify same.bundle)"
for file in left-out other-lot old-holds one-proof own-twice turned; do
    expect "$file" 3 "$(code_of waybill verify $file.bundle)"
done
