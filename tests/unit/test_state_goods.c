/*
 * What the state knows of goods: what is put is taken again and encodes to the same bytes; anything shorter, longer
 * or of another shape is refused; a changed byte is refused, or is a value that encodes to just those bytes.
 */
#include "common/state_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static uint8_t memory[STATE_VALUE_MAX], again_memory[STATE_VALUE_MAX];
static struct buf out;

static const struct hash h1 = { { 1, 2 } }, h2 = { { 3, 4 } };
static const struct kid k1 = { { 5 } }, k2 = { { 6, 7 } };
static const uint8_t set_ab[] = { 0x82, 0x61, 'a', 0x61, 'b' };

static int setup(void **state)
{
    (void)state;
    out = buf_fixed(memory, sizeof memory);
    return 0;
}

static struct slice text(const char *t)
{
    return slice_text(t);
}

/* One value's codec: takes bytes, and says whether they encode to the same again. */
typedef bool (*codec)(struct slice bytes, bool *ret_same);
#define CODEC(name, type, take, put)                                     \
    static bool name(struct slice bytes, bool *ret_same)                 \
    {                                                                    \
        static type v;                                                   \
        struct buf again = buf_fixed(again_memory, sizeof again_memory); \
        if (!cbor_scan(bytes, NULL) || !take(bytes, &v))                 \
            return false;                                                \
        put(&again, &v);                                                 \
        *ret_same = slice_equal(buf_slice(&again), bytes);               \
        return true;                                                     \
    }
CODEC(asset_codec, struct state_asset, state_asset_take, state_asset_put)
CODEC(offer_codec, struct state_offer, state_offer_take, state_offer_put)
CODEC(making_codec, struct state_making, state_making_take, state_making_put)
CODEC(hold_codec, struct state_hold, state_hold_take, state_hold_put)
CODEC(lot_codec, struct state_lot, state_lot_take, state_lot_put)
CODEC(certificate_codec, struct state_certificate, state_certificate_take, state_certificate_put)
CODEC(attachments_codec, struct state_attachments, state_attachments_take, state_attachments_put)

/* Of what lies in `out`: taken whole and nothing less or more; no changed byte means two things. */
static void holds_alone(codec c)
{
    bool same = false;
    assert_false(out.failed);
    assert_true(c(buf_slice(&out), &same) && same);
    for (size_t cut = 0; cut < out.len; cut++)
        assert_false(c(slice_of(memory, cut), &same));
    memory[out.len] = 0;
    assert_false(c(slice_of(memory, out.len + 1), &same));
    for (size_t at = 0; at < out.len; at++)
        for (unsigned change = 1; change < 256; change++) {
            memory[at] ^= (uint8_t)change;
            same = true;
            if (c(buf_slice(&out), &same) && !same)
                fail_msg("byte %zu ^ %u is taken and encodes to something else", at, change);
            memory[at] ^= (uint8_t)change;
        }
}

/* ------------------------------------------------------------------ one asset */

static struct state_goods all_of_goods(void)
{
    return (struct state_goods){
        .end = GOODS_DESTROYED,
        .end_by = h1,
        .end_member = k1,
        .end_ms = 99,
        .has_origin = true,
        .origin = h2,
        .origin_output = 63,
        .has_sale = true,
        .sale = h1,
        .has_amount = true,
        .amount = { 0, -3, text("kg") },
        .container = text("00/1"),
        .previous = text("a"),
        .inside = 2,
        .inside_all = 10000,
        .first = text("b"),
        .last = text("c"),
        .has_sighting = true,
        .sighting = { 5, -900000000, 1800000000, h2, k2 },
        .has_label = true,
        .label = h2,
        .has_reveal = true,
        .reveal = h1,
    };
}

static void put_asset(const struct state_goods *goods)
{
    struct state_asset a = { .events = 7, .has_owner = true, .owner = k1, .goods = *goods };
    out = buf_fixed(memory, sizeof memory);
    state_asset_put(&out, &a);
}

