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

/* ------------------------------------------------------------------ goods: what befalls them */

/* What lies in `out` is taken, and no beginning of it, nor anything longer. */
#define TAKEN_WHOLE(take, value)                                     \
    do {                                                             \
        for (size_t cut = 0; cut < out.len; cut++)                   \
            assert_false(take(slice_of(memory, cut), &(value)));     \
        memory[out.len] = 0xf6;                                      \
        assert_false(take(slice_of(memory, out.len + 1), &(value))); \
        assert_true(take(buf_slice(&out), &(value)));                \
    } while (false)

static void put_text(struct buf *b, const char *text)
{
    if (text == NULL)
        cbor_put_null(b);
    else
        cbor_put_text(b, slice_text(text));
}

static void receipts(void **state)
{
    struct event_received r;
    struct hash offer;
    struct event_bound bound;
    (void)state;
    struct buf *b = items(4);
    cbor_put_bytes(b, hash_slice(&opening));
    cbor_put_uint(b, 1);
    cbor_put_uint(b, 2);
    cbor_put_uint(b, 1000000000);
    TAKEN_WHOLE(event_data_received, r);
    assert_true(r.missing == 1 && r.surplus == 2 && r.damaged == 1000000000);
    assert_true(hash_equal(&r.offer, &opening));
    b->data[b->len - 1]++;
    assert_false(event_data_received(buf_slice(b), &r));
    b = items(1);
    cbor_put_bytes(b, hash_slice(&other));
    TAKEN_WHOLE(event_data_not_received, offer);
    assert_true(hash_equal(&offer, &other));
    for (unsigned i = 0; i < 4; i++) {
        b = items(5);
        cbor_put_bytes(b, hash_slice(&opening));
        if ((i & 1) != 0) {
            kid_put(b, &device);
            cbor_put_bytes(b, hash_slice(&other));
        } else {
            cbor_put_null(b);
            cbor_put_null(b);
        }
        if ((i & 2) != 0)
            cbor_put_uint(b, 2);
        else
            cbor_put_null(b);
        put_text(b, (i & 2) == 0 ? NULL : i == 3 ? "" : "S-1");
        TAKEN_WHOLE(event_data_bound, bound);
        assert_true(hash_equal(&bound.statement, &opening));
        assert_int_equal(bound.has_reading, (i & 1) != 0);
        assert_int_equal(bound.has_seal, (i & 2) != 0);
        assert_int_equal(bound.seal_number.len, i == 2 ? 3 : 0);
        assert_true(!bound.has_reading ||
                    (kid_equal(&bound.device, &device) && hash_equal(&bound.reading, &other)));
        assert_int_equal(bound.seal, bound.has_seal ? 2 : 0);
    }
}

/* One half of a pair is not taken: neither a device without its reading, nor a seal without its number. */
static void halves_are_not_taken(void **state)
{
    struct event_bound bound;
    struct event_used used;
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct buf *b = items(5);
        cbor_put_bytes(b, hash_slice(&opening));
        if (i == 0)
            kid_put(b, &device);
        else
            cbor_put_null(b);
        if (i == 1)
            cbor_put_bytes(b, hash_slice(&other));
        else
            cbor_put_null(b);
        if (i == 2)
            cbor_put_uint(b, 1);
        else
            cbor_put_null(b);
        put_text(b, i == 3 ? "S" : NULL);
        assert_false(event_data_bound(buf_slice(b), &bound));
        b = items(5);
        cbor_put_uint(b, 2);
        cbor_put_bytes(b, hash_slice(&opening));
        if (i == 0)
            cbor_put_uint(b, 5);
        else
            cbor_put_null(b);
        if (i == 1)
            cbor_put_int(b, 0);
        else
            cbor_put_null(b);
        put_text(b, i == 2 ? "kg" : i == 3 ? "" : NULL);
        assert_false(event_data_used(buf_slice(b), &used));
    }
}

static void packing_and_making(void **state)
{
    struct slice name;
    struct event_load load;
    struct event_made made;
    struct event_used used;
    (void)state;
    struct buf *b = items(1);
    put_text(b, "00/195060001343520011");
    TAKEN_WHOLE(event_data_container, name);
    assert_int_equal(name.len, 21);
    b = items(2);
    cbor_put_uint(b, 48);
    cbor_put_uint(b, 10000);
    TAKEN_WHOLE(event_data_load, load);
    assert_true(load.moved == 48 && load.inside == 10000);
    b = items(3);
    cbor_put_uint(b, 2);
    cbor_put_bytes(b, hash_slice(&opening));
    cbor_put_uint(b, 63);
    TAKEN_WHOLE(event_data_made, made);
    assert_true(made.action == 2 && made.output == 63 && hash_equal(&made.making, &opening));
    b->data[b->len - 1] = 64;
    assert_false(event_data_made(buf_slice(b), &made));
    for (int has = 0; has < 2; has++) {
        b = items(5);
        cbor_put_uint(b, 1);
        cbor_put_bytes(b, hash_slice(&opening));
        if (has) {
            cbor_put_int(b, 25);
            cbor_put_int(b, -1);
            put_text(b, "t");
        } else {
            for (int i = 0; i < 3; i++)
                cbor_put_null(b);
        }
        TAKEN_WHOLE(event_data_used, used);
        assert_int_equal(used.has_amount, has);
        assert_true(!has || (used.amount.mantissa == 25 && used.amount.exponent == -1));
        if (has)
            b->data[b->len - 1] = 'x'; /* no unit */
        assert_int_equal(event_data_used(buf_slice(b), &used), !has);
    }
}

