#!/usr/bin/env bash
# set-up.sh GROUP...: installs the Debian packages of these groups of debian-packages.txt that are missing,
# and, for the group "test", the npm packages of tests/e2e/npm. Does nothing, quickly, when all is there.
# As root or through sudo; asks nobody anything.
set -euo pipefail
cd "$(dirname "$0")/.."

packages_of() { # the names in the groups given
    awk -v wanted=" $* " '
        /^\[/ { group = substr($1, 2, length($1) - 2); next }
        /^[a-z0-9]/ && index(wanted, " " group " ") { print $1 }' packaging/debian-packages.txt | sort -u
}

missing_of() { # those of the names given that dpkg does not know as installed
    { dpkg-query -W -f '${Package} ${Status}\n' "$@" 2>/dev/null || true; } |
        awk -v names="$*" '
            / install ok installed$/ { have[$1] = 1 }
            END { n = split(names, name, " "); for (i = 1; i <= n; i++) if (!have[name[i]]) print name[i] }'
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "set-up: root is needed for: $*" >&2
        echo "set-up: become root, or install sudo, and run this again" >&2
        return 1
    fi
}

install_debian() {
    local -a wanted missing
    mapfile -t wanted < <(packages_of "$@")
    case " $* " in *" test "*) command -v npm >/dev/null || wanted+=(nodejs npm) ;; esac
    mapfile -t missing < <(missing_of "${wanted[@]}")
    [ ${#missing[@]} -gt 0 ] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "set-up: not a Debian system; install what these provide: ${missing[*]}" >&2
        return 1
    fi
    local log
    log=$(mktemp)
    echo " packages   installing ${#missing[@]}: ${missing[*]}"
    if ! { as_root apt-get -q update && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y --no-install-recommends install "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        rm -f "$log"
        echo "set-up: the packages above could not be installed" >&2
        return 1
    fi
    rm -f "$log"
    echo " packages   ${#missing[@]} installed"
}

install_npm() { # exactly what the lock file says, again only when that has changed
    local dir=tests/e2e/npm stamp lock
    [ -f $dir/package-lock.json ] || return 0
    stamp=$dir/node_modules/.waybill-lock
    lock=$(sha256sum <$dir/package-lock.json)
    [ "$(cat $stamp 2>/dev/null)" != "$lock" ] || return 0
    echo " npm        installing what $dir/package-lock.json lists"
    (cd $dir && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    echo "$lock" >$stamp
}

[ $# -gt 0 ] || { echo "usage: set-up.sh build|demo|test|lint..." >&2; exit 2; }
for group; do
    grep -qx "\[$group\]" packaging/debian-packages.txt ||
        { echo "set-up: no group \"$group\" in packaging/debian-packages.txt" >&2; exit 2; }
done
install_debian "$@"
case " $* " in *" test "*) install_npm ;; esac
