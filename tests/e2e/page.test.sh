#!/usr/bin/env bash
# The consumer's page in a real browser: facts without JavaScript, nothing wider than a phone, contrast
# enough to read, and hundreds of hostile names of which none runs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
command -v chromium >/dev/null || { echo "page: chromium is missing" >&2; exit 1; }
node "$here/npm/page.mjs" "${WAYBILL_BUILD:?run by tests/run-tests.sh}/tests/unit/test_api" \
    "${WAYBILL_SCRATCH:?run by tests/run-tests.sh}" "$(command -v chromium)" "$WAYBILL_BUILD/tests/unit/test_api_goods"
