#!/usr/bin/env bash
# Debian's mosquitto_pub feeds the node statements that no code of ours has made, mosquitto_sub hears the acks, and
# foreign libraries find them proven. Across kill -9; twice the same; of a twin ledger; and no statement at all.
. "$(dirname "$0")/node.sh"
asset=01/09506000134352/21/FOREIGN

# Listens on a topic until so many messages came; the retained set tells that the broker has the subscription.
listen() { # COUNT
    mosquitto_sub -p "$broker" -V 5 -q 1 -t "wb/1/$kid/ack" -t wb/1/set -F '%t %x' -C $(($1 + 1)) -W 20 >heard.txt &
    listener=$!
    running+=("$listener")
    wait_until "the subscription" grep -q '^wb/1/set ' heard.txt
}
hear() { # sets heard: the last message on the ack topic, in hex
    wait "$listener" || die "nothing came back within 20 s"
    heard=$(sed -n "s|^wb/1/$kid/ack ||p" heard.txt | tail -n 1)
}
publish() { # FILE
    mosquitto_pub -p "$broker" -q 1 -t "wb/1/$kid/up" -f "$1"
}
say() { # LEDGER SEQ PREV ASSET OUT: prints the hash
    node "$here/npm/witness-statement.mjs" home/keys/farm.key "$@"
}
proven() { # ACK STATEMENT
    node "$here/npm/witness-ack.mjs" "$1" "$2" home/identity.cbor
}

other_digit() { # HEX AT: with another digit there
    local digit=${1:$2:1}
    [ "$digit" = 0 ] && digit=1 || digit=0
    echo "${1:0:$2}$digit${1:$2+1}"
}

make_ledger Farm
kid=$(kid_of Farm)
start_node
start=$(leaves)
expect "leaves at first" 0 "$start"

# ---- one statement, one ack, proven
first=$(say "$ledger" 1 "$ledger" $asset-1 st1.cose)
listen 1
publish st1.cose
hear
ack=$heard
proven "$ack" st1.cose || die "the ack proves nothing"
expect "leaves after one" 1 "$(leaves)"
waybill statement status st1.cose >status.txt || die "not final: $(cat status.txt)"
waybill statement get "$first" -o got.cose >/dev/null
cmp st1.cose got.cose || die "the ledger keeps other bytes"

# ---- an ack that was changed, or of another statement, proves nothing
second=$(say "$ledger" 2 "$first" $asset-2 st2.cose)
for changed in "$(other_digit "$ack" 100)" "$(other_digit "$ack" $((${#ack} - 1)))" "$(sed "s/${first:0:32}/${second:0:32}/" <<<"$ack")"; do
    [ "$changed" != "$ack" ] || die "nothing was changed"
    ! proven "$changed" st1.cose 2>/dev/null || die "a forged ack was believed"
done
! proven "$ack" st2.cose 2>/dev/null || die "an ack was believed for another statement"

# ---- kill -9, and the same again: it is known, its ack comes again, nothing is there twice
kill_node KILL
start_node
expect "leaves after kill -9" 1 "$(leaves)"
listen 1
publish st1.cose
hear
proven "$heard" st1.cose || die "a repeat is not answered with its proof"
listen 1
publish st2.cose
hear
proven "$heard" st2.cose || die "the second statement is not proven"
expect "leaves after two" 2 "$(leaves)"

# ---- and an orderly end
kill_node TERM
start_node
expect "leaves after a restart" 2 "$(leaves)"

# ---- a twin ledger's statement: turned away, BAD_SIGNATURE
twin=$(sha256sum <<<"$ledger" | cut -c 1-64)
twins=$(say "$twin" 3 "$second" $asset-3 twin.cose)
listen 1
publish twin.cose
hear
expect "the twin's statement" "83005820${twins}02" "$heard"

# ---- no statements at all
for size in 1 300 262144 262145; do
    head -c $size /dev/urandom >garbage
    publish garbage || true
done
printf '\x9a\xf8\xff\x00\x00' >bomb
publish bomb
third=$(say "$ledger" 3 "$second" $asset-3 st3.cose)
listen 1
publish st3.cose
hear
proven "$heard" st3.cose || die "after garbage the node does not serve"
expect "leaves in the end" 3 "$(leaves)"
waybill statement get "$third" -o got.cose >/dev/null
echo "3 statements by mosquitto_pub, each proven"
