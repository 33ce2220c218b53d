/* When a node has followed what there is, whatever one liar says. */
#include "tests/support/node_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FOLLOWER 4
#define FAR      (UINT64_C(1) << 62)

static struct node_ring *ring;

static int setup(void **state)
{
    (void)state;
    ring = node_ring_new(4, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    node_ring_free(ring);
    return 0;
}

static bool is_level(void)
{
    return node_core_is_level(ring->nodes[FOLLOWER].core, ring->now_ms);
}

static void lie(size_t by, uint64_t height, bool forged)
{
    struct buf body = buf_heap(256), out = buf_heap(1024);
    struct hash tip = ring->kit.identity.genesis.ledger;
    cbor_put_array(&body, 5);
    cbor_put_bytes(&body, hash_slice(&tip));
    cbor_put_uint(&body, KIT_T0 + ring->now_ms);
    cbor_put_null(&body);
    cbor_put_null(&body);
    cbor_put_null(&body);
    struct message_draft d = { MESSAGE_STATUS, height, 0, buf_slice(&body) };
    message_sign(&d, &ring->nodes[by].key, &ring->kit.identity.genesis.ledger, &out);
    out.data[out.len - 1] ^= forged ? 1 : 0;
    node_ring_send(ring, by, FOLLOWER, buf_slice(&out));
    buf_free(&body);
    buf_free(&out);
    node_ring_run(ring, 10);
}

static uint64_t reached(void)
{
    struct consensus_view v;
    node_core_look(ring->nodes[FOLLOWER].core, ring->now_ms, &v);
    return v.reached;
}

static void make_blocks(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t height = ring->nodes[0].height + 1;
        (void)node_ring_read(ring, 0);
        assert_true(node_ring_reach(ring, height, 5000));
    }
}

static void who_has_followed_is_level(void **state)
{
    (void)state;
    assert_false(is_level()); /* no block was spoken of yet: how would it know? */
    make_blocks(3);
    node_ring_run(ring, 1000);
    assert_int_equal(reached(), 3);
    assert_true(is_level());
}

static void one_liar_holds_nobody_back(void **state)
{
    (void)state;
    make_blocks(2);
    node_ring_run(ring, 1000);
    for (int i = 0; i < 10; i++) {
        lie(0, FAR, false);
        node_ring_run(ring, 700);
        assert_int_equal(reached(), 2);
        assert_true(is_level());
    }
    assert_true(ring->nodes[FOLLOWER].catch_ups > 0); /* it did ask, and nothing came */
}

static void what_is_not_signed_counts_for_nothing(void **state)
{
    (void)state;
    make_blocks(2);
    node_ring_run(ring, 1000);
    for (size_t i = 0; i < 4; i++)
        lie(i, FAR, true);
    assert_int_equal(reached(), 2);
    assert_int_equal(ring->nodes[FOLLOWER].catch_ups, 0);
    lie(0, FAR, false);
    lie(1, FAR, false);
    assert_int_equal(reached(), FAR - 1); /* two of four are more than may lie */
    assert_false(is_level());
}

static void who_was_off_is_level_once_nothing_comes_any_more(void **state)
{
    (void)state;
    make_blocks(1);
    node_ring_stop(ring, FOLLOWER);
    make_blocks(30);
    node_ring_start(ring, FOLLOWER);
    assert_false(is_level());
    assert_true(node_ring_reach(ring, 31, 10000));
    node_ring_run(ring, 1000);
    assert_int_equal(reached(), 31);
    assert_false(is_level()); /* blocks have just come */
    node_ring_run(ring, 3000);
    assert_true(is_level());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_has_followed_is_level, setup, teardown),
        cmocka_unit_test_setup_teardown(one_liar_holds_nobody_back, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_signed_counts_for_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(who_was_off_is_level_once_nothing_comes_any_more, setup,
                                        teardown),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
