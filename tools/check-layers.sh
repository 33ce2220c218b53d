#!/usr/bin/env bash
# Proves tools/layers.txt of every source file in the tree: includes point down and in no circle, pure code stays
# pure, each foreign library is included by one file. Warns of files grown past the house's sizes.
# usage: check-layers.sh [DIR]   (DIR: another tree, for the check's own test)
set -euo pipefail
rules=$(cd "$(dirname "$0")" && pwd)/layers.txt
cd "${1:-$(dirname "$0")/..}"
mapfile -t files < <(find common contracts node device scanner tools firmware-sim tests \
    -name node_modules -prune -o \( -name '*.c' -o -name '*.h' \) -print 2>/dev/null | sort)
[ ${#files[@]} -gt 0 ] || { echo "check-layers: no sources here" >&2; exit 1; }

awk '
function regex(glob) { gsub(/[.+]/, "[&]", glob); gsub(/\*/, ".*", glob); return "^" glob "$" }
function fail(text) { print at ": " text; bad++ }

# ---- the rules
FILENAME == ARGV[1] && $1 == "layer" {
    layers++; layer_name[layers] = $2; layer_kind[layers] = $3
    for (i = 4; i <= NF; i++)
        if ($i !~ /\*/) named[$i] = layers
        else { pattern[++patterns] = regex($i); pattern_layer[patterns] = layers }
}
FILENAME == ARGV[1] && $1 == "library" { for (i = 3; i <= NF; i++) { foreign[++libs] = regex($i); owner[libs] = $2 } }
FILENAME == ARGV[1] && $1 == "system" { for (i = 2; i <= NF; i++) known[++systems] = regex($i) }
FILENAME == ARGV[1] && $1 == "pure-may" { for (i = 2; i <= NF; i++) pure_may[$i] = 1 }
FILENAME == ARGV[1] && $1 == "pure-not" { for (i = 2; i <= NF; i++) pure_not[$i] = 1 }
FILENAME == ARGV[1] { next }

function layer_of(file,   name, i) {
    name = file; sub(/\.[ch]$/, "", name)
    if (name in named) return named[name]
    for (i = 1; i <= patterns; i++) if (name ~ pattern[i]) return pattern_layer[i]
    return 0
}
function folder(file) { sub(/\/.*/, "", file); return file }
function process(file) { file = folder(file); return file ~ /^(node|device|scanner)$/ ? file : "" }

# ---- each file
FNR == 1 {
    here = layer_of(FILENAME); pure = layer_kind[here] == "pure"
    at = FILENAME
    if (!here) fail("in no layer of tools/layers.txt")
}
{ lines[FILENAME] = FNR; at = FILENAME ":" FNR }
/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, part, "\""); target = part[2]
    if (target !~ /\//) { fail("write includes as \"folder/file.h\", found \"" target "\""); next }
    edge[FILENAME] = edge[FILENAME] " " target
    there = layer_of(target)
    if (!there) fail("\"" target "\" is in no layer")
    else if (there > here)
        fail("includes point down: a " layer_name[here] " may not include \"" target "\", a " layer_name[there])
    else if (here < layers && process(FILENAME) != "" && process(target) != "" && process(FILENAME) != process(target))
        fail("a folder is a process: " folder(FILENAME) "/ may not include \"" target "\"")
    if (pure && target in pure_not) fail("pure code may not include \"" target "\"")
}
/^[ \t]*#[ \t]*include[ \t]*</ {
    header = $0; sub(/^[^<]*</, "", header); sub(/>.*/, "", header)
    if (pure && !(header in pure_may)) fail("pure code may not include <" header ">")
    found = 0
    for (i = 1; i <= libs && !found; i++) if (header ~ foreign[i]) {
        found = 1
        if (FILENAME !~ /^tests\// && index("," owner[i] ",", "," FILENAME ",") == 0)
            fail("<" header "> is included by " owner[i] " only")
    }
    for (i = 1; i <= systems && !found; i++) if (header ~ known[i]) found = 1
    if (!found && header == "cmocka.h" && FILENAME ~ /^tests\//) found = 1
    if (!found) fail("<" header "> is neither a library nor a system header of tools/layers.txt")
}

# ---- circles among headers, and sizes
function walk(file, path,   n, next_file, i) {
    if (state[file] == 2) return
    if (state[file] == 1) { at = file; fail("includes run in a circle:" path " " file); return }
    state[file] = 1
    n = split(edge[file], next_file, " ")
    for (i = 1; i <= n; i++) walk(next_file[i], path " " file)
    state[file] = 2
}
END {
    for (file in lines) {
        walk(file, "")
        cap = file ~ /\.h$/ ? 120 : 500
        if (lines[file] > cap) print "warning: " file ": " lines[file] " lines, the house keeps to " cap
    }
    if (bad) { print "check-layers: " bad " violations"; exit 1 }
}' "$rules" "${files[@]}"
