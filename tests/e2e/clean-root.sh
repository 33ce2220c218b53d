#!/usr/bin/env bash
# Proves that `make demo` and `make test` need nothing but a bare Debian 12 with make: builds such a root by
# debootstrap, copies the committed tree into it, runs both there. Needs root, the network and some 3 GB.
# Not part of CI. The package archive is this machine's own, read from its sources; nothing names a host here.
# usage: clean-root.sh [make TARGET...]   (default: demo, then test; each in the same fresh root)
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "$(id -u)" = 0 ] || exec sudo "$0" "$@"
command -v debootstrap >/dev/null || { echo "clean-root: install debootstrap first" >&2; exit 1; }

mirror() { # the archive that this machine's sources name for its release
    local files=(/etc/apt/sources.list /etc/apt/sources.list.d/*)
    { cat "${files[@]}" 2>/dev/null || true; } | awk '
        $1 == "URIs:" { uri = $2 }
        $1 == "Suites:" && / bookworm( |$)/ && uri != "" && !found { print found = uri }
        $1 == "deb" && !found { for (i = 2; i < NF; i++) if ($(i + 1) == "bookworm") print found = $i }'
}
archive=$(mirror)
[ -n "$archive" ] || { echo "clean-root: no Debian 12 archive in this machine's apt sources" >&2; exit 1; }

root=$(mktemp -d "${TMPDIR:-/tmp}/waybill-root.XXXXXX")
clean_up() {
    local mount
    for mount in dev/pts dev/shm dev proc; do
        mountpoint -q "$root/$mount" && umount -l "$root/$mount"
    done
    mountpoint -q "$root" && umount -l "$root"
    # Never through a mount that would not go away.
    grep -q " $root[/ ]" /proc/mounts || rm -rf "$root"
}
trap clean_up EXIT

echo "clean-root: a bare Debian 12 in $root"
debootstrap --variant=minbase --include=make,ca-certificates bookworm "$root" "$archive" >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log" >&2; exit 1; }
rm -f "$root.log"
# The archive and how to reach it are this machine's: sources, proxy, certificates, npm's registry.
cp -a /etc/resolv.conf /etc/hosts "$root/etc/"
cp -a /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
if [ -d /usr/local/share/ca-certificates ]; then
    cp -a /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
    chroot "$root" update-ca-certificates >/dev/null 2>&1
fi
npm_registry=$(npm config get registry 2>/dev/null || true)

mount --bind "$root" "$root" # tests that mount make a namespace of their own: / must be a mount for that
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount --bind /dev/pts "$root/dev/pts"
[ ! -d /dev/shm ] || mount --bind /dev/shm "$root/dev/shm"
git clone -q --no-hardlinks . "$root/srv/waybill"

[ $# -gt 0 ] || set -- demo test
for target; do
    echo "clean-root: make $target"
    chroot "$root" env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        LANG=C.UTF-8 npm_config_registry="$npm_registry" npm_config_cafile=/etc/ssl/certs/ca-certificates.crt \
        ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
        make -C /srv/waybill "$target" </dev/null
    echo "clean-root: make $target: ok"
done
