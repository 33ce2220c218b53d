#!/usr/bin/env bash
# A member's key is lost and another put in its place by votes: with it the member signs, votes, takes goods over, says
# what it is called and enrols a device whose readings count; the old one is turned away. It is lost once more. And
# a spare node is lost before it entered: it is taken back by vote, and another one takes its place.
. "$(dirname "$0")/node.sh"
unset WAYBILL_HOME WAYBILL_NODE

accepted() { # WHAT COMMAND...
    local what=$1
    shift
    "$@" >out.txt 2>err.txt || die "$what: $(cat out.txt err.txt)"
}
proposed() { # DIR ACTION...: sets hash
    local dir=$1
    shift
    accepted "propose $*" waybill gov propose "$@" --dir "$dir" --json
    hash=$(jq -r .statement out.txt)
}
is() { # STATUS: of $hash
    [ "$(waybill gov show "$hash" --dir net/carrier-b --json | jq -r .status)" = "$1" ]
}
is_level() { # farm-a's node with carrier-b's
    local there
    there=$(curl -sf "http://127.0.0.1:$((port + 10))/v1/head" | jq .height) &&
        [ "$(curl -sf "$node/v1/head" | jq .height)" -ge "$there" ]
}
has_voted() { # BALLOT: on $hash, as clinic-c's node has it
    [ "$(waybill gov show "$hash" --dir net/clinic-c --json |
        jq -r '.ballots[] | "\(.member) \(if .yes then "yes" else "no" end)"')" = "$1" ]
}
passes() { # DIR...: who vote yes on $hash; all at one node, for some have none in the set
    local dir
    for dir; do accepted "the ballot of $dir" waybill gov vote "$hash" yes --dir "$dir" --node "http://127.0.0.1:$((port + 10))"; done
    wait_until "the proposal to be applied" is applied
}
port=$(free_ports 60)
node=http://127.0.0.1:$port # farm-a's, which goes on without the member's key
unit=01/09506000134352/21
waybill consortium init net --members "Farm A,Carrier B,Clinic C,Witness W" --base-port "$port" >out.txt
sed -i 's/period: 500 ms/period: 50 ms/; s/empty every: 60 s/empty every: 2 s/' net/*/node.yaml
waybill consortium up net --wait 120s >out.txt
farm=$(waybill member show "Farm A" --dir net/farm-a --json | jq -r .kid)
accepted "the first of its goods" waybill asset commission $unit/OLD --dir net/farm-a
cp net/farm-a/member.key net/farm-a/member.key.state .

# ---- lost, and replaced; twice
replaced() { # DIR: its new member key, in a folder of its own
    waybill member new "$1" --name "Farm A" --no-node --ledger net/carrier-b/identity.cbor --recovers "$farm" >out.txt
    proposed net/carrier-b recover-member "Farm A" "$1/request.cbor" --reason "it lost its key"
    passes net/carrier-b net/clinic-c net/witness-w
    wait_until "farm-a's node to know the key" is_level
    waybill genesis start "$1" net/carrier-b/genesis.cbor >out.txt
}
speaks() { # DIR: all that a member says
    local dir=$1 as="Farm A"
    accepted "goods" waybill asset commission "$unit/$dir" --dir "$dir" --node "$node" --json
    expect "by another key" true "$(jq ".signer != \"$farm\"" out.txt)"
    accepted "goods, by name" waybill asset commission "$unit/$dir-BY-NAME" --dir "$dir" --node "$node" --as "$as"
    accepted "its name" waybill party set --name "Farm A" --dir "$dir" --node "$node"
    accepted "an offer to it" waybill asset commission "$unit/$dir-B" --dir net/carrier-b
    accepted "an offer to it" waybill custody offer "$unit/$dir-B" --to "Farm A" --dir net/carrier-b
    wait_until "the offer at farm-a's node" is_level
    accepted "what it takes over" waybill custody accept "$unit/$dir-B" --dir "$dir" --node "$node"
    expect "whose they are" "$farm" "$(curl -sf "$node/v1/assets/$unit/$dir" | jq -r .custodian.kid)"
    expect "whose they became" "$farm" "$(curl -sf "$node/v1/assets/$unit/$dir-B" | jq -r .custodian.kid)"
    proposed net/clinic-c set-parameter opening-wait 10min
    accepted "its ballot" waybill gov vote "$hash" yes --dir "$dir" --node "$node"
    wait_until "its ballot at clinic-c's node" has_voted "$farm yes"
    accepted "its proposal" waybill gov propose set-parameter opening-wait 20min --dir "$dir" --node "$node"
}
has_pack() { # ASSET
    [ "$(curl -sf "$node/v1/assets/$unit/$1" | jq .packs)" = 1 ]
}
reports() { # DIR MEMBER: a device of the member's, enrolled by the key in DIR, and three readings of its
    local dir=$1 logger=logger-$1 device i
    mkdir "$logger"
    cp net/carrier-b/identity.cbor "$logger/"
    cat >"$logger/agent.yaml" <<YAML
ledger: identity.cbor
key: agent.key
outbox: { folder: outbox }
broker: { host: 127.0.0.1, port: $((port + 1)) }
pack: { samples: 3, within: 1 h, resend: 1 s }
sensors:
  - source: csv
    file: log.csv
    time column: time
    columns:
      - { name: t, property: temperature, unit: °C }
YAML
    {
        echo time,t
        for i in 0 1 2; do echo "2026-06-01T06:0$i:00Z,4.$i"; done
    } >"$logger/log.csv"
    accepted "a device's request" waybill-agent request --config "$logger/agent.yaml" --sponsor "$2" -o request.cose
    device=$(sed -n 's/^device *//p' err.txt out.txt | head -1)
    accepted "its enrolment" waybill device enrol request.cose --class device --right temperature --dir "$dir" --node "$node"
    accepted "what it is on" waybill asset commission "$unit/$dir-BOX" --time 2026-06-01T05:00:00Z --dir "$dir" --node "$node"
    accepted "where it is" waybill device attach "$device" "$unit/$dir-BOX" --time 2026-06-01T05:30:00Z --dir "$dir" --node "$node"
    waybill-agent run --config "$logger/agent.yaml" --clock "2026-06-01T06:00:00Z@3000" --exit-when-done \
        --give-up-after "120 s" >/dev/null 2>agent.log || die "the device: $(tail -n 3 agent.log)"
    wait_until "its readings to be there" has_pack "$dir-BOX"
    accepted "the proof of its readings" waybill trace "$unit/$dir-BOX" --json --verify --dir "$dir" --node "$node"
    expect "its readings" 3 "$(jq .readings out.txt)"
    accepted "a person's request" waybill device request "Person of $dir" --sponsor "Farm A" -o person.cose --dir "$dir" --node "$node"
    accepted "a person's enrolment" waybill device enrol person.cose --class operator --key "$dir/member.key" --dir "$dir" --node "$node"
}
replaced second
speaks second
reports second "$farm"
refused "the old key" REVOKED waybill asset commission $unit/STOLEN --key member.key --dir net/farm-a
expect "a request that asks another company" 1 "$(code_of waybill device enrol request.cose --class device --dir net/carrier-b)"
says "a request that asks another company" 'asks another company' err.txt
cp second/member.key second.key
cp second/member.key.state second.key.state
replaced third
speaks third
reports third "$farm"
refused "the key before" REVOKED waybill asset commission $unit/STOLEN2 --key second.key --dir net/farm-a

