#!/usr/bin/env bash
# The JSON Schema for editors accepts every contract of the library and of the manual, and not what is spoilt.
set -euo pipefail
"${WAYBILL_BUILD:?run by tests/run-tests.sh}/tests/unit/test_contract_docs" dump contracts/library/*.yaml |
    node tests/e2e/npm/contract-schema.mjs contracts/contract.schema.json
