/* Foreign bytes as what a proposal is about: the first byte says which action, the rest is its body. */
#include "common/proposal.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data,
                           size_t size); // NOLINT(readability-identifier-naming)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[PROPOSAL_BODY_MAX];
    struct buf out = buf_fixed(memory, sizeof memory);
    struct proposal_body body;
    struct err err = { 0 };
    if (size == 0)
        return 0;
    enum govern_action action = (enum govern_action)(1 + data[0] % ACTION_LAST);
    struct slice bytes = slice_of(data + 1, size - 1);
    if (!proposal_body_decode(action, bytes, &body, &err)) {
        assert(err.code == ERR_INPUT);
        return 0;
    }
    proposal_body_put(&out, action, &body);
    assert(!out.failed && slice_equal(buf_slice(&out), bytes));
    return 0;
}
