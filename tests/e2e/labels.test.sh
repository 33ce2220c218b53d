#!/usr/bin/env bash
# Labels and foreign software: zbarimg and jsQR read ours, our scanner reads those of qrencode and of the
# qrcode package; wrong, foreign and hostile ones are told apart by exit code and leave no file behind.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
scratch=${WAYBILL_SCRATCH:?run by tests/run-tests.sh}
mark=7f3a000102030405060708090a0b0cff
twin=7f3a000102030405060708090a0b0cfe
cd "$scratch"

die() {
    echo "labels: $*" >&2
    exit 1
}
expect() { # WHAT WANTED FOUND
    [ "$2" = "$3" ] || die "$1: expected \"$2\", found \"$3\""
}
expect_code() { # WANTED COMMAND...
    local wanted=$1 code=0
    shift
    "$@" >out.txt 2>err.txt || code=$?
    [ "$code" -eq "$wanted" ] || die "$*: expected exit code $wanted, found $code: $(cat err.txt)"
}
npm_labels() {
    node "$here/npm/labels.mjs" "$@"
}
asset_in() { # JSON line -> first asset
    node -e 'let s="";process.stdin.on("data",d=>s+=d).on("end",()=>console.log(JSON.parse(s).codes[0].asset))'
}

# Ours, read by others: every kind of name, small and large, and a serial full of reserved characters.
n=0
for asset in 01/09506000134352/21/DEMO1 01/09506000134352/10/L7 00/106141411234567897 414/4012345000009 \
    '01/09506000134352/21/a/b?c=d&e%f+(1)'; do
    for scale in 2 8; do
        n=$((n + 1))
        uri=$(waybill label "$asset" -o "ours$n.png" --host id.example.org --ledger $mark \
            --scale $scale --json | node -e \
            'let s="";process.stdin.on("data",d=>s+=d).on("end",()=>console.log(JSON.parse(s).uri))')
        expect "zbarimg, $asset" "$uri" "$(zbarimg -q --raw "ours$n.png" 2>/dev/null)"
        expect "jsQR, $asset" "$uri" "$(npm_labels read "ours$n.png")"
        expect "waybill-scan, $asset" "$asset" "$(waybill-scan --json "ours$n.png" | asset_in)"
    done
done

# An SVG is scanned from the file too, and the name in it is escaped.
waybill label "01/09506000134352/21/<&'\">" -o ours.svg --host id.example.org --ledger $mark >out.txt
grep -q 'scanned back: same' out.txt || die "the SVG was not scanned back"
grep -q '(21)&lt;&amp;&#39;&quot;&gt;' ours.svg || die "the SVG's text is not escaped"

# Others', read by us.
uri="https://id.example.org/01/09506000134352/21/DEMO1?wb=$mark"
npm_labels write npm.png "$uri"
qrencode -l M -o qrencode.png "$uri"
qrencode -l H -m 0 -s 1 -o tiny.png "$uri"
qrencode -l M -o brackets.png '(01)09506000134352(21)DEMO1'
for file in npm.png qrencode.png tiny.png brackets.png; do
    expect "$file" 01/09506000134352/21/DEMO1 "$(waybill-scan --json $file | asset_in)"
done

# Whose ledger.
expect_code 0 waybill-scan --ledger $mark qrencode.png
expect_code 4 waybill-scan --ledger $twin qrencode.png
expect_code 0 waybill-scan --ledger $twin brackets.png # names no ledger
grep -q 'names no ledger' out.txt || die "an absent identity is not told"

# What is no label.
qrencode -o hello.png 'hello'
qrencode -o check.png "https://id.example.org/01/09506000134353/21/DEMO1"
qrencode -o escape.png "$(printf 'hello\033[31m')"
head -c 513 /dev/zero | tr '\0' x | qrencode -o large.png
head -c 100 qrencode.png >cut.png
printf 'P5 99999 99999 255\n' >bomb.pgm
mkfifo pipe.png
for file in hello.png check.png escape.png large.png cut.png bomb.pgm pipe.png nothing.png .; do
    expect_code 1 waybill-scan "$file"
    expect_code 1 waybill-scan --json "$file"
done
expect_code 1 waybill-scan --json large.png
grep -q '"codes":\[\],"not_read":1' out.txt || die "a payload of 513 bytes is not refused: $(cat out.txt)"
expect_code 1 waybill-scan escape.png
! grep -q "$(printf '\033')" out.txt || die "an escape sequence reached the terminal"

# A label that is refused leaves no file, and does not replace the one that is there.
cp ours1.png kept.png
expect_code 1 waybill label 01/09506000134353/21/A -o kept.png
grep -q 'should be 2' err.txt || die "the right check digit is not named"
expect_code 1 waybill label 01/09506000134352/21/.. -o kept.png
expect_code 1 waybill label 01/09506000134352/21/A -o kept.png --host 'a b'
expect_code 1 waybill label 01/09506000134352/21/A -o kept.png --ledger 12
expect_code 1 waybill label 01/09506000134352/21/A -o no/such/folder.png
expect_code 1 waybill label 01/09506000134352/21/A -o kept.gif
cmp -s ours1.png kept.png || die "a refused label replaced a good one"
[ -z "$(find . -name '*.part')" ] || die "a part of a file was left"
expect_code 0 waybill label --help
echo "labels: $n of ours read by three readers"
