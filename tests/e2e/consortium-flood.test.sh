#!/usr/bin/env bash
# What can be sent to the ports that companies open to each other: anything at all, TLS without a certificate, TLS with
# a certificate that is on no ledger, and by one of the members, on its own broker, a megabyte of garbage after the
# other. Statements go on being accepted, at what share of the rate before is said; memory stays where it was.
. "$(dirname "$0")/node.sh"
unset WAYBILL_HOME WAYBILL_NODE
window=3          # seconds
growth_kib=65536  # of a node, at most
least_percent=10  # of the rate without a flood; two cores may be busy otherwise

base=$(free_ports 40)
made=0
rate() { # sets accepted: how many statements b's node took within a window
    local end=$((SECONDS + window))
    accepted=0
    while [ $SECONDS -lt $end ]; do
        made=$((made + 1))
        waybill asset commission "01/09506000134352/21/F$made" --dir net/b >out.txt 2>err.txt || die "$(cat err.txt)"
        accepted=$((accepted + 1))
    done
}
rss() { # MEMBER: KiB
    awk '/^VmRSS/ { print $2 }' "/proc/$(cat "net/$1/node.pid")/status"
}
during() { # WHAT KIND PORT [FILE...]: a flood, and what goes on meanwhile
    local what=$1 flood # its own work is not to be what slows the others
    shift
    nice -n 19 "$here/flood.py" "$1" "$2" $((window + 1)) "${@:3}" >flood.txt 2>flood.err &
    flood=$!
    rate
    wait $flood || die "the flood of $what: $(tail -n 1 flood.err)"
    [ "$(cat flood.txt)" -gt 0 ] || die "no flood of $what"
    echo "$what: $(cat flood.txt) of them; $((100 * accepted / calm)) % of the statements"
    [ $((100 * accepted)) -ge $((least_percent * calm)) ] || die "$what: $accepted statements instead of $calm"
}

waybill consortium init net --members a,b,c,d --base-port "$base" >init.txt
sed -i 's/period: 500 ms/period: 100 ms/' net/*/node.yaml
waybill consortium up net --wait 40s >up.txt
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=0011223344556677 \
    -keyout x.key -out x.crt 2>/dev/null
rate
calm=$accepted
before_a=$(rss a) before_b=$(rss b)
during "anything, at the broker" raw $((base + 2))
during "TLS without a certificate, at the blocks" tls $((base + 3))
during "a certificate of nobody, at the broker" tls $((base + 2)) x.crt x.key

# ---- d has its key, its certificate and its broker, and no good will
waybill consortium down net d >out.txt
mosquitto -c net/d/node/peers/mosquitto.conf >/dev/null 2>&1 &
running+=($!)
hears_d() {
    [ "$(grep -c "listening to peer .* at 127.0.0.1:$((base + 32))" net/b/node.log)" -ge 2 ]
}
wait_until "b to listen to d again" hears_d
during "garbage by a member" publish $((base + 32)) net/d/tls.crt net/d/tls.key

# ---- nobody ended, nobody grew
for member in a b c; do kill -0 "$(cat net/$member/node.pid)" || die "$member's node ended"; done
for grown in $(($(rss a) - before_a)) $(($(rss b) - before_b)); do
    [ "$grown" -le $growth_kib ] || die "a node grew by $grown KiB"
done
expect "what was accepted is there" 0 "$(code_of waybill trace "01/09506000134352/21/F$made" --verify --dir net/c)"
echo "a and b grew by $(($(rss a) - before_a)) and $(($(rss b) - before_b)) KiB"
