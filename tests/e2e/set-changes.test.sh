#!/usr/bin/env bash
# The authorities of a ledger change three times, by votes on real nodes: one is removed, one gets another key on
# another machine, one more is removed. What was proven before holds offline by the proof of the changes, what comes
# after is not believed without it, and a device that was away goes on by itself.
. "$(dirname "$0")/node.sh"
members=(a b c d)
gtin=01/09506000134352

base=$(free_ports 40)
http_of() { # MEMBER
    case $1 in a) echo "$base" ;; b) echo $((base + 10)) ;; c) echo $((base + 20)) ;; d) echo $((base + 30)) ;; esac
}
declare -A pid_of
ready() { # PORT
    curl -sf "http://127.0.0.1:$1/healthz"
}
start() { # FOLDER PORT
    waybill-node run --config "$1/node.yaml" >/dev/null 2>>"$(basename "$1").log" &
    pid_of[$(basename "$1")]=$!
    running+=($!)
    wait_until "the node of $1" ready "$2"
}
as() { # MEMBER COMMAND...
    local member=$1
    shift
    WAYBILL_HOME=$PWD/net/$member waybill "$@"
}
commission() { # SERIAL
    as c asset commission "$gtin/21/$1" >/dev/null
}
decide() { # WHAT VOTERS... -- PROPOSAL...: proposed by c, voted by these
    local what=$1 voters=()
    shift
    while [ "$1" != -- ]; do voters+=("$1"); shift; done
    shift
    as c gov propose "$@" --json >proposed.txt
    local hash
    hash=$(jq -r '.proposal // .statement' proposed.txt)
    for voter in "${voters[@]}"; do # at its own node, which may have heard of it later than c's
        wait_until "$what: $voter's node to know" as "$voter" gov show "$hash"
        as "$voter" gov vote "$hash" yes >vote.txt 2>&1 || die "$what: $voter's vote: $(cat vote.txt)"
    done
}
authorities() { # COUNT CHANGES, says c's node of the next block
    curl -sf "http://127.0.0.1:$(http_of c)/v1/set" |
        jq -e ".changes == $2 and (.authorities | length) == $1"
}

