/* A book from anyone: what decodes encodes back to the same bytes, adds up, and takes more stretches. */
#include "contracts/book.h"

#include <assert.h>
#include <string.h>

#define RULES 5

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct contract_definition definition;
static struct book book;

static void check_same_bytes(struct slice bytes)
{
    static uint8_t memory[BOOK_MAX_BYTES];
    struct buf out = buf_fixed(memory, sizeof memory);
    book_encode(&book, &out);
    assert(!out.failed && (bytes.len == 0 || slice_equal(buf_slice(&out), bytes)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct book_summary sum;
    struct err err;
    definition.rule_count = RULES;
    for (size_t i = 0; i < RULES; i++)
        definition.rules[i].severity = VERDICT_LOW;
    if (!book_decode(&definition, slice_of(data, size), &book, &err))
        return 0;
    check_same_bytes(slice_of(data, size));
    book_sum(&book, &definition, UINT64_C(1) << 40, &sum);
    for (size_t i = 0; i < size && i < 256; i++) {
        struct book_stretch s = { .rule = data[i] % RULES, .from_ms = i * 10, .to_ms = i * 10 + 5 };
        if (book_put(&book, &s))
            assert(data[i] % 3 != 0 || book_remove(&book, &s));
    }
    book_sum(&book, &definition, UINT64_C(1) << 40, &sum);
    assert(book.count <= BOOK_MAX_STRETCHES && book.settled_count <= BOOK_MAX_SETTLED);
    return 0;
}
