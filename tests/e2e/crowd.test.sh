#!/usr/bin/env bash
# More strangers connect than the node may have descriptors: some are left for its database and its brokers, it says
# so, goes on committing, and answers whoever asks from its own machine.
. "$(cd "$(dirname "$0")" && pwd)/node.sh"
make_ledger "Farm A"
limit=256
ulimit -n $limit
start_node
ulimit -Sn | grep -qx $limit || die "the limit is not $limit"

python3 "$here/crowd.py" "$http" 240 ready &
running+=($!)
wait_until "the strangers" test -e ready
told() { grep -q 'others are turned away' node.log; }
wait_until "the node to turn some away" told
for i in 1 2 3 4 5; do
    waybill asset commission "01/09506000134352/21/CROWD$i" --as "Farm A" >/dev/null
    open=$(find "/proc/$node_pid/fd" -mindepth 1 | wc -l)
    [ "$open" -le $((limit * 3 / 4)) ] || die "$open descriptors of $limit are in use"
done
expect "statements" 5 "$(leaves)"
waybill trace 01/09506000134352/21/CROWD5 >out.txt
says "the answer" "CROWD5"
expect "how often it was said" 1 "$(grep -c 'others are turned away' node.log)"
