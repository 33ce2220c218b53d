#!/usr/bin/env bash
# The checks of `make lint` refuse what they are there to refuse, and the runner counts what fails.
set -uo pipefail
tree=$WAYBILL_SCRATCH/tree
failures=0

fresh() { # a small tree that breaks no rule
    rm -rf "$tree"
    mkdir -p "$tree"/{common,node,device,scanner,tools,tests/unit}
    printf '#include "common/bytes.h"\n#include <stdint.h>\n' >"$tree/common/reading.c"
    printf '#include <stddef.h>\n' >"$tree/common/bytes.h"
    printf '#include <sodium.h>\n' >"$tree/common/crypto.c"
    printf '#include "node/execute.h"\n#include <unistd.h>\n' >"$tree/node/main.c"
    printf '#include "common/bytes.h"\n' >"$tree/node/execute.h"
    git -C "$tree" init -q
}

expect() { # CHECK good|bad WHAT
    local code=0 out
    out=$("tools/$1.sh" "$tree" 2>&1) || code=$?
    if [ "$2" = good ] && [ $code -ne 0 ] || [ "$2" = bad ] && [ $code -eq 0 ]; then
        printf 'expected %s from %s: %s\n%s\n' "$2" "$1" "$3" "$out"
        failures=$((failures + 1))
    fi
}

with() { # CHECK WHAT FILE LINE: the small tree with one more line is refused
    fresh
    printf '%s\n' "$4" >>"$tree/$3"
    expect "$1" bad "$2"
}

fresh
expect check-layers good "a tree that keeps the layers"
expect check-words good "a tree without such words"

with check-layers "a message that includes a core" common/reading.c '#include "node/execute.h"'
with check-layers "a base file that includes a wrapper" common/bytes.h '#include "common/crypto.h"'
with check-layers "a core that includes an edge" node/execute.h '#include "node/store.h"'
with check-layers "a core that includes stdio" node/execute.h '#include <stdio.h>'
with check-layers "a message that includes the clock" common/reading.c '#include "common/clock.h"'
with check-layers "a second file that includes libsodium" node/main.c '#include <sodium.h>'
with check-layers "an unknown foreign library" node/main.c '#include <foreign/foreign.h>'
with check-layers "one process including another" node/main.c '#include "device/outbox.h"'
with check-layers "an include without its folder" node/main.c '#include "execute.h"'
with check-layers "a circle" common/bytes.h '#include "common/bytes.h"'

with check-words "a path of one machine" common/reading.c "/* see /""home/someone/notes */"
with check-words "a registry's host" common/reading.c "/* https://registry.npm""js.org/x */"
with check-words "a host in a lock file" package-lock.json '"resolved": "https:''//example.com/x.tgz"'
with check-words "unfinished work" common/reading.c "/* TO""DO */"

# Service units: those here pass; one that is not shut in, and one with a word systemd does not know, do not.
if command -v systemd-analyze >/dev/null; then
    units=$WAYBILL_SCRATCH/units
    mkdir "$units"
    check_units() { # WHAT good|bad SED-SCRIPT
        local out code=0
        sed "$3" packaging/waybill-node@.service >"$units/waybill-node@.service"
        out=$(tools/check-units.sh "$units" 2>&1) || code=$?
        if { [ "$2" = good ] && [ $code -ne 0 ]; } || { [ "$2" = bad ] && [ $code -eq 0 ]; }; then
            printf 'check-units: %s: exit code %d: %s\n' "$1" $code "$out"
            failures=$((failures + 1))
        fi
    }
    check_units "the unit as it is" good ''
    check_units "a daemon that may do much" bad '/^SystemCallFilter\|^NoNewPrivileges\|^CapabilityBoundingSet/d'
    check_units "a word that systemd does not know" bad 's/^ProtectClock=/ProtectClocks=/'
fi

