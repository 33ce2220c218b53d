/* An outcome from anyone: refused or taken, never a crash, never memory it did not show. */
#include "common/outcome.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data,
                           size_t size); // NOLINT(readability-identifier-naming)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(data, size);
    uint8_t memory[1 << 16];
    struct buf again = buf_fixed(memory, sizeof memory);
    struct outcome o;
    if (size > sizeof memory || !outcome_decode(bytes, &o, NULL))
        return 0;
    switch (o.type) {
    case OUTCOME_SUMMARY: summary_put(&again, &o.summary); break;
    case OUTCOME_TIMER: timer_outcome_put(&again, &o.timer); break;
    case OUTCOME_VERDICT: verdict_put(&again, &o.verdict); break;
    }
    assert(slice_equal(buf_slice(&again), bytes));
    return 0;
}
