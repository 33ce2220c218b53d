#!/usr/bin/env bash
# Witnesses of a ledger of four companies, as docs/proofs.md has it: known to one member's node, they cosign what all
# have agreed on, before and after an authority is voted out. Who verifies has the ledger's identity and the witnesses'
# keys and asks no node; software that knows notes alone (witness.py: c2sp.org's texts and openssl) opens them too.
. "$(dirname "$0")/node.sh"
unset WAYBILL_HOME WAYBILL_NODE

base=$(free_ports 40)
a=http://127.0.0.1:$base b=http://127.0.0.1:$((base + 10)) c=http://127.0.0.1:$((base + 20)) d=http://127.0.0.1:$((base + 30))
made=0
commission() { # MEMBER
    made=$((made + 1))
    waybill asset commission "01/09506000134352/21/W$made" --dir "net/$1" >out.txt 2>err.txt || die "$(cat err.txt)"
}
has() { # URL STATEMENTS
    [ "$(curl -sf "$1/v1/head" | jq .size)" -ge "$2" ]
}
opens() { # NOTE KEY: by who knows notes alone
    python3 "$here/witness.py" --open "$1" "$2" >opened.txt 2>opened.err && cmp -s opened.txt <(head -n 3 "$1")
}

waybill consortium init net --members a,b,c,d --base-port "$base" >init.txt
sed -i 's/period: 500 ms/period: 50 ms/; s/empty every: 60 s/empty every: 0 s/' net/*/node.yaml
cp net/c/identity.cbor .
north=$(waybill witness init north --name witness.example/north --identity identity.cbor)
south=$(waybill witness init south --name witness.example/south --identity identity.cbor)
printf 'witnesses: [ "%s", "%s" ]\n' "$north" "$south" >>net/b/node.yaml
expect "the configuration" 0 "$(code_of waybill-node check-config net/b/node.yaml)"
waybill consortium up net --wait 40s >up.txt
commission a
commission c
for node in $a $b $c $d; do wait_until "$node to have both" has "$node" 2; done

# ---- cosigned by two, at the one node that knows them
waybill witness cosign --dir north --node "$b" >out.txt
says "north" 'cosigned 2 statements (0 before)'
waybill witness cosign --dir south --node "$b" >out.txt
expect "at a node that knows no witnesses" 1 "$(code_of waybill witness cosign --dir north --node "$a")"
says "at a node that knows no witnesses" 'configured with no witnesses' err.txt
for node in $a $c $d; do expect "$node shows the same" 0 "$(code_of waybill witness check --dir north --node "$node")"; done
waybill checkpoint get --witnessed -o one.note --dir net/a --node "$b" >out.txt

# ---- offline: by us, and by others
expect "by both" 0 "$(code_of waybill checkpoint verify one.note --identity identity.cbor \
    --witness "$north" --witness "$south" --node http://127.0.0.1:1)"
says "by both" 'proof ok: 2 statements.*final; cosigned by 2'
for key in "$north" "$south"; do opens one.note "$key" || die "openssl does not believe $key"; done
opened=0
for key in $(waybill checkpoint keys --dir net/a); do ! opens one.note "$key" || opened=$((opened + 1)); done
expect "and one authority's own signature" 1 $opened
sed 's/^2$/3/' one.note >more.note
expect "another size" 3 "$(code_of waybill checkpoint verify more.note --identity identity.cbor)"
! opens more.note "$north" || die "openssl believes another size"
grep -v 'witness.example/south' one.note >less.note
expect "south is missed" 3 \
    "$(code_of waybill checkpoint verify less.note --identity identity.cbor --witness "$north" --witness "$south")"

# ---- d is voted out: the witnesses go on, and what they signed before still holds
waybill gov propose remove-authority d --dir net/a --json >proposal.json
for member in a b c; do waybill gov vote "$(jq -r .statement proposal.json)" yes --dir net/$member >out.txt; done
three() {
    [ "$(curl -sf "$b/v1/set" | jq '.authorities | length')" = 3 ]
}
wait_until "the set of three" three
wait_until "b to have proposal and votes" has "$b" 6
commission b
commission b
waybill witness cosign --dir north --node "$b" >out.txt
says "north goes on" 'cosigned 8 statements (2 before)'
waybill checkpoint get --witnessed -o two.note --dir net/b >out.txt
expect "after the vote" 0 "$(code_of waybill checkpoint verify two.note --witness "$north" --dir net/b --node http://127.0.0.1:1)"
opens two.note "$north" || die "openssl does not believe what came after the vote"
expect "before the vote" 0 "$(code_of waybill checkpoint verify one.note --identity identity.cbor --witness "$south")"

# ---- what was cosigned outlives the node
kill -9 "$(cat net/b/node.pid)"
waybill consortium up net b --wait 40s >up.txt
waybill checkpoint get --witnessed -o three.note --dir net/b >out.txt
expect "kept" 0 "$(code_of waybill checkpoint verify three.note --witness "$north" --dir net/b)"
expect "checked" 0 "$(code_of waybill witness check --dir north --node "$b")"
