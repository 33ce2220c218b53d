#!/usr/bin/env bash
# Four companies, and the disk of one fills to the brim: the other three go on as with one that is down, it says what is
# wrong, keeps answering, and follows once there is room. With a second one full nobody decides anything, and nothing
# that was accepted is lost.
here=$(cd "$(dirname "$0")" && pwd)
if [ "${1:-}" != inside ]; then
    as_root=
    [ "$(id -u)" = 0 ] || as_root=--map-root-user
    exec unshare $as_root --mount bash "$here/$(basename "$0")" inside
fi
. "$here/node.sh"
unset WAYBILL_HOME WAYBILL_NODE

base=$(free_ports 40)
declare -A url_of=([a]=http://127.0.0.1:$base [b]=http://127.0.0.1:$((base + 10)) [c]=http://127.0.0.1:$((base + 20))
    [d]=http://127.0.0.1:$((base + 30)))
alarm_is() { # MEMBER NAME 0|1
    curl -sf "${url_of[$1]}/metrics" | grep -q "^waybill_alarm{alarm=\"$2\"} $3$"
}
height() { # MEMBER
    curl -sf "${url_of[$1]}/v1/head" | jq .height
}
made=0
accepted() { # MEMBER
    made=$((made + 1))
    waybill asset commission "01/09506000134352/21/D$made" --dir "net/$1" >out.txt 2>err.txt
}
fill() { # MEMBER: to the brim
    dd if=/dev/zero of="net/$1/filler" bs=1M 2>/dev/null || true
}
heads_agree() {
    waybill consortium status net >out.txt
}

waybill consortium init net --members a,b,c,d --base-port "$base" >init.txt
sed -i 's/period: 500 ms/period: 50 ms/' net/*/node.yaml
for member in c d; do
    cp -a net/$member was
    mount -t tmpfs -o size=160m,mode=700 tmpfs net/$member
    cp -a was/. net/$member
    rm -r was
done
waybill consortium up net --wait 40s >up.txt
for member in a b c d; do accepted $member || die "with room, at $member: $(cat err.txt)"; done

# ---- one is full: the others decide without it
fallocate -l 75M net/d/nearly
wait_until "the alarm of d" alarm_is d disk_full 1
expect "a statement at d" 1 "$(code_of waybill asset commission 01/09506000134352/21/FULL --dir net/d --no-wait)"
says "why" "disk is full" err.txt
fill d
for i in 1 2 3 4 5 6; do accepted a || die "with one disk full: $(cat err.txt)"; done
accepted c || die "with one disk full, at c: $(cat err.txt)"
heads_agree || true
says "the status" "alarm of d: disk_full"
waybill trace 01/09506000134352/21/D1 --dir net/d >out.txt
says "d goes on answering" "D1"

# ---- two are full: nothing is decided, and it is not said to be
fill c
wait_until "the alarm of c" alarm_is c disk_full 1
before=
while [ "$(height a)" != "$before" ]; do # a block that was being decided may still be
    before=$(height a)
    sleep 3
done
waybill asset commission 01/09506000134352/21/LATER --dir net/a --no-wait >out.txt
sleep 4
expect "a block with two disks full" "$before" "$(height a)"

# ---- room again: all of it, everywhere
rm net/c/filler net/d/filler net/d/nearly
for member in c d; do wait_until "room at $member" alarm_is $member disk_full 0; done
has_later() {
    waybill trace 01/09506000134352/21/LATER --dir net/d
}
wait_until "what waited, at d" has_later
accepted d || die "with room again: $(cat err.txt)"
wait_until "one head" heads_agree
for i in $(seq $made); do
    waybill trace "01/09506000134352/21/D$i" --dir net/d >out.txt || die "D$i was accepted, and d does not have it"
done
waybill consortium down net >out.txt
for member in a d; do expect "the audit of $member" 0 "$(code_of waybill audit net/$member)"; done
