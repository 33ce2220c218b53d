#!/usr/bin/env bash
# A device among four companies: it may send to two of their nodes. The first is killed while readings and other
# statements are under way, it goes on at the second; that one is killed too, and it goes back to the first, which has
# caught up. Every reading is on the ledger once, in order and without a gap, as a third company proves.
. "$(dirname "$0")/node.sh"
unset WAYBILL_HOME WAYBILL_NODE
unit=01/09506000134352/21/BOX
readings=960

base=$(free_ports 40)
trap 'touch enough; finish' EXIT
d=http://127.0.0.1:$((base + 30))

waybill consortium init net --members a,b,c,d --base-port "$base" >init.txt
sed -i 's/period: 500 ms/period: 50 ms/' net/*/node.yaml
waybill consortium up net --wait 40s >up.txt

# ---- c's logger, on c's box, may send to a and b
mkdir logger
cp net/c/identity.cbor logger/
cat >logger/agent.yaml <<YAML
ledger: identity.cbor
key: agent.key
outbox: { folder: outbox }
brokers:
  - { port: $((base + 1)) }
  - { port: $((base + 11)) }
pack: { samples: 4, within: 1 h, resend: 1 s }
sensors:
  - source: csv
    file: log.csv
    time column: time
    columns:
      - { name: t, property: temperature, unit: °C }
YAML
start=$(date -u -d 2026-06-01T06:00:00Z +%s)
{
    echo time,t
    for i in $(seq 0 $((readings - 1))); do
        printf '%s,4.%02d\n' "$(date -u -d "@$((start + 60 * i))" +%Y-%m-%dT%H:%M:%SZ)" $((i % 100))
    done
} >logger/log.csv
waybill asset commission $unit --time 2026-06-01T05:00:00Z --dir net/c >out.txt
waybill-agent request --config logger/agent.yaml --sponsor "$(waybill member show c --dir net/c --json | jq -r .kid)" \
    -o request.cose >request.txt 2>&1
waybill device enrol request.cose --class device --right temperature --dir net/c >out.txt
device=$(sed -n 's/^device *//p' request.txt)
waybill device attach "$device" $unit --time 2026-06-01T05:30:00Z --dir net/c >out.txt

# ---- others have work, too
load() {
    local i=0
    while [ ! -e enough ]; do
        waybill asset commission 01/09506000134352/21/L$((i += 1)) --dir net/d >/dev/null 2>>load.err || true
    done
}
load &
load=$!
packs() { # as d has them
    curl -sf "$d/v1/assets/$unit" | jq .packs
}
has() { # PACKS
    [ "$(packs)" -ge "$1" ]
}
connected() { # PORT TIMES
    [ "$(grep -c "connected to the broker at 127.0.0.1:$1" agent.log)" -ge "$2" ]
}
waybill-agent run --config logger/agent.yaml --clock "2026-06-01T06:00:00Z@3000" --exit-when-done \
    --give-up-after "90 s" >/dev/null 2>agent.log &
agent=$!
running+=($agent)
wait_until "the first readings" has 20
kill -9 "$(cat net/a/node.pid)"
wait_until "the second broker" connected $((base + 11)) 1
sent=$(packs)
waybill consortium up net a --wait 40s >up.txt
wait_until "readings by the second" has $((sent + 20))
kill -9 "$(cat net/b/node.pid)"
wait_until "the first broker again" connected $((base + 1)) 2
wait $agent || die "the device: $(tail -n 3 agent.log)"
touch enough
wait $load
[ ! -s load.err ] || die "a statement of d: $(cat load.err)"

# ---- nothing is owed, and all of it is there, once
waybill-agent status --config logger/agent.yaml >out.txt
says "what the device still owes" '^waiting  0 statements'
all() {
    has $((readings / 4))
}
wait_until "all of it at d" all
expect "proven at d" 0 "$(code_of waybill trace $unit --json --verify --dir net/d)"
expect "what is proven" "$readings $((readings / 4)) 0" "$(jq -r '"\(.readings) \(.packs) \(.missing_packs)"' out.txt)"
waybill consortium up net b --wait 40s >up.txt
same_head() {
    waybill consortium status net >/dev/null
}
wait_until "one head" same_head
expect "proven at b, which was killed" 0 "$(code_of waybill trace $unit --json --verify --dir net/b)"
expect "what is proven at b" "$readings" "$(jq -r .readings out.txt)"
