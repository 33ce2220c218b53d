#!/usr/bin/env bash
# Foreign COSE, CBOR and RFC 9162 implementations agree with the wire's vectors, and notice a changed bit.
set -euo pipefail
vectors=tests/vectors/waybill.json
node tests/e2e/npm/witness-vectors.mjs $vectors
for digits in 0995e2148c524fd2/0995e2148c524fd3 6cea9b0545213d0e/6cea9b0545213d0f; do
    sed "s/$digits/g" $vectors >"$WAYBILL_SCRATCH/changed.json"
    ! cmp -s $vectors "$WAYBILL_SCRATCH/changed.json" || exit 1
    ! node tests/e2e/npm/witness-vectors.mjs "$WAYBILL_SCRATCH/changed.json" || exit 1
done
goods=tests/vectors/goods.json
node tests/e2e/npm/witness-goods.mjs $goods
sed 's/"organic"/"orgonic"/' $goods >"$WAYBILL_SCRATCH/goods.json"
! cmp -s $goods "$WAYBILL_SCRATCH/goods.json" || exit 1
! node tests/e2e/npm/witness-goods.mjs "$WAYBILL_SCRATCH/goods.json" || exit 1
