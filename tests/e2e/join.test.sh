#!/usr/bin/env bash
# Joining a ledger that others run: at a snapshot of which every piece proves itself, killed and gone on with, with a
# node among those asked that lies; a node over it proves what it answers at once; its history comes afterwards, and
# an auditor then finds the whole ledger. And from the genesis, executing everything.
. "$(dirname "$0")/node.sh"
gtin=01/09506000134352/21

make_ledger "Farm A" "Carrier B"
start_node
for lot in 1 2 3; do
    waybill asset commission --range $gtin/ ${lot}0001 3000 --as "Farm A" >/dev/null
done
waybill custody offer $gtin/10001 --to "Carrier B" --as "Farm A" >/dev/null
waybill custody accept $gtin/10001 --as "Carrier B" >/dev/null

# Peers that lie, boast, stall or say nothing.
bad=()
for mode in chunks silent garbage slow boast; do bad+=("$mode=$(free_port)"); done
liar=${bad[0]#*=}
python3 "$here/bad-peers.py" "$url" "${bad[@]}" >/dev/null 2>bad.log &
running+=($!)
wait_until "the liar" curl -sf "http://127.0.0.1:$liar/healthz"

join() { # DIR ARGUMENTS
    local dir=$1
    shift
    waybill join "$dir" --identity home/identity.cbor "$@"
}
code=$(code_of join lied --from "http://127.0.0.1:$liar")
[ "$code" = 3 ] || [ "$code" = 1 ] || die "the liar alone: exit code $code" # 1: the wrong byte made it malformed
says "which piece is wrong" 'buckets [0-9]* to [0-9]*' err.txt
[ ! -e lied/node/ledger.db ] || die "a ledger out of lies"
code=$(code_of timeout 120 waybill join lied-to --identity home/identity.cbor --from-genesis --from "http://127.0.0.1:$liar")
[ "$code" = 1 ] || [ "$code" = 3 ] || die "the liar alone, from the genesis: exit code $code"
expect "joining nobody knows what" 1 "$(WAYBILL_HOME=$PWD/none code_of waybill join other --from "$url")"
says "joining nobody knows what" "which ledger" err.txt

# Killed at any moment, it goes on; and so it does from its last moment, before the ledger has its name.
for delay in 0.01 0.02 0.03 0.05 0.08 0.1 0.15 0.2 0.3; do
    { timeout -s KILL $delay waybill join joined --identity home/identity.cbor --from "$url" || true; } >/dev/null 2>&1
    { timeout -s KILL $delay waybill join begun --from-genesis --identity home/identity.cbor --from "$url" || true; } >/dev/null 2>&1
done
expect "joining" 0 "$(code_of join joined --from "http://127.0.0.1:$liar" --from "$url")"
expect "from the genesis, after all these" 0 "$(code_of join begun --from-genesis --from "$url" --json)"
expect "all of it" true "$(jq .history out.txt)"
waybill audit begun >/dev/null || die "what was begun from the genesis does not pass an audit"
expect "joining twice" 0 "$(code_of join joined --from "$url")"
says "joining twice" "which was here already"
cp -r joined late
rm -f late/identity.cbor late/name late/node/ledger.db-*
mv late/node/ledger.db late/node/ledger.db.joining
expect "before the last renaming" 0 "$(code_of join late --from "$url")"
cmp late/identity.cbor joined/identity.cbor || die "no identity after the last renaming"

# Whoever is silent, slow, talks nonsense or boasts of a snapshot that nobody has holds nobody up: one is enough who does not.
# Where the machine stalls it can be one of those that are right elsewhere.
all=()
for peer in "${bad[@]}"; do all+=(--from "http://127.0.0.1:${peer#*=}"); done
for how in "" --history --from-genesis; do
    # shellcheck disable=SC2086
    expect "among bad peers $how" 0 "$(code_of join "among$how" $how "${all[@]}" --from "$url" --json)"
    [ "$(jq '[.peers[].bytes] | add' out.txt)" -gt 0 ] || die "who gave what: $(cat out.txt)"
    for peer in "${bad[@]:1:3}"; do # silent, garbage and slow fail where all are met
        [ "$(jq --arg url "http://127.0.0.1:${peer#*=}" '.peers[] | select(.url == $url) | .faults' out.txt)" -gt 0 ] ||
            die "no word of $peer: $(cat out.txt)"
    done
done
waybill audit among--history >/dev/null || die "what was joined among bad peers does not pass an audit"
expect "in words" 0 "$(code_of join words "${all[@]}" --from "$url")"
says "who gave what" "^http:[^ ]* gave [1-9][0-9]* answers" err.txt
says "who was silent" "127.0.0.1:${bad[1]#*=}.*from now on others are asked first" err.txt

# What one way had begun is gone when the other has come to its end.
mkdir -p other-way/node
cp joined/node/ledger.db other-way/node/ledger.db.joining
expect "the other way" 0 "$(code_of join other-way --from-genesis --from "$url")"
[ ! -e other-way/node/ledger.db.joining ] || die "what was begun stays beside the ledger"

# The log of a ledger that was removed stays out of the next.
cp -r joined logged
rm logged/node/ledger.db
cp home/node/ledger.db-wal logged/node/ledger.db-wal
expect "beside an old log" 0 "$(code_of join logged --history --from "$url")"
waybill audit logged >/dev/null || die "an old log was played into what was joined"

# A folder of another ledger stays as it is, and so does what was begun for one.
waybill init other --name other --member "Farm B" >/dev/null
cp -r other lost
rm lost/node/ledger.db*
waybill member new asked --name "Farm C" --no-node --ledger other/identity.cbor >/dev/null
what_is_there() {
    find "$1" -type f ! -name '*-shm' ! -name '*-wal' -exec sha256sum {} + | sort
}
for dir in other lost asked; do
    before=$(what_is_there $dir)
    for how in "" --history --from-genesis; do
        # shellcheck disable=SC2086
        code=$(code_of join $dir $how --from "$url")
        [ "$code" = 1 ] || [ "$code" = 3 ] || die "joining over $dir $how: exit code $code"
        says "joining over $dir" "another ledger" err.txt
    done
    expect "$dir, after joining was refused" "$before" "$(what_is_there $dir)"
done

expect "an audit of what was joined" 1 "$(code_of waybill audit joined)"
says "an audit of what was joined" "joined at block [0-9]* and has blocks 1 to 0 of those before" err.txt
cp -r joined damaged
flip_bit damaged/node/ledger.db 20000
expect "an audit of a damaged one" 3 "$(code_of waybill audit damaged)"

# The history; then nothing distinguishes it.
cp -r joined whole
expect "the history" 0 "$(code_of join whole --history --from "$url" --json)"
expect "the history is whole" true "$(jq .history out.txt)"
waybill audit whole >out.txt || die "the joined ledger does not pass an audit"
says "the audit" "all executed again from the genesis"
expect "from the genesis" 0 "$(code_of join executed --from-genesis --from "http://127.0.0.1:$liar" --from "$url" --json)"
head=$(curl -sf "$url/v1/head" | jq -r .state)
waybill audit executed >/dev/null || die "the executed ledger does not pass an audit"

# The node goes on over the joined ledger, without its history: what it answers is proven.
kill_node TERM
rm -rf home/node/ledger.db* && cp joined/node/ledger.db home/node/
start_node
expect "the head's state" "$head" "$(curl -sf "$url/v1/head" | jq -r .state)"
expect "a state proof" 0 "$(code_of waybill proof state asset $gtin/10001)"
says "a state proof" "$(kid_of "Carrier B")"
expect "a proof of absence" 0 "$(code_of waybill proof state asset $gtin/99999)"
says "a proof of absence" "holds nothing"
expect "what needs history" 503 "$(curl -s -o out.txt -w '%{http_code}' "$url/v1/assets/$gtin%2F10001")"
says "what needs history" HISTORY_INCOMPLETE
for command in "gov list" "gov show 1" "gov constitution" "proof state member Nobody"; do
    # shellcheck disable=SC2086
    [ "$(code_of waybill $command)" != 0 ] || die "waybill $command, before the history is here: $(cat out.txt)"
    says "waybill $command" "HISTORY_INCOMPLETE: this node joined at block" err.txt
done
expect "an old block" 404 "$(curl -s -o out.txt -w '%{http_code}' "$url/v1/blocks/1")"
says "an old block" "not here before block"
statement=$(sent waybill asset commission $gtin/NEW --as "Farm A")
one_receipt "$statement"
kill_node TERM
