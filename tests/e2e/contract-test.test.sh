#!/usr/bin/env bash
# Trying a contract out: files of tests, as the manual has them, and a past journey under another contract.
. "$(dirname "$0")/node.sh"

library=$here/../../contracts/library

# ---- the manual's own example
cp "$library/vaccine-2-8.yaml" .
awk '/^```yaml/ && !n { n = 1; next } /^```/ && n == 1 { exit } n == 1' "$here/../../docs/contract-tests.md" >manual.test.yaml
grep -q '^tests:' manual.test.yaml || die "the manual has no example"
expect "the manual's example" 0 "$(code_of waybill contract test manual.test.yaml)"
expect "the manual's example" "ok      a warm hour is charged to who held the goods
1 test, 0 failed" "$(cat out.txt)"

# ---- an expectation that is wrong fails, by file and line
sed 's/excursions: 1/excursions: 2/; s/Farm A: 20 min,/Farm A: 21 min,/' manual.test.yaml >wrong.test.yaml
expect "a wrong expectation" 1 "$(code_of waybill contract test wrong.test.yaml)"
says "a wrong expectation" '^FAILED  a warm hour' out.txt
says "a wrong expectation" "wrong.test.yaml:$(grep -n 'excursions: 2' wrong.test.yaml | cut -d: -f1): excursions: expected 2, found 1" out.txt
says "a wrong charge" 'charged: expected Farm A: 21 min, Carrier B: 40 min, found Farm A: 1200 s, Carrier B: 2400 s' out.txt
says "the summary" '^1 test, 1 failed' out.txt
expect "both files" 1 "$(code_of waybill contract test manual.test.yaml wrong.test.yaml)"
says "both files" '^2 tests, 1 failed' out.txt
expect "as JSON" 1 "$(code_of waybill contract test manual.test.yaml wrong.test.yaml --json)"
expect "as JSON" '[1,1,true,false]' "$(jq -c '[.passed, .failed, .tests[].ok]' out.txt)"
sed 's/too warm/too hot/' manual.test.yaml >mistyped.test.yaml
expect "a rule there is not" 1 "$(code_of waybill contract test mistyped.test.yaml)"
says "a rule there is not" 'mistyped.test.yaml:[0-9]*: the contract has no rule "too hot"' out.txt

# ---- some of them, and what none touches
expect "a filter" 0 "$(code_of waybill contract test manual.test.yaml --only "warm hour" --untested)"
says "what is untested" '^untested rule too cold' out.txt
! grep -q 'untested rule too warm' out.txt || die "too warm is tested"
expect "a filter that fits nothing" 1 "$(code_of waybill contract test manual.test.yaml --only frost)"
says "a filter that fits nothing" 'no test has "frost"' err.txt
expect "no file" 1 "$(code_of waybill contract test none.yaml)"
expect "no operand" 1 "$(code_of waybill contract test)"

# ---- tests that come with the library
for file in "$library"/*.test.yaml; do
    [ -e "$file" ] || continue
    expect "$(basename "$file")" 0 "$(code_of waybill contract test "$file")"
done

# ---- a journey that really was, under a contract that it did not have
make_ledger "Farm A" "Carrier B" "Clinic C"
start_node
unit=01/09506000134352/21/T1
waybill asset commission $unit --as "Farm A" >out.txt
waybill custody offer $unit --to "Carrier B" --as "Farm A" >out.txt
waybill custody accept $unit --as "Carrier B" >out.txt
waybill trace $unit -o unit.bundle >out.txt
kill_node TERM
expect "a dry run" 0 "$(code_of waybill contract dry-run vaccine-2-8.yaml unit.bundle)"
says "a dry run" '^vaccine-2-8 version 1, tried on 01/09506000134352/21/T1' out.txt
says "a dry run" 'proof ok' out.txt
says "a dry run" '0 excursions, worst severity none' out.txt
says "a dry run" 'under no contract' out.txt
expect "a dry run as JSON" 0 "$(code_of waybill contract dry-run vaccine-2-8.yaml unit.bundle --json)"
expect "a dry run as JSON" '[true,"none",0]' "$(jq -c '[.identity_pinned, .proposed.worst_severity, .refused]' out.txt)"
cat >watched.yaml <<'YAML'
contract: watched
roles: { keeper: holds the goods }
parties: { first: keeper, second: keeper, third: keeper }
maximum gap: 1 min
terms: { patience: 1 h }
watch:
  silence: { no reading for: patience, severity: medium }
YAML
expect "a party nobody guesses" 1 "$(code_of waybill contract dry-run watched.yaml unit.bundle)"
says "a party nobody guesses" '--party third=WHO is needed' err.txt
expect "a term" 1 "$(code_of waybill contract dry-run watched.yaml unit.bundle --party third="Clinic C" --term patience=1)"
expect "a party named" 0 "$(code_of waybill contract dry-run watched.yaml unit.bundle --party third="Clinic C")"
expect "no such party" 1 "$(code_of waybill contract dry-run watched.yaml unit.bundle --party fourth="Clinic C")"
expect "no such member" 1 "$(code_of waybill contract dry-run watched.yaml unit.bundle --party third="Nobody")"
expect "impatience" 2 "$(code_of waybill contract dry-run watched.yaml unit.bundle --party third="Clinic C" --term "patience=1 ms")"
says "impatience" '^  silence  *medium' out.txt
says "impatience" 'silence: 1 excursion' out.txt

expect "no identity" 0 "$(code_of env -u WAYBILL_HOME waybill contract dry-run vaccine-2-8.yaml unit.bundle)"
says "no identity" UNPROVEN out.txt
waybill init twin --name twin --member "Farm A" >out.txt
expect "another ledger's identity" 3 "$(code_of waybill contract dry-run vaccine-2-8.yaml unit.bundle --identity twin/identity.cbor)"
flip_bit unit.bundle 900
expect "a changed trace" 3 "$(code_of waybill contract dry-run vaccine-2-8.yaml unit.bundle)"
