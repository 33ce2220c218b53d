/* Proof files that bring the sets of authorities along: whichever ledger they begin with is trusted, so that all of them is read. */
#include "common/head_proof.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data,
                           size_t size); // NOLINT(readability-identifier-naming)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(data, size);
    static struct head_proof_heads heads;
    static struct head_proof_entry entry;
    static struct head_proof_voucher voucher;
    if (!crypto_init())
        return 0;
    enum head_proof_kind kind = head_proof_kind(bytes);
    if (head_proof_check_consistency(bytes, NULL, &heads, NULL))
        assert(kind == HEAD_PROOF_CONSISTENCY && heads.older.height <= heads.newer.height &&
               heads.older.size <= heads.newer.size && heads.by.seals >= heads.by.quorum);
    if (head_proof_check_state(bytes, NULL, &entry, NULL))
        assert(kind == HEAD_PROOF_STATE && entry.by.seals >= entry.by.quorum &&
               entry.entry.key.len > 0);
    if (head_proof_check_voucher(bytes, NULL, &voucher, NULL)) {
        struct hash hash = crypto_sha256(voucher.statement);
        assert(kind == HEAD_PROOF_VOUCHER && hash_equal(&hash, &voucher.hash) &&
               voucher.by.seals >= voucher.by.quorum);
    }
    return 0;
}
