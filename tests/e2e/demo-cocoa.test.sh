#!/usr/bin/env bash
# The demo's second story, as people see it: it ends well, says what the ledger found at each hop, and leaves nothing
# running. A story that there is not is refused by naming those there are.
set -euo pipefail
cd "${WAYBILL_SCRATCH:?run by tests/run-tests.sh}"

die() { echo "demo-cocoa: $*" >&2; exit 1; }
says() { # WHAT PATTERN: in a line of the story
    grep -qE -- "$2" story.txt || die "$1: expected \"$2\" in: $(cat story.txt)"
}
makes() { # ARGUMENTS...: of make, on top of the source tree, for the programs that are tested
    # Nothing of a make that runs this test: neither its flags nor its job server.
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$WAYBILL_BUILD/../.." BUILD="$WAYBILL_BUILD" "$@" >made.txt
}

code=0
waybill demo --story rubber >story.txt 2>err.txt || code=$?
[ $code = 1 ] || die "a story that there is not ended with $code"
grep -q 'no story "rubber"; there are: voyage, cocoa, consortium$' err.txt || die "it does not say which there are: $(cat err.txt)"
makes -n demo STORY=cocoa
grep -q "demo --story 'cocoa'" made.txt || die "make does not pass the story on"
makes -n demo
grep -q 'waybill demo *$' made.txt || die "make demo tells another story"

waybill demo --story cocoa story >story.txt 2>err.txt || die "ended with $?: $(cat story.txt err.txt)"
[ ! -s err.txt ] || die "complained: $(cat err.txt)"
for hop in farm coop exporter shipper maker shop; do
    says "the hop of the $hop" "^ $hop +[0-9]+ (Sep|Oct) "
done
says "two plots" '14 t of beans of plot 7 and 11 t of plot 12, together 25 t'
says "mass" '25 t into 20 t and 6 t: REFUSED, MASS: '
says "an expired certificate" 'make bars: REFUSED, GUARD: certificate "organic" of maker by organic body has expired$'
says "seal and reading" 'seal GH4711 intact, the last reading bound to both signatures'
says "loggers" 'the 2 loggers are 0\.4[0-9]* °C apart on average; .* by 4\.4 °C'
says "bars" '700 kg of beans and 320 kg of sugar become 10,000 bars of 100 g'
says "a pallet" 'a pallet with 48 bars in it, handed over by one statement'
says "a label before" '14 Oct  BAR00017, lot L26: VERIFIED'
says "a copy" 'BAR00031, lot L26: IMPOSSIBLE_TRAVEL'
says "who has what" 'Zaan Chocolate  9,953 units, contact recalls@zaan.example'
says "who has what" 'Corner Shop  48 units, contact \+31'
says "a sale" 'at the till of Corner Shop: REFUSED, RECALLED: '
says "a label after" '17 Oct  BAR00017, lot L26: RECALLED'
says "the way back" 'transform by Zaan Chocolate at Works, Zaandam'
says "the way back" 'commission by Asante Farm at Plot 7, Ashanti'
says "a proof back" 'bar -> plots, in bar.pack: proof ok: 5 assets, 2 makings'
says "a proof forward" 'plot 7 -> 10,000 bars, in plot.pack: proof ok: 2 assets, 2 makings'
says "a receipt" 'receipt of the making: proof ok: leaf [0-9]+ of'
says "a handover" 'proof ok: offered by Gulf Line, accepted by Zaan Chocolate, both signatures hold'
says "the page" '^ page +http://localhost:[0-9]+/01/09506000134376/21/BAR00017$'
[ "$(grep -c 'certificate .*EXPIRED' story.txt)" = 1 ] || die "one certificate had expired at one hop"
