#!/usr/bin/env bash
# The service units hold what systemd asks of them, and keep their daemons shut in: `systemd-analyze verify` says
# nothing, and `security` puts each service's exposure at 2.5 or less. Says so and passes where there is no systemd.
# usage: check-units.sh [DIR]   (DIR: other units, for the check's own test)
set -euo pipefail
cd "$(dirname "$0")/.."
units=${1:-packaging}
if ! command -v systemd-analyze >/dev/null; then
    echo "check-units: no systemd-analyze here, units are not checked" >&2
    exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for program in waybill waybill-node waybill-agent; do # what a unit names has to exist
    install -D -m 755 /bin/true "$scratch/bin/$program"
done
for unit in "$units"/*.service "$units"/*.timer; do
    [ -e "$unit" ] || continue
    sed "s|@bindir@|$scratch/bin|g" "$unit" >"$scratch/$(basename "$unit")"
done

bad=0
for unit in "$scratch"/*.service "$scratch"/*.timer; do
    [ -e "$unit" ] || continue
    name=$(basename "$unit")
    said=$(SYSTEMD_UNIT_PATH=$scratch: systemd-analyze verify --man=no "$unit" 2>&1) || bad=1
    if [ -n "$said" ]; then
        printf '%s: %s\n' "$name" "$said"
        bad=1
    fi
    case $name in *.service) ;; *) continue ;; esac
    if ! said=$(systemd-analyze security --offline=true --threshold=25 --no-pager "$unit" 2>&1); then
        printf '%s: %s\n' "$name" "$(tail -n 1 <<<"$said")"
        bad=1
    elif [ -n "${VERBOSE:-}" ]; then
        tail -n 1 <<<"$said"
    fi
done
[ $bad -eq 0 ] || { echo "check-units: see above"; exit 1; }
