#!/usr/bin/env bash
# install.sh BUILD DESTDIR PREFIX: programs, man pages, contract library and service units (from `make install`).
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
root=$2$3
prefix=$3

for program in waybill waybill-node waybill-agent waybill-scan waybill-sim; do
    [ ! -x "$build/$program" ] || install -D -m 755 "$build/$program" "$root/bin/$program"
done
for page in docs/man/*.[1-8]; do
    [ ! -e "$page" ] || install -D -m 644 "$page" "$root/share/man/man${page##*.}/$(basename "$page")"
done
for contract in contracts/library/*.yaml contracts/library/tests/*.yaml; do # a test names its contract as ../NAME.yaml
    [ ! -e "$contract" ] || install -D -m 644 "$contract" "$root/share/waybill/contracts/${contract#contracts/library/}"
done
install -D -m 644 contracts/contract.schema.json "$root/share/waybill/contract.schema.json"
for file in node/web/*; do
    install -D -m 644 "$file" "$root/share/waybill/web/$(basename "$file")"
done
for file in tools/demo*.sh; do
    install -D -m 644 "$file" "$root/share/waybill/$(basename "$file")"
done
for file in docs/examples/journey.csv contracts/library/{vaccine-2-8,cocoa-farm-to-bar}.yaml; do
    install -D -m 644 "$file" "$root/share/waybill/demo/$(basename "$file")"
done
install -D -m 644 packaging/mosquitto-acl.example "$root/share/doc/waybill/mosquitto-acl.example"
install -D -m 644 packaging/prometheus-rules.yaml "$root/share/doc/waybill/prometheus-rules.yaml"
for unit in packaging/*.service packaging/*.timer; do # a unit names its program by an absolute path: that of this installation
    install -d "$root/lib/systemd/system"
    sed "s|@bindir@|$prefix/bin|g" "$unit" >"$root/lib/systemd/system/$(basename "$unit")"
    chmod 644 "$root/lib/systemd/system/$(basename "$unit")"
done
