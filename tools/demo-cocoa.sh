#!/usr/bin/env bash
# From the plot to the bar: seven weeks of a ton of cocoa in about a minute, with nothing staged. Six companies hand
# beans, and then bars, to each other; two others certify, one looks at labels. A real broker, a real node and two
# loggers, each a process of its own, share one scaled clock. `waybill demo --story cocoa` runs this file; every line
# is a command you could type yourself.
#
#     demo-cocoa.sh BIN DATA [FOLDER]      programs; folder with the contract; where to work
set -euo pipefail
start=2026-09-01T06:00:00Z
rate=115200 # virtual seconds in a real one: a day in 0.75 s
standstill=7 # seconds the clock waits at the start while the companies set up
# shellcheck source=tools/demo-common.sh
. "$(dirname "$0")/demo-common.sh"

farm="Asante Farm" coop="Kumasi Coop" exporter="Tema Export" shipper="Gulf Line" maker="Zaan Chocolate" shop="Corner Shop"
organic="Green Body" fair="Fair Body" inspector="Market Watch"
beans=01/09506000134352 sugar=01/09506000134369 bars=01/09506000134376
lot=$beans/10/HARVEST26
pallet=00/195060001344000010
bar=$bars/21/BAR00017
progress=($((46 * 1440)) "" "seven weeks")

# ---------------------------------------------------------------- telling a hop

hop=
tell() { # DATE TEXT: what happened at $hop; its name stands on its first line only
    say "$hop" "$(printf '%-7s %s' "$1" "$2")"
    hop=
}

