#!/usr/bin/env bash
# A handover by two scans of one printed label: offered by who holds the goods, accepted by whom it is for. What the
# rules forbid, what nobody confirmed and what another ledger printed is not signed.
. "$(dirname "$0")/node.sh"
gtin=01/09506000134352/21
started=$SECONDS

scan() { # COMPANY ARGUMENTS...: sets code; out.txt, err.txt
    local company=$1
    shift
    code=0
    waybill-scan "$@" --identity home/identity.cbor --key "home/keys/$company.key" >out.txt 2>err.txt </dev/null || code=$?
}
says() { # FILE WORDS
    grep -qF -- "$2" "$1" || die "expected \"$2\", found: $(cat out.txt err.txt)"
}
holder() { # ASSET
    curl -sf "$url/v1/assets/$1" | jq -r .custodian.name
}
label() { # ASSET FILE
    waybill label "$1" -o "$2" --host id.example.org --identity home/identity.cbor >/dev/null
}

make_ledger "Farm A" "Käserei B" Clinic
mv home/keys/k*.key home/keys/b.key
mv home/keys/k*.key.state home/keys/b.key.state
start_node
waybill asset commission $gtin/DEMO1 $gtin/DEMO2 $gtin/DEMO3 --as "Farm A" >/dev/null
for n in 1 2 3; do label $gtin/DEMO$n $n.png; done

# ---- read only: without a key, and with one
before=$(leaves)
code=0
waybill-scan 1.png --identity home/identity.cbor >out.txt 2>err.txt </dev/null || code=$?
expect "reading" 0 $code
says out.txt "this ledger's label"
scan farm-a 1.png --read-only
expect "--read-only" 0 $code
scan farm-a 1.png
expect "nothing to do" 0 $code
says out.txt "$gtin/DEMO1: in your hands; --to MEMBER offers it"
expect "leaves after looking" "$before" "$(leaves)"

# ---- the offer and the acceptance, by name, with a condition and times of their own
scan farm-a 1.png --to "Käserei b"
expect "the offer" 0 $code
says out.txt "offered $gtin/DEMO1 to Käserei B, block "
scan clinic 1.png --accept
expect "accepting another's" 4 $code
says err.txt "offered to Käserei B, not to you"
scan farm-a 1.png --to Clinic
expect "offering twice" 4 $code
scan b 1.png
expect "nobody to ask" 1 $code
says err.txt "say --accept or --yes"
expect "still with" "Farm A" "$(holder $gtin/DEMO1)"
when=$(date -u +%Y-%m-%dT%H:%M:%SZ)
scan b 1.png --accept --yes --node "$url" --clock REAL --time "$when" --condition "seal intact"
expect "the acceptance" 0 $code
says out.txt "accepted $gtin/DEMO1 from Farm A, block "
expect "one line" 1 "$(wc -l <out.txt)"
expect "now with" "Käserei B" "$(holder $gtin/DEMO1)"
scan b 1.png --accept
expect "accepting twice" 0 $code
says out.txt "in your hands already"

# ---- JSON; kids; one acceptance for a set of goods, whichever of their labels is scanned
waybill custody offer $gtin/DEMO2 $gtin/DEMO3 --to Clinic --as "Farm A" >/dev/null
scan clinic 2.png 3.png 2.png --accept --json
expect "a set" 0 $code
expect "its first" "accepted 2 final Farm A" "$(jq -rs '.[0].codes[0] | "\(.step) \(.assets) \(.status) \(.name)"' out.txt)"
expect "its second" none "$(jq -rs '.[1].codes[0].step' out.txt)"
expect "the same again" null "$(jq -rs '.[2].codes[0].step' out.txt)"
expect "the second's holder" Clinic "$(holder $gtin/DEMO3)"
waybill statement get "$(jq -rs '.[0].codes[0].statement' out.txt)" >/dev/null || die "the acceptance is not on the ledger"
scan clinic 2.png --to "$(kid_of "Farm A")" --json
expect "to a kid" "offered Farm A" "$(jq -r '.codes[0] | "\(.step) \(.name)"' out.txt)"
scan clinic 3.png --to "Käserei b" --json
expect "letters in JSON" "Käserei B" "$(jq -r .codes[0].name out.txt)"

# ---- on a terminal a person is asked
terminal() { # ANSWER
    code=0
    printf '%s\n' "$1" | script -qec "waybill-scan 2.png --identity home/identity.cbor --key home/keys/farm-a.key" \
        /dev/null >out.txt || code=$?
    : >err.txt
}
terminal n
expect "no" 0 $code
says out.txt "Accept $gtin/DEMO2 from Clinic? [y/N]"
says out.txt "left as it was"
expect "after a no" Clinic "$(holder $gtin/DEMO2)"
terminal y
says out.txt "accepted $gtin/DEMO2 from Clinic"
expect "after a yes" "Farm A" "$(holder $gtin/DEMO2)"

