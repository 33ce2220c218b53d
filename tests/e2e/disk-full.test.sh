#!/usr/bin/env bash
# A disk that fills up: new statements are refused aloud before a block could fail to be stored, questions are
# answered all the time, nothing that was accepted is lost, and with room again the node goes on by itself.
here=$(cd "$(dirname "$0")" && pwd)
if [ "${1:-}" != inside ]; then
    as_root=
    [ "$(id -u)" = 0 ] || as_root=--map-root-user
    exec unshare $as_root --mount bash "$here/$(basename "$0")" inside
fi
. "$here/node.sh"
export WAYBILL_HOME=$PWD/small/home
mkdir small
mount -t tmpfs -o size=160m tmpfs small
port=$(free_port)
waybill init small/home --name Small --member Farm --http-port "$port" >/dev/null
url=http://127.0.0.1:$port
waybill-node run --config small/home/node.yaml 2>node.log &
node_pid=$!
running+=($node_pid)
disown
ready() {
    curl -sf "$url/healthz" && grep -q 'connected to the broker' node.log
}
status_is() { # ok, degraded
    [ "$(curl -sf "$url/healthz" | jq -r .status)" = "$1" ]
}
alarm_is() { # NAME 0|1
    curl -sf "$url/metrics" | grep -q "^waybill_alarm{alarm=\"$1\"} $2$"
}
wait_until "the node" ready
waybill asset commission 01/09506000134352/21/BEFORE >out.txt
says "with room" accepted

fallocate -l 75M small/filler # some 80 MiB are left: the door closes
wait_until "the alarm" alarm_is disk_full 1
status_is degraded || die "a full disk, and the node calls itself well"
expect "a statement" 1 "$(code_of waybill asset commission 01/09506000134352/21/FULL --no-wait)"
says "why" "disk is full" err.txt
waybill trace 01/09506000134352/21/BEFORE >out.txt
says "questions go on" BEFORE

dd if=/dev/zero of=small/more bs=1M 2>/dev/null || true # to the brim
sleep 2
kill -0 $node_pid || die "the node did not outlive a full disk"
waybill trace 01/09506000134352/21/BEFORE >out.txt
says "questions go on at the brim" BEFORE

rm small/filler small/more
wait_until "room again" alarm_is disk_full 0
waybill send --pending >/dev/null 2>&1 || true
waybill asset commission 01/09506000134352/21/AFTER >out.txt
says "with room again" accepted
kill $node_pid
gone() {
    ! kill -0 $node_pid 2>/dev/null
}
wait_until "its end" gone
expect "the audit" 0 "$(code_of waybill audit small/home)"