# ---- the new key where the old one was: the folder's own node is asked again
mv third/member.key third/member.key.state net/farm-a/
accepted "in the old folder" waybill asset commission $unit/HOME --dir net/farm-a

# ---- a spare that was voted in is lost: it is taken back, by its kid or by its member's name, and replaced
spare() { # DIR MEMBER OFFSET: made, and voted in
    waybill member spare "$1" --of "$(waybill member show "$2" --dir net/farm-a --json | jq -r .kid)" --ledger net/farm-a/identity.cbor \
        --broker 127.0.0.1:$((port + $3 + 2)) --url https://127.0.0.1:$((port + $3 + 3)) \
        --http-port $((port + $3)) --devices-port $((port + $3 + 1)) >out.txt
    proposed net/carrier-b add-authority "$1/enrolment.cose" --until 300d
    passes net/carrier-b net/clinic-c net/witness-w
}
candidates() {
    waybill gov list --json --dir net/carrier-b | jq -r '[.nodes[]|select(.candidate).kid]|join(" ")'
}
spare lost "Farm A" 40
lost=$(candidates)
rm -r lost
waybill gov list --dir net/carrier-b >out.txt
says "it is named" "$lost  may enter the set of authorities until"
spare fresh "Farm A" 40
expect "both may enter" 2 "$(candidates | wc -w)"
proposed net/carrier-b remove-authority "$lost" --reason "its machine burned"
waybill gov show "$hash" --dir net/carrier-b >out.txt
says "what is proposed" "remove-authority $lost, which may enter the set for Farm A"
if grep -q 'warning' out.txt; then die "a candidate's end changes no authority: $(cat out.txt)"; fi
passes net/carrier-b net/clinic-c net/witness-w
fresh=$(candidates)
[ "$fresh" != "$lost" ] || die "the lost spare may still enter"
waybill genesis start fresh net/farm-a/genesis.cbor >out.txt
sed -i 's/period: 500 ms/period: 50 ms/; s/empty every: 60 s/empty every: 2 s/' fresh/node.yaml
accepted "where it is" waybill member announce --dir fresh --node "http://127.0.0.1:$((port + 10))"
waybill-node run --config fresh/node.yaml >/dev/null 2>fresh.log &
running+=($!)
has_entered() {
    [ "$(waybill gov list --json --dir net/carrier-b | jq -r '.members[]|select(.name=="Farm A").authority')" = "$fresh" ]
}
wait_until "the other spare to enter" has_entered

# ---- of a member whose authority left the set, the only spare goes by its name
proposed net/carrier-b remove-authority "Witness W"
passes net/carrier-b net/clinic-c net/witness-w
expect "nothing to take away" 1 "$(code_of waybill gov propose remove-authority "Witness W" --dir net/carrier-b)"
says "nothing to take away" 'and none that may enter it' err.txt
spare other "Witness W" 50
rm -r other
proposed net/carrier-b remove-authority "Witness W"
passes net/carrier-b net/clinic-c net/farm-a
expect "nobody may enter" "" "$(candidates)"
echo "member-keys: $farm"
