#!/usr/bin/env bash
# Checkpoints: a node's notes are understood by a witness that knows nothing of Waybill (witness.py: the texts of
# c2sp.org and openssl), and Waybill's own witness signs only what goes on from what it has seen.
. "$(dirname "$0")/node.sh"

gtin=01/09506000134352
commission() { # SERIAL
    waybill asset commission $gtin/21/"$1" --as "Farm A" >/dev/null
}

make_ledger "Farm A" "Carrier B"
expect "a name with a space" 1 "$(code_of waybill witness init w --name "w 1")"
rm -rf w
north=$(waybill witness init north --name witness.example/north)
south=$(waybill witness init south --name witness.example/south)
expect "not twice in one folder" 1 "$(code_of waybill witness init north --name witness.example/other)"
expect "0600" 600 "$(stat -c %a north/witness.key)"
port=$(free_port)
origin=waybill/$ledger
log_key=$(waybill checkpoint keys)
python3 "$here/witness.py" "$port" foreign witness.example/foreign "$log_key" &
running+=("$!")
wait_until "the foreign witness" [ -s foreign/vkey ]
foreign=$(cat foreign/vkey)
printf 'witnesses: [ "%s", "%s", "%s" ]\n' "$north" "$south" "$foreign" >>home/node.yaml
start_node
commission U1

# ---- the node's own checkpoint, read by others
waybill checkpoint get -o one.note >out.txt
says "final" 'proof ok: 1 statements' out.txt
expect "the first line" "$origin" "$(head -n 1 one.note)"
python3 "$here/witness.py" --open one.note "$log_key" >text.txt
expect "opened by others" "$(head -n 3 one.note)" "$(cat text.txt)"
curl -sf "$url/checkpoint" | cmp - one.note || die "the same checkpoint twice"
expect "nobody has cosigned it" 1 "$(code_of waybill checkpoint get --witnessed)"
expect "offline" 0 "$(code_of waybill checkpoint verify one.note --node http://127.0.0.1:1)"
expect "but it is not cosigned" 3 "$(code_of waybill checkpoint verify one.note --witness "$north")"
sed 's/^1$/2/' one.note >bad.note
expect "another size" 3 "$(code_of waybill checkpoint verify bad.note)"

# ---- cosigned
waybill witness cosign --dir north >out.txt
says "cosigned" 'cosigned 1 statements (0 before) as witness.example/north' out.txt
commission U2
commission U3
waybill witness cosign --dir north >out.txt
says "it goes on" 'cosigned 3 statements (1 before)' out.txt
waybill witness cosign --dir south -o south.note >/dev/null
expect "checked" 0 "$(code_of waybill witness check --dir north)"
waybill checkpoint get --witnessed -o two.note >/dev/null
expect "by two" 0 "$(code_of waybill checkpoint verify two.note --witness "$north" --witness "$south" --json)"
expect "by two" 2 "$(jq .witnesses out.txt)"
python3 "$here/witness.py" --open two.note "$north" >/dev/null || die "a cosignature that others do not believe"
expect "three are needed" 3 \
    "$(code_of waybill checkpoint verify two.note --witness "$north" --witness "$south" --witness "$foreign")"
expect "two of three" 0 \
    "$(code_of waybill checkpoint verify two.note --witness "$north" --witness "$south" --witness "$foreign" --least 2)"
expect "a witness at work" 1 "$(flock south/witness.lock bash -c 'waybill witness cosign --dir south; echo $?' 2>/dev/null)"

# ---- a witness by another hand, over its protocol
waybill checkpoint submit "http://127.0.0.1:$port/w/" --witness "$foreign" >out.txt
says "foreign" 'cosigned by witness.example/foreign, and kept' out.txt
commission U4
waybill checkpoint submit "http://127.0.0.1:$port/w" --witness "$foreign" -o foreign.note >out.txt
says "foreign again" 'and kept' out.txt
expect "foreign, offline" 0 "$(code_of waybill checkpoint verify foreign.note --witness "$foreign")"
expect "with another's key" 3 \
    "$(code_of waybill checkpoint submit "http://127.0.0.1:$port/w" --witness "$north")"

# ---- our witness behind somebody's web server
waybill checkpoint get -o four.note >/dev/null
{ printf 'old 0\n\n'; cat four.note; } >request.txt
expect "it has come further" "409 3" "$(waybill witness answer --dir south <request.txt | tr '\n' ' ' | sed 's/ $//')"
path=$(curl -sf "$url/v1/proofs/consistency?old=3&size=4" | jq -r '.path[]' |
    while read -r hex; do xxd -r -p <<<"$hex" | base64; done)
{ printf 'old 3\n%s\n\n' "$path"; cat four.note; } >request.txt
sed 's/^old 3/old 5/' request.txt >more.txt
expect "more than there is" 400 "$(waybill witness answer --dir south <more.txt | head -n 1)"
sed '2d' request.txt >less.txt
expect "no path" 422 "$(waybill witness answer --dir south <less.txt | head -n 1)"
sed "s/$ledger/${ledger//[0-4]/5}/" request.txt >other.txt
expect "another ledger" 404 "$(waybill witness answer --dir south <other.txt | head -n 1)"
grep -v 'waybill/' request.txt >none.txt
expect "nothing" 400 "$(waybill witness answer --dir south <none.txt | head -n 1)"
waybill witness answer --dir south <request.txt >answer.txt
expect "answered" 200 "$(head -n 1 answer.txt)"
{ cat four.note; tail -n +2 answer.txt; } >answered.note
expect "what it answered" 0 "$(code_of waybill checkpoint verify answered.note --witness "$south")"

# ---- what was cosigned outlives the node
kill_node KILL
start_node
waybill checkpoint get --witnessed -o after.note >/dev/null
expect "kept" 0 "$(code_of waybill checkpoint verify after.note --witness "$foreign")"

# ---- another history: the twin of an earlier day
kill_node TERM
cp -r home/node twin
start_node
commission U5
waybill witness cosign --dir north >/dev/null
kill_node TERM
rm -r home/node
mv twin home/node
start_node
cp -r north north.before
expect "going back" 3 "$(code_of waybill witness cosign --dir north)"
says "going back" 'does not go back' err.txt
commission U6
expect "another history" 3 "$(code_of waybill witness cosign --dir north)"
says "another history" 'FORKED' err.txt
expect "and checked" 3 "$(code_of waybill witness check --dir north)"
cmp -s north/witness.note north.before/witness.note || die "it signed another history"
rm -f north/head.cbor # even if all that it keeps is its own signature
commission U7
expect "by its own note alone" 3 "$(code_of waybill witness cosign --dir north)"
says "by its own note alone" 'ANOTHER HISTORY' err.txt
cmp -s north/witness.note north.before/witness.note || die "it signed another history"