waybill consortium init net --members a,b,c,d --base-port "$base" >init.txt
sed -i 's/period: 500 ms/period: 20 ms/' net/*/node.yaml
for member in "${members[@]}"; do start "net/$member" "$(http_of "$member")"; done
cp net/c/identity.cbor .

# ---- before any change
commission U1
leaf=$(curl -sf "http://127.0.0.1:$(http_of c)/v1/head" | jq '.size - 1')
as c receipt get "$leaf" -o old.receipt >/dev/null
as c receipt get "$leaf" -o old.voucher --voucher >/dev/null
as c proof sets -o none.sets >/dev/null
hash=$(curl -sf "http://127.0.0.1:$(http_of c)/v1/blocks/$(curl -sf "http://127.0.0.1:$(http_of c)/v1/receipts/$leaf" \
    -H 'Accept: application/json' | jq .height)" | jq -r ".entries[] | select(.leaf == $leaf) | .hash")
as c statement get "$hash" -o old.statement >/dev/null
as c trace $gtin/21/U1 >/dev/null

mkdir logger
cp identity.cbor logger/
cat >logger/agent.yaml <<YAML
ledger: identity.cbor
key: agent.key
outbox: { folder: outbox }
broker: { host: 127.0.0.1, port: $((base + 21)) }
pack: { samples: 4, within: 1 h, resend: 1 s }
sensors:
  - source: csv
    file: log.csv
    time column: time
    columns:
      - { name: t, property: temperature, unit: °C }
YAML
printf 'time,t\n2026-06-01T06:00:00Z,4\n2026-06-01T06:01:00Z,4\n2026-06-01T06:02:00Z,5\n2026-06-01T06:03:00Z,5\n' \
    >logger/log.csv
sponsor=$(as c member list --json | jq -r '.members[] | select(.name == "c") | .kid')
waybill-agent request --config logger/agent.yaml --sponsor "$sponsor" -o request.cose 2>/dev/null
as c device enrol request.cose --class device --right temperature >/dev/null
log_on() {
    waybill-agent run --config logger/agent.yaml --clock "2026-06-01T06:00:00Z@4000" --exit-when-done \
        --give-up-after "60 s" >/dev/null 2>agent.log || die "the device: $(tail -n 3 agent.log)"
}
log_on

# ---- three changes
decide "d leaves" a b c -- remove-authority d
wait_until "three authorities" authorities 3 1
refuses() { # MEMBER: nobody listens to its node any more, which says so at once, over HTTP and over MQTT
    [ "$(code_of timeout 60 env WAYBILL_HOME="$PWD/net/$1" waybill asset commission "$gtin/21/LATE-$1")" = 1 ] &&
        grep -q 'NOT_AUTHORITY: this node is not an authority of the ledger since block [0-9]*: send' err.txt
}
wait_until "d's node to refuse" refuses d
mosquitto_sub -p $((base + 31)) -V 5 -q 1 -R -t 'wb/1/+/ack' -F %x -C 1 -W 60 >heard.txt &
running+=($!)
answers() { # said again until the listener is there
    mosquitto_pub -p $((base + 31)) -q 1 -t "wb/1/0000000000000000/up" -f old.statement
    [ -s heard.txt ]
}
wait_until "d's node to answer over MQTT" answers
says "d's node over MQTT" "^83005820${hash}0c$" heard.txt
kill "${pid_of[d]}"
commission U2
mkdir machine
waybill member spare machine/a2 --of "$(as a member list --json | jq -r '.members[] | select(.name == "a") | .kid')" \
    --ledger identity.cbor --broker "127.0.0.1:$((base + 32))" --url "https://127.0.0.1:$((base + 33))" \
    --listen 127.0.0.1 --http-port "$((base + 30))" --devices-port "$((base + 31))" >spare.txt 2>&1 ||
    die "a spare: $(cat spare.txt)"
decide "another key for a" a b c -- add-authority machine/a2/enrolment.cose
waybill genesis start machine/a2 net/c/genesis.cbor >start.txt
waybill member announce --dir machine/a2 --node "http://127.0.0.1:$(http_of c)" >announce.txt
start machine/a2 $((base + 30))
wait_until "a's other key" authorities 3 2
wait_until "a's first node to refuse" refuses a
kill "${pid_of[a]}"
commission U3
decide "b leaves" b c -- remove-authority b 2>/dev/null || true
WAYBILL_NODE=http://127.0.0.1:$(http_of c) as a gov vote "$(jq -r '.proposal // .statement' proposed.txt)" yes >vote.txt 2>&1 ||
    die "a's vote by c's node: $(cat vote.txt)"
wait_until "two authorities" authorities 2 3
kill "${pid_of[b]}"
commission U4

# ---- what was proven before, by the files alone
export WAYBILL_NODE=http://127.0.0.1:1
offline=(--dir nowhere --identity identity.cbor)
expect "an old receipt" 0 "$(code_of waybill receipt verify old.receipt old.statement identity.cbor)"
says "by whose word" '(3 needed) by the set of the genesis'
says "by whose word" 'IDENTITY alone does not say'
expect "an old voucher" 0 "$(code_of waybill receipt verify old.voucher "${offline[@]}")"
says "an old voucher" 'by 3 of 4 (3 needed)' out.txt

# ---- what came afterwards
export WAYBILL_NODE=http://127.0.0.1:$(http_of c)
as c proof sets -o sets.cbor >out.txt
says "three changes" 'proof ok: 3 changes' out.txt
[ "$(stat -c %s sets.cbor)" -le 4096 ] || die "the chain of sets has $(stat -c %s sets.cbor) bytes"
leaf=$(curl -sf "$WAYBILL_NODE/v1/head" | jq '.size - 1')
as c receipt get "$leaf" -o new.receipt >/dev/null
as c receipt get "$leaf" -o new.voucher --voucher >/dev/null
as c trace $gtin/21/U1 >out.txt
says "a trace over the changes" '2 of 2 seals' out.txt
as c proof consistency 1 head -o heads.cbor >out.txt
says "heads over the changes" 'after 3 changes' out.txt
as c proof state sets -o state.cbor >/dev/null
waybill statement get "$(curl -sf "$WAYBILL_NODE/v1/blocks?from=1&limit=200" >/dev/null
    curl -sf "$WAYBILL_NODE/v1/receipts/$leaf" -H 'Accept: application/json' | jq .height | xargs -I{} \
        curl -sf "$WAYBILL_NODE/v1/blocks/{}" | jq -r ".entries[] | select(.leaf == $leaf) | .hash")" \
    -o new.statement --dir net/c >/dev/null
export WAYBILL_NODE=http://127.0.0.1:1
expect "not without the changes" 3 "$(code_of waybill receipt verify new.receipt new.statement identity.cbor --dir nowhere)"
expect "with them" 0 \
    "$(code_of waybill receipt verify new.receipt new.statement identity.cbor --sets sets.cbor --dir nowhere)"
expect "in one file" 0 "$(code_of waybill receipt verify new.receipt new.statement sets.cbor --dir nowhere)"
expect "by what the folder has seen" 0 "$(code_of as c receipt verify new.receipt new.statement identity.cbor)"
expect "a folder that has seen nothing" 3 "$(code_of as d receipt verify new.receipt new.statement identity.cbor)"
for file in new.voucher heads.cbor state.cbor sets.cbor; do
    expect "$file, offline" 0 "$(code_of waybill proof verify $file "${offline[@]}")"
done
expect "an old chain of sets in a folder that knows more" 0 "$(code_of as c proof verify none.sets)"

# ---- the device, which knew the first authorities alone
printf '2026-06-01T07:00:00Z,4\n2026-06-01T07:01:00Z,4\n2026-06-01T07:02:00Z,5\n2026-06-01T07:03:00Z,5\n' \
    >>logger/log.csv
log_on
[ -s logger/outbox/set.cbor ] || die "the device has not kept the authorities of now"
says "what the device still owes" '^waiting  0 statements' <(waybill-agent status --config logger/agent.yaml)
log_on # and from its file again

# ---- each file holds
for name in c a2; do
    kill "${pid_of[$name]}"
    wait "${pid_of[$name]}" 2>/dev/null || true
done
for folder in net/a net/b net/c net/d machine/a2; do
    expect "the audit of $folder" 0 "$(code_of waybill audit "$folder")"
done