day() { # N HH:MM: sets $at and $on, the Nth day of the story, as soon as the clock is there
    at=$(date -u -d "2026-09-01 $2 UTC + $1 days" +%Y-%m-%dT%H:%M:%SZ)
    on=$(LC_ALL=C date -u -d "$at" '+%-d %b')
    wait_until $(($1 * 1440 + (10#${2%:*} - 6) * 60 + 10#${2#*:}))
}

as() { # WHO COMMAND...: signed by WHO as of $at
    local who=$1
    shift
    quietly waybill "$@" --time "$at" --as "$who"
}

refused() { # CODE WHO COMMAND...: has to be refused by this rule; sets $why to what the ledger said
    local code=$1 who=$2
    shift 2
    ends_with 4 "$1 $2" waybill "$@" --time "$at" --as "$who"
    grep -q ": refused $code: " "$last" || { cat "$last" >&2; fail "$1 $2 was refused, but not as $code"; }
    why="$code: $(sed -n "1s/.*: refused $code: //p" "$last")"
}

passes() { # ROLE ASSET FROM TO [OPTION...]: offered by one, accepted by the other, both bound to the same seal
    local role=$1 asset=$2 from=$3 to=$4
    shift 4
    as "$from" custody offer "$asset" --to "$to" --role "$role" "$@"
    as "$to" custody accept "$asset" --role "$role" "$@"
}

sold() { # ASSET FROM TO [OPTION...]: custody and ownership
    passes custodian "$@"
    passes owner "$1" "$2" "$3"
}

call() { # WHO ACTION [NAME=VALUE...]
    local who=$1 action=$2
    shift 2
    as "$who" contract call "$opening" "$action" "$@"
}

document() { # WHO NAME TEXT
    echo "$3" >"$work/$2.txt"
    quietly waybill doc attach "$work/$2.txt" --contract "$opening" --name "$2" --as "$1"
}

# ---------------------------------------------------------------- who, where, and what is certified

begin_ledger "$farm" "$coop" "$exporter" "$shipper" "$maker" "$shop" "$organic" "$fair" "$inspector"

place() { # MEMBER GLN NAME LAT LON
    quietly waybill place set "$2" --name "$3" --lat "$4" --lon "$5" --as "$1"
}
party() { # MEMBER CONTACT
    quietly waybill party set --name "$1" --contact "$2" --as "$1"
}
certify() { # ISSUER NAME MEMBER UNTIL
    quietly waybill cert issue "$2" --member "$3" --from 2026-01-01T00:00:00Z --until "$4" --as "$1"
}
plot7=9506000134345 plot12=9506000134383 yard=9506000134390 port=9506000134406 works=9506000134420
store=9506000134413 shelf=9506000134437 market=9506000134444
place "$farm" $plot7 "Plot 7, Ashanti" 6.74 -1.52
place "$farm" $plot12 "Plot 12, Ashanti" 6.81 -1.60
place "$farm" $store "Farm store, Ashanti" 6.77 -1.55
place "$coop" $yard "Drying yard, Kumasi" 6.69 -1.62
place "$exporter" $port "Shed 4, Tema" 5.64 0.01
place "$maker" $works "Works, Zaandam" 52.44 4.81
place "$shop" $shelf "Shop, Amsterdam" 52.37 4.90
place "$inspector" $market "Market, Lisbon" 38.71 -9.14
party "$farm" "quality@asante.example"
party "$maker" "recalls@zaan.example"
party "$shop" "+31 20 555 0100"
quietly waybill product set "${beans#01/}" --name "Cocoa beans" --as "$farm"
quietly waybill product set "${bars#01/}" --name "Dark chocolate 70 %, 100 g" --brand Zaan --as "$maker"
for member in "$coop" "$exporter"; do
    certify "$organic" organic "$member" 2028-01-01T00:00:00Z
    certify "$fair" "fair trade" "$member" 2028-01-01T00:00:00Z
done
for plot in $plot7 $plot12; do
    quietly waybill cert issue organic --place "$plot" --from 2026-01-01T00:00:00Z --until 2028-01-01T00:00:00Z --as "$organic"
done
certify "$fair" "fair trade" "$farm" 2028-01-01T00:00:00Z
certify "$fair" "fair trade" "$maker" 2028-01-01T00:00:00Z
certify "$organic" organic "$maker" 2026-10-05T00:00:00Z # and the beans are landed on the 6th
say members "6 on the way, 2 that certify, 1 that looks at labels; 8 places from Ashanti to Amsterdam and Lisbon"

for logger in hold door; do # an hour's readings; the door's are 0.4 °C warmer, and far warmer when it stood open
    awk -v logger=$logger 'BEGIN {
        print "time,temperature,humidity"
        for (h = 0; h < 456; h++) {
            t = 22.5 + 1.5 * sin(h / 24 * 6.2832) + (logger == "door") * (0.4 + 4 * (h >= 200 && h < 206))
            day = 18 + int(h / 24)
            printf "2026-%02d-%02dT%02d:00:00Z,%.2f,%.1f\n", 9 + (day > 30), day - 30 * (day > 30), h % 24, t, 71.5 + 1.5 * sin(h / 24 * 6.2832 + 3)
        }
    }' >"$work/$logger.csv"
done
pack_within="1 d"
make_agent hold "$exporter" "$work/hold.csv" temperature=°C humidity=%
make_agent door "$shipper" "$work/door.csv" temperature=°C

# ---------------------------------------------------------------- hop 1: two plots, one harvest

hop=farm
day 0 06:00
as "$farm" asset commission $beans/10/PLOT7 --amount 14t --place $plot7
as "$farm" asset commission $beans/10/PLOT12 --amount 11t --place $plot12
as "$maker" asset commission $sugar/10/SUGAR9 --amount 2t --place $works
as "$farm" make merge --from $beans/10/PLOT7 --from $beans/10/PLOT12 --to "$lot=25t" --place $store
tell "$on" "$farm has 14 t of beans of plot 7 and 11 t of plot 12, together 25 t: lot HARVEST26"
quietly waybill cert issue organic "$lot" --from "$at" --until "30 d" --number GB-2026-117 --as "$organic"
statement waybill contract open "$(contract_file cocoa-farm-to-bar)" --asset "$lot" --party "farm=$farm" \
    --party "cooperative=$coop" --party "exporter=$exporter" --party "shipper=$shipper" --party "maker=$maker" \
    --party "shop=$shop" --term "organic body=$organic" --term "fair trade body=$fair" --expires "60 d" --as "$farm"
opening=$hash
for member in "$coop" "$exporter" "$shipper" "$maker" "$shop"; do
    quietly waybill contract agree "$opening" --as "$member"
done
day 2 08:00
call "$farm" harvest
tell "$on" "harvest, under a contract that six have signed; the lot is certified organic for 30 days"

# ---------------------------------------------------------------- hop 2: the cooperative ferments

hop=coop
day 7 09:00
sold "$lot" "$farm" "$coop"
tell "$on" "$farm -> $coop: sold and handed over, both signed"
day 8 09:00
refused MASS "$coop" make split --from "$lot" --to $beans/10/SHIP1=20t --to $beans/10/SHIP2=6t
tell "$on" "25 t into 20 t and 6 t: REFUSED, MASS: ${why##*. }"
day 9 09:00
call "$coop" ferment "measured=7.2 %"
call "$coop" "pay the farm" "sum=EUR 6400"
tell "$on" "fermented and dried to 7.2 % of water; EUR 6,400 to $farm"

# ---------------------------------------------------------------- hop 3: the exporter loads a container

hop=exporter
day 14 09:00
sold "$lot" "$coop" "$exporter"
tell "$on" "$coop -> $exporter: sold and handed over"
day 16 09:00
document "$exporter" "phytosanitary certificate" "25 t of cocoa beans, lot HARVEST26: free of pests"
call "$exporter" "clear for export" "measured=7.4 %"
call "$exporter" "pay the cooperative" "sum=EUR 7100"
tell "$on" "cleared with a phytosanitary certificate, whose hash is on the ledger; EUR 7,100 to $coop"
day 17 06:00
for logger in hold door; do
    owner=$exporter
    [ $logger = hold ] || owner=$shipper
    as "$owner" device attach "$(device_kid $logger)" "$lot"
done
tell "$on" "into a container, with two loggers"

# ---------------------------------------------------------------- hop 4: eighteen days at sea

hop=shipper
day 17 12:00
passes custodian "$lot" "$exporter" "$shipper" --seal intact:GH4711
document "$shipper" "bill of lading" "25 t of cocoa beans, Tema to Rotterdam, seal GH4711"
day 18 12:00
call "$shipper" "take on board"
tell "$on" "$exporter -> $shipper: handed over under seal GH4711, on board by a bill of lading"
start_agents hold door
progress[1]=loggers
progress[2]="2 replaying 19 days of hours"
day 36 06:00
wait_for_agents

# ---------------------------------------------------------------- hop 5: the maker

hop=maker
passes custodian "$lot" "$shipper" "$maker" --seal intact:GH4711 --reading auto
quietly "$bin/waybill" custody receipt "$lot" -o "$work/landing.receipt"
tell "$on" "$shipper -> $maker: seal GH4711 intact, the last reading bound to both signatures"
quietly "$bin/waybill" asset loggers "$lot"
loggers=$(sed -n 's/.*: -*\([0-9.]* °C\) on average.*/\1 apart on average/p' "$last")
loggers+=$(sed -n 's/^    # [0-9]*-\(.*\) to [0-9]*-\(.*\): -*\([0-9.]* °C\) at worst/; \1 to \2 by \3/p' "$last")
[ -n "$loggers" ] || fail "the loggers are not compared"
tell "" "the 2 loggers are $loggers"
day 37 10:00
passes owner "$lot" "$exporter" "$maker"
call "$maker" land "measured=7.0 %"
call "$maker" "pay the shipper" "sum=EUR 350"
call "$maker" "pay the exporter" "sum=EUR 7900"
tell "$on" "landed at 7.0 % of water and bought; EUR 350 to $shipper, EUR 7,900 to $exporter"
day 38 09:00
refused GUARD "$maker" contract call "$opening" "make bars" "lot=$bars/10/L26"
why=${why##*: }
tell "$on" "make bars: REFUSED, GUARD: ${why% (*}"
day 40 09:00
quietly waybill cert issue organic --member "$maker" --from "$at" --until "365 d" --as "$organic"
statement waybill make transform --time "$at" --as "$maker" --from "$lot=700kg" --from $sugar/10/SUGAR9=320kg --lot L26 --each 0.1kg \
    --expiry 2028-10-01T00:00:00Z --to $bars/21/BAR00001..10000 --place $works
making=$hash
call "$maker" "make bars" "lot=$bars/10/L26"
tell "$on" "certified again: 700 kg of beans and 320 kg of sugar become 10,000 bars of 100 g, lot L26"

# ---------------------------------------------------------------- hop 6: the shop

hop=shop
day 42 09:00
as "$maker" asset commission $pallet
as "$maker" pack $bars/21/BAR00001..00048 --into $pallet
sold $pallet "$maker" "$shop"
tell "$on" "$maker -> $shop: a pallet with 48 bars in it, handed over by one statement"
as "$shop" unpack $bars/21/BAR00001..00048 --from $pallet
call "$shop" "pay the maker" "sum=EUR 21000"
call "$shop" "put on sale" "lot=$bars/10/L26"
tell "$on" "EUR 21,000 to $maker; on sale, the contract is fulfilled"

# ---------------------------------------------------------------- labels, a copy, a recall

label() { # RESULT SERIAL: what has to be said of a bar's label
    local code=2
    [ "$1" != VERIFIED ] || code=0
    ends_with $code "the label of $2" "$bin/waybill" product verify "${bars#01/}" --serial "$2" --lot L26
    grep -q "  $1\$" "$last" || { cat "$last" >&2; fail "the label of $2 is not $1"; }
    tell "$on" "$2, lot L26: $1. $(sed -n '2s/^ *//p' "$last")"
}

hop=label
day 43 10:00
label VERIFIED BAR00017
hop=copy
as "$shop" asset scan $bars/21/BAR00031 --place $shelf
tell "$on" "BAR00031 is scanned in Amsterdam at 10:00 and in Lisbon at 11:00"
day 43 11:00
as "$inspector" asset scan $bars/21/BAR00031 --place $market
ends_with 2 findings "$bin/waybill" findings $bars/21/BAR00031
grep -q IMPOSSIBLE_TRAVEL "$last" || fail "nobody found that it cannot be in both"
label IMPOSSIBLE_TRAVEL BAR00031

hop=recall
day 46 09:00
as "$farm" goods recall $beans/10/PLOT7 --meaning recall --reason "cadmium in the soil of plot 7"
tell "$on" "$farm recalls the beans of plot 7: cadmium in the soil"
ends_with 0 "the recall's list" "$bin/waybill" recall list $beans/10/PLOT7
sed -n '/^  [0-9]/,$s/^/          /p' "$last"
hop=sale
refused RECALLED "$shop" goods dispense $bar
why=${why%%: they*}
tell "$on" "BAR00017 at the till of $shop: REFUSED, $why"
hop=label
label RECALLED BAR00017

# ---------------------------------------------------------------- the answers

echo
ends_with 0 origin "$bin/waybill" origin $bar
sed 's/^/ /' "$last"
[ "$(grep -c EXPIRED "$last")" = 1 ] || fail "one certificate had expired, at one hop; the way back shows another number"
echo

proof() { # WHAT PACK: exit code 2 is proven, and something on the way is recalled
    ends_with 2 "$2" offline verify "$2" --dir .
    say "" "$1: $(sed -n 's/^proof ok  \(.*\) up to head.*/proof ok: \1/p' "$last")"
}
ends_with 2 "the way back" "$bin/waybill" origin $bar --verify -o "$work/bar.pack"
grep -q "14 t of $beans/10/PLOT7\|$beans/10/PLOT7" "$last" || fail "the way back does not reach plot 7"
ends_with 2 "the way forward" "$bin/waybill" uses $beans/10/PLOT7 --verify -o "$work/plot.pack"
grep -q "BAR00001 to $bars/21/BAR10000 (10,000)" "$last" || fail "the way forward does not reach every bar"
say offline "with nothing but these files and the ledger's public identity:"
proof "bar -> plots, in bar.pack" bar.pack
proof "plot 7 -> 10,000 bars, in plot.pack" plot.pack
quietly "$bin/waybill" statement get "$making" -o "$work/making.cose"
quietly "$bin/waybill" receipt get "$making" -o "$work/making.receipt"
ends_with 0 "the receipt of the making" offline receipt verify making.receipt making.cose identity.cbor
say "" "receipt of the making: $(head -n 1 "$last")"
ends_with 0 "the receipt of the landing" offline receipt verify landing.receipt --dir .
[ "$(grep -c 'signature holds' "$last")" = 2 ] || fail "the landing is not signed by both"
by=$(sed -n 's/^ *\(offered\|accepted\) by \([^,]*\), .*/\1 by \2/p' "$last" | paste -sd, | sed 's/,/, /')
say "" "receipt of the landing: $(tail -n 1 "$last"): $by, both signatures hold"
say page "http://localhost:$http/$bar"
stay_up
