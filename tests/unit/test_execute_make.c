/* Goods are made of others: each refusal, mass that never grows, what is used up, and where it all comes from. */
#include "tests/unit/support_making.h"

#include "node/goods.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BEANS MAKING_BEAN "B1"
#define MORE  MAKING_BEAN "B2"
#define SUGAR MAKING_GTIN "/21/S1"
#define BOX   CUSTODY_PALLET

/* The farm has 25 t of beans and 500 kg of sugar. */
static int setup(void **state)
{
    struct world *w = world_new();
    *state = w;
    (void)custody_do(w, FARM, making_commission(BEANS, "25 t", "HARVEST"), MINUTES(1));
    (void)custody_do(w, FARM, making_commission(SUGAR, "500 kg", NULL), MINUTES(1));
    (void)custody_do(w, FARM, making_commission(BOX, NULL, NULL), MINUTES(1));
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

static struct hash make(struct world *w, struct statement s)
{
    return custody_do(w, FARM, s, MINUTES(5));
}

static struct statement divided(const char *first, const char *second)
{
    struct statement s = making_begin(MAKE_SPLIT);
    making_add_input(&s, BEANS, NULL);
    making_add_output(&s, MAKING_BEAN "C1", first, NULL);
    making_add_output(&s, MAKING_BEAN "C2", second, NULL);
    return s;
}

static bool is_used_up(struct world *w, const char *name)
{
    struct state_asset a = making_asset(w, name);
    return a.goods.end == GOODS_USED_UP && (!a.goods.has_amount || a.goods.amount.mantissa == 0);
}

/* ------------------------------------------------------------------ mass */

static void twenty_five_tonnes_are_no_twenty_six(void **state)
{
    struct world *w = *state;
    custody_refused(w, FARM, divided("20 t", "6 t"), REFUSED_MASS);
    custody_refused(w, FARM, divided("25 t", "1 mg"), REFUSED_MASS);
    custody_refused(w, FARM, divided("20 t", "4.9 t"), REFUSED_MASS); /* nor may any be lost */
    assert_string_equal(making_left(w, BEANS), "25 t");
    make(w, divided("15 t", "10 t"));
    assert_true(is_used_up(w, BEANS));
    assert_string_equal(making_left(w, MAKING_BEAN "C1"), "15 t");
    assert_string_equal(making_left(w, MAKING_BEAN "C2"), "10 t");
}

static void units_of_one_kind_add_up_whatever_they_are(void **state)
{
    struct world *w = *state;
    custody_refused(w, FARM, divided("24999.9 kg", "101 g"), REFUSED_MASS);
    custody_refused(w, FARM, divided("24999.9 kg", "99.999999999 g"), REFUSED_MASS);
    custody_refused(w, FARM, divided("24999.9 kg", "100 mL"), REFUSED_UNITS);
    custody_refused(w, FARM, divided("24999.9 kg", "1 each"), REFUSED_UNITS);
    custody_refused(w, FARM, divided("25 t", NULL), REFUSED_UNITS);
    make(w, divided("24999.9 kg", "100 g"));
    assert_string_equal(making_left(w, MAKING_BEAN "C2"), "100 g");
}

/* 600 kg of beans and 400 kg of sugar: ten thousand bars of 100 g. */
static void beans_and_sugar_become_bars(void **state)
{
    struct world *w = *state;
    struct statement s = making_begin(MAKE_TRANSFORM);
    struct state_making m;
    making_add_input(&s, BEANS, "600 kg");
    making_add_input(&s, SUGAR, "400 kg");
    making_add_output(&s, MAKING_BAR "|00000|10000", "100 g", "BARS");
    s.as.make.place = slice_text("9506000134376");
    struct hash said = make(w, s);
    assert_string_equal(making_left(w, BEANS), "24.4 t");
    assert_string_equal(making_left(w, SUGAR), "100 kg");
    assert_true(world_has(w, "used " MAKING_BEAN "B1 2 # 600 0 kg at +5m"));
    assert_true(world_has(w, "made " MAKING_BAR " 00000 10000 2 # 0 at +5m"));
    assert_true(making_steps(w) < 100000);
    struct state_asset bar = making_asset(w, MAKING_BAR "09999");
    assert_true(hash_equal(&bar.goods.origin, &said) && bar.goods.origin_output == 0);
    assert_true(kid_equal(&bar.custodian, world_kid(w, FARM)));
    assert_true(making_record(w, &said, &m));
    assert_int_equal(m.kind, MAKING_TRANSFORM);
    assert_int_equal(m.time_ms, MINUTES(5));
    assert_true(slice_equal(m.place, slice_text("9506000134376")));
    assert_true(kid_equal(&m.member, world_kid(w, FARM)));
    assert_int_equal(m.input_count, 2);
    assert_true(slice_equal(m.outputs[0].lot, slice_text("BARS")));
    struct cbor_reader r = cbor_reader(m.inputs);
    struct asset_set first = asset_set_take(&r), second = asset_set_take(&r);
    assert_true(cbor_done(&r));
    assert_true(slice_equal(first.raw, making_set(BEANS).raw));
    assert_true(slice_equal(second.raw, making_set(SUGAR).raw));
    struct state_lot lot;
    assert_true(making_lot(w, "01/09506000134376/10/BARS", &lot) && lot.made == 10000);
}

static void a_transformation_may_lose_some(void **state)
{
    struct world *w = *state;
    custody_refused(w, FARM,
                    making_of(MAKE_TRANSFORM, BEANS, "100 kg", MAKING_BAR "1", "100.000001 kg"),
                    REFUSED_MASS);
    custody_refused(w, FARM,
                    making_of(MAKE_TRANSFORM, BEANS, "1 mg", MAKING_BAR "1", "1.000000001 mg"),
                    REFUSED_MASS);
    custody_refused(w, FARM,
                    making_of(MAKE_TRANSFORM, BEANS, "100 kg", MAKING_BAR "|1|4", "25.1 kg"),
                    REFUSED_MASS);
    make(w, making_of(MAKE_TRANSFORM, BEANS, "100 kg", MAKING_BAR "1", "80 kg"));
    assert_string_equal(making_left(w, BEANS), "24.9 t");
}

static void parts_are_taken_until_nothing_is_left(void **state)
{
    struct world *w = *state;
    make(w, making_of(MAKE_SPLIT, BEANS, "20 t", MAKING_BEAN "C1", "20 t"));
    assert_string_equal(making_left(w, BEANS), "5 t");
    custody_refused(w, FARM, making_of(MAKE_SPLIT, BEANS, "5001 kg", MAKING_BEAN "C2", "5001 kg"),
                    REFUSED_MASS);
    make(w, making_of(MAKE_SPLIT, BEANS, "4999.999 kg", MAKING_BEAN "C2", "4999.999 kg"));
    assert_string_equal(making_left(w, BEANS), "0.000001 t");
    make(w, making_of(MAKE_TRANSFORM, BEANS, "1 g", MAKING_BAR "1", "0.9 g"));
    assert_true(is_used_up(w, BEANS));
    struct state_asset a = making_asset(w, BEANS);
    assert_true(kid_equal(&a.goods.end_member, world_kid(w, FARM)));
    assert_int_equal(a.goods.end_ms, MINUTES(5));
    custody_refused(w, FARM, making_of(MAKE_TRANSFORM, BEANS, "1 g", MAKING_BAR "2", "1 g"),
                    REFUSED_ENDED);
    assert_string_equal(w->detail, BEANS);
    custody_refused(w, FARM, making_pack(BOX, BEANS), REFUSED_ENDED);
}

/* What is said of an entry counts of each of its names. */
static void an_amount_is_of_each(void **state)
{
    struct world *w = *state;
    (void)custody_do(w, FARM, making_commission(MAKING_BEAN "P|0|4", "50 kg", NULL), MINUTES(2));
    custody_refused(w, FARM,
                    making_of(MAKE_MERGE, MAKING_BEAN "P|0|4", "10 kg", MAKING_BEAN "Q", "41 kg"),
                    REFUSED_MASS);
    make(w, making_of(MAKE_MERGE, MAKING_BEAN "P|0|4", "10 kg", MAKING_BEAN "Q", "40 kg"));
    assert_string_equal(making_left(w, MAKING_BEAN "P3"), "40 kg");
    make(w, making_of(MAKE_MERGE, MAKING_BEAN "P|0|4", NULL, MAKING_BEAN "R", "160 kg"));
    assert_true(is_used_up(w, MAKING_BEAN "P0"));
    assert_true(is_used_up(w, MAKING_BEAN "P3"));
    assert_true(world_has(w, "used " MAKING_BEAN "P 0 4 1 # - - - at +5m"));
}

static void things_without_amounts_are_transformed_only(void **state)
{
    struct world *w = *state;
    (void)custody_do(w, FARM, making_commission(MAKING_BEAN "N|1|3", NULL, NULL), MINUTES(2));
    struct statement s = making_of(MAKE_TRANSFORM, MAKING_BEAN "N1", NULL, MAKING_BAR "1", NULL);
    making_add_output(&s, MAKING_BAR "2", "1 g", NULL);
    custody_refused(w, FARM, s, REFUSED_UNITS);
    custody_refused(w, FARM,
                    making_of(MAKE_TRANSFORM, MAKING_BEAN "N1", NULL, MAKING_BAR "1", "1 g"),
                    REFUSED_UNITS);
    custody_refused(w, FARM,
                    making_of(MAKE_TRANSFORM, MAKING_BEAN "N1", "1 g", MAKING_BAR "1", "1 g"),
                    REFUSED_UNITS);
    custody_refused(w, FARM, making_of(MAKE_TRANSFORM, BEANS, "1 L", MAKING_BAR "1", "1 L"),
                    REFUSED_UNITS);
    custody_refused(w, FARM, making_of(MAKE_TRANSFORM, BEANS, NULL, MAKING_BAR "1", NULL),
                    REFUSED_UNITS);
    custody_refused(w, FARM, making_of(MAKE_SPLIT, MAKING_BEAN "N1", NULL, MAKING_BEAN "M", NULL),
                    REFUSED_UNITS);
    custody_refused(w, FARM, making_of(MAKE_MERGE, MAKING_BEAN "N1", NULL, MAKING_BEAN "M", NULL),
                    REFUSED_UNITS);
    s = making_of(MAKE_TRANSFORM, MAKING_BEAN "N1", NULL, MAKING_BAR "1", NULL);
    making_add_input(&s, BEANS, "1 kg"); /* with an amount, and without */
    custody_refused(w, FARM, s, REFUSED_UNITS);
    make(w, making_of(MAKE_TRANSFORM, MAKING_BEAN "N|1|3", NULL, MAKING_BAR "|1|5", NULL));
    assert_true(is_used_up(w, MAKING_BEAN "N3"));
    assert_string_equal(making_left(w, MAKING_BAR "5"), "-");
}

static void sums_beyond_all_measure_are_no_sums(void **state)
{
    struct world *w = *state;
    struct statement s = making_commission(MAKING_BEAN "P|0000|9999", "9007199254740992 t", NULL);
    s.as.commission.amount.exponent = 9;
    (void)custody_do(w, FARM, s, MINUTES(2));
    custody_refused(
        w, FARM, making_of(MAKE_TRANSFORM, MAKING_BEAN "P|0000|9999", NULL, MAKING_BAR "1", "1 kg"),
        REFUSED_UNITS);
}

/* ------------------------------------------------------------------ shape */

static void splits_and_merges_have_their_shape(void **state)
{
    struct world *w = *state;
    (void)custody_do(w, FARM, making_commission(MORE, "25 t", NULL), MINUTES(2));
    (void)custody_do(w, FARM, making_commission("00/109506000134352005", "25 t", NULL), MINUTES(2));
    struct statement s = making_begin(MAKE_SPLIT);
    making_add_input(&s, BEANS " " MORE, NULL);
    making_add_output(&s, MAKING_BEAN "C1", "50 t", NULL);
    custody_refused(w, FARM, s, REFUSED_BAD_REQUEST);
    s = making_begin(MAKE_SPLIT);
    making_add_input(&s, BEANS, NULL);
    making_add_input(&s, MORE, NULL);
    making_add_output(&s, MAKING_BEAN "C1", "50 t", NULL);
    custody_refused(w, FARM, s, REFUSED_BAD_REQUEST);
    s = making_begin(MAKE_MERGE);
    making_add_input(&s, BEANS, NULL);
    making_add_output(&s, MAKING_BEAN "C1 " MAKING_BEAN "C2", "12.5 t", NULL);
    custody_refused(w, FARM, s, REFUSED_BAD_REQUEST);
    s = divided("15 t", "10 t");
    s.as.make.action = MAKE_MERGE;
    custody_refused(w, FARM, s, REFUSED_BAD_REQUEST);
    /* of one product */
    custody_refused(w, FARM, making_of(MAKE_SPLIT, BEANS, NULL, MAKING_BAR "1", "25 t"),
                    REFUSED_BAD_REQUEST);
    s = making_begin(MAKE_MERGE);
    making_add_input(&s, BEANS, NULL);
    making_add_input(&s, SUGAR, NULL);
    making_add_output(&s, MAKING_BEAN "C1", "25.5 t", NULL);
    custody_refused(w, FARM, s, REFUSED_BAD_REQUEST);
    custody_refused(
        w, FARM,
        making_of(MAKE_SPLIT, "00/109506000134352005", NULL, "00/109506000134352006", "25 t"),
        REFUSED_BAD_REQUEST);
    s = making_begin(MAKE_MERGE); /* a lot may be poured out of units */
    making_add_input(&s, BEANS " " MORE, NULL);
    making_add_output(&s, "01/09506000134369/10/SILO", "50 t", NULL);
    make(w, s);
    assert_string_equal(making_left(w, "01/09506000134369/10/SILO"), "50 t");
}

static void no_name_comes_twice(void **state)
{
    struct world *w = *state;
    struct statement s = making_begin(MAKE_TRANSFORM);
    making_add_input(&s, BEANS, "1 t");
    making_add_input(&s, SUGAR, "1 kg");
    making_add_input(&s, BEANS, "1 t");
    making_add_output(&s, MAKING_BAR "1", "1 t", NULL);
    custody_refused(w, FARM, s, REFUSED_EXISTS);
    s = making_begin(MAKE_TRANSFORM);
    making_add_input(&s, BEANS, "1 t");
    making_add_output(&s, MAKING_BAR "|00|10", "1 kg", NULL);
    making_add_output(&s, MAKING_BAR "05 " MAKING_BAR "10", "1 kg", NULL);
    custody_refused(w, FARM, s, REFUSED_EXISTS);
    s = making_begin(MAKE_TRANSFORM);
    making_add_input(&s, BEANS, "1 t");
    making_add_output(&s, MAKING_BAR "|10|10", "1 kg", NULL);
    making_add_output(&s, MAKING_BAR "|00|10", "1 kg", NULL);
    make(w, s);
    custody_refused(w, FARM, making_of(MAKE_TRANSFORM, BEANS, "1 t", MAKING_BAR "19", "1 kg"),
                    REFUSED_EXISTS);
    assert_string_equal(w->detail, MAKING_BAR "19");
    custody_refused(w, FARM, making_of(MAKE_TRANSFORM, BEANS, "1 t", BEANS, "1 t"), REFUSED_EXISTS);
}

/* ------------------------------------------------------------------ inputs and outputs */

static void inputs_must_be_there_and_ones_own(void **state)
{
    struct world *w = *state;
    struct statement s = making_of(MAKE_TRANSFORM, BEANS, "1 t", MAKING_BAR "1", "1 t");
    struct asset_set beans = custody_one(BEANS);
    custody_refused(w, LOGGER, s, REFUSED_NOT_ALLOWED);
    custody_refused(w, CARRIER, s, REFUSED_NOT_HOLDER);
    custody_refused(w, FARM, making_of(MAKE_TRANSFORM, MORE, "1 t", MAKING_BAR "1", "1 t"),
                    REFUSED_UNKNOWN_ASSET);
    custody_ghost(w, MORE);
    custody_refused(w, FARM, making_of(MAKE_TRANSFORM, MORE, "1 t", MAKING_BAR "1", "1 t"),
                    REFUSED_UNKNOWN_ASSET);
    struct hash offer =
        custody_do(w, FARM, custody_offer(w, &beans, CARRIER, ROLE_CUSTODIAN), MINUTES(2));
    custody_refused(w, FARM, s, REFUSED_OFFER_OPEN);
    (void)custody_do(w, FARM, custody_answer(CUSTODY_CANCEL, &beans, &offer, ROLE_CUSTODIAN),
                     MINUTES(3));
    offer = custody_do(w, FARM, custody_offer(w, &beans, CLINIC, ROLE_OWNER), MINUTES(3));
    custody_refused(w, FARM, s, REFUSED_OFFER_OPEN);
    (void)custody_do(w, FARM, custody_answer(CUSTODY_CANCEL, &beans, &offer, ROLE_OWNER),
                     MINUTES(3));
    (void)custody_do(w, FARM, making_pack(BOX, BEANS), MINUTES(3));
    custody_refused(w, FARM, s, REFUSED_PACKED);
    custody_refused(w, FARM, making_of(MAKE_TRANSFORM, BOX, NULL, MAKING_BAR "1", NULL),
                    REFUSED_NOT_EMPTY);
    (void)custody_do(w, FARM, making_unpack(BOX, BEANS), MINUTES(3));
    custody_quarantine(w, BEANS, FARM);
    custody_refused(w, FARM, s, REFUSED_QUARANTINED);
    custody_recall(w, BEANS, FARM); /* even one's own recall */
    custody_refused(w, FARM, s, REFUSED_RECALLED);
    assert_string_equal(w->detail, BEANS);
    custody_release(w, BEANS);
    custody_quarantine(w, "01/09506000134369/10/HARVEST", FARM);
    custody_refused(w, FARM, s, REFUSED_QUARANTINED);
    custody_release(w, "01/09506000134369/10/HARVEST");
    make(w, s);
}

static void inputs_have_one_owner(void **state)
{
    struct world *w = *state;
    struct asset_set sugar = custody_one(SUGAR), beans = custody_one(BEANS);
    struct statement s = making_begin(MAKE_TRANSFORM);
    making_add_input(&s, BEANS, "1 t");
    making_add_input(&s, SUGAR, "1 kg");
    making_add_output(&s, MAKING_BAR "1", "1 t", NULL);
    struct hash offer =
        custody_do(w, FARM, custody_offer(w, &sugar, CLINIC, ROLE_OWNER), MINUTES(2));
    (void)custody_do(w, CLINIC, custody_answer(CUSTODY_ACCEPT, &sugar, &offer, ROLE_OWNER),
                     MINUTES(3));
    custody_refused(w, FARM, s, REFUSED_OWNERS_DIFFER);
    assert_string_equal(w->detail, SUGAR);
    offer = custody_do(w, FARM, custody_offer(w, &beans, CLINIC, ROLE_OWNER), MINUTES(4));
    (void)custody_do(w, CLINIC, custody_answer(CUSTODY_ACCEPT, &beans, &offer, ROLE_OWNER),
                     MINUTES(4));
    make(w, s); /* a processor works for another: it is the other's still */
    assert_true(custody_is_holder(w, MAKING_BAR "1", ROLE_OWNER, CLINIC));
    assert_true(custody_is_holder(w, MAKING_BAR "1", ROLE_CUSTODIAN, FARM));
    struct state_asset a = making_asset(w, MAKING_BAR "1");
    assert_true(a.goods.has_origin);
}

static void outputs_are_new_and_of_ones_own_lots(void **state)
{
    struct world *w = *state;
    (void)custody_do(w, CLINIC, making_commission(MAKING_BAR "7", NULL, "THEIRS"), MINUTES(2));
    struct statement s = making_begin(MAKE_TRANSFORM);
    making_add_input(&s, BEANS, "1 t");
    making_add_output(&s, MAKING_BAR "1", "1 kg", "OURS");
    making_add_output(&s, MAKING_BAR "2", "1 kg", "THEIRS");
    custody_refused(w, FARM, s, REFUSED_NOT_MAKER);
    assert_string_equal(w->detail, MAKING_BAR "2");
    custody_refused(w, FARM, making_of(MAKE_TRANSFORM, BEANS, "1 t", MAKING_BAR "7", "1 kg"),
                    REFUSED_EXISTS);
    assert_int_equal(world_count(w, "finding"), 0); /* a slip, and no claim */
    custody_ghost(w, MAKING_BAR "8");
    s = making_begin(MAKE_TRANSFORM);
    making_add_input(&s, BEANS, "1 t");
    making_add_output(&s, MAKING_BAR "1", "1 kg", NULL);
    making_add_output(&s, MAKING_BAR "8", "1 kg", "OURS");
    make(w, s);
    assert_int_equal(making_asset(w, MAKING_BAR "8").goods.origin_output, 1);
    assert_true(world_has(w, "made " MAKING_BAR "8 2 # 1 at +5m"));
}

static void more_units_than_were_declared_are_told_of(void **state)
{
    struct world *w = *state;
    (void)custody_do(w, FARM, making_commission("01/09506000134376/10/L", "5 each", NULL),
                     MINUTES(2));
    struct statement s = making_begin(MAKE_TRANSFORM);
    making_add_input(&s, BEANS, "1 t");
    making_add_output(&s, MAKING_BAR "|0|4", "1 kg", "L");
    making_add_output(&s, MAKING_BAR "|4|3", "1 kg", "L");
    make(w, s);
    assert_true(world_has(w, "finding " MAKING_BAR "5 3 # - farm at +5m"));
    assert_true(world_has(w, "finding " MAKING_BAR "6 3"));
    assert_int_equal(world_count(w, "finding farm"), 2);
}

/* The first of all checks that fails gives the code: each is made to fail with those after it. */
static uint64_t keeps(struct world *w, const char *name)
{
    struct state_making m;
    struct state_asset a = making_asset(w, name);
    assert_true(making_record(w, &a.goods.origin, &m));
    const struct making_output *o = &m.outputs[a.goods.origin_output];
    return o->has_expiry ? o->expiry_ms : 0;
}

static void a_date_is_not_split_away(void **state)
{
    struct world *w = *state;
    struct statement fresh = making_commission(MAKING_BEAN "D1", "3 t", NULL);
    fresh.as.commission.has_expiry = true;
    fresh.as.commission.expiry_ms = KIT_T0 + MINUTES(900);
    (void)custody_do(w, FARM, fresh, MINUTES(4));
    struct statement s = making_begin(MAKE_SPLIT);
    making_add_input(&s, MAKING_BEAN "D1", NULL);
    making_add_output(&s, MAKING_BEAN "E1", "1 t", NULL);
    making_add_output(&s, MAKING_BEAN "E2", "2 t", NULL);
    (void)make(w, s);
    assert_int_equal(keeps(w, MAKING_BEAN "E1"), fresh.as.commission.expiry_ms);
    s = making_begin(MAKE_MERGE);
    making_add_input(&s, BEANS, NULL);
    making_add_input(&s, MAKING_BEAN "E1", NULL);
    making_add_output(&s, MAKING_BEAN "F1", "26 t", NULL);
    (void)make(w, s);
    assert_int_equal(keeps(w, MAKING_BEAN "F1"), fresh.as.commission.expiry_ms);
    (void)make(w, making_of(MAKE_TRANSFORM, MAKING_BEAN "E2", NULL, MAKING_BAR "G1", "1 t"));
    assert_int_equal(keeps(w, MAKING_BAR "G1"), 0);
}

static void checks_come_in_their_order(void **state)
{
    struct world *w = *state;
    (void)custody_do(w, CARRIER, making_commission(MAKING_BAR "1", NULL, "THEIRS"), MINUTES(2));
    (void)custody_do(w, CLINIC, making_commission(MORE, "1 t", NULL), MINUTES(2));
    struct statement s = making_begin(MAKE_MERGE);
    making_add_input(&s, MORE, "2 t"); /* NOT_HOLDER before MASS */
    making_add_input(&s, MORE, NULL);
    making_add_output(&s, MAKING_BAR "1", "3 t", "THEIRS");
    custody_refused(w, LOGGER, s, REFUSED_NOT_ALLOWED);
    custody_refused(w, FARM, s, REFUSED_BAD_REQUEST); /* two products */
    s.as.make.action = MAKE_TRANSFORM;
    custody_refused(w, FARM, s, REFUSED_EXISTS); /* twice */
    s = making_of(MAKE_TRANSFORM, MORE, "2 t", MAKING_BAR "1", "3 t");
    custody_refused(w, FARM, s, REFUSED_NOT_HOLDER);
    custody_refused(w, CLINIC, s, REFUSED_MASS); /* taken, before what comes out */
    s = making_of(MAKE_TRANSFORM, MORE, "1 t", MAKING_BAR "1", "3 t");
    custody_refused(w, CLINIC, s, REFUSED_EXISTS);
    s = making_begin(MAKE_TRANSFORM);
    making_add_input(&s, MORE, "1 t");
    making_add_output(&s, MAKING_BAR "2", "3 t", "THEIRS");
    custody_refused(w, CLINIC, s, REFUSED_NOT_MAKER);
    s = making_of(MAKE_TRANSFORM, MORE, "1 t", MAKING_BAR "2", "3 t");
    custody_refused(w, CLINIC, s, REFUSED_MASS);
}

/* ------------------------------------------------------------------ what is kept */

/* Sixty-four lists of names: the record must stay a value of the state. */
static void inputs_of_many_words_are_too_long(void **state)
{
    static char names[64][1024];
    struct world *w = *state;
    struct statement s = making_begin(MAKE_TRANSFORM);
    for (size_t i = 0; i < 64; i++) {
        size_t len = 0;
        for (size_t k = 0; k < 15; k++)
            len += (size_t)snprintf(names[i] + len, sizeof names[i] - len, "%s%s%02zu-%02zu%030d",
                                    k > 0 ? " " : "", MAKING_BEAN, i, k, 0);
        (void)custody_do(w, FARM, making_commission(names[i], "1 kg", NULL), MINUTES(2));
    }
    for (size_t i = 0; i < 64; i++)
        making_add_input(&s, names[i], NULL);
    making_add_output(&s, MAKING_BAR "1", "960 kg", NULL);
    custody_refused(w, FARM, s, REFUSED_FULL);
    s = making_begin(MAKE_TRANSFORM);
    for (size_t i = 0; i < 50; i++)
        making_add_input(&s, names[i], NULL);
    making_add_output(&s, MAKING_BAR "1", "750 kg", NULL);
    make(w, s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(twenty_five_tonnes_are_no_twenty_six, setup, teardown),
        cmocka_unit_test_setup_teardown(units_of_one_kind_add_up_whatever_they_are, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(beans_and_sugar_become_bars, setup, teardown),
        cmocka_unit_test_setup_teardown(a_transformation_may_lose_some, setup, teardown),
        cmocka_unit_test_setup_teardown(parts_are_taken_until_nothing_is_left, setup, teardown),
        cmocka_unit_test_setup_teardown(an_amount_is_of_each, setup, teardown),
        cmocka_unit_test_setup_teardown(things_without_amounts_are_transformed_only, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(sums_beyond_all_measure_are_no_sums, setup, teardown),
        cmocka_unit_test_setup_teardown(splits_and_merges_have_their_shape, setup, teardown),
        cmocka_unit_test_setup_teardown(no_name_comes_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(inputs_must_be_there_and_ones_own, setup, teardown),
        cmocka_unit_test_setup_teardown(inputs_have_one_owner, setup, teardown),
        cmocka_unit_test_setup_teardown(outputs_are_new_and_of_ones_own_lots, setup, teardown),
        cmocka_unit_test_setup_teardown(more_units_than_were_declared_are_told_of, setup, teardown),
        cmocka_unit_test_setup_teardown(a_date_is_not_split_away, setup, teardown),
        cmocka_unit_test_setup_teardown(checks_come_in_their_order, setup, teardown),
        cmocka_unit_test_setup_teardown(inputs_of_many_words_are_too_long, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
