#!/usr/bin/env bash
# Two of five authorities are voted out while they are away: one does not run, one stands still. The brokers of the others
# do not let them in when they come back; they learn it all the same, by the blocks up to the one that removed them, are
# given nothing else, and refuse what is given to them from then on.
. "$(dirname "$0")/node.sh"
gtin=01/09506000134352/21

base=$(free_ports 50)
url_of() { # MEMBER
    case $1 in a) echo "http://127.0.0.1:$base" ;; d) echo "http://127.0.0.1:$((base + 30))" ;; e) echo "http://127.0.0.1:$((base + 40))" ;; esac
}
stopped=
trap '[ -z "$stopped" ] || kill -CONT "$stopped" 2>/dev/null; finish' EXIT
as() { # MEMBER COMMAND...
    local member=$1
    shift
    WAYBILL_HOME=$PWD/net/$member waybill "$@"
}
commission() { # SERIAL
    as a asset commission "$gtin/$1" >out.txt 2>err.txt || die "commission $1: $(cat err.txt)"
}
remove() { # MEMBER VOTERS...
    local member=$1 hash
    shift
    as a gov propose remove-authority "$member" --json >proposed.txt
    hash=$(jq -r .statement proposed.txt)
    for voter; do # by its own node, which may hear of it, and of what was decided before, later than a's
        wait_until "$voter's node to know the proposal" as "$voter" gov show "$hash"
        as "$voter" gov vote "$hash" yes >vote.txt 2>&1 || die "$voter's vote on $member: $(cat vote.txt)"
    done
}
authorities_are() { # COUNT, says a's node of the next block
    [ "$(curl -sf "$(url_of a)/v1/set" | jq '.authorities | length')" = "$1" ]
}
refuses() { # MEMBER
    curl -s --data-binary @old.statement -H 'Content-Type: application/cose' "$(url_of "$1")/entries" >refused.json &&
        [ "$(jq -r .code refused.json)" = NOT_AUTHORITY ]
}
check() { # MEMBER: it knows all up to the block that removed it, and has said so
    local member=$1 since height
    wait_until "$member's node to refuse" refuses "$member"
    since=$(sed -n 's/.* ledger since block \([0-9]*\):.*/\1/p' refused.json)
    height=$(curl -sf "$(url_of "$member")/v1/head" | jq .height)
    expect "the newest block of $member" $((since - 1)) "$height"
    [ "$(curl -sf "$(url_of a)/v1/head" | jq .height)" -gt "$height" ] || die "a's node has not gone on"
    expect "the block that removed $member" "$(curl -sf "$(url_of a)/v1/blocks/$height" | jq -r .hash)" \
        "$(curl -sf "$(url_of "$member")/v1/head" | jq -r .hash)"
    expect "how often $member says it" 1 "$(grep -c 'has left the authority set' "net/$member/node.log")"
    told() { waybill consortium status net "$member" | grep 'is not one of theirs: ask another node'; }
    wait_until "the status to tell it of $member" told
    # nothing more by its certificate
    asked() { # WHAT: the status
        curl -sk --cert "net/$member/tls.crt" --key "net/$member/tls.key" -o answer.bin -w '%{http_code}' \
            "https://127.0.0.1:$((base + 3))/v1/peer/$1"
    }
    expect "a block of before" 200 "$(asked "blocks?from=$height")"
    [ "$(stat -c %s answer.bin)" -gt 100 ] || die "the block that removed $member is not given to it"
    expect "a block of after" 200 "$(asked "blocks?from=$((height + 1))")"
    expect "a block of after" 80 "$(xxd -p answer.bin)"
    for what in "history?from=1" heard "candidate/$(printf '%064d' 0)"; do
        expect "$what, of who has left" 403 "$(asked "$what")"
    done
}

waybill consortium init net --members a,b,c,d,e --base-port "$base" >init.txt
sed -i 's/period: 500 ms/period: 50 ms/' net/*/node.yaml
waybill consortium up net --wait 60s >up.txt
commission ONE
as a statement get "$(jq -r .statement <(as a asset commission $gtin/TWO --json))" -o old.statement >/dev/null

waybill consortium down net d >/dev/null
stopped=$(cat net/e/node.pid)
remove d a b c e
wait_until "four authorities" authorities_are 4
kill -STOP "$stopped"
remove e a b c
wait_until "three authorities" authorities_are 3
for n in 1 2 3; do commission "AFTER$n"; done

# Those who stayed need not have run all the while: the ledger itself tells them who has left.
waybill consortium down net a b c >/dev/null
waybill consortium up net a b c --wait 60s >up.txt
commission LATER
waybill-node run --config net/d/node.yaml >/dev/null 2>>net/d/node.log &
running+=($!)
kill -CONT "$stopped"
stopped=
check d
check e
commission LAST
kill "${running[0]}"
wait "${running[0]}" 2>/dev/null || true
running=()
waybill consortium down net >/dev/null
for member in a d e; do
    waybill audit net/$member >out.txt || die "the ledger of $member does not pass: $(cat out.txt)"
done
