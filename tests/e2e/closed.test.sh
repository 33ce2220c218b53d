#!/usr/bin/env bash
# Programs started with standard input, output and error closed: what they open first must not get those numbers, or a
# line of the log would end up in the database.
. "$(cd "$(dirname "$0")" && pwd)/node.sh"
make_ledger "Farm A"

standard_are_null() { # PID
    local fd
    for fd in 0 1 2; do
        [ "$(readlink "/proc/$1/fd/$fd")" = /dev/null ] || return 1
    done
}
answers() {
    curl -sf "$url/healthz"
}

waybill-node run --config home/node.yaml <&- >&- 2>&- &
node_pid=$!
running+=("$node_pid")
wait_until "the node" answers
standard_are_null "$node_pid" || die "the node has $(ls -l "/proc/$node_pid/fd/"[012]) for its standard descriptors"
waybill asset commission 01/09506000134352/21/CLOSED --as "Farm A" >/dev/null
waybill asset commission 01/09506000134352/21/CLOSED2 --as "Farm A" <&- >&- 2>&- || true # no output, but sent
two() { [ "$(leaves)" = 2 ]; }
wait_until "both statements" two
kill_node TERM
expect "the database afterwards" ok "$(sqlite3 home/node/ledger.db 'PRAGMA integrity_check')"
expect "what is no database in its file" 0 "$(grep -c 'waybill-node \(info\|warn\|error\):' home/node/ledger.db || true)"
start_node
expect "statements after the restart" 2 "$(leaves)"
