#!/usr/bin/env bash
# The life of a ledger that companies run together: founded from requests, started, voted on, joined, a node's key
# and machine changed, saved, brought back, moved, taken elsewhere. Real processes, real brokers, TLS.
. "$(dirname "$0")/node.sh"
unset WAYBILL_HOME WAYBILL_NODE

rehearsals=(net moved gone left)

status() { # DIR JQ: of `consortium status`
    waybill consortium status "$1" --json 2>/dev/null | jq -r "$2"
}
knows() { # DIR: $hash, which others' nodes had first
    waybill gov show "$hash" --dir "$1"
}
lists() { # DIR PATTERN: as its node has it
    waybill gov list --dir "$1" | grep -q -- "$2"
}
height_at() { # DIR
    waybill gov list --json --dir "$1" | jq .height
}
has_block() { # DIR HEIGHT
    [ "$(height_at "$1")" -ge "$2" ]
}
agree() { # DIR
    waybill consortium status "$1" >/dev/null 2>&1
}
fast() { # DIR...: blocks as often as there is work
    local dir
    for dir; do sed -i 's/period: 500 ms/period: 50 ms/; s/empty every: 60 s/empty every: 2 s/' "$dir/node.yaml"; done
}
open_hash() { # the newest open proposal, as net/farm-a's node has it
    waybill gov list --json --dir net/farm-a | jq -r '[.proposals[]|select(.status=="open")][-1].hash'
}
proposed() { # DIR ACTION...: sets hash
    local dir=$1
    shift
    waybill gov propose "$@" --dir "$dir" --json >out.txt 2>err.txt || die "propose $*: $(cat err.txt)"
    hash=$(jq -r .statement out.txt)
}
votes() { # yes|no DIR...: on $hash
    local word=$1 dir
    shift
    for dir; do
        wait_until "the node of $dir to know the proposal" knows "$dir"
        expect "the ballot of $dir" 0 "$(code_of waybill gov vote "$hash" "$word" --dir "$dir")"
    done
}
fate() { # of $hash
    waybill gov show "$hash" --dir net/farm-a --json | jq -r .status
}
became() { # STATUS of $hash, in time
    wait_until "proposal to be $1" test_fate "$1"
}
test_fate() { [ "$(fate)" = "$1" ]; }
commission() { # DIR NAME
    waybill asset commission "01/09506000134352/21/$2" --dir "$1" >out.txt 2>err.txt || die "commission: $(cat err.txt)"
}
authorities() { # how many, as net/farm-a's node has it
    waybill gov list --json --dir net/farm-a | jq -r .authorities
}
authorities_are() { [ "$(authorities)" = "$1" ]; }

# ---- founded by companies that share nothing but requests
expect "no address" 1 "$(code_of waybill member new x --name "Farm A")"
says "no address" '--broker HOST:PORT' err.txt
expect "an address without a port" 1 "$(code_of waybill member new x --name "Farm A" --broker farm.example --url https://a:1)"
[ ! -e x ] || die "a member that was refused left a folder"
mkdir -p far
for name in "Farm A" "Carrier B" "Clinic C"; do
    host=$(tr -dc 'a-z' <<<"${name,,}").example
    waybill member new "far/$host" --name "$name" --broker "$host:8883" --url "https://$host:8643" >out.txt
    cp "far/$host/request.cbor" "far/$host.request"
done
waybill member new far/auditor --name "Auditor D" --no-node >out.txt
cp far/auditor/request.cbor far/auditor.request
for file in member.key tls.key node/authority.key; do
    expect "mode of $file" 600 "$(stat -c %a far/farma.example/$file)"
done
waybill member show far/farma.example.request >out.txt
says "a request" 'farma.example:8883'
terms=(--name pilot --time 2026-06-01T06:00:00Z)
waybill genesis draft far/farma.example.request far/carrierb.example.request far/clinicc.example.request \
    far/auditor.request "${terms[@]}" -o first.draft >out.txt