# ---- a scan that hands nothing over: only when it is said, or a person on a terminal says so
before=$(leaves)
scan clinic 2.png --yes
expect "yes to nothing" 0 $code
says out.txt "in somebody else's hands and not offered"
terminal n
says out.txt "in your hands; --to MEMBER offers it. Record that you saw it? [y/N]"
expect "leaves after another no" "$before" "$(leaves)"
terminal y
says out.txt "recorded that $gtin/DEMO2 was seen, block "
scan clinic 2.png --place 9506000134376 --note "wet on top" --json
expect "seen with a place" "0 seen final 1 null" \
    "$code $(jq -rs '.[0].codes[0] | "\(.step) \(.status) \(.assets) \(.name)"' out.txt)"
waybill custody offer $gtin/DEMO2 --to Clinic --as "Farm A" >/dev/null
scan clinic 2.png --seen
expect "seen, though offered" 0 $code
says out.txt "recorded that $gtin/DEMO2 was seen"
waybill custody cancel $gtin/DEMO2 --as "Farm A" >/dev/null
waybill asset scan $gtin/DEMO2 $gtin/DEMO3 --place 9506000134376 --note "on the shelf" --as Clinic >out.txt
says out.txt "scanned"
expect "leaves after scans" $((before + 6)) "$(leaves)"
expect "in the history" 4 "$(curl -sf "$url/v1/assets/$gtin/DEMO2/history" | jq '[.history[] | select(.event == "scanned")] | length')"
expect "still in the same hands" "Farm A" "$(holder $gtin/DEMO2)"
for wish in "--seen --accept" "--note x --to Clinic" "--place 9506000134377" "--seen --condition wet"; do
    # shellcheck disable=SC2086
    scan farm-a 2.png $wish
    expect "$wish" 1 $code
done

# ---- ownership goes its own way
scan farm-a 1.png --to Clinic
expect "not the holder" 4 $code
says err.txt "held by Käserei B"
scan farm-a 1.png --to Clinic --role owner
expect "the owner" 0 $code
says out.txt "offered ownership of $gtin/DEMO1 to Clinic"
scan clinic 1.png --yes
expect "owner now" Clinic "$(curl -sf "$url/v1/assets/$gtin/DEMO1" | jq -r .owner.name)"
expect "holder still" "Käserei B" "$(holder $gtin/DEMO1)"

# ---- a label of another ledger among ours: nothing is signed; nor for a node that keeps another ledger
before=$(leaves)
waybill label $gtin/DEMO2 -o twin.png --host id.example.org --ledger 7f3a000102030405060708090a0b0cff >/dev/null
scan farm-a 2.png twin.png --to Clinic --yes
expect "another ledger's label" 4 $code
says err.txt "nothing was signed"
waybill init twin --name twin --member "Farm A" >/dev/null
seed=$(sed -n 's/^seed //p' home/keys/farm-a.key)
code=0
waybill label $gtin/DEMO2 -o of-twin.png --host id.example.org --identity twin/identity.cbor >/dev/null
waybill-scan of-twin.png --identity twin/identity.cbor --key twin/keys/farm-a.key --to "$(kid_of Clinic)" \
    >out.txt 2>err.txt </dev/null || code=$?
expect "a node of another ledger" 4 $code
says err.txt "keeps another ledger"
! grep -qF "$seed" out.txt err.txt || die "a seed was printed"
expect "leaves after all that" "$before" "$(leaves)"

# ---- goods nobody knows, pictures of nothing, wishes that make no sense
label $gtin/NOBODY unknown.png
scan farm-a unknown.png --accept
expect "unknown goods" 1 $code
says err.txt "is not on this ledger"
: >empty.png
scan farm-a empty.png --accept
expect "no picture" 1 $code
for wish in "--offer" "--accept --to Clinic" "--role owner" "--to Nobody" "--to Clinic --role none" "--time noon"; do
    # shellcheck disable=SC2086
    scan farm-a 2.png $wish
    expect "$wish" 1 $code
done
expect "leaves at the end" "$before" "$(leaves)"

# ---- the ledger's own refusal comes with its code and sentence
scan farm-a 2.png --to 0011223344556677
expect "a member that is none" 4 $code
says err.txt "refused UNKNOWN_MEMBER"

# ---- no node: nothing is lost, nothing hangs
kill_node TERM
scan farm-a 2.png --to Clinic
expect "no node" 1 $code
echo "scan: handed over by label in $((SECONDS - started)) s"
