#!/usr/bin/env bash
# The story of docs/goods.md: each command of its sh blocks, in order and on one ledger, does what its remark says:
# it is accepted, "# refused: CODE", ends with "# exit code N", or "# says: TEXT" among other things.
# At the end an auditor makes the same of it all.
. "$(dirname "$0")/node.sh"
manual=$here/../../docs/goods.md

# One line a command: those that end in a backslash go on in the next.
awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' "$manual" |
    sed -e ':join' -e '/\\$/ { N; s/ *\\\n */ /; b join' -e '}' >story.sh
asked=$(grep -cE '(^|\()waybill ' story.sh || true)
[ "$asked" -ge 80 ] || die "only $asked commands found in docs/goods.md"

make_ledger "Farm A" "Carrier B" "Maker C" "Shop D" "Certifier E"
start_node

run() { # COMMAND EXPECTED-EXIT-CODE
    local ended=0
    eval "$1" >out.txt 2>err.txt || ended=$?
    [ "$ended" = "$2" ] || die "docs/goods.md: $1: expected exit code $2, found $ended: $(cat out.txt err.txt)"
}
while IFS= read -r line; do
    command=${line%%#*}
    remark=${line#"$command"}
    case $remark in
    '') run "$command" 0 ;;
    '# refused: '*)
        run "$command --json" 4
        expect "docs/goods.md: $command" "${remark#\# refused: }" "$(jq -r .refusal.name out.txt)"
        ;;
    '# says: '*)
        run "$command" 0
        grep -qF -- "${remark#\# says: }" out.txt || die "docs/goods.md: $command: it does not say that: $(cat out.txt)"
        ;;
    '# exit code '*) run "$command" "${remark#\# exit code }" ;;
    *) die "docs/goods.md: a remark that says nothing to a test: $remark" ;;
    esac
done <story.sh

# All of it, executed again from the blocks, is what the node holds, read models and all.
kill_node TERM
waybill audit home >audit.txt || die "the story does not pass an audit: $(cat audit.txt)"