says "three authorities" 'tolerates no failure'
says "three authorities" 'a fourth as witness'
waybill genesis far/*.request "${terms[@]}" -o second.draft >out.txt
cmp first.draft second.draft || die "the same requests and options gave two drafts"
waybill genesis draft far/*.request --name other --time 2026-06-01T06:00:00Z -o other.draft >out.txt
for member in farma.example carrierb.example clinicc.example; do
    waybill genesis sign first.draft far/$member >out.txt
done
expect "a founder is missing" 1 "$(code_of waybill genesis seal first.draft far/*/signature.cbor)"
says "a founder is missing" 'Auditor D has not signed' err.txt
waybill genesis sign first.draft far/auditor >out.txt
expect "signatures of another draft" 3 "$(code_of waybill genesis seal other.draft far/*/signature.cbor)"
waybill genesis seal first.draft far/*/signature.cbor -o pilot.genesis >out.txt
expect "a draft is no genesis" 1 "$(code_of waybill genesis start far/auditor first.draft)"
waybill genesis start far/farma.example pilot.genesis >out.txt
waybill genesis start far/auditor pilot.genesis >out.txt
expect "started twice" 1 "$(code_of waybill genesis start far/farma.example pilot.genesis)"
expect "its name" pilot "$(cat far/auditor/name)"
waybill-node check-config far/farma.example/node.yaml >out.txt
waybill member new far/stranger --name "Stranger" --no-node >out.txt
expect "a stranger" 3 "$(code_of waybill genesis start far/stranger pilot.genesis)"
cp far/carrierb.example.request forged.request # somebody else's node under this name
waybill member new far/mallory --name "Clinic C" --broker evil:1 --url https://evil:2 >out.txt
waybill genesis draft far/farma.example.request far/carrierb.example.request far/mallory/request.cbor \
    far/auditor.request "${terms[@]}" -o forged.draft >out.txt
expect "a draft without this member" 3 "$(code_of waybill genesis sign forged.draft far/clinicc.example)"

# ---- a rehearsal: four members on this machine
port=$(free_ports 80)
waybill consortium init net --members "Farm A,Carrier B,Clinic C,Witness W" --name rehearsal --base-port "$port" >out.txt
says "four authorities" '4 authorities, 3 make a quorum'
fast net/*/
expect "status of what does not run" 1 "$(code_of waybill consortium status net)"
waybill consortium up net --wait 40s >out.txt
expect "all up" 0 "$(code_of waybill consortium status net)"
commission net/farm-a A1
commission net/witness-w W1
wait_until "one chain" agree net

# one is killed, the others go on; it comes back
kill -9 "$(cat net/witness-w/node.pid)"
commission net/carrier-b B1
expect "status with one down" 1 "$(code_of waybill consortium status net)"
says "status with one down" '3 of 4 are up'
waybill consortium up net witness-w --wait 40s >out.txt
wait_until "one chain again" agree net

# ---- votes
waybill member new elm --name "Elm E" --broker 127.0.0.1:$((port + 62)) --url https://127.0.0.1:$((port + 63)) \
    --http-port $((port + 60)) --devices-port $((port + 61)) --ledger net/farm-a/identity.cbor >out.txt
fast elm
proposed net/farm-a add-member elm/request.cbor --reason "grows elms"
wait_until "clinic-c to know the proposal" knows net/clinic-c
waybill gov show "${hash:0:8}" --dir net/clinic-c >out.txt
says "nobody has voted" '0 of 4 yes; needs 3: 3 more are missing'
says "the reason" 'grows elms'
votes yes net/farm-a net/carrier-b
expect "before the threshold" open "$(fate)"
refused "a second ballot" VOTED_ALREADY waybill gov vote "$hash" no --dir net/farm-a
refused "a stranger withdraws" NOT_PROPOSER waybill gov withdraw "$hash" --dir net/carrier-b
votes yes net/clinic-c
became applied
waybill genesis start elm net/farm-a/genesis.cbor >out.txt
wait_until "witness-w, which came back just now, to know the new member" lists net/witness-w 'Elm E'
proposed net/carrier-b set-parameter opening-wait 10min --expires 8s # in which it has to come into a block
became expired
expect "a ballot after its end" 4 "$(code_of waybill gov vote "$hash" yes --dir net/farm-a)"
proposed net/carrier-b add-operator "Clinic C"
waybill gov withdraw "${hash:0:8}" --dir net/carrier-b >out.txt
became withdrawn
proposed net/carrier-b add-operator "Clinic C"
votes no net/farm-a net/clinic-c net/witness-w
became rejected

# its node enters: known by its own word, caught up, by its own word again
proposed net/farm-a add-authority elm/request.cbor
votes yes net/farm-a net/carrier-b net/clinic-c
became applied
waybill member announce --dir elm --node "$(status net '.nodes[0].url')" >out.txt
waybill-node run --config elm/node.yaml >/dev/null 2>elm.log &
running+=($!)
wait_until "five authorities" authorities_are 5
commission elm E1
waybill custody offer 01/09506000134352/21/A1 --to "elm e" --dir net/farm-a >out.txt 2>err.txt || die "an offer to who joined: $(cat err.txt)"
says "whom a name means" 'as the node says' err.txt
wait_until "elm to know the offer" has_block elm "$(height_at net/farm-a)"
waybill custody accept 01/09506000134352/21/A1 --dir elm >out.txt

