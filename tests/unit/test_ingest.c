/* The door: what is authentic passes, everything else is named, and a full queue says so. */
#include "node/ingest.h"
#include "tests/support/ledger_kit.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct ingest *in;
    struct hash ledger;
    struct kit_signer device, stranger;
};
static struct fixture fx;

static int setup(void **state)
{
    struct key_pair device = kit_pair("device"), stranger = kit_pair("stranger");
    (void)state;
    fx.ledger = crypto_sha256(slice_text("a ledger"));
    fx.in = ingest_new(2, &fx.ledger, NULL);
    assert_non_null(fx.in);
    kit_signer_begin(&fx.device, &device, &fx.ledger);
    kit_signer_begin(&fx.stranger, &stranger, &fx.ledger);
    assert_true(ingest_add_key(fx.in, &device.kid, device.pub));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ingest_free(fx.in);
    return 0;
}

static struct buf reading(struct kit_signer *by)
{
    static const int centi[] = { 450 };
    struct buf out = buf_heap(STATEMENT_MAX);
    (void)kit_sign(by, kit_temperatures(centi, 1, 0), KIT_T0, &out);
    return out;
}

/* The next result, waited for as the node's loop does. */
static struct ingest_result take(void)
{
    struct ingest_result result = { NULL, ACCEPTED };
    while (!ingest_take(fx.in, &result)) {
        struct pollfd fd = { .fd = ingest_fd(fx.in), .events = POLLIN };
        assert_int_equal(poll(&fd, 1, 60000), 1);
    }
    return result;
}

static enum refusal judged(struct slice bytes)
{
    assert_true(ingest_submit(fx.in, bytes, NULL));
    struct ingest_result r = take();
    struct hash hash = crypto_sha256(bytes);
    assert_true(hash_equal(&r.parcel->st.hash, &hash));
    assert_int_equal(r.parcel->len, bytes.len);
    free(r.parcel);
    return r.code;
}

static void what_is_authentic_passes(void **state)
{
    struct buf good = reading(&fx.device), unknown = reading(&fx.stranger);
    (void)state;
    assert_int_equal(judged(buf_slice(&good)), ACCEPTED);
    assert_int_equal(judged(buf_slice(&unknown)), REFUSED_UNKNOWN_KEY);
    assert_int_equal(judged(slice_text("no statement")), REFUSED_MALFORMED);
    assert_int_equal(judged(slice_text("")), REFUSED_MALFORMED);
    good.data[good.len - 1] ^= 1;
    assert_int_equal(judged(buf_slice(&good)), REFUSED_BAD_SIGNATURE);
    buf_free(&good);
    buf_free(&unknown);
}

static void a_twins_statement_does_not(void **state)
{
    struct kit_signer twin = fx.device;
    (void)state;
    twin.ledger.bytes[0] ^= 1;
    struct buf st = reading(&twin);
    assert_int_equal(judged(buf_slice(&st)), REFUSED_BAD_SIGNATURE);
    buf_free(&st);
}

static void a_key_that_comes_later(void **state)
{
    struct buf st = reading(&fx.stranger);
    (void)state;
    assert_true(ingest_submit(fx.in, buf_slice(&st), NULL));
    struct ingest_result r = take();
    assert_int_equal(r.code, REFUSED_UNKNOWN_KEY);
    assert_true(ingest_add_key(fx.in, &fx.stranger.key.kid, fx.stranger.key.pub));
    assert_true(ingest_retry(fx.in, r.parcel));
    r = take();
    assert_int_equal(r.code, ACCEPTED);
    free(r.parcel);
    buf_free(&st);
}

