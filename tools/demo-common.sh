# shellcheck shell=bash disable=SC2034,SC2154
# What the stories of `waybill demo` share (sourced): a ledger of companies on a scaled clock in a folder of its own,
# devices, and how a line of the story is said. A story sets BIN DATA [FOLDER] as its arguments and, before
# begin_ledger, how its clock goes:
#
#     start=INSTANT rate=N standstill=N     virtual start; virtual seconds in a real one; real seconds it waits there
#
# Whatever was started ends with the story, however that ends.
set -euo pipefail

bin=$1
data=$2
work=$(realpath -m --relative-base="$PWD" "${3:-build/demo}")
terminal=0
[ -t 1 ] && terminal=1
children=()
last=$(mktemp) # what the last command said

# ---------------------------------------------------------------- telling

say() {
    clear_bar
    printf ' %-10s %s\n' "$1" "$2"
}

fail() {
    clear_bar
    printf 'demo: %s\n' "$1" >&2
    for log in "$work"/*.log; do
        [ ! -s "$log" ] || { echo "--- $log" >&2; tail -n 15 "$log" >&2; }
    done
    exit 1
}

progress=() # MINUTES WORD TEXT: how long the journey takes and what it is called
bar() {     # MINUTE: how far the clock is, on a terminal
    [ "$terminal" = 1 ] || return 0
    local done_=$1 all=${progress[0]} line="####################--------------------"
    [ "$done_" -le "$all" ] || done_=$all
    printf '\r %-10s %s [%s] %3d %%  ' "${progress[1]}" "${progress[2]}" \
        "${line:20-done_ * 20 / all:20}" $((done_ * 100 / all))
}

clear_bar() { [ "$terminal" = 0 ] || printf '\r%70s\r' ''; }

stay_up() { # on a terminal, so that the page can be opened
    [ "$terminal" = 1 ] || return 0
    echo " press Ctrl-C to stop"
    trap 'exit 0' INT
    wait "${children[0]}" || true
}

# ---------------------------------------------------------------- running

stop_children() {
    local pid
    for pid in ${children[@]+"${children[@]}"}; do kill "$pid" 2>/dev/null || true; done
    for pid in ${children[@]+"${children[@]}"}; do wait "$pid" 2>/dev/null || true; done
    children=()
}
trap 'stop_children; rm -f "$last"' EXIT
trap 'exit 130' INT TERM

start() { # LOG PROGRAM...: in the background; it ends when this script does, however that ends
    local log=$1
    shift
    setpriv --pdeathsig TERM "$@" 2>"$log" &
    children+=($!)
}

waybill() { "$bin/waybill" "$@" --clock "$clock"; }

quietly() { # runs a command, shows what it said only if it fails
    "$@" >"$last" 2>&1 || { cat "$last" >&2; fail "'$*' failed"; }
}

ends_with() { # CODE WHAT COMMAND...: it has to end so; what it said is in $last
    local wanted=$1 what=$2 code=0
    shift 2
    "$@" >"$last" 2>&1 || code=$?
    [ "$code" = "$wanted" ] || { cat "$last" >&2; fail "$what ended with $code, expected $wanted"; }
}

statement() { # COMMAND...: sets $hash to that of the statement which it sent
    quietly "$@" --json
    hash=$(grep -oE '"statement": *"[0-9a-f]{64}"' "$last" | grep -oE '[0-9a-f]{64}')
}

now_ms() { date +%s%3N; }

virtual_minute() { # minutes since the start on the shared clock
    local past=$(($(now_ms) - origin))
    [ "$past" -gt 0 ] || past=0
    echo $((past * rate / 60000))
}

wait_until() { # MINUTES since the start, with a bar on a terminal
    local at minutes=$1
    while at=$(virtual_minute) && [ "$at" -lt "$minutes" ]; do
        bar "$at"
        sleep 0.1
    done
}

# ---------------------------------------------------------------- a ledger of companies

is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() { # WISH: that one, or another of the loopback interface when somebody has it
    local port=$1
    while is_taken "$port"; do port=$((20000 + RANDOM % 20000)); done
    echo "$port"
}

contract_file() { # NAME: where it is, installed or not
    local file=$data/$1.yaml
    [ -e "$file" ] || file=$data/../../contracts/library/$1.yaml
    echo "$file"
}

begin_ledger() { # MEMBER...: broker and node run; commands of this script find them
    local member members=()
    if [ -e "$work" ]; then # an earlier demo's folder, and nothing else, makes room
        { [ -e "$work/identity.cbor" ] && [ "$(cat "$work/name" 2>/dev/null)" = demo ]; } ||
            fail "$work is there, and no demo made it: say another FOLDER"
        rm -rf "$work"
    fi
    mkdir -p "$(dirname "$work")"
    for member; do members+=(--member "$member"); done
    http=$(free_port "${WAYBILL_DEMO_PORT:-8600}")
    mqtt=$(free_port 41883)
    origin=$(($(now_ms) + standstill * 1000))
    clock=$start@$rate@$origin
    quietly "$bin/waybill" init "$work" --name demo --demo --time "$start" --http-port "$http" \
        --broker-port "$mqtt" "${members[@]}"
    export WAYBILL_HOME=$work WAYBILL_NODE=http://127.0.0.1:$http
    sed -i 's/period: .*/period: 100 ms/' "$work/node.yaml"
    start "$work/node.log" "$bin/waybill-node" run --config "$work/node.yaml" --clock "$clock"
    for _ in $(seq 100); do
        "$bin/waybill" asset list >/dev/null 2>&1 && break
        kill -0 "${children[0]}" 2>/dev/null || fail "the node ended"
        sleep 0.05
    done
    say broker "mosquitto on loopback:$mqtt"
    say ledger '"demo", one authority, a block every 0.1 s while there is work'
}

