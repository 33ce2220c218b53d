#!/usr/bin/env bash
# Workbench configurations as contracts: imported, checked, filled by an overlay, and doing what they say.
. "$(dirname "$0")/node.sh"

ours=$here/../import

# ---- every workflow of every configuration becomes a contract that checks
for config in "$ours"/*.json; do
    expect "$config" 0 "$(code_of waybill contract import "$config" --folder imported)"
done
expect "the workflows" 8 "$(ls imported/*.yaml | wc -l)"
expect "their contracts" 0 "$(code_of waybill contract check imported/*.yaml)"
expect "their contracts" 8 "$(grep -c ': ok, ' out.txt)"

# ---- one of several, on standard output, and as JSON
expect "which of two" 1 "$(code_of waybill contract import "$ours/hub-and-spoke.json")"
says "which of two" 'it has 2 workflows: say --workflow and one of Hub, Van, or --folder' err.txt
expect "one of two" 0 "$(code_of waybill contract import "$ours/hub-and-spoke.json" --workflow Van)"
expect "one of two" "contract: Van" "$(grep '^contract:' out.txt)"
expect "one there is not" 1 "$(code_of waybill contract import "$ours/hub-and-spoke.json" --workflow Cart)"
says "one there is not" 'expected one of Hub, Van, found "Cart"' err.txt
expect "as JSON" 0 "$(code_of waybill contract import "$ours/hub-and-spoke.json" --folder imported --json)"
expect "as JSON" '["Hub","imported/Hub.yaml"]' "$(jq -c '.contracts[0] | [.workflow, .file]' out.txt)"

# ---- an overlay fills what was code; what it leaves open refuses by its name
for name in kiln-loan tidal-gate; do
    cp "$ours/$name.test.yaml" .
    expect "$name" 0 "$(code_of waybill contract import "$ours/$name.json" -o $name.yaml --currency EUR \
        --overlay "$ours/$name.overlay.yaml")"
    expect "$name does what it says" 0 "$(code_of waybill contract test $name.test.yaml)"
done
expect "without an overlay" 0 "$(code_of waybill contract import "$ours/kiln-loan.json" -o kiln-loan.yaml)"
cat >open.test.yaml <<'END'
contract: kiln-loan.yaml
people: { Pottery P: Potter, Artist A: Borrower }
tests:
  every call is refused by the name of its guard:
    - open: { by: Pottery P, parties: { initiator: Pottery P }, terms: { deposit: 50 } }
    - call: { by: Artist A, action: Borrow }
      refused: GUARD "is not filled in"
    - call: { by: Artist A, action: Borrow }
END
expect "guards left open" 1 "$(code_of waybill contract test open.test.yaml)"
expect "guards left open" '        open.test.yaml:8: expected accepted, found refused GUARD: Borrow: guard "Borrow" is not filled in' \
    "$(sed -n 2p out.txt)"
sed 's/Borrow: yes/Borow: yes/' "$ours/kiln-loan.overlay.yaml" >slip.yaml
expect "a slip in an overlay" 1 "$(code_of waybill contract import "$ours/kiln-loan.json" --overlay slip.yaml -o x.yaml)"
says "a slip in an overlay" "slip.yaml:$(grep -n Borow slip.yaml | cut -d: -f1): expected .* (did you mean \"Borrow\"?)" err.txt

# ---- nothing invalid is imported
sed 's/"Broken"$/"Brokn"/' "$ours/kiln-loan.json" >bad.json
expect "a state there is not" 1 "$(code_of waybill contract import bad.json -o x.yaml)"
says "a state there is not" 'bad.json: Workflows\[0\].States\[1\].Transitions\[1\].NextStates\[1\]: expected one of the workflow.s states, found "Brokn" (did you mean "Broken"?)' err.txt
echo '{' >bad.json
expect "half a file" 1 "$(code_of waybill contract import bad.json -o x.yaml)"
says "half a file" 'bad.json: JSON: line' err.txt
expect "a currency" 1 "$(code_of waybill contract import "$ours/bare.json" --currency euro -o x.yaml)"
says "a currency" 'three capital letters' err.txt
[ ! -e x.yaml ] || die "something was written in spite of a complaint"
