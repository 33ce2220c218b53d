/* What waits for a block: in order of arrival, each key's own in order of seq, each once, and bounded. */
#include "common/rand.h"
#include "node/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct pool *pool;

static int setup(void **state)
{
    (void)state;
    pool = pool_new();
    return pool == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    pool_free(pool);
    return 0;
}

static struct parcel *parcel(uint8_t key, uint64_t seq)
{
    struct parcel *p = calloc(1, sizeof *p);
    uint64_t name[2] = { key, seq };
    assert_non_null(p);
    p->st.kid.bytes[0] = key;
    p->st.link.seq = seq;
    p->st.hash = crypto_sha256(slice_of(name, sizeof name));
    p->len = 100;
    return p;
}

static void add(uint8_t key, uint64_t seq)
{
    assert_int_equal(pool_add(pool, parcel(key, seq)), POOL_TAKEN);
}

static void check_order(const uint64_t (*want)[2], size_t n)
{
    size_t count;
    struct parcel *const *order = pool_order(pool, &count);
    assert_int_equal(count, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(order[i]->st.kid.bytes[0], want[i][0]);
        assert_int_equal(order[i]->st.link.seq, want[i][1]);
    }
}

static void keys_keep_their_places_and_get_their_order(void **state)
{
    (void)state;
    add(7, 3);
    add(2, 1);
    add(7, 1);
    add(2, 2);
    add(7, 2);
    static const uint64_t want[][2] = { { 7, 1 }, { 2, 1 }, { 7, 2 }, { 2, 2 }, { 7, 3 } };
    check_order(want, 5);
    check_order(want, 5); /* asking changes nothing */
}

static void the_same_is_known(void **state)
{
    (void)state;
    struct parcel *p = parcel(1, 1), *again = parcel(1, 1);
    assert_int_equal(pool_add(pool, p), POOL_TAKEN);
    assert_true(pool_has(pool, &again->st.hash));
    assert_int_equal(pool_add(pool, again), POOL_KNOWN);
    assert_int_equal(pool_count(pool), 1);
    free(again);
}

static void dropping_leaves_the_others(void **state)
{
    bool gone[3] = { true, false, true };
    size_t n;
    (void)state;
    add(1, 1);
    add(2, 1);
    add(3, 1);
    (void)pool_order(pool, &n);
    add(4, 1); /* came while the block was made */
    pool_drop(pool, gone, 3);
    static const uint64_t want[][2] = { { 2, 1 }, { 4, 1 } };
    check_order(want, 2);
    struct parcel *p = parcel(1, 1), *q = parcel(2, 1);
    assert_false(pool_has(pool, &p->st.hash));
    assert_true(pool_has(pool, &q->st.hash));
    assert_int_equal(pool_add(pool, p), POOL_TAKEN); /* may come again */
    free(q);
}

static void bounded_in_number_and_bytes(void **state)
{
    (void)state;
    struct parcel *big = parcel(1, 1), *more = parcel(1, 2);
    big->len = POOL_MAX_BYTES - 100;
    more->len = 101;
    assert_int_equal(pool_add(pool, big), POOL_TAKEN);
    assert_int_equal(pool_add(pool, more), POOL_FULL);
    more->len = 100;
    assert_int_equal(pool_add(pool, more), POOL_TAKEN);
    size_t n;
    (void)pool_order(pool, &n);
    pool_drop(pool, (bool[]){ true, true }, 2);
    add(1, 3); /* there is room again */
}

static void one_is_found_by_its_hash(void **state)
{
    bool gone[3] = { false };
    struct parcel *p = parcel(2, 1), *other = parcel(9, 9);
    (void)state;
    assert_null(pool_find(pool, &p->st.hash));
    add(1, 1);
    assert_int_equal(pool_add(pool, p), POOL_TAKEN);
    add(3, 1);
    assert_ptr_equal(pool_find(pool, &p->st.hash), p);
    assert_null(pool_find(pool, &other->st.hash));
    pool_mark(pool, &p->st.hash, gone);
    pool_mark(pool, &other->st.hash, gone);
    pool_drop(pool, gone, 3);
    static const uint64_t want[][2] = { { 1, 1 }, { 3, 1 } };
    check_order(want, 2);
    free(other);
}

static const struct parcel *check_relay(uint64_t steady_ms, uint8_t key, uint64_t seq)
{
    const struct parcel *p = pool_relay_due(pool, steady_ms);
    assert_non_null(p);
    assert_int_equal(p->st.kid.bytes[0], key);
    assert_int_equal(p->st.link.seq, seq);
    pool_relayed(pool, steady_ms);
    return p;
}

/* A client's at once, whoever's after a while, and again. */
static void what_waits_is_relayed(void **state)
{
    struct parcel *peers = parcel(7, 1);
    (void)state;
    assert_null(pool_relay_due(pool, 1000));
    assert_int_equal(pool_relay_ms(pool), UINT64_MAX);
    peers->from_peer = true;
    peers->arrived_ms = 1000;
    assert_int_equal(pool_add(pool, peers), POOL_TAKEN);
    assert_null(pool_relay_due(pool, 1000 + POOL_RELAY_MS - 1));
    assert_int_equal(pool_relay_ms(pool), 1000 + POOL_RELAY_MS);
    add(1, 1);
    add(1, 2);
    add(2, 1);
    assert_int_equal(pool_relay_ms(pool), 0);
    (void)check_relay(1500, 1, 1);
    (void)check_relay(1500, 1, 2);
    bool gone[4] = { false, true, false, true }; /* (1, 1), and (2, 1) which was never relayed */
    pool_drop(pool, gone, 4);
    assert_null(pool_relay_due(pool, 1500));
    (void)check_relay(1000 + POOL_RELAY_MS, 7, 1);
    (void)check_relay(1500 + POOL_RELAY_MS, 1, 2);
    assert_null(pool_relay_due(pool, 1500 + POOL_RELAY_MS));
    (void)check_relay(1000 + 2 * POOL_RELAY_MS, 7, 1);
}

/* Thousands come and go, in any order: whatever waits, waits once and in its key's order. */
static void thousands_come_and_go(void **state)
{
    static bool gone[POOL_MAX];
    struct rand_seq rand = rand_seeded(5);
    (void)state;
    for (int round = 0; round < 30; round++) {
        for (int i = 0; i < 300; i++) {
            struct parcel *p = parcel((uint8_t)rand_below(&rand, 8), 1 + rand_below(&rand, 4000));
            bool known = pool_has(pool, &p->st.hash);
            enum pool_answer answer = pool_add(pool, p);
            assert_int_equal(answer, known ? POOL_KNOWN : POOL_TAKEN);
            if (known)
                free(p);
        }
        uint64_t highest[8] = { 0 };
        size_t n;
        struct parcel *const *order = pool_order(pool, &n);
        for (size_t i = 0; i < n; i++) {
            uint64_t *last = &highest[order[i]->st.kid.bytes[0]];
            assert_true(order[i]->st.link.seq > *last);
            *last = order[i]->st.link.seq;
            gone[i] = rand_below(&rand, 3) != 0;
        }
        pool_drop(pool, gone, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_keep_their_places_and_get_their_order, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_same_is_known, setup, teardown),
        cmocka_unit_test_setup_teardown(dropping_leaves_the_others, setup, teardown),
        cmocka_unit_test_setup_teardown(bounded_in_number_and_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(one_is_found_by_its_hash, setup, teardown),
        cmocka_unit_test_setup_teardown(what_waits_is_relayed, setup, teardown),
        cmocka_unit_test_setup_teardown(thousands_come_and_go, setup, teardown),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
