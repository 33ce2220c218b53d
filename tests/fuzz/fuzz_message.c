/* A message from anyone: refused or taken, never a crash; and what was taken apart goes together again. */
#include "common/message_verify.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data,
                           size_t size); // NOLINT(readability-identifier-naming)

static void put_back(const struct message *m)
{
    struct roundchange r;
    struct buf out = buf_heap(MESSAGE_SIZE_MAX);
    message_take_roundchange(m, &r);
    message_put_roundchange(&out, &r);
    assert(slice_equal(buf_slice(&out), m->bytes));
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct message m;
    struct roundchange r;
    if (!crypto_init() || !message_decode(slice_of(data, size), &m, NULL))
        return 0;
    struct authority_set none = { .count = 1 };
    struct hash ledger = { { 0 } };
    none.at[0].kid = m.from; /* a key of zeros signs nothing */
    assert(!message_verify(&m, &ledger, &none, NULL, NULL));
    if (m.type == MESSAGE_ROUNDCHANGE)
        put_back(&m);
    for (size_t i = 0; m.type == MESSAGE_RCCERT && i < m.as.rccert.count; i++)
        message_next_roundchange(&m.as.rccert.at, &r);
    for (size_t i = 0; m.type == MESSAGE_PROPOSE && i < m.as.propose.roundchange_count; i++)
        message_next_roundchange(&m.as.propose.roundchanges, &r);
    return 0;
}
