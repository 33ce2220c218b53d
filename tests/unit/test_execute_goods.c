/* Goods come into being by a commission: what is kept of that, whose a lot is, and how many it has. */
#include "common/goods_name.h"
#include "tests/unit/support_making.h"

#include "node/goods.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SERIAL MAKING_GTIN "/21/"
#define LOT    MAKING_GTIN "/10/"

static int setup(void **state)
{
    *state = world_new();
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

static void lot_is(struct world *w, const char *name, enum world_key maker, uint64_t made)
{
    struct state_lot lot;
    if (!making_lot(w, name, &lot))
        fail_msg("no lot %s", name);
    assert_true(kid_equal(&lot.maker, world_kid(w, maker)));
    assert_int_equal(lot.made, made);
}

static uint64_t declared(struct world *w, const char *name)
{
    struct state_lot lot;
    assert_true(making_lot(w, name, &lot));
    return lot.has_declared ? lot.declared : 0;
}

/* ------------------------------------------------------------------ names of lots */

static const char *lot_name(const char *asset, const char *lot)
{
    static char name[ASSET_NAME_MAX + 1];
    return goods_name_lot(slice_text(asset), slice_text(lot), name) ? name : "-";
}

static void lots_have_names_of_their_own(void **state)
{
    (void)state;
    assert_string_equal(lot_name(SERIAL "A", "L1"), LOT "L1");
    assert_string_equal(lot_name(SERIAL "A/10/B", "20CHARACTERS+is+most"),
                        LOT "20CHARACTERS+is+most");
    assert_string_equal(lot_name(SERIAL "A", "21CHARACTERS+too+many"), "-");
    assert_string_equal(lot_name(SERIAL "A", ""), "-");
    assert_string_equal(lot_name(SERIAL "A", "L 1"), "-"); /* no blank in a lot number */
    assert_string_equal(lot_name(SERIAL "A", "Ü"), "-");
    assert_string_equal(lot_name(LOT "L1", ""), LOT "L1");
    assert_string_equal(lot_name(LOT "L1", "L1"), LOT "L1");
    assert_string_equal(lot_name(LOT "L1", "L2"), LOT "L1"); /* it is what it is called */
    assert_string_equal(lot_name(LOT "21CHARACTERS+too+many", ""), "-");
    assert_string_equal(lot_name("00/109506000134352000", "L1"), "-");
    assert_string_equal(lot_name("01/0950600013435/21/A", "L1"), "-");
    assert_string_equal(lot_name("01/0950600013435x/21/A", "L1"), "-");
    assert_string_equal(lot_name(MAKING_GTIN, "L1"), "-");
    assert_string_equal(lot_name(MAKING_GTIN "/22/A", "L1"), "-");
    assert_string_equal(lot_name("u00001", "L1"), "-");
}

/* ------------------------------------------------------------------ birth */

static void a_commission_is_kept_as_the_origin(void **state)
{
    struct world *w = *state;
    struct state_making m;
    struct statement s = making_commission(SERIAL "A " SERIAL "B", "2.5 kg", "L1");
    s.as.commission.place = slice_text("9506000134376");
    s.as.commission.has_expiry = true;
    s.as.commission.expiry_ms = MINUTES(9000);
    struct hash said = custody_do(w, OPERATOR, s, MINUTES(1));
    struct state_asset a = making_asset(w, SERIAL "B");
    assert_true(a.goods.has_origin && hash_equal(&a.goods.origin, &said));
    assert_int_equal(a.goods.origin_output, 0);
    assert_string_equal(making_left(w, SERIAL "B"), "2.5 kg");
    assert_true(kid_equal(&a.custodian, world_kid(w, CARRIER)));
    assert_true(kid_equal(&a.owner, world_kid(w, CARRIER)));
    assert_true(making_record(w, &said, &m));
    assert_int_equal(m.kind, MAKING_COMMISSION);
    assert_true(kid_equal(&m.member, world_kid(w, CARRIER)));
    assert_int_equal(m.time_ms, MINUTES(1));
    assert_true(slice_equal(m.place, slice_text("9506000134376")));
    assert_int_equal(m.input_count, 0);
    assert_int_equal(m.output_count, 1);
    assert_true(slice_equal(m.outputs[0].lot, slice_text("L1")));
    assert_true(m.outputs[0].has_expiry && m.outputs[0].expiry_ms == MINUTES(9000));
    lot_is(w, LOT "L1", CARRIER, 2);
}

/* Blocks made under earlier rules keep the roots they had. */
static void earlier_rules_keep_no_origin(void **state)
{
    struct world *w = *state;
    struct state_making m;
    struct state_lot lot;
    making_rules(w, 2);
    struct hash said = custody_do(w, FARM, making_commission(SERIAL "A", NULL, "L1"), MINUTES(1));
    assert_false(making_asset(w, SERIAL "A").goods.has_origin);
    assert_false(making_record(w, &said, &m));
    assert_false(making_lot(w, LOT "L1", &lot));
    making_rules(w, 2); /* and no lot is anybody's */
    (void)custody_do(w, CLINIC, making_commission(SERIAL "B", NULL, "L1"), MINUTES(2));
}

static void what_was_only_seen_keeps_what_was_seen(void **state)
{
    struct world *w = *state;
    struct state_asset a = { .events = 7 };
    a.chain.bytes[0] = 9;
    a.goods.has_sighting = true;
    a.goods.sighting.time_ms = MINUTES(3);
    custody_store(w, SERIAL "A", &a);
    (void)custody_do(w, FARM, making_commission(SERIAL "A", NULL, NULL), MINUTES(4));
    a = making_asset(w, SERIAL "A");
    assert_int_equal(a.events, 8);
    assert_true(a.goods.has_sighting && a.goods.sighting.time_ms == MINUTES(3));
    assert_true(state_asset_is_made(&a) && a.goods.has_origin);
}

static void who_may_commission(void **state)
{
    struct world *w = *state;
    struct statement s = making_commission(SERIAL "A", NULL, NULL);
    custody_refused(w, LOGGER, s, REFUSED_NOT_ALLOWED);
    custody_refused(w, AUDITOR, s, REFUSED_NOT_ALLOWED);
    (void)custody_do(w, OPERATOR, s, MINUTES(1));
    custody_refused(w, CARRIER, s, REFUSED_EXISTS);
    assert_string_equal(w->detail, SERIAL "A");
    assert_int_equal(world_count(w, "finding"), 0); /* it is its own: a slip */
    custody_refused(w, FARM, s, REFUSED_EXISTS);
    assert_true(world_has(w, "finding " SERIAL "A 5 # - farm at"));
    assert_int_equal(w->caused, 3);
    assert_int_equal(world_count(w, "finding farm"), 1);
    assert_int_equal(world_count(w, "finding carrier"), 1);
}

/* ------------------------------------------------------------------ lots */

static void a_lot_is_whose_who_named_it_first(void **state)
{
    struct world *w = *state;
    (void)custody_do(w, FARM, making_commission(SERIAL "A", NULL, "L1"), MINUTES(1));
    custody_refused(w, CLINIC, making_commission(SERIAL "B", NULL, "L1"), REFUSED_NOT_MAKER);
    assert_string_equal(w->detail, SERIAL "B");
    custody_refused(w, CLINIC, making_commission(LOT "L1", NULL, NULL), REFUSED_NOT_MAKER);
    (void)custody_do(w, FARM, making_commission(LOT "L1", NULL, NULL), MINUTES(2));
    (void)custody_do(w, FARM, making_commission(SERIAL "C", NULL, "L1"), MINUTES(2));
    lot_is(w, LOT "L1", FARM, 2);
    /* another product's lot of the same number is another lot */
    (void)custody_do(w, CLINIC, making_commission(MAKING_BEAN "B", NULL, "L1"), MINUTES(2));
    lot_is(w, "01/09506000134369/10/L1", CLINIC, 1);
    /* what is no lot number is only a remark */
    (void)custody_do(w, FARM, making_commission(SERIAL "D", NULL, "no lot"), MINUTES(2));
    (void)custody_do(w, CLINIC, making_commission(SERIAL "E", NULL, "no lot"), MINUTES(2));
    lot_is(w, LOT "L1", FARM, 2);
}

static void the_first_name_that_fails_gives_the_code(void **state)
{
    struct world *w = *state;
    (void)custody_do(w, FARM, making_commission(SERIAL "A " SERIAL "C", NULL, "L1"), MINUTES(1));
    custody_refused(w, CLINIC, making_commission(SERIAL "B " SERIAL "C", NULL, "L1"),
                    REFUSED_NOT_MAKER);
    assert_string_equal(w->detail, SERIAL "B");
    custody_refused(w, CLINIC, making_commission(SERIAL "A " SERIAL "B", NULL, "L1"),
                    REFUSED_EXISTS);
    assert_string_equal(w->detail, SERIAL "A");
    assert_int_equal(world_count(w, "commissioned"), 1);
}

static void a_lot_has_as_many_units_as_were_declared(void **state)
{
    struct world *w = *state;
    (void)custody_do(w, FARM, making_commission(LOT "L1", "5 each", NULL), MINUTES(1));
    assert_int_equal(declared(w, LOT "L1"), 5);
    (void)custody_do(w, FARM, making_commission(SERIAL "U|00|4", NULL, "L1"), MINUTES(2));
    assert_int_equal(world_count(w, "finding"), 0);
    (void)custody_do(w, FARM, making_commission(SERIAL "U|04|3", NULL, "L1"), MINUTES(3));
    lot_is(w, LOT "L1", FARM, 7);
    assert_int_equal(world_count(w, "finding"), 4); /* the goods' and the maker's history, each */
    assert_int_equal(world_count(w, "finding " SERIAL "U04"), 0);
    assert_int_equal(world_count(w, "finding " SERIAL "U05"), 1);
    assert_int_equal(world_count(w, "finding " SERIAL "U06"), 1);
    assert_int_equal(world_count(w, "finding farm"), 2);
    assert_true(custody_is_holder(w, SERIAL "U06", ROLE_OWNER, FARM));
    (void)custody_do(w, FARM, making_commission(SERIAL "V|000|150", NULL, "L1"), MINUTES(4));
    assert_int_equal(world_count(w, "finding farm"), 2 + GOODS_SURPLUS_TOLD);
    assert_int_equal(world_count(w, "finding " SERIAL "V099"), 1);
    assert_int_equal(world_count(w, "finding " SERIAL "V100"), 0);
}

/* A lot and its units in one statement: the lot's name comes first. */
static void a_lot_counts_whatever_it_comes_with(void **state)
{
    struct world *w = *state;
    (void)custody_do(
        w, FARM,
        making_commission(LOT "L1 " SERIAL "A " SERIAL "B " MAKING_BEAN "A", "1 each", "L1"),
        MINUTES(1));
    lot_is(w, LOT "L1", FARM, 2);
    lot_is(w, "01/09506000134369/10/L1", FARM, 1);
    assert_int_equal(declared(w, LOT "L1"), 1);
    assert_int_equal(declared(w, "01/09506000134369/10/L1"), 0); /* its own name was not made */
    assert_int_equal(world_count(w, "finding farm"), 1);
    assert_int_equal(world_count(w, "finding " SERIAL "B"), 1);
}

static void only_whole_pieces_are_a_number_of_units(void **state)
{
    static const struct {
        const char *name, *amount;
        uint64_t declared;
    } cases[] = {
        { LOT "A", "48 each", 48 }, { LOT "B", "4.5 each", 0 }, { LOT "C", "48.00 each", 48 },
        { LOT "D", "48 kg", 0 },    { LOT "E", NULL, 0 },
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)custody_do(w, FARM, making_commission(cases[i].name, cases[i].amount, NULL),
                         MINUTES(1));
        assert_int_equal(declared(w, cases[i].name), cases[i].declared);
    }
    struct statement s = making_commission(LOT "F", "5 each", NULL);
    s.as.commission.amount.exponent = 3;
    (void)custody_do(w, FARM, s, MINUTES(1));
    assert_int_equal(declared(w, LOT "F"), 5000);
    s = making_commission(LOT "G", "9000000000000000 each", NULL);
    s.as.commission.amount.exponent = 9; /* more than there are numbers for */
    (void)custody_do(w, FARM, s, MINUTES(1));
    assert_int_equal(declared(w, LOT "G"), INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lots_have_names_of_their_own),
        cmocka_unit_test_setup_teardown(a_commission_is_kept_as_the_origin, setup, teardown),
        cmocka_unit_test_setup_teardown(earlier_rules_keep_no_origin, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_only_seen_keeps_what_was_seen, setup, teardown),
        cmocka_unit_test_setup_teardown(who_may_commission, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lot_is_whose_who_named_it_first, setup, teardown),
        cmocka_unit_test_setup_teardown(the_first_name_that_fails_gives_the_code, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lot_has_as_many_units_as_were_declared, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lot_counts_whatever_it_comes_with, setup, teardown),
        cmocka_unit_test_setup_teardown(only_whole_pieces_are_a_number_of_units, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
