#!/usr/bin/env bash
# Members of a rehearsal move to names and addresses of all kinds: the configurations that come out are taken by their
# nodes, and what no node could take or no peer could reach is refused before anything is changed.
. "$(cd "$(dirname "$0")" && pwd)/node.sh"
base=$(free_ports 40)
waybill consortium init net --members a,b,c,d --name move --base-port "$base" >/dev/null

all_good() {
    local m
    for m in a b c d; do
        expect "the configuration of $m" 0 "$(code_of waybill-node check-config "net/$m/node.yaml")"
    done
}
listens() { # MEMBER HOST: for both, as it stands in its file
    local found
    found=$(sed -n '/^peers:/,/^[a-z]*:$/s/^    host: //p' "net/$1/node.yaml" | sort -u)
    expect "where $1 listens" "$2" "$found"
}
moves() { # MEMBER HOST [OPTION...]
    expect "moving $1 to $2" 0 "$(code_of waybill consortium move net "$1" --broker "$2:$((base + 35))" --url "https://$2:$((base + 36))" "${@:3}")"
    all_good
}
stays() { # WHY OPTION...: a is not moved, and no file is touched
    find net -type f -exec sha256sum {} + | sort >before.txt
    expect "a move that cannot work" 1 "$(code_of waybill consortium move net a "${@:2}")"
    says "why" "$1" err.txt
    find net -type f -exec sha256sum {} + | sort >after.txt
    cmp before.txt after.txt || die "something was changed by what was refused"
}

moves b 10.0.0.7
listens b 0.0.0.0
moves b '[2001:db8::7]'
listens b '"::"'
moves b '[::1]'
listens b '"::1"'
moves b node.b.example --listen 127.0.0.1
listens b 127.0.0.1
moves a node.a.example
listens a 0.0.0.0
says "the others' files" 'broker: "node.a.example:' net/c/node.yaml

port=$((base + 37))
stays "IPv6" --broker "[2001:db8:::7]:$port" --url "https://a.example:$((port + 1))"
stays "IPv4" --broker "10.0.0.300:$port" --url "https://a.example:$((port + 1))"
stays "nobody can connect" --broker "a.example:$port" --url "https://0.0.0.0:$((port + 1))"
stays "expected an address of this machine" --broker "a.example:$port" --url "https://a.example:$((port + 1))" --listen a.example
stays "expected an address such as" --broker "2001:db8::7:$port" --url "https://a.example:$((port + 1))"
stays "is another one's already" --broker "a.example:$port" --url "https://a.example:$port"
sed -i '/^peers:/,/^  [a-z]/{/^  addresses:/d}; /^ *"[0-9a-f]\{16\}":/,+2d; s/^peers:.*/&\n  addresses: {}/' net/d/node.yaml # not line by line
stays "nothing was changed" --broker "a.example:$port" --url "https://a.example:$((port + 1))"

# A node that was moved to a name starts. Carried about, its key may have become everybody's: it says so.
chmod 644 net/a/tls.key
url=http://127.0.0.1:$base
waybill-node run --config net/a/node.yaml 2>node.log &
node_pid=$!
running+=("$node_pid")
wait_until "the moved node" is_up
says "a key that all can read" "tls.key: others on this machine can get at the key" node.log
kill_node TERM
mv net/a/tls.key aside.key
expect "a node without its TLS key" 1 "$(code_of waybill-node run --config net/a/node.yaml)"
says "which file it lacks" "tls.key: No such file" err.txt

expect "a new member at localhost" 0 "$(code_of waybill member new e --name E --broker "localhost:$port" --url "https://[::1]:$((port + 1))")"
expect "its configuration" 0 "$(code_of waybill-node check-config e/node.yaml)"
expect "a new member that cannot work" 1 "$(code_of waybill member new f --name F --broker "f.example:$port" --url "https://f.example:$((port + 1))" --listen f.example)"
[ ! -e f ] || die "a folder that cannot be used was left"
