#!/usr/bin/env bash
# Nothing in the repository names the machine it was written on, a package registry's host, or the workplace it
# was written in: what is checked out must mean the same everywhere.
# usage: check-words.sh [DIR]   (DIR: another git tree, for the check's own test)
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"
bad=0

refuse() { # WHAT PATTERN [PATHSPEC...]: prints every tracked line that matches
    local what=$1 pattern=$2 hits code=0
    shift 2
    hits=$(git grep -nIE --untracked --exclude-standard "$pattern" -- . "$@" ':!tools/check-words.sh') || code=$?
    [ $code -ne 1 ] || return 0 # nothing found; anything above 1 means that nothing was searched
    [ $code -eq 0 ] || { bad=1; return 0; }
    printf '%s:\n%s\n' "$what" "${hits:0:4000}"
    bad=1
}

# A path counts as a machine's when it stands on its own: not within a URL, not below a variable.
refuse 'paths of one machine' "(^|[[:space:]\"'\`(=:])/(home|root|work|Users|farm)/[A-Za-z0-9._-]+"
refuse 'scratch paths (use mktemp)' "(^|[[:space:]\"'\`(=:])/tmp/[A-Za-z0-9._-]+" ':!*.md' ':!tests/*'
refuse 'hosts of package registries' \
    '(registry\.(npmjs|yarnpkg)|(deb|security|snapshot|ftp[.a-z]*)\.debian\.org|pypi\.org|crates\.io|nodesource\.com)'
refuse 'words of a workplace' '\b(sub-?agents?|chatbot|LLM|language model|Claude|Anthropic|farm-(bench|studio))\b' \
    ':!tests/*/corpus/*' ':!*LLVMFuzzer*'
refuse '"resolved" hosts in a lock file' '"resolved": *"https?://'
refuse 'unfinished work' '\b(TODO|FIXME|XXX|HACK)\b'

[ $bad -eq 0 ] || { echo "check-words: see above"; exit 1; }
