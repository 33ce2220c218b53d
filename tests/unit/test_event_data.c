/* Data of events: each shape is taken as it was put, and no other is. */
#include "common/event_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct hash opening = { { 7 } }, other = { { 8 } };
static const struct kid device = { { 1, 2, 3 } }, member = { { 4 } };
static uint8_t memory[512];
static struct buf out;

static struct buf *items(size_t n)
{
    out = buf_fixed(memory, sizeof memory);
    cbor_put_array(&out, n);
    return &out;
}

static void put_key(struct buf *b, uint64_t from_ms)
{
    cbor_put_uint(b, 3);
    cbor_put_uint(b, from_ms);
}

static void put_closed(size_t n)
{
    struct buf *b = items(n);
    put_key(b, 100);
    cbor_put_uint(b, 900);
    cbor_put_int(b, -91);
    cbor_put_int(b, -1);
    cbor_put_bytes(b, hash_slice(&opening));
    kid_put(b, &device);
    cbor_put_int(b, -85);
    cbor_put_int(b, -2);
    if (n > 9)
        cbor_put_bool(b, true);
}

static void excursions(void **state)
{
    struct event_excursion x, y;
    struct event_closed c;
    (void)state;
    struct buf *b = items(4);
    put_key(b, 100);
    cbor_put_bytes(b, hash_slice(&opening));
    kid_put(b, &device);
    assert_true(event_data_excursion(buf_slice(b), &x));
    assert_int_equal(x.rule, 3);
    assert_int_equal(x.from_ms, 100);
    assert_true(hash_equal(&x.opening, &opening));
    assert_true(kid_equal(&x.device, &device));
    y = x;
    assert_true(event_excursion_equal(&x, &y));
    y.device = member;
    assert_false(event_excursion_equal(&x, &y));
    y = x;
    y.opening = other;
    assert_false(event_excursion_equal(&x, &y));
    put_closed(10);
    assert_true(event_data_closed(buf_slice(&out), &c));
    assert_true(event_excursion_equal(&c.of, &x));
    assert_int_equal(c.to_ms, 900);
    assert_int_equal(c.peak, -91);
    assert_int_equal(c.peak_exponent, -1);
    assert_int_equal(c.mean, -85);
    assert_int_equal(c.mean_exponent, -2);
    assert_true(c.certain);
    put_closed(9); /* an item short */
    assert_false(event_data_closed(buf_slice(&out), &c));
    assert_false(event_data_excursion(buf_slice(&out), &x));
}

static void charges_and_revisions(void **state)
{
    struct event_charged c;
    struct event_revision r;
    (void)state;
    for (int held = 0; held < 2; held++) {
        struct buf *b = items(6);
        cbor_put_uint(b, 3);
        if (held)
            kid_put(b, &member);
        else
            cbor_put_null(b);
        cbor_put_uint(b, 1200);
        cbor_put_uint(b, 100);
        cbor_put_bytes(b, hash_slice(&opening));
        kid_put(b, &device);
        assert_true(event_data_charged(buf_slice(b), &c));
        assert_int_equal(c.held, held);
        assert_int_equal(c.seconds, 1200);
        assert_int_equal(c.of.from_ms, 100);
        assert_true(!held || kid_equal(&c.member, &member));
    }
    struct buf *b = items(5);
    put_key(b, 100);
    cbor_put_bytes(b, hash_slice(&opening));
    kid_put(b, &device);
    cbor_put_bool(b, true);
    assert_true(event_data_revision(buf_slice(b), &r));
    assert_true(r.is_void);
    assert_int_equal(r.of.rule, 3);
    b->data[b->len - 1] = 0xf4;
    assert_true(event_data_revision(buf_slice(b), &r));
    assert_false(r.is_void);
    b->data[b->len - 1] = 0x01;
    assert_false(event_data_revision(buf_slice(b), &r));
}