static void what_is_said_of_goods(void **state)
{
    struct event_disposition d;
    struct event_disputed dispute;
    struct event_certified c;
    struct event_corrected corrected;
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct buf *b = items(5);
        cbor_put_uint(b, 8);
        cbor_put_bytes(b, hash_slice(&opening));
        kid_put(b, &member);
        put_text(b, (i & 1) != 0 ? "recall" : NULL);
        put_text(b, (i & 2) != 0 ? "glass" : NULL);
        TAKEN_WHOLE(event_data_disposition, d);
        assert_true(d.action == 8 && kid_equal(&d.member, &member));
        assert_int_equal(d.meaning.len, (i & 1) != 0 ? 6 : 0);
        assert_int_equal(d.reason.len, (i & 2) != 0 ? 5 : 0);
    }
    memory[1] = 9; /* no such action */
    assert_false(event_data_disposition(buf_slice(&out), &d));
    struct buf *b = items(2);
    cbor_put_bytes(b, hash_slice(&other));
    kid_put(b, &member);
    TAKEN_WHOLE(event_data_disputed, dispute);
    assert_true(hash_equal(&dispute.statement, &other) && kid_equal(&dispute.member, &member));
    for (size_t n = 4; n <= 5; n++) {
        b = items(n);
        cbor_put_bytes(b, hash_slice(&opening));
        put_text(b, "organic");
        kid_put(b, &member);
        cbor_put_uint(b, 5);
        if (n == 5)
            cbor_put_uint(b, 9);
        TAKEN_WHOLE(event_data_certified, c);
        assert_true(c.from_ms == 5 && c.until_ms == (n == 5 ? 9 : 0) && c.name.len == 7);
        assert_true(kid_equal(&c.issuer, &member) && hash_equal(&c.certificate, &opening));
    }
    b = items(3);
    cbor_put_bytes(b, hash_slice(&opening));
    cbor_put_uint(b, 1);
    cbor_put_bytes(b, hash_slice(&other));
    TAKEN_WHOLE(event_data_corrected, corrected);
    assert_true(corrected.kind == 1 && hash_equal(&corrected.original, &opening));
    assert_true(hash_equal(&corrected.correction, &other));
}

static void findings_and_reveals(void **state)
{
    struct event_found f;
    struct event_revealed r;
    (void)state;
    for (uint64_t finding = 0; finding <= FINDING_LAST + 1; finding++)
        for (int has = 0; has < 2; has++) {
            struct buf *b = items(4);
            bool known = finding >= 1 && finding <= FINDING_LAST;
            cbor_put_uint(b, finding);
            cbor_put_bytes(b, hash_slice(&opening));
            if (has)
                cbor_put_bytes(b, hash_slice(&other));
            else
                cbor_put_null(b);
            kid_put(b, &member);
            assert_int_equal(event_data_finding(buf_slice(b), &f), known);
            if (!known)
                continue;
            TAKEN_WHOLE(event_data_finding, f);
            assert_true(f.finding == finding && f.has_other == (has != 0));
            assert_true(hash_equal(&f.statement, &opening) && kid_equal(&f.kid, &member));
            assert_true(!has || hash_equal(&f.other, &other));
        }
    for (uint64_t result = 0; result <= REVEAL_MISMATCH + 1; result++) {
        struct buf *b = items(2);
        cbor_put_uint(b, result);
        cbor_put_bytes(b, hash_slice(&opening));
        assert_int_equal(event_data_revealed(buf_slice(b), &r), result <= REVEAL_MISMATCH);
        if (result > REVEAL_MISMATCH)
            continue;
        TAKEN_WHOLE(event_data_revealed, r);
        assert_true(r.result == result && hash_equal(&r.statement, &opening));
    }
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
        cmocka_unit_test(receipts),
        cmocka_unit_test(halves_are_not_taken),
        cmocka_unit_test(packing_and_making),
        cmocka_unit_test(what_is_said_of_goods),
        cmocka_unit_test(findings_and_reveals),
        cmocka_unit_test(what_is_cut_is_not_taken),
    };
    return cmocka_run_group_tests_name("event_data", tests, NULL, NULL);
}