clock_stands_still() { # fails when the set-up took longer than the clock waits
    if [ "$(virtual_minute)" -gt 0 ]; then
        fail "this machine was too slow: the journey began before the set-up ended"
    fi
}

member_kid() { "$bin/waybill" member list | grep -F "  $1" | grep -oE '^[0-9a-f]{16}'; }

device_kid() { "$bin/waybill-agent" status --config "$work/$1/agent.yaml" | grep -oE '[0-9a-f]{16}' | head -n 1; }

make_agent() { # NAME OWNER CSV PROPERTY=UNIT...: makes a device that replays the file, and has it enrolled by OWNER
    local name=$1 owner=$2 csv=$3 home=$work/$1 column rights=()
    shift 3
    mkdir -p "$home"
    cp "$work/identity.cbor" "$csv" "$home/"
    cat >"$home/agent.yaml" <<YAML
ledger: identity.cbor
key: agent.key
outbox: { folder: outbox }
broker: { host: 127.0.0.1, port: $mqtt }
pack: { samples: 60, within: ${pack_within:-2 h}, resend: 1 h }
sensors:
  - source: csv
    file: $(basename "$csv")
    time column: time
    time format: ISO 8601
    columns:
YAML
    for column; do
        rights+=(--right "${column%%=*}")
        echo "      - { name: ${column%%=*}, property: ${column%%=*}, unit: \"${column#*=}\", exponent: -2 }"
    done >>"$home/agent.yaml"
    quietly "$bin/waybill-agent" request --config "$home/agent.yaml" --sponsor "$(member_kid "$owner")" \
        -o "$home/request.cose"
    quietly waybill device enrol "$home/request.cose" --class device "${rights[@]}" --name "$name" --as "$owner"
}

start_agents() { # NAME...
    local name
    for name; do
        start "$work/$name.log" "$bin/waybill-agent" run --config "$work/$name/agent.yaml" --clock "$clock" \
            --exit-when-done --give-up-after "30 s"
        agents+=("${children[-1]}")
    done
}

agents=()
wait_for_agents() { # until all they have is proven to be on the ledger
    local pid
    for pid in "${agents[@]}"; do
        wait "$pid" || fail "an agent ended with samples that are not proven to be on the ledger"
    done
}

# ---------------------------------------------------------------- proving

# One statement on its own, checked with nothing but its receipt and the ledger's public identity.
offline() { # COMMAND...: of waybill, in the demo's folder, without any node to ask
    (cd "$work" && env -u WAYBILL_NODE -u WAYBILL_HOME "$bin/waybill" "$@")
}