static void an_asset_with_everything(void **state)
{
    (void)state;
    struct state_goods v = all_of_goods();
    struct state_asset a;
    put_asset(&v);
    assert_true(state_asset_take(buf_slice(&out), &a));
    const struct state_goods *g = &a.goods;
    assert_int_equal(g->end, GOODS_DESTROYED);
    assert_true(hash_equal(&g->end_by, &h1) && kid_equal(&g->end_member, &k1));
    assert_int_equal(g->end_ms, 99);
    assert_true(g->has_origin && hash_equal(&g->origin, &h2) && g->origin_output == 63);
    assert_true(g->has_sale && hash_equal(&g->sale, &h1));
    assert_true(g->has_amount && g->amount.mantissa == 0 && g->amount.exponent == -3);
    assert_true(slice_equal(g->container, text("00/1")) && slice_equal(g->previous, text("a")));
    assert_int_equal(g->next.len, 0);
    assert_true(slice_equal(g->first, text("b")) && slice_equal(g->last, text("c")));
    assert_true(g->inside == 2 && g->inside_all == 10000);
    assert_true(g->has_sighting && g->sighting.time_ms == 5 && g->sighting.lat == -900000000);
    assert_true(g->sighting.lon == 1800000000 && hash_equal(&g->sighting.statement, &h2));
    assert_true(kid_equal(&g->sighting.kid, &k2));
    assert_true(g->has_label && hash_equal(&g->label, &h2));
    assert_true(g->has_reveal && hash_equal(&g->reveal, &h1));
    holds_alone(asset_codec);
}

/* Each alone: nothing else comes with it, and nothing at all is five items as it always was. */
static void each_part_of_an_asset_alone(void **state)
{
    (void)state;
    struct state_goods all = all_of_goods();
    struct state_goods one[9] = { { .end = GOODS_ACTIVE } };
    one[1] = (struct state_goods){ .end = GOODS_DISPENSED, .end_by = h2, .end_member = k2 };
    one[2] = (struct state_goods){ .has_origin = true, .origin = h1 };
    one[3] = (struct state_goods){ .has_sale = true, .sale = h1 };
    one[4] = (struct state_goods){ .has_amount = true, .amount = all.amount };
    one[5] = (struct state_goods){ .container = text("x"), .next = text("y") };
    one[6] =
        (struct state_goods){ .first = text("x"), .last = text("x"), .inside = 1, .inside_all = 1 };
    one[7] = (struct state_goods){ .has_sighting = true, .sighting = all.sighting };
    one[8] = (struct state_goods){ .has_label = true, .label = h1 };
    for (size_t i = 0; i < 9; i++) {
        struct state_asset a;
        put_asset(&one[i]);
        assert_int_equal(state_goods_is_plain(&one[i]), i == 0);
        assert_int_equal(memory[0], i == 0 ? 0x85 : 0x86);
        assert_true(state_asset_take(buf_slice(&out), &a));
        assert_true(a.goods.has_origin == (i == 2) && a.goods.has_sale == (i == 3));
        assert_true(a.goods.has_amount == (i == 4) && (a.goods.container.len > 0) == (i == 5));
        assert_true((a.goods.inside > 0) == (i == 6) && a.goods.has_sighting == (i == 7));
        assert_true(a.goods.has_label == (i == 8) && !a.goods.has_reveal);
        assert_int_equal(a.goods.end, i == 1 ? GOODS_DISPENSED : GOODS_ACTIVE);
        holds_alone(asset_codec);
    }
}

static void refuses(codec c, const void *bytes, size_t len)
{
    bool same;
    out = buf_fixed(memory, sizeof memory);
    buf_add(&out, bytes, len);
    assert_false(c(buf_slice(&out), &same));
}

static void goods_of_other_shapes_are_refused(void **state)
{
    (void)state;
    struct state_goods plain = { .end = GOODS_ACTIVE };
    uint8_t bytes[200];
    bool same;
    put_asset(&plain);
    size_t len = out.len;
    memcpy(bytes, memory, len);
    bytes[0] = 0x86;
    static const struct {
        const char *goods;
        size_t len;
    } wrong[] = {
        { "\xa0", 1 },                           /* empty: left out */
        { "\x80", 1 },                           /* no map */
        { "\xa1\x09\xf6", 3 },                   /* unknown */
        { "\xa1\x03\x83\x01\x00\x61x", 7 },      /* no unit */
        { "\xa1\x03\x83\x20\x00\x61t", 7 },      /* below nought */
        { "\xa1\x05\x84\x61x\x61y\x00\x00", 9 }, /* nothing inside */
        { "\xa1\x04\x83\xf6\xf6\xf6", 6 },       /* inside nothing */
        { "\xa1\x20\xf6", 3 },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        memcpy(bytes + len, wrong[i].goods, wrong[i].len);
        refuses(asset_codec, bytes, len + wrong[i].len);
    }
    static const uint8_t used_up[] = { 0xa1, 0x03, 0x83, 0x00, 0x00, 0x61, 't' };
    out = buf_fixed(memory, sizeof memory);
    buf_add(&out, bytes, len);
    buf_add(&out, used_up, sizeof used_up);
    assert_true(asset_codec(buf_slice(&out), &same) && same);
}