static void contracts(void **state)
{
    struct event_called called;
    struct event_state change;
    struct event_document document;
    struct event_add_back add_back;
    struct event_finished finished;
    struct event_replaced replaced;
    (void)state;
    struct buf *b = items(3);
    cbor_put_bytes(b, hash_slice(&opening));
    cbor_put_text(b, slice_text("ship"));
    cbor_put_null(b);
    assert_true(event_data_called(buf_slice(b), &called));
    assert_false(called.by_key); /* a contract called */
    b = items(3);
    cbor_put_bytes(b, hash_slice(&opening));
    cbor_put_text(b, slice_text("ship"));
    kid_put(b, &member);
    assert_true(event_data_called(buf_slice(b), &called));
    assert_true(called.by_key && kid_equal(&called.caller, &member));
    b = items(4);
    cbor_put_bytes(b, hash_slice(&opening));
    cbor_put_uint(b, 1);
    cbor_put_uint(b, 2);
    cbor_put_text(b, slice_text("ship"));
    assert_true(event_data_state(buf_slice(b), &change));
    assert_int_equal(change.from, 1);
    assert_int_equal(change.to, 2);
    b = items(3);
    cbor_put_bytes(b, hash_slice(&opening));
    cbor_put_text(b, slice_text("bill"));
    cbor_put_bytes(b, hash_slice(&other));
    assert_true(event_data_document(buf_slice(b), &document));
    assert_true(hash_equal(&document.hash, &other));
    b = items(4);
    cbor_put_bytes(b, hash_slice(&opening));
    cbor_put_text(b, slice_text("room"));
    cbor_put_uint(b, 60000);
    cbor_put_bytes(b, hash_slice(&other));
    assert_true(event_data_add_back(buf_slice(b), &add_back));
    assert_int_equal(add_back.ms, 60000);
    b = items(2);
    cbor_put_bytes(b, hash_slice(&opening));
    cbor_put_uint(b, 2);
    assert_true(event_data_finished(buf_slice(b), &finished));
    assert_false(event_data_replaced(buf_slice(b), &replaced));
    assert_int_equal(finished.ending, 2);
    b->data[b->len - 1] = 3;
    assert_false(event_data_finished(buf_slice(b), &finished));
    b = items(2);
    cbor_put_bytes(b, hash_slice(&opening));
    cbor_put_bytes(b, hash_slice(&other));
    assert_true(event_data_replaced(buf_slice(b), &replaced));
    assert_true(hash_equal(&replaced.new, &other));
}

static void goods(void **state)
{
    struct event_scanned scanned;
    struct event_not_judged late;
    struct event_handover handover;
    (void)state;
    struct buf *b = items(2);
    kid_put(b, &member);
    cbor_put_null(b);
    assert_true(event_data_scanned(buf_slice(b), &scanned));
    assert_int_equal(scanned.place.len, 0);
    b = items(2);
    kid_put(b, &member);
    cbor_put_text(b, slice_text("9506000134352"));
    assert_true(event_data_scanned(buf_slice(b), &scanned));
    assert_int_equal(scanned.place.len, 13);
    b = items(4);
    kid_put(b, &device);
    cbor_put_uint(b, 5);
    cbor_put_uint(b, 6);
    cbor_put_bytes(b, hash_slice(&opening));
    assert_true(event_data_not_judged(buf_slice(b), &late));
    assert_int_equal(late.last_ms, 6);
    b = items(4);
    cbor_put_bytes(b, hash_slice(&other));
    kid_put(b, &device);
    kid_put(b, &member);
    cbor_put_uint(b, 1);
    assert_true(event_data_handover(buf_slice(b), &handover));
    assert_int_equal(handover.role, 1);
    assert_true(kid_equal(&handover.to, &member));
    assert_false(event_data_offered(buf_slice(b), &handover));
    b->data[b->len - 1] = 2; /* no such role */
    assert_false(event_data_handover(buf_slice(b), &handover));
}

/* Whatever is cut off, nothing is taken. */
static void what_is_cut_is_not_taken(void **state)
{
    struct event_closed c;
    (void)state;
    put_closed(10);
    for (size_t cut = 0; cut < out.len; cut++)
        assert_false(event_data_closed(slice_of(memory, cut), &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(excursions),
        cmocka_unit_test(charges_and_revisions),
        cmocka_unit_test(contracts),
        cmocka_unit_test(goods),
        cmocka_unit_test(what_is_cut_is_not_taken),
    };
    return cmocka_run_group_tests_name("event_data", tests, NULL, NULL);
}