# The runner: a build of two programs, one of which passes, one of which fails, one of which only claims cases.
copy=$WAYBILL_SCRATCH/copy
mkdir -p "$copy/tests/unit" "$copy/build/tests/unit" "$copy/tests/e2e"
cp tests/run-tests.sh "$copy/tests/"
program() { # NAME SCRIPT
    touch "$copy/tests/unit/$1.c"
    printf '#!/bin/sh\n%s\n' "$2" >"$copy/build/tests/unit/$1"
    chmod +x "$copy/build/tests/unit/$1"
}
runner() { # WANTED-LAST-LINE good|bad WHAT
    local out code=0 last
    out=$("$copy/tests/run-tests.sh" "$copy/build" unit 2>&1) || code=$?
    last=$(tail -n 1 <<<"$out")
    if [ "$last" != "$1" ] || { [ "$2" = good ] && [ $code -ne 0 ]; } || { [ "$2" = bad ] && [ $code -eq 0 ]; }; then
        printf 'runner: %s: expected "%s" (%s), found "%s" (exit code %d)\n' "$3" "$1" "$2" "$last" $code
        failures=$((failures + 1))
    fi
}
runner "0 passed, 0 failed" bad "nothing to run"
ok='echo "[ RUN      ] a"; echo "[       OK ] a"'
program test_good "$ok"
runner "1 passed, 0 failed" good "one good case"
program test_bad "$ok"'; echo "[ RUN      ] b"; echo "[  FAILED  ] b"; exit 1'
runner "2 passed, 1 failed" bad "one failed case"
program test_bad "$ok; exit 3"
runner "2 passed, 1 failed" bad "a program that ends badly after its cases"
program test_bad "exit 0"
runner "1 passed, 1 failed" bad "a program without cases"
program test_bad "$ok; echo '[ RUN      ] b'; echo '[  SKIPPED ] b'"
runner "2 passed, 1 failed" bad "a skipped case"
program test_bad "$ok; sleep 1000 & exit 0"
runner "2 passed, 1 failed" bad "a process left behind"
program test_named '[ -z "${NAME:-}" ] && '"$ok"
NAME=test_named runner "1 passed, 0 failed" good "the runner's NAME, which its tests do not see"

# A script that fails says where, and the runner shows the logs of what it started.
cp tests/e2e/node.sh "$copy/tests/e2e/"
script() { # NAME LINE...: at its fourth line
    printf '#!/usr/bin/env bash\n. "$(dirname "$0")/node.sh"\nmkdir -p net/a; echo "why it went wrong" >net/a/node.log\n' >"$copy/tests/e2e/$1.test.sh"
    printf '%s\n' "${@:2}" >>"$copy/tests/e2e/$1.test.sh"
    chmod +x "$copy/tests/e2e/$1.test.sh"
}
tells() { # NAME PATTERN...: what the runner says when it fails
    local out pattern
    out=$(NAME=$1 "$copy/tests/run-tests.sh" "$copy/build" e2e 2>&1)
    for pattern in "${@:2}" '^run-tests: the end of net/a/node.log:$' '^why it went wrong$' '^0 passed, 1 failed$'; do
        grep -q -- "$pattern" <<<"$out" && continue
        printf 'runner: %s: expected "%s", found "%s"\n' "$1" "$pattern" "$out"
        failures=$((failures + 1))
    done
}
script dies 'f() { expect "x" 1 2; }' 'f'
tells dies '^dies: x: expected "1", found "2", at node.sh:[0-9]* dies.test.sh:4 dies.test.sh:5$'
script fails 'f() {' '    x=$(grep y /dev/null)' '}' 'f'
tells fails '^fails: ".*grep y.*" failed, at fails.test.sh:5 fails.test.sh:7$'
script waits 'echo "what was said" >err.txt; patience=1' 'wait_until "what never comes" false'
tells waits 'waited in vain for what never comes, at node.sh:[0-9]* waits.test.sh:5$' '^what was said$'

[ $failures -eq 0 ]
