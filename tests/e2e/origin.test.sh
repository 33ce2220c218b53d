#!/usr/bin/env bash
# From a bar back to its plot, and from the plot to all its bars: as the node tells it, and as it is proven hop by
# hop, each making with its receipt. A kept proof convinces offline; one with a hop left out, put in or touched
# does not. Certificates count at the time of their hop, and a recall reaches what was made of the goods.
. "$(dirname "$0")/node.sh"

hand_over() { # ASSET FROM TO
    waybill custody offer "$1" --to "$3" --as "$2" >/dev/null
    waybill custody accept "$1" --as "$3" >/dev/null
    waybill custody offer "$1" --to "$3" --role owner --as "$2" >/dev/null
    waybill custody accept "$1" --role owner --as "$3" >/dev/null
}

make_ledger "Farm A" "Mill B" "Maker C" "CertCo"
start_node
beans=01/09506000134352
mass=01/09506000134369
bars=01/09506000134376
plot=$beans/10/PLOT7
field=9506000134376

# ---- the way of the goods: plot -> two sacks -> one mass -> 10,000 bars and 30 gift boxes
waybill product set 09506000134376 --name "Bar 70 %" --as "Maker C" >/dev/null
waybill place set $field --name "Plot 7" --lat 6.5 --lon -5.2 --as "Farm A" >/dev/null
waybill asset commission $plot --amount 1000kg --place $field --as "Farm A" >/dev/null
waybill cert issue organic $plot --until "365 d" --as CertCo >/dev/null
waybill cert issue "fair trade" --place $field --from 2020-01-01T00:00:00Z --until 2021-01-01T00:00:00Z \
    --as CertCo >/dev/null
waybill make split --from $plot=600kg --to $beans/10/SACK1=350kg --to $beans/10/SACK2=250kg --as "Farm A" >/dev/null
refused "25 t become 26" MASS waybill make split --from $plot --to $beans/10/X1=401kg --as "Farm A"
hand_over $beans/10/SACK1 "Farm A" "Mill B"
hand_over $beans/10/SACK2 "Farm A" "Mill B"
waybill asset commission $mass/10/SUGAR --amount 0.5t --as "Mill B" >/dev/null
waybill make transform --from $beans/10/SACK1 --from $beans/10/SACK2=150kg --from $mass/10/SUGAR=200kg \
    --to $mass/10/MASS=690kg --place $field --as "Mill B" >/dev/null
hand_over $mass/10/MASS "Mill B" "Maker C"
waybill make transform --from $mass/10/MASS=500kg --to $bars/21/BAR00001..10000 --each 0.05kg --lot L7 \
    --expiry 2030-01-01T00:00:00Z --as "Maker C" >/dev/null
waybill make transform --from $mass/10/MASS=30kg --to $bars/21/BOX01..30=1kg --as "Maker C" >/dev/null
waybill make transform --from $bars/21/BOX01 --from $bars/21/BOX02 --to $bars/21/SET1=2kg --as "Maker C" >/dev/null

# ---- back, as the node says
bar=$bars/21/BAR00042
waybill origin $bar >out.txt
says "the node's way back" "$mass/10/MASS" out.txt
says "the node's way back" "Plot 7 ($field)" out.txt
says "the node's certificate" 'certificate organic by CertCo' out.txt
expect "hops with that certificate" 1 "$(grep -c 'certificate organic by CertCo' out.txt)"
says "an expired certificate" 'certificate fair trade by CertCo.*EXPIRED' out.txt
expect "makings on the way back" 5 "$(waybill origin $bar --json | jq .makings)"

# ---- back, proven
waybill origin $bar --verify -o back.pack >out.txt
says "proven" 'proof ok  6 assets, 3 makings' out.txt
for name in $bar $mass/10/MASS $beans/10/SACK1 $beans/10/SACK2 $plot $mass/10/SUGAR; do
    says "the way back" "$name" out.txt
done
says "the plot's certificate" 'certificate organic by CertCo' out.txt
waybill origin $bar --verify --json >back.json
expect "the plot is the source" commission "$(jq -r '.assets[] | select(.asset == "'$plot'") | .birth.action' back.json)"
for statement in $(jq -r '.assets[].birth.statement' back.json | sort -u); do
    one_receipt "$statement"
done

# ---- what is said against a hop shows at it
sacks=$(jq -r '.assets[] | select(.asset == "'$beans/10/SACK1'") | .birth.statement' back.json)
waybill dispute "$sacks" $beans/10/SACK1 --reason "the scale was wrong" --as "Mill B" >/dev/null
waybill correct "$sacks" --meaning correction --reason "it was 349 kg" --as "Farm A" >/dev/null
waybill origin $bar >out.txt
says "a dispute at its hop" 'DISPUTED by Mill B: the scale was wrong' out.txt
says "a correction at its hop" 'CORRECTED .*: it was 349 kg' out.txt
waybill origin $bar --verify >out.txt
says "a correction, proven" '\[corrected later\]' out.txt

