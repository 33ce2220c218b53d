# For test scripts (sourced): a ledger in $WAYBILL_SCRATCH/home, its node and broker on free ports, and what to wait for.
# Whatever was started ends with the script.
set -Eeuo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "${WAYBILL_SCRATCH:?run by tests/run-tests.sh}"
test_name=$(basename "$0" .test.sh)
node_pid=
running=()
patience=120     # seconds to wait for what is to come, which only what never comes takes
rehearsals=(net) # folders of `waybill consortium init`, if there are any

finish() {
    local dir pid
    for dir in "${rehearsals[@]}"; do
        [ ! -d "$dir" ] || waybill consortium down "$dir" >/dev/null 2>&1 || true
    done
    for pid in "${running[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    wait 2>/dev/null || true
}
trap finish EXIT

# Where a script ends that should go on: the line, and those that led there. (The runner shows its logs.)
trail() { # WHAT SKIP: so many callers are no news
    local i lines=
    for ((i = $2; i + 1 < ${#BASH_SOURCE[@]}; i++)); do
        lines+=" ${BASH_SOURCE[i + 1]##*/}:${BASH_LINENO[i]}"
    done
    echo "$test_name: $1, at$lines" >&2
}
trap '[ "$BASH_SUBSHELL" -gt 0 ] || trail "\"$BASH_COMMAND\" failed" 0' ERR

die() {
    trail "$*" 1
    exit 1
}
expect() { # WHAT WANTED FOUND
    [ "$2" = "$3" ] || die "$1: expected \"$2\", found \"$3\""
}
code_of() { # COMMAND...: its exit code; what it said is in out.txt and err.txt
    local code=0
    "$@" >out.txt 2>err.txt || code=$?
    echo $code
}
says() { # WHAT PATTERN [FILE]: by default what code_of kept
    local file=${3:-out.txt}
    grep -q -- "$2" "$file" || die "$1: expected \"$2\", found \"$(cat "$file")\""
}
refused() { # WHAT CODE COMMAND...: by the ledger; sets statement
    local what=$1 name=$2
    shift 2
    expect "$what" 4 "$(code_of "$@")"
    says "$what" "refused $name" err.txt
    statement=$(sed -n 's/^  statement //p' err.txt)
}
sent() { # COMMAND...: the hash of what it sent
    "$@" --json | jq -r .statement
}
flip_bit() { # FILE OFFSET: of the byte there; written over with a fixed one it might stay what it was
    printf '%b' "\\x$(printf %02x $((0x$(xxd -p -s "$2" -l 1 "$1") ^ 1)))" |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
wait_until() { # WHAT COMMAND...
    local what=$1 end=$((SECONDS + patience))
    shift
    while [ $SECONDS -lt $end ]; do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.05
    done
    die "waited in vain for $what"
}
is_taken() { # PORT: by who listens there, or by this script for who will
    grep -qsx "$1" "$WAYBILL_SCRATCH/ports.txt" || (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}
free_port() {
    local port
    for port in $(shuf -i 20000-30000 -n 50); do
        is_taken "$port" || { echo "$port" | tee -a "$WAYBILL_SCRATCH/ports.txt"; return; }
    done
}

free_ports() { # COUNT, at most 100: the first of so many in a row
    local try port first
    for try in $(shuf -i 200-290 -n 20); do
        first=$((try * 100))
        for port in $(seq $first $((first + $1 - 1))); do
            if is_taken "$port"; then first=; break; fi
        done
        [ -z "$first" ] || { echo "$first"; return; }
    done
    die "no $1 free ports in a row"
}

make_ledger() { # MEMBER...; founded: when, otherwise now
    local member members=()
    for member; do members+=(--member "$member"); done
    http=$(free_port)
    broker=$(free_port)
    url=http://127.0.0.1:$http
    waybill init home --name "$test_name" --http-port "$http" --broker-port "$broker" \
        ${founded:+--time "$founded"} "${members[@]}" >init.txt
    sed -i 's/period: 500 ms/period: 20 ms/' home/node.yaml
    export WAYBILL_HOME=$PWD/home WAYBILL_NODE=$url
    ledger=$(sed -n 's/^ *identity *\([0-9a-f]\{64\}\).*/\1/p' init.txt)
}
kid_of() { # MEMBER
    sed -n "s/^ *member *\([0-9a-f]\{16\}\) *$1 .*/\1/p" init.txt
}

is_up() {
    curl -sf "$url/healthz" && grep -q 'connected to the broker' node.log
}
start_node() { # [ARGUMENTS]
    : >node.log
    waybill-node run --config home/node.yaml "$@" >/dev/null 2>node.log &
    node_pid=$!
    running+=("$node_pid")
    wait_until "the node" is_up
}
kill_node() { # SIGNAL
    kill "-$1" "$node_pid"
    wait "$node_pid" 2>/dev/null || true
}
leaves() {
    curl -sf "$url/v1/head" | jq .size
}
one_receipt() { # STATEMENT: it is a leaf of this ledger, and that is proven
    waybill statement get "$1" -o one.cose >/dev/null
    waybill receipt get "$1" -o one.receipt >/dev/null
    expect "the receipt of $1" 0 "$(code_of waybill receipt verify one.receipt one.cose home/identity.cbor --json)"
    expect "what the receipt of $1 proves" "true $1" "$(jq -r '"\(.proof) \(.statement)"' out.txt)"
}
