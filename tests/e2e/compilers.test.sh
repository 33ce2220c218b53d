#!/usr/bin/env bash
# State roots and verdicts do not depend on who compiled them: the rules of the ledger, built by gcc and by clang,
# without optimization and with all of it, make the same of the same journey, to the last byte.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${WAYBILL_BUILD:?run by tests/run-tests.sh}
scratch=${WAYBILL_SCRATCH:?run by tests/run-tests.sh}
libraries=$(sed -n '/^LIBRARIES :=/,/[^\\]$/{s/^LIBRARIES :=//;s/\\$//;p}' Makefile)
includes=$(pkg-config --cflags $libraries)
links=$(pkg-config --libs $libraries)
plain="-std=c11 -D_GNU_SOURCE -I. $includes"

die() {
    echo "compilers: $*" >&2
    exit 1
}

# What the journey needs is what the linker takes for it from the libraries that make has built.
gcc $plain -O0 -c -o "$scratch/compilers.o" tests/e2e/compilers.c
gcc -o "$scratch/first" "$scratch/compilers.o" -Wl,-t -Wl,-t -Wl,--as-needed -Wl,--start-group \
    "$build"/lib{tests,node,contracts,common}.a -Wl,--end-group $links -lpthread -lm >"$scratch/trace"
sources=(tests/e2e/compilers.c)
while read -r folder name; do
    case $folder in
    tests) file=$(ls tests/{support,unit,sim,model,fault}/"$name.c" 2>/dev/null || true) ;;
    *) file=$folder/$name.c ;;
    esac
    [ -f "$file" ] || die "no source of $name in $folder"
    sources+=("$file")
done < <(sed -n 's#^(.*/lib\(tests\|node\|contracts\|common\)\.a)\(.*\)\.o$#\1 \2#p' "$scratch/trace")
[ ${#sources[@]} -ge 50 ] || die "only ${#sources[@]} sources: what make built is not there"

variants=(gcc-O0 gcc-O3 clang-O0 clang-O3)
jobs() { # the slow ones first
    local variant file
    for variant in "${variants[@]}"; do
        mkdir -p "$scratch/$variant"
        for file in "${sources[@]}"; do
            echo "${variant%-*} -${variant#*-} $file $scratch/$variant/$(tr / _ <<<"${file%.c}").o"
        done
    done | sort -s -k2,2r
}
export plain
jobs | xargs -P "$(nproc)" -n 4 bash -c '"$0" $plain "$1" -c -o "$3" "$2"' ||
    die "a source does not compile everywhere"

for variant in "${variants[@]}"; do
    ${variant%-*} -o "$scratch/$variant/journey" "$scratch/$variant"/*.o -Wl,--as-needed $links -lpthread -lm
    "$scratch/$variant/journey" >"$scratch/$variant.txt" || die "the journey of $variant ends badly"
done
first=$scratch/${variants[0]}.txt
for variant in "${variants[@]:1}"; do
    diff "$first" "$scratch/$variant.txt" >&2 || die "${variants[0]} and $variant do not agree"
done
# It proves nothing unless something happened.
grep -q '^book: a' "$first" || grep -q '^book: 8' "$first" || die "the journey left no book"
! grep -v ': ACCEPTED$' "$first" | grep -qE '^(pack|open|agree|offer|accept|depart|attach|commission): ' ||
    die "something of the journey was refused"
grep -q '^goods: correction: [1-9][0-9]* accepted' "$first" || die "no goods were played with"
echo "compilers: $(grep -c '^block' "$first") state roots and the verdict are the same of ${variants[*]}"