# ---- forward, as the node says, and proven
waybill uses $plot >out.txt
says "the node's way forward" "$bars/21/BAR10000 (10,000)" out.txt
waybill uses $plot --verify -o forward.pack >out.txt
says "all bars" "$bars/21/BAR00001 to $bars/21/BAR10000 (10,000)" out.txt
says "all boxes" "$bars/21/BOX01 to $bars/21/BOX30 (30)" out.txt
says "a box that was used again" "$bars/21/SET1" out.txt
says "what is not followed is said" 'not followed: sets of more than 1000' out.txt
waybill uses $plot --verify --json >forward.json
expect "all bars" 10000 "$(jq '[.assets[].uses[].outputs[].assets | select(.first == "'$bars'/21/BAR00001") | .count] | unique[0]' forward.json)"
for statement in $(jq -r '.assets[].uses[].statement' forward.json | sort -u); do
    one_receipt "$statement"
done

# ---- a recall reaches what was made of the goods
waybill goods recall $beans/10/SACK2 --meaning recall --reason cadmium --as "Farm A" >/dev/null
expect "recalled on the way back" 2 "$(code_of waybill origin $bar --verify)"
says "recalled on the way back" "RECALLED: $beans/10/SACK2" out.txt
refused "a recalled bar" RECALLED waybill custody offer $bar --to "Mill B" --as "Maker C"
waybill custody offer $bar --to "Farm A" --as "Maker C" >/dev/null # back to who recalls it
expect "a recalled bar's label" 2 "$(code_of waybill product verify 09506000134376 --serial BAR00042 --lot L7)"
says "a recalled bar's label" RECALLED out.txt
waybill recall list $bar >out.txt
says "the recall's list" 'cadmium' out.txt
says "the recall's list" "$bars/21/BAR00001 to $bars/21/BAR10000" out.txt
expect "every unit of the recall" 10033 "$(waybill recall list $bar --units --json | jq '.units | length')"

# ---- of a lot too, though no event of its units tells of it
waybill goods recall $bars/10/L7 --meaning recall --reason "a wrong label" --as "Maker C" >/dev/null
expect "a lot's recall" 2 "$(code_of waybill trace $bar --verify)"
says "a lot's recall" "RECALLED by Maker C, with its lot $bars/10/L7" out.txt
waybill origin $bar --verify --json >out.txt || true
expect "a lot's recall" "$bars/10/L7 true" "$(jq -r '.assets[0] | "\(.lot) \(.recalled)"' out.txt)"
waybill goods end-recall $bars/10/L7 --meaning "end of recall" --reason "relabelled" --as "Maker C" >/dev/null
waybill trace $bar --verify >out.txt
grep -q 'RECALLED by Maker C' out.txt && die "a recall that has ended still stands"

# ---- offline, with nothing but the identity
kill_node TERM
expect "the way back, offline" 0 "$(code_of waybill verify back.pack)"
says "the way back, offline" 'proof ok  6 assets' out.txt
expect "the way forward, offline" 0 "$(code_of waybill verify forward.pack)"
python3 - <<'PY'
import subprocess
data = open("back.pack", "rb").read()

def head(b, i):  # (major, value, next)
    major, low = b[i] >> 5, b[i] & 31
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(low, 0)
    return major, int.from_bytes(b[i + 1:i + 1 + size], "big") if size else low, i + 1 + size

def put(major, value):
    for low, size in ((None, 0), (24, 1), (25, 2), (26, 4), (27, 8)):
        if size == 0 and value < 24:
            return bytes([major << 5 | value])
        if size and value < 1 << 8 * size:
            return bytes([major << 5 | low]) + value.to_bytes(size, "big")

_, count, i = head(data, 3)
items = []
for _ in range(count):
    start = i
    _, _, i = head(data, i)
    _, n, i = head(data, i)
    i += n
    _, n, i = head(data, i)
    i += n
    items.append(data[start:i])
assert i == len(data) and count == 6

def write(name, some, first=data[:3]):
    open(name, "wb").write(first + put(4, len(some)) + b"".join(some))

write("same.pack", items)
write("left-out.pack", items[:-1])
write("nothing-but-the-bar.pack", items[:1])
write("turned.pack", items, bytes([data[0], data[1], 1]))
write("another-first.pack", items[1:] + items[:1])
other = open("forward.pack", "rb").read()
_, n, i = head(other, 3)
start = i
_, _, i = head(other, i)
_, n, i = head(other, i)
i += n
_, n, i = head(other, i)
write("put-in.pack", items + [other[start:i + n]])
for k in range(40):  # bits here and there
    at = 4 + (len(data) - 5) * k // 39
    broken = bytearray(data)
    broken[at] ^= 1 << (k % 8)
    open(f"bit{k}.pack", "wb").write(broken)
PY
expect "written again" 0 "$(code_of waybill verify same.pack)"
for file in left-out nothing-but-the-bar another-first put-in bit{0..39}; do
    expect "$file" 3 "$(code_of waybill verify "$file.pack")"
done
expect "turned around" 3 "$(code_of waybill verify turned.pack)" # the bar was never used: more is brought than asked
