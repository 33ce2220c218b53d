#!/usr/bin/env bash
# Another certificate for one node of four, made by a command: the others take it over from the ledger and let the
# old one in no more, nothing that was accepted is lost, and blocks need the node again afterwards. Then one whose key
# and certificate are lost, while its node does not run.
. "$(dirname "$0")/node.sh"
unset WAYBILL_HOME WAYBILL_NODE

port=$(free_ports 40)
members=(farm-a carrier-b clinic-c witness-w)
node_of() { # MEMBER
    local i
    for i in "${!members[@]}"; do
        [ "${members[$i]}" != "$1" ] || echo "http://127.0.0.1:$((port + 10 * i))"
    done
}
pages_of() { # MEMBER: for peers
    local i
    for i in "${!members[@]}"; do
        [ "${members[$i]}" != "$1" ] || echo "https://127.0.0.1:$((port + 10 * i + 3))"
    done
}
hears() { # MEMBER COUNT
    [ "$(curl -sf "$(node_of "$1")/v1/consensus" | jq -r .peers)" = "$2" ]
}
all_hear() { # COUNT MEMBER...
    local count=$1 member
    shift
    for member; do wait_until "$member to hear $count" hears "$member" "$count"; done
}
commission() { # MEMBER NAME
    waybill asset commission "01/09506000134352/21/$2" --dir "net/$1" >out.txt 2>err.txt || die "commission $2: $(cat err.txt)"
}
stop() { # MEMBER
    waybill consortium down net "$1" >out.txt
}
start() { # MEMBER
    waybill consortium up net "$1" --wait 120s >out.txt 2>err.txt || die "$1 does not start: $(cat err.txt)"
}
is_let_in() { # MEMBER KEY CERTIFICATE: the pages for peers of that member answer
    [ "$(curl -sk --cert "$3" --key "$2" -o /dev/null -w '%{http_code}' "$(pages_of "$1")/v1/peer/heard")" = 200 ]
}
is_shut_out() {
    ! is_let_in "$@"
}
sum_of() { # FILE: SHA-256 of the certificate in it
    openssl x509 -in "$1" -outform DER | sha256sum | cut -d' ' -f1
}

waybill consortium init net --members "Farm A,Carrier B,Clinic C,Witness W" --base-port "$port" >out.txt
sed -i 's/period: 500 ms/period: 50 ms/; s/empty every: 60 s/empty every: 2 s/' net/*/node.yaml
waybill consortium up net --wait 120s >out.txt
all_hear 3 "${members[@]}"
commission farm-a BEFORE
old=$(sum_of net/farm-a/tls.crt)
cp net/farm-a/tls.key net/farm-a/tls.crt .
is_let_in carrier-b tls.key tls.crt || die "its first certificate is not let in"

# ---- no node to say it to
expect "nobody to say it to" 1 "$(code_of waybill member certificate --dir net/farm-a --node "http://127.0.0.1:$(free_port)")"
expect "nothing is changed" "$old" "$(sum_of net/farm-a/tls.crt)"

# ---- while a block needs this node, not without a word
stop witness-w
wait_until "farm-a to miss one" hears farm-a 2
expect "needed for a block" 1 "$(code_of waybill member certificate --dir net/farm-a)"
says "needed for a block" 'a block needs 3 authorities and beside this node 2 are heard' err.txt
[ ! -e net/farm-a/tls.crt.next ] || die "a certificate that nobody may announce"
start witness-w
all_hear 3 "${members[@]}"

# ---- under load: made, announced, put in place
load() { # until there is a file `enough`: one statement after the other
    local n=0
    while [ ! -e enough ]; do
        n=$((n + 1))
        waybill asset commission "01/09506000134352/21/LOAD$n" --dir net/carrier-b || return 1
        echo "LOAD$n" >>accepted.txt
    done
}
: >accepted.txt
load >load.txt 2>&1 &
load_pid=$!
running+=("$load_pid")
expect "another certificate" 0 "$(code_of waybill member certificate --dir net/farm-a --json)"
expect "what comes next" "final restart" "$(jq -r '"\(.status) \(.next)"' out.txt)"
new=$(sum_of net/farm-a/tls.crt)
expect "the one announced" "$new" "$(jq -r .certificate out.txt)"
[ "$new" != "$old" ] || die "it is the old one"
expect "the old one is kept" "$old" "$(sum_of net/farm-a/tls.crt.old)"
expect "nobody else reads the key" 600 "$(stat -c %a net/farm-a/tls.key)"
expect "nothing waits" 0 "$(find net/farm-a -name 'tls.*.next' | wc -l)"
stop farm-a
start farm-a
all_hear 3 "${members[@]}"
for member in carrier-b clinic-c witness-w; do
    is_let_in $member net/farm-a/tls.key net/farm-a/tls.crt || die "$member does not let the new one in"
    wait_until "$member to forget the old one" is_shut_out $member tls.key tls.crt
done
commission farm-a AFTER
touch enough
wait "$load_pid" || die "a statement was lost: $(cat load.txt)"
accepted=$(wc -l <accepted.txt)
[ "$accepted" -gt 0 ] || die "nothing was accepted meanwhile"
while read -r name; do
    wait_until "$name on the ledger, as farm-a has it" curl -sf "$(node_of farm-a)/v1/assets/01/09506000134352/21/$name"
done <accepted.txt

# ---- its vote counts: without another one a block needs it
stop witness-w
wait_until "three to be left" hears farm-a 2
commission farm-a NEEDED
start witness-w
all_hear 3 "${members[@]}"

# ---- key and certificate are lost, and the node is down: another member's node hears of it
stop carrier-b
rm net/carrier-b/tls.key net/carrier-b/tls.crt
expect "lost" 0 "$(code_of waybill member certificate --dir net/carrier-b --node "$(node_of clinic-c)")"
says "lost" 'Now start its node'
[ ! -e net/carrier-b/tls.key.old ] || die "an old key out of nothing"
start carrier-b
all_hear 3 "${members[@]}"
stop witness-w
wait_until "three to be left again" hears carrier-b 2
commission carrier-b FOUND

# ---- ended between two steps: the same certificate once more, and its files in place
cp net/farm-a/tls.crt net/farm-a/tls.crt.next
rm net/farm-a/tls.crt
expect "taken up again" 0 "$(code_of waybill member certificate --dir net/farm-a --now --json)"
expect "the same" "$new" "$(jq -r .certificate out.txt)"
expect "in place" "$new" "$(sum_of net/farm-a/tls.crt)"
start witness-w
waybill consortium status net >out.txt || true
waybill consortium down net >out.txt
for member in "${members[@]}"; do waybill audit "net/$member" >out.txt || die "audit of $member"; done
echo "new-certificate: $accepted statements accepted meanwhile"
