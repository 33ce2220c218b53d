#!/usr/bin/env bash
# Four companies' nodes on this machine, each with its own brokers, keys and file, over TLS: they commit blocks
# together; one that is killed under load costs no statement and catches up; one whose ledger is lost abstains and
# comes back; a second process with a key in use ends; and nobody without a certificate of the ledger's is let in.
. "$(dirname "$0")/node.sh"
started=$SECONDS
members=(a b c d)

# ---- ten ports a member
base=$(free_ports 40)
port_of() { # MEMBER OFFSET
    local i
    for i in "${!members[@]}"; do
        [ "${members[$i]}" != "$1" ] || echo $((base + 10 * i + $2))
    done
}

# ---- nodes as processes of this script, so that none outlives it
declare -A pid_of
ready() { # MEMBER
    curl -sf "http://127.0.0.1:$(port_of "$1" 0)/healthz"
}
start() { # MEMBER
    waybill-node run --config "net/$1/node.yaml" >/dev/null 2>>"$1.log" &
    pid_of[$1]=$!
    running+=($!)
    disown $! # bash says nothing when it is killed
    wait_until "the node of $1" ready "$1"
}
gone() { # PID
    ! kill -0 "$1" 2>/dev/null
}
stop() { # MEMBER SIGNAL
    kill "-$2" "${pid_of[$1]}"
    wait_until "the end of $1's node" gone "${pid_of[$1]}"
}
ask() { # MEMBER PATH FILTER
    curl -sf "http://127.0.0.1:$(port_of "$1" 0)$2" | jq -r "$3"
}
height() { # MEMBER
    ask "$1" /v1/head .height
}
reached() { # MEMBER HEIGHT
    [ "$(height "$1")" -ge "$2" ]
}
says_of_itself() { # MEMBER FILTER WANTED
    [ "$(ask "$1" /v1/consensus "$2")" = "$3" ]
}
as() { # MEMBER COMMAND...
    local member=$1
    shift
    WAYBILL_HOME=$PWD/net/$member waybill "$@"
}
same_chain() { # WHAT HEIGHT: everybody's block there is the same one, its state too
    local member first=
    for member in "${members[@]}"; do
        wait_until "$1: $member at $2" reached "$member" "$2"
        local found
        found=$(ask "$member" "/v1/blocks?from=$2&limit=1" '.blocks[0] | "\(.hash) \(.state)"')
        : "${first:=$found}"
        expect "$1: the block of $member at $2" "$first" "$found"
    done
}

