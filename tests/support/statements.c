#include "tests/support/statements.h"

#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static uint8_t payload_memory[STATEMENT_MAX + 64];
static uint8_t body_memory[STATEMENT_MAX + 64];
static uint8_t whole_memory[STATEMENT_MAX + 512];

struct slice statements_around(struct slice payload)
{
    static const uint8_t sig[SIG_SIZE];
    struct buf out = buf_fixed(whole_memory, sizeof whole_memory);
    buf_add(&out, "\xd2\x84", 2);
    cbor_put_bytes(&out, vectors_unhex("a2012704482f8468b0474d61da"));
    cbor_put_map(&out, 0);
    cbor_put_bytes(&out, payload);
    cbor_put_bytes(&out, slice_of(sig, sizeof sig));
    assert_false(out.failed);
    return buf_slice(&out);
}

bool statements_decode(struct slice payload, struct statement *ret_statement, struct err *err)
{
    return statement_decode(statements_around(payload), ret_statement, err);
}

struct slice statements_payload(const char *name)
{
    struct cose c;
    assert_true(cose_parse(vectors_bytes(name), &c, NULL));
    return c.payload;
}

struct slice statements_edit(const char *name, struct slice key, struct slice value)
{
    struct buf body = buf_fixed(body_memory, sizeof body_memory);
    struct buf out = buf_fixed(payload_memory, sizeof payload_memory);
    struct cbor_reader r = cbor_reader(statements_payload(name));
    size_t pairs = 0;
    bool placed = value.len == 0;
    for (size_t n = cbor_take_map(&r); n > 0; n--) {
        struct slice k = cbor_take_item(&r);
        struct slice v = cbor_take_item(&r);
        int order = slice_compare(key, k);
        if (order <= 0 && !placed) {
            buf_add_slice(&body, key);
            buf_add_slice(&body, value);
            placed = true;
            pairs++;
        }
        if (order == 0)
            continue;
        buf_add_slice(&body, k);
        buf_add_slice(&body, v);
        pairs++;
    }
    if (!placed) {
        buf_add_slice(&body, key);
        buf_add_slice(&body, value);
        pairs++;
    }
    cbor_put_map(&out, pairs);
    buf_add_slice(&out, buf_slice(&body));
    assert_false(out.failed || body.failed);
    return buf_slice(&out);
}

struct slice statements_text(size_t len, struct buf *memory)
{
    static char letters[8192];
    memset(letters, 'x', sizeof letters);
    buf_clear(memory);
    cbor_put_text(memory, slice_of(letters, len));
    return buf_slice(memory);
}