static void offers_keep_their_set_with_their_expiry(void **state)
{
    (void)state;
    struct state_offer v = { .from = k1, .to = k2, .assets = h1, .role = 1, .time_ms = 9 }, w;
    state_offer_put(&out, &v);
    assert_true(state_offer_take(buf_slice(&out), &w));
    assert_false(w.has_expiry);
    holds_alone(offer_codec);
    v.has_expiry = true;
    v.expiry_ms = 77;
    v.set = slice_of(set_ab, sizeof set_ab);
    out = buf_fixed(memory, sizeof memory);
    state_offer_put(&out, &v);
    assert_true(state_offer_take(buf_slice(&out), &w));
    assert_true(w.has_expiry && w.expiry_ms == 77 && slice_equal(w.set, v.set));
    holds_alone(offer_codec);
}

/* ------------------------------------------------------------------ makings, holds, lots */

static void makings(void **state)
{
    (void)state;
    static struct state_making v, w;
    uint8_t inputs[2 * sizeof set_ab];
    v = (struct state_making){ .kind = MAKING_TRANSFORM,
                               .member = k1,
                               .time_ms = 12,
                               .place = text("9506000134352"),
                               .output_count = 2,
                               .input_count = 2,
                               .inputs = slice_of(inputs, sizeof inputs) };
    memcpy(inputs, set_ab, sizeof set_ab);
    memcpy(inputs + sizeof set_ab, set_ab, sizeof set_ab);
    v.outputs[1] = (struct making_output){ .lot = text("L7"), .has_expiry = true, .expiry_ms = 3 };
    state_making_put(&out, &v);
    assert_true(state_making_take(buf_slice(&out), &w));
    assert_int_equal(w.kind, MAKING_TRANSFORM);
    assert_true(kid_equal(&w.member, &k1) && w.time_ms == 12 && w.place.len == 13);
    assert_true(w.output_count == 2 && w.outputs[0].lot.len == 0 && !w.outputs[0].has_expiry);
    assert_true(slice_equal(w.outputs[1].lot, text("L7")) && w.outputs[1].expiry_ms == 3);
    assert_true(w.input_count == 2 && slice_equal(w.inputs, v.inputs));
    holds_alone(making_codec);
    v = (struct state_making){ .kind = MAKING_COMMISSION, .output_count = 64 };
    out = buf_fixed(memory, sizeof memory);
    state_making_put(&out, &v);
    assert_true(state_making_take(buf_slice(&out), &w));
    assert_true(w.output_count == 64 && w.input_count == 0 && w.inputs.len == 0);
    v.kind = (enum making_kind)(MAKING_COMMISSION + 1);
    out = buf_fixed(memory, sizeof memory);
    state_making_put(&out, &v);
    assert_false(state_making_take(buf_slice(&out), &w));
}

static void makings_of_65_outputs_are_refused(void **state)
{
    (void)state;
    static struct state_making w;
    cbor_put_array(&out, 6);
    cbor_put_uint(&out, 0);
    kid_put(&out, &k1);
    cbor_put_uint(&out, 0);
    cbor_put_null(&out);
    cbor_put_array(&out, 65);
    for (size_t i = 0; i < 65; i++) {
        cbor_put_array(&out, 2);
        cbor_put_null(&out);
        cbor_put_null(&out);
    }
    cbor_put_array(&out, 0);
    assert_false(state_making_take(buf_slice(&out), &w));
}

static void holds(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        struct state_hold v = { .quarantined = (i & 1) != 0, .recalled = (i & 2) != 0 }, w;
        if (v.quarantined) {
            v.quarantine_member = k1;
            v.quarantine = h1;
            v.rejected = (i & 4) != 0;
        }
        if (v.recalled) {
            v.recall_member = k2;
            v.recall = h2;
        }
        out = buf_fixed(memory, sizeof memory);
        state_hold_put(&out, &v);
        assert_true(state_hold_take(buf_slice(&out), &w));
        assert_true(w.quarantined == v.quarantined && w.rejected == v.rejected);
        assert_true(w.recalled == v.recalled && hash_equal(&w.recall, &v.recall));
        assert_true(kid_equal(&w.quarantine_member, &v.quarantine_member));
        assert_true(kid_equal(&w.recall_member, &v.recall_member));
        holds_alone(hold_codec);
    }
}