static void too_large_is_told_at_once(void **state)
{
    static uint8_t bytes[STATEMENT_MAX + 1];
    struct err err = { .msg = "" };
    (void)state;
    assert_false(ingest_submit(fx.in, slice_of(bytes, sizeof bytes), &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(judged(slice_of(bytes, STATEMENT_MAX)), REFUSED_MALFORMED);
}

/* Nobody takes the results: the door closes, and opens again when somebody does. */
static void a_full_queue_says_so(void **state)
{
    struct err err = { .code = ERR_NONE };
    struct ingest_result r;
    size_t taken = 0, submitted = 0;
    (void)state;
    while (submitted < 4 * INGEST_QUEUE_MAX && ingest_submit(fx.in, slice_text("x"), &err))
        submitted++;
    assert_int_equal(err.code, ERR_BUSY);
    assert_in_range(submitted, INGEST_QUEUE_MAX, 2 * INGEST_QUEUE_MAX + 64);
    struct parcel *again = calloc(1, sizeof *again);
    assert_non_null(again);
    assert_false(ingest_retry(fx.in, again)); /* what waited is not lost: its sender can be told */
    free(again);
    while (taken < submitted) {
        r = take();
        assert_int_equal(r.code, REFUSED_MALFORMED);
        free(r.parcel);
        taken++;
    }
    assert_false(ingest_take(fx.in, &r));
    assert_int_equal(judged(slice_text("x")), REFUSED_MALFORMED);
}

/* What peers relay, however large or much, leaves the clients a quarter. */
static void what_is_relayed_leaves_room(size_t len, size_t relayed_max)
{
    static uint8_t bytes[STATEMENT_MAX];
    const struct kid peer = { { 7 } };
    struct err err = { .msg = "" };
    struct ingest_result r;
    size_t clients = 0, relayed = 0;
    ingest_free(fx.in);
    fx.in = ingest_new(1, &fx.ledger, NULL); /* one worker keeps the order */
    assert_non_null(fx.in);
    for (uint32_t i = 0; i < 3 * INGEST_QUEUE_MAX && i * len < 2 * INGEST_QUEUE_BYTES; i++) {
        memcpy(bytes, &i, sizeof i);
        ingest_submit_relayed(fx.in, &peer, slice_of(bytes, len));
    }
    bytes[4] = 1; /* none of those above */
    while (clients < relayed_max / 3 / 10 * 9) {
        memcpy(bytes, &clients, 4);
        if (!ingest_submit(fx.in, slice_of(bytes, len), &err))
            fail_msg("after %zu: %s", clients, err.msg);
        clients++;
    }
    for (size_t i = 0; i < clients;) {
        r = take();
        i += r.parcel->from_peer ? 0 : 1;
        relayed += r.parcel->from_peer ? 1 : 0;
        free(r.parcel);
    }
    /* those in the workers' hands are counted in neither queue */
    assert_in_range(relayed, relayed_max / 2, relayed_max + 256);
    /* what was left out is not taken for what was here */
    assert_false(ingest_take(fx.in, &r));
    uint32_t last = (uint32_t)(2 * INGEST_QUEUE_BYTES / len) - 1;
    last = last < 3 * INGEST_QUEUE_MAX ? last : 3 * INGEST_QUEUE_MAX - 1;
    memset(bytes, 0, 8);
    memcpy(bytes, &last, sizeof last);
    ingest_submit_relayed(fx.in, &peer, slice_of(bytes, len));
    r = take();
    assert_true(r.parcel->from_peer);
    free(r.parcel);
}

static void large_ones_that_are_relayed(void **state)
{
    (void)state;
    what_is_relayed_leaves_room(READING_SIZE_MAX, INGEST_QUEUE_BYTES / 4 * 3 / READING_SIZE_MAX);
}

static void many_that_are_relayed(void **state)
{
    (void)state;
    what_is_relayed_leaves_room(8, INGEST_QUEUE_MAX / 4 * 3);
}

/* Hundreds of keys, thousands of statements: each comes out once with its own answer. */
static void thousands(void **state)
{
    size_t good = 0, unknown = 0;
    (void)state;
    for (uint32_t i = 0; i < 600; i++) {
        struct key_pair pair = key_from_seed(crypto_sha256(slice_of(&i, sizeof i)).bytes);
        struct kit_signer s;
        kit_signer_begin(&s, &pair, &fx.ledger);
        if (i % 3 != 0)
            assert_true(ingest_add_key(fx.in, &pair.kid, pair.pub));
        struct buf st = reading(&s);
        assert_true(ingest_submit(fx.in, buf_slice(&st), NULL));
        buf_free(&st);
    }
    for (uint32_t i = 0; i < 600; i++) {
        struct ingest_result r = take();
        good += r.code == ACCEPTED ? 1 : 0;
        unknown += r.code == REFUSED_UNKNOWN_KEY ? 1 : 0;
        free(r.parcel);
    }
    assert_int_equal(good, 400);
    assert_int_equal(unknown, 200);
    assert_int_equal(ingest_depth(fx.in), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_authentic_passes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_twins_statement_does_not, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_that_comes_later, setup, teardown),
        cmocka_unit_test_setup_teardown(too_large_is_told_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_queue_says_so, setup, teardown),
        cmocka_unit_test_setup_teardown(large_ones_that_are_relayed, setup, teardown),
        cmocka_unit_test_setup_teardown(many_that_are_relayed, setup, teardown),
        cmocka_unit_test_setup_teardown(thousands, setup, teardown),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