# a member goes, and its authority with it
proposed elm remove-member "Witness W"
votes yes net/farm-a net/carrier-b net/clinic-c elm
became applied
wait_until "four authorities" authorities_are 4
refused "the word of who was removed" REVOKED waybill asset commission 01/09506000134352/21/W2 --dir net/witness-w --node "$(status net '.nodes[0].url')"
waybill consortium down net witness-w >out.txt

# ---- another key for a member's authority, on a machine beside: nobody misses a block
waybill member spare spare --of "$(waybill member show "Farm A" --dir net/farm-a --json | jq -r .kid)" \
    --ledger net/farm-a/identity.cbor --broker 127.0.0.1:$((port + 72)) --url https://127.0.0.1:$((port + 73)) \
    --http-port $((port + 70)) --devices-port $((port + 71)) >out.txt
[ ! -e spare/member.key ] || die "a spare has its member's key"
fast spare
waybill genesis start spare net/farm-a/genesis.cbor >out.txt
old=$(waybill gov list --json --dir net/carrier-b | jq -r '.members[]|select(.name=="Farm A").authority')
proposed net/carrier-b add-authority spare/enrolment.cose
votes yes net/farm-a net/carrier-b net/clinic-c
became applied
waybill member announce --dir spare --node "$(status net '.nodes[0].url')" >out.txt
waybill-node run --config spare/node.yaml >/dev/null 2>spare.log &
running+=($!)
key_changed() {
    now=$(waybill gov list --json --dir net/carrier-b | jq -r '.members[]|select(.name=="Farm A").authority')
    [ "$now" != "$old" ] && [ "$now" != null ]
}
wait_until "the other key in the set" key_changed
expect "as many authorities" 4 "$(authorities)"

# ---- saved while it runs, brought back without its vote
waybill backup net/clinic-c clinic.backup >out.txt
commission net/clinic-c C1
expect "over a running node" 1 "$(code_of waybill restore clinic.backup net/clinic-c --replace)"
waybill consortium down net clinic-c >out.txt
expect "voting by hand" 1 "$(code_of waybill member resume net/clinic-c --only-copy)"
says "voting by hand" 'has 4 authorities' err.txt
expect "over a ledger" 1 "$(code_of waybill restore clinic.backup net/clinic-c)"
says "over a ledger" '--replace' err.txt
expect "of another ledger" 3 "$(code_of waybill restore clinic.backup far/farma.example --replace)"
waybill restore clinic.backup net/clinic-c --replace >out.txt
says "what is told" 'abstain'
waybill consortium up net clinic-c --wait 40s >out.txt
commission net/carrier-b B2
tip() { curl -sf "$1/v1/head" | jq -er .hash; }
same_tip() {
    local there here
    there=$(tip "$(status net '.nodes[1].url')") && here=$(tip "$(status net '.nodes[2].url')") && [ "$there" = "$here" ]
}
wait_until "it follows" same_tip

# its disk is lost, its keys are not
waybill consortium down net clinic-c >out.txt
rm net/clinic-c/node/ledger.db*
waybill genesis start net/clinic-c net/farm-a/genesis.cbor >out.txt
waybill consortium up net clinic-c --wait 40s >out.txt
wait_until "it follows from the beginning" same_tip

# ---- one file, another machine
waybill export net/carrier-b all.export >out.txt
height=$(waybill export net/carrier-b all.export --json | jq .height)
waybill import all.export elsewhere --json >out.txt
expect "all of it" "$height true" "$(jq -r '"\(.height) \(.whole)"' out.txt)"
truncate -s -7 all.export
cut=$(stat -c %s all.export)
expect "a file without its end" 1 "$(code_of waybill import all.export again)"
says "a file without its end" "cut short at byte [0-9]*, after block $height" err.txt
says "what is whole is taken" "blocks up to $height"
truncate -s $((cut / 2)) all.export
expect "half a file" 1 "$(code_of waybill import all.export half --json)"
expect "half a file" "false true" "$(jq -r "\"\(.whole) \(.height < $height)\"" out.txt)"
height=$(waybill export net/carrier-b all.export --json | jq .height)
for dir in again half; do
    expect "the whole file completes it" 0 "$(code_of waybill import all.export $dir --json)"
    expect "the whole file completes it" "true $height" "$(jq -r '"\(.whole) \(.height)"' out.txt)"
