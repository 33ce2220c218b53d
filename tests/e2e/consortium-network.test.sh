#!/usr/bin/env bash
# Four companies on four machines, as far as one machine can show it: each member in a network namespace of its own,
# with its own addresses, founding the ledger as people do, request by request and signature by signature. Then the
# cable is pulled: two against two nobody commits, and together again they do within ten seconds; one machine whose
# clock is an hour off is told so and does no harm.
here=$(cd "$(dirname "$0")" && pwd)
if [ "${1:-}" != inside ]; then
    as_root=
    [ "$(id -u)" = 0 ] || as_root=--map-root-user
    exec unshare $as_root --net --mount bash "$here/$(basename "$0")" inside
fi
. "$here/node.sh"
members=(a b c d)
declare -A pid_of
mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns # names of namespaces that nobody outside sees

# ---- a network: one switch, four machines
ip link set lo up
ip link add switch type bridge
ip link set switch up
address_of() {
    case $1 in a) echo 10.77.0.1 ;; b) echo 10.77.0.2 ;; c) echo 10.77.0.3 ;; d) echo 10.77.0.4 ;; esac
}
for m in "${members[@]}"; do
    ip netns add "$m"
    ip link add "cable-$m" type veth peer name eth0 netns "$m"
    ip link set "cable-$m" master switch up
    ip -n "$m" address add "$(address_of "$m")/24" dev eth0
    ip -n "$m" link set eth0 up
    ip -n "$m" link set lo up
done
at() { # MEMBER COMMAND...: on its machine, in its folder
    local m=$1
    shift
    WAYBILL_HOME=$PWD/$m ip netns exec "$m" "$@"
}
start() { # MEMBER [OPTION...]
    local m=$1
    shift
    ip netns exec "$m" waybill-node run --config "$m/node.yaml" "$@" >/dev/null 2>>"$m.log" &
    pid_of[$m]=$!
    running+=($!)
    disown $!
}
gone() { # PID
    ! kill -0 "$1" 2>/dev/null
}
stop() { # MEMBER
    kill "${pid_of[$1]}"
    wait_until "the end of $1's node" gone "${pid_of[$1]}"
}
ask() { # MEMBER PATH FILTER
    at "$1" curl -sf "http://127.0.0.1:8600$2" | jq -r "$3"
}
height() { # MEMBER
    ask "$1" /v1/head .height
}
reached() { # MEMBER HEIGHT
    [ "$(height "$1")" -ge "$2" ]
}
hears() { # MEMBER PEERS
    [ "$(ask "$1" /v1/consensus .peers)" = "$2" ]
}
made=0
post() { # MEMBER: a statement of its own that nobody waits for
    made=$((made + 1))
    at "$1" waybill asset commission "01/09506000134352/21/N$made" --no-wait >/dev/null 2>>post.log || true
}
all_reached() { # HEIGHT
    local m
    for m in "${members[@]}"; do reached "$m" "$1" || return 1; done
}
milliseconds() {
    date +%s%3N
}

# ---- founding: each makes its keys where they are used, and signs what it has read
for m in "${members[@]}"; do
    waybill member new "$m" --name "Company $m" --broker "$(address_of "$m"):18830" \
        --url "https://$(address_of "$m"):18840" --devices-port 18831 >/dev/null
    sed -i 's/period: 500 ms/period: 50 ms/' "$m/node.yaml"
done
waybill genesis a/request.cbor b/request.cbor c/request.cbor d/request.cbor --name "Cold chain" --out draft >/dev/null
waybill genesis show draft >out.txt
says "the draft" "4"
expect "sealing before all have signed" 1 "$(code_of waybill genesis seal draft --out genesis.cbor)"
for m in "${members[@]}"; do waybill genesis sign draft "$m" >/dev/null; done
waybill genesis seal draft ./*/signature.cbor --out genesis.cbor >/dev/null
for m in "${members[@]}"; do waybill genesis start "$m" genesis.cbor >/dev/null; done

# ---- up
began=$(milliseconds)
for m in "${members[@]}"; do start "$m"; done
for m in "${members[@]}"; do wait_until "$m to hear the others" hears "$m" 3; done
at a waybill asset commission 01/09506000134352/21/FIRST >out.txt
says "the first statement" accepted
wait_until "one block at all" all_reached 1
up_ms=$(($(milliseconds) - began))
[ $up_ms -lt 60000 ] || die "up after $up_ms ms"

# ---- two against two: nobody commits; together again within ten seconds
for m in c d; do ip link set "cable-$m" nomaster; done
ip link add other type bridge && ip link set other up
for m in c d; do ip link set "cable-$m" master other; done
# a block that was being decided may still be: until neither side has had another for three seconds, however slow it is
while [ "$(height a) $(height c)" != "${settled:-}" ]; do
    settled="$(height a) $(height c)"
    sleep 3
done
before_a=${settled% *} before_c=${settled#* }
post a
post c
sleep 6
expect "a commits with half of them" "$before_a" "$(height a)"
expect "c commits with half of them" "$before_c" "$(height c)"
for m in c d; do ip link set "cable-$m" master switch; done
healed=$(milliseconds)
wait_until "blocks after the healing" all_reached $(((before_a > before_c ? before_a : before_c) + 1))
heal_ms=$(($(milliseconds) - healed))
[ $heal_ms -le 10000 ] || die "the first block came $heal_ms ms after the healing"

# ---- a clock an hour ahead: told, harmless
stop d
start d --clock "$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)@1"
wait_until "d among the others again" hears d 3
before=$(height a)
for _ in 1 2 3 4 5 6 7 8; do
    at a waybill asset commission "01/09506000134352/21/C$((made += 1))" >out.txt
    says "a statement beside a wrong clock" accepted
done
reached a $((before + 8)) || die "blocks did not go on beside a wrong clock"
block_time=$(date -u -d "$(ask a /v1/head .time)" +%s)
now=$(date +%s) # asked last: what a busy machine takes in between speaks for the block
[ $((block_time - now)) -le 3 ] || die "a wrong clock moved block time $((block_time - now)) s ahead"
offset=$(ask d /v1/consensus .offset_ms)
[ "$offset" -gt 3500000 ] || die "d says that its clock is $offset ms off"
wait_until "d to say that its clock is off" grep -q "alarm own_clock" d.log
says_degraded() { ask d /healthz .status | grep -q degraded; }
wait_until "d to be called degraded" says_degraded

# ---- one state everywhere, and every file holds
last=$(height a)
wait_until "all at $last" all_reached "$last"
for m in b c d; do
    expect "the state of $m at $last" "$(ask a "/v1/blocks?from=$last&limit=1" '.blocks[0].state')" \
        "$(ask "$m" "/v1/blocks?from=$last&limit=1" '.blocks[0].state')"
done
for m in "${members[@]}"; do stop "$m"; done
for m in "${members[@]}"; do expect "the audit of $m" 0 "$(code_of waybill audit "$m")"; done
echo "ok: up in $up_ms ms, first block $heal_ms ms after the healing"
