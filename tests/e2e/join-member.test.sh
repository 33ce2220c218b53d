#!/usr/bin/env bash
# A company that was voted in joins at a snapshot, and a spare from the genesis: their folders can do afterwards whatever
# `genesis start` gives, their nodes enter the set; a key that has signed on the ledger is given no state anew.
. "$(dirname "$0")/node.sh"
gtin=01/09506000134352/21

base=$(free_ports 60)
a=http://127.0.0.1:$base b=http://127.0.0.1:$((base + 10))
waybill consortium init net --members a,b,c,d --base-port "$base" >init.txt
sed -i 's/period: 500 ms/period: 50 ms/' net/*/node.yaml
waybill consortium up net --wait 60s >up.txt

voters=(a b c)
decide() { # ACTION...: proposed by a, voted by those
    local proposal
    WAYBILL_HOME=$PWD/net/a waybill gov propose "$@" --json >proposal.json || die "$*: $(cat proposal.json)"
    proposal=$(jq -r .statement proposal.json)
    for member in "${voters[@]}"; do
        wait_until "$member's node to know the proposal" waybill gov show "$proposal" --dir "net/$member"
        WAYBILL_HOME=$PWD/net/$member waybill gov vote "$proposal" yes >vote.txt || die "$member: $(cat vote.txt)"
    done
}
ports() { # N: options of the folder whose ports begin at base + N
    echo "--broker 127.0.0.1:$((base + $1 + 2)) --url https://127.0.0.1:$((base + $1 + 3))
        --http-port $((base + $1)) --devices-port $((base + $1 + 1))"
}
run_node() { # DIR
    sed -i 's/period: 500 ms/period: 50 ms/' "$1/node.yaml"
    waybill-node run --config "$1/node.yaml" >/dev/null 2>"$1.log" &
    running+=($!)
}
in_set() { # DIR [URL]: its authority's key is of the set, as the node of b says, and another one
    local url
    for url in "$b" ${2:+"$2"}; do
        curl -sf "$url/v1/set" >set.txt && grep -q "$(sed -n 's/^pub //p' "$1/node/authority.key")" set.txt || return 1
    done
}

# A new member.
# shellcheck disable=SC2046
waybill member new elm --name "Elm E" $(ports 40) --ledger net/a/identity.cbor >out.txt
decide add-member elm/request.cbor
decide add-authority elm/request.cbor
expect "the new member joins" 0 "$(code_of waybill join elm --from "$a" --from "$b" --identity net/a/identity.cbor)"
says "what is next" "waybill-node run --config elm/node.yaml"
for file in name genesis.cbor identity.cbor member.key.state node/authority.key.state; do
    [ -s elm/$file ] || die "the new member's folder has no $file"
done
cmp elm/identity.cbor net/a/identity.cbor || die "the new member's folder has another identity"
expect "its node is announced" 0 "$(code_of waybill member announce --dir elm --node "$a")"
run_node elm
wait_until "the new member's node to enter the set" in_set elm "http://127.0.0.1:$((base + 40))"
expect "goods of the new member" 0 "$(code_of waybill asset commission $gtin/ELM --dir elm)"
WAYBILL_HOME=$PWD/net/a waybill gov propose set-parameter opening-wait 10min --json >proposal.json
expect "a vote of the new member" 0 "$(code_of waybill gov vote "$(jq -r .statement proposal.json)" yes --dir elm --json)"
expect "it is the second that it signed" 2 "$(jq .seq out.txt)"

# A spare, from the genesis on: it takes the place of the other one.
# shellcheck disable=SC2046
waybill member spare spare --of "$(waybill member show a --dir net/a --json | jq -r .kid)" $(ports 50) \
    --ledger net/a/identity.cbor >out.txt
voters=(a b c d) # of five members: as many as a quorum has authorities
decide add-authority spare/enrolment.cose
waybill consortium down net a >/dev/null
expect "the spare joins" 0 "$(code_of waybill join spare --from-genesis --from "$b" --identity net/a/identity.cbor)"
[ -s spare/node/authority.key.state ] || die "the spare's key has no state"
[ ! -e spare/member.key.state ] || die "the spare has the state of a key that it has not"
expect "the spare's node is announced" 0 "$(code_of waybill member announce --dir spare --node "$b")"
run_node spare
wait_until "the spare to enter the set" in_set spare "http://127.0.0.1:$((base + 50))"
! in_set net/a || die "the spare is in the set beside the one it replaces"
mv net/a/member.key net/a/member.key.state spare/
expect "goods of a, from the spare's folder" 0 "$(code_of waybill asset commission $gtin/SPARE --dir spare)"

# A folder whose ledger and identity are lost and whose keys are not: their places stay as they are, and a key that has
# signed on this ledger and lost its place is not used again.
cp -r elm again
rm -f again/identity.cbor again/name again/genesis.cbor again/node/ledger.db* again/node/authority.key.state
expect "joining again" 0 "$(code_of waybill join again --from-genesis --from "$b" --identity net/a/identity.cbor)"
cmp again/member.key.state elm/member.key.state || die "a key lost its place"
[ ! -e again/node/authority.key.state ] || die "a key that has signed begins anew"
says "that it may have voted" "$(sed -n 's/^ledger //p' spare/node/authority.key.voted)" again/node/authority.key.voted

# A member's folder whose ledger comes in a file is as ready.
waybill member new fir --name "Fir F" --no-node --ledger net/a/identity.cbor >out.txt
waybill export net/b all.export >out.txt
expect "the import" 0 "$(code_of waybill import all.export fir)"
[ -s fir/member.key.state ] && [ -s fir/identity.cbor ] || die "an imported member's folder has no place for its key"