waybill consortium init net --members "$(IFS=,; echo "${members[*]}")" --base-port "$base" >init.txt
sed -i 's/period: 500 ms/period: 20 ms/' net/*/node.yaml
for member in "${members[@]}"; do start "$member"; done
for member in "${members[@]}"; do
    wait_until "$member to hear all" says_of_itself "$member" '"\(.votes) \(.peers) \(.members) \(.quorum)"' "true 3 4 3"
done

# ---- each member's statements, given to its own node, are in one chain
for member in "${members[@]}"; do
    as "$member" asset commission "01/09506000134352/21/OF-$member" >out.txt
    says "a statement of $member" "accepted"
done
same_chain "together" "$(height a)"

# ---- one is killed under load: the others go on, nothing that was acknowledged is lost, and it catches up
load() { # MEMBER: one statement after the other, the accepted ones listed
    local i=0
    while [ ! -e enough ]; do
        i=$((i + 1))
        as "$1" asset commission "01/09506000134352/21/LOAD-$1-$i" >"load-$1.out" 2>&1 &&
            echo "01/09506000134352/21/LOAD-$1-$i" >>"acked-$1.txt"
    done
}
more_acked() { # MEMBER COUNT
    [ "$(wc -l <"acked-$1.txt")" -ge "$2" ]
}
touch acked-a.txt acked-b.txt
load a &
load_a=$!
load b &
load_b=$!
wait_until "statements under load" more_acked a 5
stop d KILL
before=$(height a)
wait_until "blocks without d" reached a $((before + 8))
start d
wait_until "d among the others again" says_of_itself d '"\(.votes) \(.peers)"' "true 3"
wait_until "more statements" more_acked b 12
touch enough
wait $load_a $load_b || true
same_chain "after the kill" "$(height a)"
for asset in $(cat acked-a.txt acked-b.txt); do
    code=$(curl -s -o asset.json -w '%{http_code}' "http://127.0.0.1:$(port_of d 0)/v1/assets/$asset")
    [ "$code" = 200 ] || die "$asset was acknowledged, and d answers $code"
done

# ---- a device may use any authority's broker: its first one dies with b's node, and it goes on at d's
mkdir logger
cp net/b/identity.cbor logger/
cat >logger/agent.yaml <<YAML
ledger: identity.cbor
key: agent.key
outbox: { folder: outbox }
brokers:
  - { port: $(port_of b 1) }
  - { port: $(port_of d 1) }
pack: { samples: 4, within: 1 h, resend: 1 s }
sensors:
  - source: csv
    file: log.csv
    time column: time
    columns:
      - { name: t, property: temperature, unit: °C }
YAML
{
    echo time,t
    for i in $(seq 0 399); do
        printf '2026-06-01T%02d:%02d:00Z,4.%02d\n' $((6 + i / 60)) $((i % 60)) $((i % 100))
    done
} >logger/log.csv
sponsor=$(as b member list --json | jq -r '.members[] | select(.name == "b") | .kid')
waybill-agent request --config logger/agent.yaml --sponsor "$sponsor" -o request.cose 2>kid.txt
as b device enrol request.cose --class device --right temperature >out.txt
says "the device" "accepted"
waybill-agent run --config logger/agent.yaml --clock "2026-06-01T06:00:00Z@2000" --exit-when-done \
    --give-up-after "90 s" >/dev/null 2>agent.log &
agent=$!
running+=($agent)
wait_until "the device's first statements" grep -q "connected to the broker at 127.0.0.1:$(port_of b 1)" agent.log
wait_until "blocks with them" reached a $(($(height a) + 3))
stop b KILL
wait $agent || die "the device: $(tail -n 3 agent.log)"
says "the device's second broker" "connected to the broker at 127.0.0.1:$(port_of d 1)" agent.log
waybill-agent status --config logger/agent.yaml >out.txt
says "what the device still owes" "^waiting  0 statements"
start b

# ---- one process a key: a copy of c's folder, at other ports, ends by itself, and c goes on
cp -r net/c copy
other=$(free_ports 4)
for offset in 0 1 2 3; do sed -i "s/\b$(port_of c $offset)\b/$((other + offset))/" copy/node.yaml; done
expect "a second process with a key" 1 "$(code_of timeout 60 waybill-node run --config copy/node.yaml)"
says "why it ends" "from another process" err.txt
rm -r copy

# ---- a ledger lost, its key kept: it says so, abstains, follows, and votes again
stop c TERM
rm net/c/node/ledger.db* net/c/node/authority.key.voted # the key comes from a safe place, without its marker
waybill genesis start net/c net/a/genesis.cbor >start.txt
start c
says "a vote that is lost" "it abstains" c.log
wait_until "c to follow" reached c "$(height a)"
expect "c abstains" true "$(ask c /v1/consensus .abstains)"
for i in 1 2 3; do as a asset commission "01/09506000134352/21/BACK-$i" >/dev/null; done
wait_until "c to vote again" says_of_itself c '"\(.votes) \(.abstains)"' "true false"
stop d TERM # now c's vote is needed
as a asset commission 01/09506000134352/21/NEEDED >out.txt
says "three of four" "accepted"
start d
same_chain "after the loss" "$(height a)"

# ---- the same key brought to a copy of the ledger, without anything of what it voted: it abstains just so
abstained() { grep -c "it abstains" c.log; }
stop c TERM
waybill backup net/c c.backup >out.txt
waybill restore c.backup net/c --replace >out.txt # forgets the vote
rm net/c/node/authority.key.voted
expect "abstained before" 1 "$(abstained)"
start c
expect "a vote that never came along" 2 "$(abstained)"
copies=0
votes_again() { # two blocks after what the others say
    as a asset commission "01/09506000134352/21/COPY-$((++copies))" >/dev/null
    says_of_itself c '"\(.votes) \(.abstains)"' "true false"
}
wait_until "c to vote once more" votes_again
stop c TERM
start c
expect "a vote that is here" 2 "$(abstained)"

# ---- nobody else is let in: not without a certificate, not with one the ledger does not know
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=x -keyout x.key -out x.crt 2>/dev/null
stop b TERM # each name has one connection
broker="-V 5 -h 127.0.0.1 -p $(port_of a 2) -t wb/1/peer/all -C 1 -W 60 --cafile net/a/tls.crt --insecure"
[ "$(code_of mosquitto_sub $broker)" != 0 ] || die "the peers' broker lets in who shows no certificate"
[ "$(code_of mosquitto_sub $broker --cert x.crt --key x.key)" != 0 ] || die "the peers' broker lets a stranger in"
expect "a peer listens" 0 "$(code_of mosquitto_sub $broker --cert net/b/tls.crt --key net/b/tls.key)"
blocks="https://127.0.0.1:$(port_of a 3)/v1/peer/blocks?from=1"
expect "blocks without a certificate" 403 "$(curl -sk -o out.bin -w '%{http_code}' "$blocks")"
expect "blocks for a stranger" 403 "$(curl -sk -o out.bin -w '%{http_code}' --cert x.crt --key x.key "$blocks")"
expect "blocks for a peer" 200 \
    "$(curl -sk -o out.bin -w '%{http_code}' --cert net/b/tls.crt --key net/b/tls.key "$blocks")"

# ---- and each file holds
for member in a c d; do stop "$member" TERM; done
for member in "${members[@]}"; do
    expect "the audit of $member" 0 "$(code_of waybill audit "net/$member")"
done
echo "ok: $(wc -l <acked-a.txt) + $(wc -l <acked-b.txt) statements under load, $((SECONDS - started)) s"
