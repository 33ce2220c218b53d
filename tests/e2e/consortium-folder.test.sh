#!/usr/bin/env bash
# The folder of a rehearsal: members of any alphabet get one; renamed while its nodes run, they are known and ended; a
# node whose configuration is gone is ended, too; and a process that only has the number of one is left alone.
. "$(dirname "$0")/node.sh"
unset WAYBILL_HOME WAYBILL_NODE

rehearsals=(net renamed)
down_all() {
    for pid in $(cat pids.txt 2>/dev/null); do kill "$pid" 2>/dev/null || true; done
    finish
}
trap down_all EXIT
pids() { # DIR
    cat "$1"/*/node.pid
}
ended() { # PID...: but for a dead one that nobody has collected
    local pid
    for pid; do [ ! -s "/proc/$pid/cmdline" ] || [ "$(wc -c <"/proc/$pid/cmdline")" = 0 ] || return 1; done
}

# ---- folders' names
expect "no name at all" 1 "$(code_of waybill consortium init net --members "Farm A, !! ")"
says "no name at all" 'expected a name with letters or digits' err.txt
port=$(free_ports 40)
waybill consortium init net --members "Farm A,上海,Ökö,北京" --base-port "$port" >out.txt
expect "its members' folders" "farm-a k member-2 member-4" "$(find net -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort | paste -sd' ')"
sed -i 's/period: 500 ms/period: 50 ms/; s/empty every: 60 s/empty every: 2 s/' net/*/node.yaml
waybill member new solo --name "東京" --no-node >out.txt
[ -e solo/request.cbor ] || die "a member of another alphabet has no request"

# ---- renamed while they run
waybill consortium up net --wait 120s >out.txt
waybill gov list --dir net/member-2 >out.txt
says "a name is as it was given" '上海'
pids net >pids.txt
mv net renamed
expect "they run" 4 "$(waybill consortium status renamed --json | jq '[.nodes[]|select(.pid)]|length')"
expect "up, again" 0 "$(code_of waybill consortium up renamed --wait 120s)"
says "up, again" 'farm-a: runs already'
waybill consortium down renamed >out.txt
says "all are ended" '^4 of 4 ended'
# shellcheck disable=SC2046
ended $(cat pids.txt) || die "a node of the renamed folder still runs"

# ---- a configuration that is gone, and a number that is somebody else's
waybill consortium up renamed --wait 120s >out.txt
pids renamed >pids.txt
mv renamed/k/node.yaml away.yaml
expect "status without it" 1 "$(code_of waybill consortium status renamed)"
says "status without it" '^k: .*node.yaml'
waybill consortium down renamed >out.txt
says "all four" '^4 of 4 ended'
# shellcheck disable=SC2046
ended $(cat pids.txt) || die "the node without a configuration still runs"
expect "up without it" 1 "$(code_of waybill consortium up renamed k --wait 120s)"
says "up without it" 'node.yaml' err.txt
mv away.yaml renamed/k/node.yaml
sleep 600 &
other=$!
running+=("$other")
echo "$other" >renamed/k/node.pid
waybill consortium down renamed >out.txt
says "nobody of ours" '^0 of 4 ended'
kill -0 "$other" || die "a stranger's process was ended"
rm pids.txt
echo "consortium-folder: $port"
