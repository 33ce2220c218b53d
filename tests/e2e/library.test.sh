#!/usr/bin/env bash
# The library: every contract is tested whole, free of complaints, agrees with models written without it, is described,
# and opens on a real ledger as its description says.
. "$(dirname "$0")/node.sh"
root=$(cd "$here/../.." && pwd)
library=$root/contracts/library

# ---- tests of every action, reaction, rule, state and document; lint
for contract in "$library"/*.yaml; do
    name=$(basename "$contract" .yaml)
    waybill contract test "$library/tests/$name.test.yaml" --untested >out.txt || die "$name: $(grep -A 3 FAILED out.txt)"
    ! grep '^untested' out.txt >&2 || die "$name: not all of it is tested"
    waybill contract lint "$contract" --strict >out.txt || die "$name: $(cat out.txt)"
done
waybill contract test "$library"/tests/*.yaml >out.txt || die "together: $(grep -A 3 FAILED out.txt)"
echo "library: $(tail -n 1 out.txt)"

# ---- models in another language
mkdir model
read -r calls accepted refused < <(python3 "$here/refrigerated_model.py" "$library/refrigerated-transportation.yaml" model)
[ "$calls" -ge 2000 ] && [ "$accepted" -ge 1000 ] && [ "$refused" -ge 1000 ] || die "the model makes $calls calls only"
python3 "$here/insurance_model.py" "$library/cargo-insurance.yaml" model >claims.txt
waybill contract test model/*.yaml >out.txt || die "model: $(grep -A 3 FAILED out.txt | head -n 20)"
echo "models: $calls random calls and $(cat claims.txt) claims; $(tail -n 1 out.txt)"
# a model that agrees with everything would prove nothing
mkdir changed
sed 's/humidity > max humidity/humidity >= max humidity/' "$library/refrigerated-transportation.yaml" >changed/contract.yaml
python3 "$here/refrigerated_model.py" contract.yaml changed >out.txt
! waybill contract test changed/*.test.yaml >out.txt || die "the model does not see another bound"

# ---- each is described, and opens as described
key_of() { # CLASS: a key of the first member, enrolled as this; prints its kid
    mkdir "$1"
    cp home/identity.cbor "$1/"
    sed "s/port: 1883/port: $broker/" "$root/docs/examples/agent.yaml" >"$1/agent.yaml"
    waybill-agent request --config "$1/agent.yaml" --sponsor "$(kid_of "Farm A")" -o "$1.cose" 2>"$1.txt"
    waybill device enrol "$1.cose" --class "$1" --as "Farm A" >out.txt
    sed -n 's/^device *//p' "$1.txt"
}
members=("Farm A" "Carrier B" "Clinic C" "Bank K" "Coop D" "Trader E" "Maker M" "Shop S" "Lab L" "Lab T")
make_ledger "${members[@]}" "Quality Q"
start_node
unit=01/09506000134352/21/LIB
waybill asset commission ${unit}{1..9} --as "Farm A" >out.txt
waybill asset commission --range 01/09506000134352/21/U 001 100 --as "Farm A" >out.txt
waybill asset commission --range 01/09506000134352/21/M 001 100 --as "Maker M" >out.txt
device=$(key_of device)
oracle=$(key_of oracle)
cd "$root"
awk '/^```sh$/ { on = 1; next } /^```$/ { if (on) printf "%c", 0; on = 0 } on' docs/library.md >"$WAYBILL_SCRATCH/opens.txt"
opened= count=0
while IFS= read -r -d '' command; do
    command=${command%$'\n'}
    command=${command//DEVICE/$device}
    command=${command//ORACLE/$oracle}
    command=${command//OPENING/$opened}
    answer=$(eval "$command --json") || die "docs/library.md: $command: $answer"
    opening=$(jq -r .statement <<<"$answer")
    [ -n "$opened" ] || opened=$opening
    for member in "${members[@]}"; do
        waybill contract agree "$opening" --as "$member" >/dev/null 2>&1 || true # who is no party, or has agreed, is refused
    done
    expect "docs/library.md: ${command%% --asset*}" "in force" "$(waybill contract show "$opening" --json | jq -r .status)"
    count=$((count + 1))
done <"$WAYBILL_SCRATCH/opens.txt"
expect "contracts opened" "$(find contracts/library -maxdepth 1 -name '*.yaml' | wc -l)" $count
for contract in contracts/library/*.yaml; do
    name=$(basename "$contract" .yaml)
    grep -q "^| \[$name\](#$name) |" docs/library.md && grep -q "^waybill contract open contracts/library/$name.yaml " docs/library.md ||
        die "docs/library.md does not describe $name"
done
kill_node TERM
