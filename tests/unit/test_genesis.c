/* A genesis file names itself, its entries rise, and every founder signed it; a block keeps its cap. */
#include "common/block.h"
#include "common/genesis.h"
#include "tests/support/ledger_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct buf file;
static struct kit kit;

static int group_setup(void **state)
{
    struct key_pair farm = kit_pair("farm"), carrier = kit_pair("carrier"), node = kit_pair("node");
    (void)state;
    file = buf_heap(1 << 16);
    kit_begin(&kit, KIT_T0, true);
    kit_add_member(&kit, &farm, "Farm A");
    kit_add_member(&kit, &carrier, "Carrier B");
    kit_add_key(&kit, &node, &farm.kid, CLASS_AUTHORITY);
    kit_genesis(&kit, &file);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    buf_free(&file);
    return 0;
}

static void founders_signed(void **state)
{
    struct genesis g;
    (void)state;
    assert_true(genesis_decode(buf_slice(&file), &g, NULL));
    assert_int_equal(g.signature_count, 2);
    for (size_t i = 0; i < 2; i++) {
        struct kid kid;
        const uint8_t *sig;
        struct hash other = crypto_sha256(slice_text("another ledger"));
        genesis_next_signature(&g, &kid, &sig);
        assert_true(kid_equal(&kid, &kit.keys[i].pair.kid));
        assert_true(genesis_verify(&g.header.ledger, sig, kit.keys[i].pair.pub));
        assert_false(genesis_verify(&g.header.ledger, sig, kit.keys[1 - i].pair.pub));
        assert_false(genesis_verify(&other, sig, kit.keys[i].pair.pub));
    }
}

/* A flipped byte is malformed, breaks the header's name, or lies in an entry or signature: those are for
 * the state root and the signatures to find. */
static void a_changed_header_is_none(void **state)
{
    struct genesis g;
    (void)state;
    for (size_t i = 0; i < 270; i++) {
        file.data[i] ^= 1;
        assert_false(genesis_decode(buf_slice(&file), &g, NULL));
        file.data[i] ^= 1;
    }
    for (size_t cut = 0; cut < file.len; cut++)
        assert_false(genesis_decode(slice_of(file.data, cut), &g, NULL));
    assert_true(genesis_decode(buf_slice(&file), &g, NULL));
}

static void entries_rise(void **state)
{
    struct genesis g;
    struct slice key[2], value[2];
    uint8_t header_memory[HEADER_SIZE_MAX];
    struct buf header = buf_fixed(header_memory, sizeof header_memory), out = buf_heap(1 << 16);
    (void)state;
    assert_true(genesis_decode(buf_slice(&file), &g, NULL));
    header_put(&header, &g.header);
    for (size_t i = 0; i < 2; i++)
        genesis_next_entry(&g, &key[i], &value[i]);
    for (size_t order = 0; order < 3; order++) { /* rising, falling, one twice */
        buf_clear(&out);
        cbor_put_array(&out, 4);
        cbor_put_uint(&out, 1);
        cbor_put_bytes(&out, buf_slice(&header));
        cbor_put_array(&out, 2);
        for (size_t i = 0; i < 2; i++) {
            size_t which = order == 0 ? i : order == 1 ? 1 - i : 0;
            cbor_put_array(&out, 2);
            cbor_put_bytes(&out, key[which]);
            cbor_put_bytes(&out, value[which]);
        }
        cbor_put_array(&out, 0);
        assert_int_equal(genesis_decode(buf_slice(&out), &g, NULL), order == 0);
    }
    buf_free(&out);
}

static bool block_of(size_t count, struct slice statement, struct buf *out)
{
    struct block b;
    buf_clear(out);
    block_put_head(out, &kit.identity.genesis, count);
    for (size_t i = 0; i < count; i++)
        block_put_statement(out, statement);
    return block_decode(slice_of(out->data, out->len), &b, NULL) && b.count == count;
}

static void a_blocks_caps(void **state)
{
    struct buf out = buf_heap(BLOCK_SIZE_MAX + 1024);
    uint8_t *large = calloc(1, COSE_MAX_SIZE + 1);
    (void)state;
    assert_non_null(large);
    assert_true(block_of(0, (struct slice){ NULL, 0 }, &out));
    assert_false(block_of(1, (struct slice){ NULL, 0 }, &out));
    assert_true(block_of(BLOCK_STATEMENTS_MAX, slice_text("x"), &out));
    assert_false(block_of(BLOCK_STATEMENTS_MAX + 1, slice_text("x"), &out));
    assert_true(block_of(1, slice_of(large, COSE_MAX_SIZE), &out));
    assert_false(block_of(1, slice_of(large, COSE_MAX_SIZE + 1), &out));
    assert_false(block_of(16, slice_of(large, COSE_MAX_SIZE), &out)); /* 4 MiB and a header */
    assert_true(block_of(15, slice_of(large, COSE_MAX_SIZE), &out));
    free(large);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(founders_signed),
        cmocka_unit_test(a_changed_header_is_none),
        cmocka_unit_test(entries_rise),
        cmocka_unit_test(a_blocks_caps),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, group_setup, group_teardown) : 1;
}