done
expect "for another ledger" 3 "$(code_of waybill import all.export far/auditor)"
for pid in "${running[@]}"; do kill "$pid"; done
wait "${running[@]}" 2>/dev/null || true
running=()
waybill consortium down net >out.txt
for dir in net/farm-a net/carrier-b net/clinic-c elm spare elsewhere again; do
    waybill audit $dir >out.txt || die "audit of $dir"
done

# ---- a quorum is lost for good: two of four machines burned, and one member has only its old key left
mkdir burned
waybill consortium init gone --members a,b,c,d --base-port "$port" >out.txt
fast gone/*/
waybill consortium up gone --wait 40s >out.txt
before=$(sent waybill asset commission 01/09506000134352/21/B4 --dir gone/a)
waybill receipt get "$before" -o before.receipt --dir gone/a >out.txt
waybill statement get "$before" -o before.cose --dir gone/a >out.txt
wait_until "one chain before the fire" agree gone
waybill consortium down gone >out.txt
mv gone/d burned
for i in 1 2; do
    member=$(cut -d' ' -f$i <<<"a b")
    waybill member spare "new$i" --of "$(waybill member show "$member" --dir "gone/$member" --json | jq -r .kid)" \
        --ledger gone/a/identity.cbor --broker 127.0.0.1:$((port + 52 + 10 * i)) --url https://127.0.0.1:$((port + 53 + 10 * i)) \
        --http-port $((port + 50 + 10 * i)) --devices-port $((port + 51 + 10 * i)) >out.txt
    fast "new$i"
done
waybill recovery draft gone/a new1/node-request.cbor new2/node-request.cbor --reason "a fire" >out.txt
says "what goes on" 'after block'
says "the hash that will be pinned is not known yet" '^  draft '
for member in a b; do waybill recovery sign recovery.draft gone/$member >out.txt; done
expect "half is not more than half" 3 "$(code_of waybill recovery seal recovery.draft gone/a gone/a/recovery-signature.cbor gone/b/recovery-signature.cbor)"
says "half is not more than half" '2 of the last 4' err.txt
[ ! -e gone/a/node/authority.key ] || die "a key that signed a recovery can still seal"
waybill recovery sign recovery.draft gone/c >out.txt
waybill recovery seal recovery.draft gone/a gone/?/recovery-signature.cbor >out.txt
waybill recovery draft gone/a new2/node-request.cbor --reason "another story" -o rival.draft >out.txt
for member in a b c; do waybill recovery sign rival.draft gone/$member >out.txt; done
waybill recovery seal rival.draft gone/a gone/?/recovery-signature.cbor -o rival.cbor >out.txt
for i in 1 2; do
    member=$(cut -d' ' -f$i <<<"a b")
    waybill genesis start "new$i" gone/a/genesis.cbor >out.txt
    waybill backup "gone/$member" "gone$i.backup" >out.txt
    waybill restore "gone$i.backup" "new$i" --replace >out.txt
    waybill recovery pin recovery.cbor "new$i" >out.txt
    waybill-node run --config "new$i/node.yaml" >/dev/null 2>"new$i.log" &
    running+=($!)
done
new_url=http://127.0.0.1:$((port + 60))
wait_until "a fresh node" curl -sf "$new_url/healthz"
waybill asset commission 01/09506000134352/21/AF --dir gone/a --node "$new_url" >out.txt
expect "a receipt from before" 0 "$(code_of waybill receipt verify before.receipt before.cose gone/a/identity.cbor)"
expect "nobody follows by himself" 3 "$(code_of waybill trace 01/09506000134352/21/AF --dir gone/a --node "$new_url")"
says "nobody follows by himself" 'not pinned here' err.txt
waybill recovery pin recovery.cbor gone/a >out.txt
expect "who pins it follows" 0 "$(code_of waybill trace 01/09506000134352/21/AF --dir gone/a --node "$new_url" --json)"
expect "a receipt from before, still" 0 "$(code_of waybill receipt verify before.receipt before.cose gone/a/identity.cbor)"
waybill export new1 gone.export >out.txt
expect "an import stops there" 3 "$(code_of waybill import gone.export gone.import)"
waybill import gone.export gone.import --pin "$(waybill recovery show recovery.cbor --json | jq -r .hash)" >out.txt
# who signed two recoveries has contradicted himself, and is named wherever both are met
expect "a second one" 3 "$(code_of waybill recovery pin rival.cbor gone/a)"
expect "who signed both" 3 "$(grep -c 'signed both: authority [0-9a-f]\{16\} of [abc]$' err.txt)"
says "a second one" 'pins another recovery already' err.txt
expect "the evidence convicts them anywhere" 3 "$(code_of waybill recovery check gone/a/recovery-evidence-*.cbor gone/c --json)"
expect "the evidence convicts them anywhere" "evidence 3" "$(jq -r '"\(.relation) \(.signed_both | length)"' out.txt)"
expect "as both files do" 3 "$(code_of waybill recovery check rival.cbor recovery.cbor gone/c)"
cmp gone/a/recovery-evidence-*.cbor gone/c/recovery-evidence-*.cbor || die "the evidence is not the same"
expect "a recovery and itself" 0 "$(code_of waybill recovery check rival.cbor rival.cbor gone/c)"
expect "a ledger that has gone on" 3 "$(code_of waybill recovery pin rival.cbor new1 --instead)"
says "a ledger that has gone on" 'has gone on by another recovery' err.txt
expect "the one imported to" 3 "$(code_of waybill import gone.export other)"
waybill recovery pin rival.cbor other >out.txt
expect "an import that meets the other" 3 "$(code_of waybill import gone.export other)"
says "an import that meets the other" 'this folder has pinned' err.txt
waybill recovery pin recovery.cbor other --instead >out.txt
expect "following the other instead" 0 "$(code_of waybill import gone.export other)"
for pid in "${running[@]}"; do kill "$pid"; done
wait "${running[@]}" 2>/dev/null || true
running=()
for dir in new1 new2 gone.import other; do
    waybill audit $dir >out.txt || die "audit of $dir"
    says "it stands there for ever" 'by a recovery'
done

# ---- a member leaves, and takes the ledger along
waybill consortium init left --members a,b,c,d --base-port "$port" >out.txt
fast left/*/
waybill consortium up left --wait 40s >out.txt
waybill asset commission 01/09506000134352/21/L1 --dir left/b >out.txt
waybill fork draft left/b left/b/request.cbor --name "b alone" -o fork.draft >out.txt
says "whose it was" 'a fork of ledger'
expect "a stranger does not go along" 1 "$(code_of waybill fork draft left/b far/auditor/request.cbor --name x -o x.draft)"
waybill genesis sign fork.draft left/b -o b.signature >out.txt
waybill genesis seal fork.draft b.signature -o fork.genesis >out.txt
says "what comes next" 'fork start'
expect "a fork is not started as a founder starts" 1 "$(code_of waybill genesis start left/b fork.genesis)"
mv left/b/node/authority.key away.key
expect "a fork whose node would have no key" 1 "$(code_of waybill fork start left/b keyless fork.genesis)"
[ ! -e keyless ] || die "a fork that was refused left a folder"
mv away.key left/b/node/authority.key
expect "a fork of another ledger's folder" 1 "$(code_of waybill fork start net/farm-a other fork.genesis)"
says "why" 'is of another ledger' err.txt
waybill fork start left/b alone fork.genesis >out.txt
waybill consortium down left >out.txt
waybill-node run --config alone/node.yaml >/dev/null 2>alone.log &
running+=($!)
alone_url=http://127.0.0.1:$((port + 10))
wait_until "the fork's node" curl -sf "$alone_url/healthz"
waybill asset scan 01/09506000134352/21/L1 --note "still here" --dir alone >out.txt
expect "an identity of its own" 3 "$(code_of waybill asset scan 01/09506000134352/21/L1 --note x --dir left/a --node "$alone_url")"
expect "who is left" "b" "$(waybill gov list --dir alone --json | jq -r '[.members[]|select(.active).name]|join(",")')"
kill "${running[0]}"
wait "${running[0]}" 2>/dev/null || true
running=()
waybill audit alone >out.txt
waybill audit left/b >out.txt
cmp left/b/identity.cbor alone/origin/identity.cbor || die "the old identity does not go along"

# ---- the same folders at other addresses
waybill consortium init moved --members a,b,c,d --base-port "$port" >out.txt
for i in 1 2 3 4; do
    member=$(cut -d' ' -f$i <<<"a b c d")
    waybill consortium move moved "$member" --broker 127.0.0.$((i + 10)):4000 --url https://127.0.0.$((i + 10)):4001 >out.txt
done
waybill consortium up moved --wait 40s >out.txt
waybill asset commission 01/09506000134352/21/M1 --dir moved/a >out.txt
waybill member announce --dir moved/a >out.txt
moved_to() { # DIR ADDRESS: as its node has the ledger's word
    waybill gov list --dir "$1" --json | jq -e --arg at "$2" 'any(.nodes[]; .broker == $at)'
}
wait_until "the ledger to say at b where a is" moved_to moved/b 127.0.0.11:4000
waybill consortium down moved >out.txt
echo "consortium-life: $height blocks"
