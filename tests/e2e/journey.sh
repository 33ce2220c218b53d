# shellcheck shell=bash disable=SC2154
# For test scripts (sourced after node.sh): a journey under a contract, and a logger whose signed statements go to
# files before any node sees them, so that a test says which arrives when.
unit=01/09506000134352/21/JOURNEY
day=2026-06-01

at() { # HH:MM[:SS]: the clock of all commands and nodes from here on
    export WAYBILL_CLOCK=${day}T${1}Z@1
    clock=(--clock "$WAYBILL_CLOCK")
}
device_kid() { # NAME
    waybill-agent status --config "$1/agent.yaml" | grep -oE '[0-9a-f]{16}' | head -n 1
}

make_logger() { # NAME MEMBER PACK-SAMPLES BROKER-PORT: enrolled by the member and attached; reads NAME/journey.csv
    mkdir -p "$1"
    cp home/identity.cbor "$1/"
    cat >"$1/agent.yaml" <<YAML
ledger: identity.cbor
key: agent.key
outbox: { folder: outbox }
broker: { host: 127.0.0.1, port: $4 }
pack: { samples: $3, within: 6 h, resend: 1 h }
sensors:
  - source: csv
    file: journey.csv
    time column: time
    time format: ISO 8601
    columns:
      - { name: temperature, property: temperature, unit: °C, exponent: -2 }
YAML
    waybill-agent request --config "$1/agent.yaml" --sponsor "$(kid_of "$2")" -o "$1/request.cose" 2>request.err
    waybill device enrol "$1/request.cose" --class device --right temperature --name "$1" --as "$2" >/dev/null
    waybill device attach "$(device_kid "$1")" $unit --as "$2" >/dev/null
}

open_contract() { # FILE SENDER RECEIVER [OPTION...]: sets opening
    local file=$1 sender=$2 receiver=$3
    shift 3
    opening=$(waybill contract open "$file" --asset $unit --party sender="$sender" --party receiver="$receiver" \
        "$@" --as "$sender" --json | jq -r .statement)
    waybill contract agree "$opening" --as "$receiver" >/dev/null
}

# Started as root, mosquitto would become a user of its own, whom a bare machine may not have.
broker_conf() { # PORT
    [ "$(id -u)" != 0 ] || echo "user root"
    printf 'listener %s 127.0.0.1\nallow_anonymous true\n' "$1"
}

# The logger signs all it has and sends it to a broker that no node listens to: NAME-1.cose, NAME-2.cose, …
sign_all() { # NAME COUNT BROKER-PORT
    local name=$1 count=$2 port=$3 n=0 line
    broker_conf "$port" >courier.conf
    mosquitto -v -c courier.conf 2>courier.log &
    local courier=$!
    running+=("$courier")
    wait_until "the courier" mosquitto_pub -h 127.0.0.1 -p "$port" -t ready -n
    mosquitto_sub -h 127.0.0.1 -p "$port" -V 5 -q 1 -t "wb/1/$(device_kid "$name")/up" -F %x -C "$count" -W 20 >"$name.hex" &
    local listener=$!
    running+=("$listener")
    wait_until "the courier's ear" grep -q "Received SUBSCRIBE" courier.log
    waybill-agent run --config "$name/agent.yaml" "${clock[@]}" >/dev/null 2>agent.log &
    local agent=$!
    running+=("$agent")
    wait "$listener" || die "the logger signed $(wc -l <"$name.hex") statements, not $count"
    kill -KILL "$agent" "$courier"
    wait "$agent" "$courier" 2>/dev/null || true
    while read -r line; do
        n=$((n + 1))
        tr a-f A-F <<<"$line" | basenc --base16 -d >"$name-$n.cose"
    done <"$name.hex"
}
deliver() { # NAME N...: to the node's broker, in this order
    local name=$1 kid n
    shift
    kid=$(device_kid "$name")
    for n; do mosquitto_pub -h 127.0.0.1 -p "$broker" -q 1 -t "wb/1/$kid/up" -f "$name-$n.cose"; done
}
is_final() { # NAME N
    [ "$(waybill statement status "$1-$2.cose" --json | jq -r .status)" = final ]
}
arrive() { # NAME N...: delivered, one after the other, and on the ledger
    local name=$1 n
    shift
    for n; do
        deliver "$name" "$n"
        wait_until "$name's statement $n" is_final "$name" "$n"
    done
}
excursions() { # [FILTER]: as the node tells them, without how often they were revised
    curl -sf "$url/v1/assets/$unit/excursions" | jq -S '[.excursions[] | del(.revisions)] | sort_by(.from, .rule)'
}
