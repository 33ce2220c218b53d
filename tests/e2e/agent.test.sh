#!/usr/bin/env bash
# The device agent against a real node: enrolled by its own request, killed in the midst of a day that runs in a
# few seconds, and nothing is left unproven. And what it refuses: a bad configuration, a key that others may read,
# a key without its outbox, two agents at once.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
scratch=${WAYBILL_SCRATCH:?run by tests/run-tests.sh}
cd "$scratch"
running=()

finish() {
    for pid in "${running[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    wait 2>/dev/null || true
}
trap finish EXIT

die() {
    echo "agent: $*" >&2
    [ -f node.log ] && tail -5 node.log >&2
    [ -f agent.log ] && tail -5 agent.log >&2
    exit 1
}
expect_text() { # WHAT PATTERN FILE
    grep -q -- "$2" "$3" || die "$1: expected \"$2\", found \"$(cat "$3")\""
}
expect_failure() { # WHAT PATTERN COMMAND...
    local what=$1 pattern=$2
    shift 2
    if "$@" >out.txt 2>err.txt; then die "$what: expected a failure"; fi
    expect_text "$what" "$pattern" err.txt
}
wait_until() { # WHAT COMMAND...: up to a minute
    local what=$1 end=$((SECONDS + 60))
    shift
    while [ $SECONDS -lt $end ]; do
        if "$@"; then return 0; fi
        sleep 0.1
    done
    die "waited in vain for $what"
}

# ---- a ledger and its node, with a broker of its own
free_port() {
    for port in $(shuf -i 20000-30000 -n 50); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}
http=$(free_port)
waybill init ledger --name e2e --member "Farm A" --http-port "$http" \
    --time 2026-06-01T05:59:00Z >init.txt
member=$(sed -n 's/^ *member *\([0-9a-f]\{16\}\).*/\1/p' init.txt)
clock="2026-06-01T06:00:00Z@14400@$(date +%s%3N)" # a day in 6 s
waybill-node run --config ledger/node.yaml --clock "$clock" >/dev/null 2>node.log &
running+=($!)
wait_until "the node" grep -q 'connected to the broker' node.log
broker=$(sed -n 's/.*broker 127\.0\.0\.1:\([0-9]*\).*/\1/p' node.log | head -1)

# ---- the configuration, and what is wrong with it
mkdir agent
cp ledger/identity.cbor agent/
cp "$here/../../docs/examples/journey.csv" agent/
sed "s/port: 1883/port: $broker/; s/resend: 10 s/resend: 1 s/" "$here/../../docs/examples/agent.yaml" >agent/agent.yaml
waybill-agent check-config agent/agent.yaml >out.txt
expect_text check-config good out.txt
cat >bad.yaml <<'YAML'
ledger: identity.cbor
key: agent.key
outbox: { folder: outbox }
sensors:
  - source: hwmon
    chip: sht3x
    interval: 5
    columns:
      - { channel: temp1, property: temperature }
YAML
expect_failure "a bad interval" '^bad.yaml:7: sensors\[0\].interval: expected a duration such as "5 min", found "5"$' \
    waybill-agent check-config bad.yaml

# ---- enrolment
expect_failure "a run without a key" 'agent/agent.key' waybill-agent run --config agent/agent.yaml
waybill-agent request --config agent/agent.yaml --sponsor "$member" -o request.cose 2>kid.txt
kid=$(sed -n 's/^device *//p' kid.txt)
[ "$(stat -c %a agent/agent.key)" = 600 ] || die "the key's mode is $(stat -c %a agent/agent.key)"
waybill-agent init --config agent/agent.yaml >out.txt # once more: the same key
expect_text "a second init" "$kid" out.txt
waybill device enrol request.cose --class device --right temperature --right humidity \
    --dir ledger --node "http://127.0.0.1:$http" --clock "$clock" >out.txt

# ---- a day, with two deaths in it
start_agent() {
    waybill-agent run --config agent/agent.yaml --clock "$clock" "$@" >/dev/null 2>>agent.log &
    agent=$!
}
signed_at_least() { # SEQ
    waybill-agent status --config agent/agent.yaml >out.txt
    local seq
    seq=$(sed -n 's/^signed *up to seq \([0-9]*\),.*/\1/p' out.txt)
    [ "${seq:-0}" -ge "$1" ]
}
for seq in 4 9; do
    start_agent
    wait_until "statement $seq" signed_at_least $seq
    expect_failure "a second agent" 'another process uses this outbox' \
        waybill-agent run --config agent/agent.yaml
    kill -9 $agent
    wait $agent 2>/dev/null || true
done
start_agent --exit-when-done --give-up-after "60 s"
wait $agent || die "the last run failed"
waybill-agent status --config agent/agent.yaml >out.txt
expect_text "the end" '^waiting  0 statements' out.txt
expect_text "the end" 'samples up to 2026-06-02T05:59:00Z' out.txt
grep -q 'ALARM\|ERROR\|refused' agent.log && die "the agent complained"

# ---- stopping without a broker keeps what was sampled
sed -i "s/port: $broker/port: $(free_port)/" agent/agent.yaml
sed -i '2,$s/^2026-06-0\([12]\)/2026-06-1\1/' agent/journey.csv
waybill-agent run --config agent/agent.yaml >/dev/null 2>agent.log &
agent=$!
wait_until "ten days later's samples" signed_at_least 25
kill -TERM $agent
wait $agent || die "SIGTERM: exit code $?"
waybill-agent status --config agent/agent.yaml >out.txt
grep -q '^waiting  0 ' out.txt && die "nothing was kept"

# ---- what it refuses
chmod 644 agent/agent.key
expect_failure "a key that others may read" 'chmod 600' waybill-agent run --config agent/agent.yaml
chmod 600 agent/agent.key
mv agent/outbox away
expect_failure "a key without its outbox" 'outbox' waybill-agent run --config agent/agent.yaml
expect_failure "a new outbox for an old key" 'the outbox that knows what it signed' \
    waybill-agent init --config agent/agent.yaml
echo "agent: $kid"
