#!/usr/bin/env bash
# What the commands of consortium, proofs and saving take, what their --help says and what the manual pages say: the
# same options. And a difference is found.
set -euo pipefail
groups=(gov consortium member genesis constitution join recovery fork proof checkpoint witness backup restore export import
    receipt audit rebuild statement)
python3 tests/e2e/help.py . "${groups[@]}"

mkdir -p "$WAYBILL_SCRATCH/tree/docs/man" "$WAYBILL_SCRATCH/tree/tools"
cp tools/*.[ch] "$WAYBILL_SCRATCH/tree/tools/"
differs() { # WHAT SED-SCRIPT FILE
    cp docs/man/*.1 "$WAYBILL_SCRATCH/tree/docs/man/"
    sed -i "$2" "$WAYBILL_SCRATCH/tree/$3"
    if python3 tests/e2e/help.py "$WAYBILL_SCRATCH/tree" backup restore; then
        echo "not found: $1" >&2
        exit 1
    fi
}
differs "an option that no manual page tells" '/^\.BI "restore /s/replace//' docs/man/waybill-consortium.1
differs "an option that nothing takes" '/^\.BI "backup /s/FILE/FILE \\-\\-frob/' docs/man/waybill-consortium.1
differs "an option that --help does not tell" 's/"restore", "restore", "replace"/"restore", "restore", "replace frob"/' \
    tools/cmd_backup.c