static void lots(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct state_lot v = { .maker = k1, .has_declared = i == 1, .declared = i * 48, .made = 7 };
        struct state_lot w;
        out = buf_fixed(memory, sizeof memory);
        state_lot_put(&out, &v);
        assert_true(state_lot_take(buf_slice(&out), &w));
        assert_true(kid_equal(&w.maker, &k1) && w.made == 7);
        assert_true(w.has_declared == v.has_declared && w.declared == v.declared);
        holds_alone(lot_codec);
    }
}

/* ------------------------------------------------------------------ certificates, attachments */

static void certificates(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        struct state_certificate v = {
            .issuer = k1, .name = text("organic"), .from_ms = 10, .until_ms = 20
        };
        struct state_certificate w;
        if ((i & 1) != 0)
            v.assets = slice_of(set_ab, sizeof set_ab);
        if ((i & 2) != 0)
            v.place = text("9506000134352");
        v.has_member = (i & 4) != 0;
        v.member = v.has_member ? k2 : v.member;
        v.revoked = (i & 8) != 0;
        v.revoked_from_ms = v.revoked ? 15 : 0;
        v.revoked_by = v.revoked ? h2 : v.revoked_by;
        out = buf_fixed(memory, sizeof memory);
        state_certificate_put(&out, &v);
        assert_true(state_certificate_take(buf_slice(&out), &w));
        assert_true(slice_equal(w.name, v.name) && w.from_ms == 10 && w.until_ms == 20);
        assert_true(slice_equal(w.assets, v.assets) && slice_equal(w.place, v.place));
        assert_true(w.has_member == v.has_member && kid_equal(&w.member, &v.member));
        assert_true(w.revoked == v.revoked && w.revoked_from_ms == v.revoked_from_ms);
        assert_true(kid_equal(&w.issuer, &k1) && hash_equal(&w.revoked_by, &v.revoked_by));
        holds_alone(certificate_codec);
    }
}

static void a_certificate_holds_from_until(void **state)
{
    (void)state;
    struct state_certificate v = { .from_ms = 10, .until_ms = 20 };
    for (uint64_t t = 5; t < 25; t++)
        assert_int_equal(state_certificate_holds(&v, t), t >= 10 && t < 20);
    v.revoked = true;
    v.revoked_from_ms = 15;
    for (uint64_t t = 5; t < 25; t++)
        assert_int_equal(state_certificate_holds(&v, t), t >= 10 && t < 15);
    v.revoked_from_ms = 0;
    for (uint64_t t = 5; t < 25; t++)
        assert_false(state_certificate_holds(&v, t));
}

static void past_attachments(void **state)
{
    (void)state;
    static struct state_attachments v, w;
    for (size_t n = 1; n <= STATE_ATTACHMENTS_MAX; n += STATE_ATTACHMENTS_MAX - 1) {
        v.count = n;
        for (size_t i = 0; i < n; i++)
            v.items[i] = (struct state_past_attachment){ text("x"), 10 * i, 10 * i + 5 };
        out = buf_fixed(memory, sizeof memory);
        state_attachments_put(&out, &v);
        assert_true(state_attachments_take(buf_slice(&out), &w));
        assert_int_equal(w.count, n);
        assert_true(w.items[n - 1].from_ms == 10 * (n - 1) && w.items[n - 1].to_ms == 10 * n - 5);
        holds_alone(attachments_codec);
    }
    refuses(attachments_codec, "\x80", 1);
    out = buf_fixed(memory, sizeof memory);
    cbor_put_array(&out, 17);
    for (size_t i = 0; i < 17; i++) {
        cbor_put_array(&out, 3);
        cbor_put_text(&out, text("x"));
        cbor_put_uint(&out, i);
        cbor_put_uint(&out, i + 1);
    }
    assert_false(state_attachments_take(buf_slice(&out), &w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_asset_with_everything, setup),
        cmocka_unit_test_setup(each_part_of_an_asset_alone, setup),
        cmocka_unit_test_setup(goods_of_other_shapes_are_refused, setup),
        cmocka_unit_test_setup(offers_keep_their_set_with_their_expiry, setup),
        cmocka_unit_test_setup(makings, setup),
        cmocka_unit_test_setup(makings_of_65_outputs_are_refused, setup),
        cmocka_unit_test_setup(holds, setup),
        cmocka_unit_test_setup(lots, setup),
        cmocka_unit_test_setup(certificates, setup),
        cmocka_unit_test_setup(a_certificate_holds_from_until, setup),
        cmocka_unit_test_setup(past_attachments, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
