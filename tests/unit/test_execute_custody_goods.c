/* Many goods change hands at once: a pallet with all that is on it, ten thousand units, all but those missing. */
#include "tests/unit/support_custody.h"
#include "tests/unit/support_deal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PREFIX CUSTODY_PREFIX
#define PALLET CUSTODY_PALLET "1"
#define SECOND CUSTODY_PALLET "2"
#define BULK   10000
#define MANY   9000 /* names that still fit in a statement */

static const enum custody_role roles[] = { ROLE_CUSTODIAN, ROLE_OWNER };
#define ROLES 2

/* Events of all blocks so far that the last statement caused. */
static size_t caused(struct world *w)
{
    world_end(w);
    return w->caused;
}

static struct hash offer_set(struct world *w, const struct asset_set *set, enum custody_role role)
{
    return custody_do(w, FARM, custody_offer(w, set, CARRIER, role), MINUTES(2));
}

static void accept_set(struct world *w, const struct asset_set *set, const struct hash *offer,
                       enum custody_role role)
{
    (void)custody_do(w, CARRIER, custody_answer(CUSTODY_ACCEPT, set, offer, role), MINUTES(3));
}

static void check_units(struct world *w, unsigned count, enum custody_role role,
                        enum world_key holder)
{
    for (unsigned i = 0; i < count; i++)
        if (!custody_is_holder(w, custody_unit(i), role, holder))
            fail_msg("%s", custody_unit(i));
}

/* A world with count units, and two containers that are empty. */
static struct world *world_of(size_t count)
{
    struct world *w = custody_world();
    (void)custody_do(w, FARM, kit_commission_range(PREFIX, "00000", count), MINUTES(1));
    (void)custody_do(w, FARM, kit_commission(PALLET), MINUTES(1));
    (void)custody_do(w, FARM, kit_commission(SECOND), MINUTES(1));
    return w;
}

/* ------------------------------------------------------------------ many */

static void ten_thousand_units_change_hands_in_one_statement(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROLES; i++) {
        struct world *w = world_of(BULK);
        struct asset_set all = custody_range(BULK);
        struct hash o = offer_set(w, &all, roles[i]);
        assert_int_equal(caused(w), 1);
        assert_true(custody_on_offer(w, PREFIX "09999", roles[i]));
        accept_set(w, &all, &o, roles[i]);
        assert_int_equal(caused(w), 1);
        assert_int_equal(world_count(w, "passed " PREFIX " 00000 10000 # farm carrier"), 1);
        check_units(w, BULK, roles[i], CARRIER);
        check_units(w, BULK, roles[1 - i], FARM);
        assert_false(custody_on_offer(w, PREFIX "00000", roles[i]));
        world_free(w);
    }
}

/* Each name's chain hashes the names of all: a list costs its square, a range nothing. */
static void a_list_of_many_names_is_too_much_to_hash(void **state)
{
    static uint8_t memory[BULK * 32];
    struct buf raw = buf_fixed(memory, sizeof memory);
    struct world *w = world_of(BULK);
    (void)state;
    cbor_put_array(&raw, MANY);
    for (unsigned i = 0; i < MANY; i++)
        cbor_put_text(&raw, slice_text(custody_unit(i)));
    struct asset_set all = { buf_slice(&raw), MANY };
    custody_refused(w, FARM, custody_offer(w, &all, CARRIER, ROLE_CUSTODIAN), REFUSED_STEPS);
    world_end(w);
    assert_non_null(strstr(w->detail, "ranges"));
    world_free(w);
}

static void a_pallet_takes_its_units_along(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROLES; i++) {
        struct world *w = world_of(49);
        struct asset_set pallet = custody_one(PALLET);
        custody_stow(w, PALLET, 0, 48);
        struct hash o = offer_set(w, &pallet, roles[i]);
        assert_int_equal(caused(w), 1);
        assert_false(custody_on_offer(w, PREFIX "00000", roles[i]));
        accept_set(w, &pallet, &o, roles[i]);
        assert_int_equal(caused(w), 2); /* of the pallet, and of what is on it */
        assert_int_equal(world_count(w, "passed " PALLET " # farm carrier"), 1);
        assert_int_equal(world_count(w, "passed " PREFIX " 00000 48 # farm carrier"), 1);
        assert_true(custody_is_holder(w, PALLET, roles[i], CARRIER));
        check_units(w, 48, roles[i], CARRIER);
        check_units(w, 48, roles[1 - i], FARM);
        assert_true(custody_is_holder(w, PREFIX "00048", roles[i], FARM)); /* beside the pallet */
        world_free(w);
    }
}

static void boxes_in_boxes_go_along(void **state)
{
    struct world *w = world_of(4);
    struct asset_set pallet = custody_one(PALLET);
    (void)state;
    custody_stow(w, SECOND, 0, 4);
    custody_stow_one(w, PALLET, SECOND);
    struct hash o = offer_set(w, &pallet, ROLE_CUSTODIAN);
    accept_set(w, &pallet, &o, ROLE_CUSTODIAN);
    assert_true(custody_is_holder(w, SECOND, ROLE_CUSTODIAN, CARRIER));
    check_units(w, 4, ROLE_CUSTODIAN, CARRIER);
    assert_int_equal(world_count(w, "passed " SECOND " # farm carrier"), 1);
    assert_int_equal(world_count(w, "passed " PREFIX " 00000 4 # farm carrier"), 1);
    world_free(w);
}

static void a_pallet_that_is_not_taken_keeps_its_units_where_they_are(void **state)
{
    (void)state;
    for (unsigned action = CUSTODY_REJECT; action <= CUSTODY_CANCEL; action++) {
        struct world *w = world_of(3);
        struct asset_set pallet = custody_one(PALLET);
        custody_stow(w, PALLET, 0, 3);
        struct hash o = offer_set(w, &pallet, ROLE_CUSTODIAN);
        (void)custody_do(w, action == CUSTODY_REJECT ? CARRIER : FARM,
                         custody_answer((enum custody_action)action, &pallet, &o, ROLE_CUSTODIAN),
                         MINUTES(3));
        assert_int_equal(caused(w), 1);
        check_units(w, 3, ROLE_CUSTODIAN, FARM);
        world_free(w);
    }
}

/* ------------------------------------------------------------------ short, over, damaged */

static struct statement receipt(const struct asset_set *set, const struct hash *offer,
                                const struct asset_set *missing, enum custody_role role)
{
    struct statement s = custody_answer(CUSTODY_ACCEPT, set, offer, role);
    struct custody *c = &s.as.custody;
    c->has_counts = true;
    c->missing_count = 2;
    c->surplus_count = 1;
    c->damaged_count = 3;
    c->has_missing = missing != NULL;
    if (missing != NULL)
        c->missing = *missing;
    return s;
}

static void what_is_missing_stays_where_it_was(void **state)
{
    static const char *const lost[] = { PREFIX "00001", PREFIX "00003" };
    (void)state;
    for (size_t i = 0; i < ROLES; i++) {
        struct world *w = world_of(4);
        struct asset_set all = custody_range(4), missing = custody_list(2, lost);
        struct hash o = offer_set(w, &all, roles[i]);
        (void)custody_do(w, CARRIER, receipt(&all, &o, &missing, roles[i]), MINUTES(3));
        assert_int_equal(caused(w), 3);
        size_t first = w->event_count - 3;
        assert_non_null(
            strstr(w->events[first].text, "passed " PREFIX " 00000 00002 # farm carrier"));
        assert_string_equal(w->events[first + 1].text,
                            "not_received " PREFIX "00001 " PREFIX "00003 # at +3m");
        assert_string_equal(w->events[first + 2].text,
                            "received " PREFIX " 00000 4 # 2 1 3 at +3m");
        for (unsigned u = 0; u < 4; u++) {
            assert_true(custody_is_holder(w, custody_unit(u), roles[i], u % 2 ? FARM : CARRIER));
            assert_false(custody_on_offer(w, custody_unit(u), roles[i]));
        }
        world_free(w);
    }
}

/* Counts are what somebody says; they move nothing. */
static void counts_alone_are_told(void **state)
{
    struct world *w = world_of(4);
    struct asset_set all = custody_range(4);
    struct hash o = offer_set(w, &all, ROLE_CUSTODIAN);
    (void)state;
    (void)custody_do(w, CARRIER, receipt(&all, &o, NULL, ROLE_CUSTODIAN), MINUTES(3));
    assert_int_equal(caused(w), 2);
    assert_true(world_has(w, "passed " PREFIX " 00000 4 # farm carrier 0 at +3m"));
    assert_true(world_has(w, "received " PREFIX " 00000 4 # 2 1 3 at +3m"));
    check_units(w, 4, ROLE_CUSTODIAN, CARRIER);
    world_free(w);
}

static void when_all_are_missing_nothing_passes(void **state)
{
    struct world *w = world_of(4);
    struct asset_set all = custody_range(4);
    struct hash o = offer_set(w, &all, ROLE_CUSTODIAN);
    (void)state;
    struct statement s = custody_answer(CUSTODY_ACCEPT, &all, &o, ROLE_CUSTODIAN);
    s.as.custody.has_missing = true;
    s.as.custody.missing = all;
    (void)custody_do(w, CARRIER, s, MINUTES(3));
    assert_int_equal(caused(w), 1);
    assert_true(world_has(w, "not_received " PREFIX " 00000 4 # at +3m"));
    check_units(w, 4, ROLE_CUSTODIAN, FARM);
    assert_false(custody_on_offer(w, PREFIX "00000", ROLE_CUSTODIAN));
    world_free(w);
}

static void only_what_was_offered_can_be_missing(void **state)
{
    static const char *const others[] = { PREFIX "00001", PREFIX "00004" };
    static const char *const before[] = { "00/0", PREFIX "00001" };
    struct world *w = world_of(5);
    struct asset_set all = custody_range(4);
    struct hash o = offer_set(w, &all, ROLE_CUSTODIAN);
    (void)state;
    struct asset_set missing = custody_list(2, others);
    custody_refused(w, CARRIER, receipt(&all, &o, &missing, ROLE_CUSTODIAN), REFUSED_NOT_OFFERED);
    assert_string_equal(w->detail, PREFIX "00004");
    missing = custody_list(2, before);
    custody_refused(w, CARRIER, receipt(&all, &o, &missing, ROLE_CUSTODIAN), REFUSED_NOT_OFFERED);
    assert_string_equal(w->detail, "00/0");
    missing = custody_range(5);
    custody_refused(w, CARRIER, receipt(&all, &o, &missing, ROLE_CUSTODIAN), REFUSED_NOT_OFFERED);
    check_units(w, 5, ROLE_CUSTODIAN, FARM);
    world_free(w);
}

/* What was not there is not held up by what became of it; what was there is. */
static void what_is_missing_is_not_looked_at(void **state)
{
    static const char *const lost[] = { PREFIX "00001" };
    struct world *w = world_of(4);
    struct asset_set all = custody_range(4);
    struct hash o = offer_set(w, &all, ROLE_CUSTODIAN);
    (void)state;
    custody_quarantine(w, PREFIX "00001", FARM);
    custody_refused(w, CARRIER, receipt(&all, &o, NULL, ROLE_CUSTODIAN), REFUSED_QUARANTINED);
    struct asset_set missing = custody_list(1, lost);
    (void)custody_do(w, CARRIER, receipt(&all, &o, &missing, ROLE_CUSTODIAN), MINUTES(3));
    assert_true(custody_is_holder(w, PREFIX "00001", ROLE_CUSTODIAN, FARM));
    assert_true(custody_is_holder(w, PREFIX "00002", ROLE_CUSTODIAN, CARRIER));
    world_free(w);
}

/* A pallet that did not arrive: neither did what is on it. */
static void a_missing_pallet_keeps_its_units(void **state)
{
    static const char *const both[] = { PALLET, SECOND };
    static const char *const lost[] = { SECOND };
    struct world *w = world_of(6);
    (void)state;
    custody_stow(w, PALLET, 0, 1); /* as many as are missing: the count of names is the same */
    custody_stow(w, SECOND, 3, 3);
    struct asset_set pallets = custody_list(2, both), missing = custody_list(1, lost);
    struct hash o = offer_set(w, &pallets, ROLE_CUSTODIAN);
    (void)custody_do(w, CARRIER, receipt(&pallets, &o, &missing, ROLE_CUSTODIAN), MINUTES(3));
    check_units(w, 1, ROLE_CUSTODIAN, CARRIER);
    assert_int_equal(world_count(w, "passed " PREFIX "00000 # farm carrier"), 1);
    assert_int_equal(world_count(w, "passed"), 2);
    assert_true(custody_is_holder(w, PALLET, ROLE_CUSTODIAN, CARRIER));
    assert_true(custody_is_holder(w, SECOND, ROLE_CUSTODIAN, FARM));
    for (unsigned u = 3; u < 6; u++)
        assert_true(custody_is_holder(w, custody_unit(u), ROLE_CUSTODIAN, FARM));
    world_free(w);
}

/* Ten thousand units of which one is missing: those that came are two ranges. */
static void one_of_ten_thousand_is_missing(void **state)
{
    static const char *const lost[] = { PREFIX "04711" };
    struct world *w = world_of(BULK);
    struct asset_set all = custody_range(BULK), missing = custody_list(1, lost);
    struct hash o = offer_set(w, &all, ROLE_CUSTODIAN);
    (void)state;
    (void)custody_do(w, CARRIER, receipt(&all, &o, &missing, ROLE_CUSTODIAN), MINUTES(3));
    assert_int_equal(world_count(w, "passed " PREFIX " 00000 4711 # farm carrier 0 at +3m"), 1);
    assert_int_equal(world_count(w, "passed " PREFIX " 04712 5288 # farm carrier 0 at +3m"), 1);
    assert_int_equal(caused(w), 4);
    for (unsigned u = 0; u < BULK; u++)
        assert_true(
            custody_is_holder(w, custody_unit(u), ROLE_CUSTODIAN, u == 4711 ? FARM : CARRIER));
    world_free(w);
}

/* ------------------------------------------------------------------ contracts */

static const char shared_yaml[] = "contract: shared\n"
                                  "roles:\n"
                                  "  shipper: packs\n"
                                  "  clinic: uses\n"
                                  "parties:\n"
                                  "  sender: shipper\n"
                                  "  receiver: clinic\n"
                                  "properties:\n"
                                  "  hands: { is: int 0..1000, starts: 0 }\n"
                                  "states:\n"
                                  "  open: { progress: 0 }\n"
                                  "  done: { progress: 100, ends: success }\n"
                                  "  lost: { progress: 0, ends: failure }\n"
                                  "actions:\n"
                                  "  finish: { by: receiver, in: open, to: done }\n"
                                  "  lose: { by: receiver, in: open, to: lost }\n"
                                  "  note: { by: receiver, in: [open, lost] }\n"
                                  "reactions:\n"
                                  "  taken:\n"
                                  "    on: { handover: custody }\n"
                                  "    in: open\n"
                                  "    sets: { hands: hands + 1 }\n";

static struct deal deal_of_range(struct world *w, const char *yaml, size_t count)
{
    struct kit_opening o = deal_draft(w, deal_compile(yaml));
    o.asset = NULL;
    o.assets = custody_range(count);
    return deal_open(w, &o);
}

/* However its units travel: one handover is one. */
static void a_contract_of_units_on_a_pallet_reacts_once(void **state)
{
    static const char *const both[] = { PALLET, PREFIX "00003" };
    struct world *w = world_of(4);
    struct deal d = deal_of_range(w, shared_yaml, 4);
    (void)state;
    custody_stow(w, PALLET, 0, 3);
    struct asset_set set = custody_list(2, both);
    struct hash o = offer_set(w, &set, ROLE_CUSTODIAN);
    assert_string_equal(deal_property(w, &d, "hands"), "0");
    accept_set(w, &set, &o, ROLE_CUSTODIAN);
    assert_string_equal(deal_property(w, &d, "hands"), "1");
    world_free(w);
}

static void a_contract_does_not_end_while_its_goods_are_on_offer(void **state)
{
    static const char *const ends[] = { "finish", "lose" };
    (void)state;
    for (size_t i = 0; i < 2 * ROLES; i++) {
        struct world *w = world_of(4);
        struct deal d = deal_of_range(w, shared_yaml, 4);
        struct asset_set unit = custody_one(PREFIX "00002");
        struct hash o = offer_set(w, &unit, roles[i % 2]);
        assert_int_equal(deal_call(w, CLINIC, &d, ends[i / 2]), REFUSED_OFFER_OPEN);
        deal_said(w, PREFIX "00002");
        assert_int_equal(deal_call(w, CLINIC, &d, "note"), ACCEPTED);
        accept_set(w, &unit, &o, roles[i % 2]);
        assert_int_equal(deal_call(w, CLINIC, &d, ends[i / 2]), ACCEPTED);
        world_free(w);
    }
}

/* It failed already: what is said of it afterwards does not end it again. */
static void a_call_that_stays_in_its_end_is_no_ending(void **state)
{
    struct world *w = world_of(4);
    struct deal d = deal_of_range(w, shared_yaml, 4);
    struct asset_set unit = custody_one(PREFIX "00002");
    (void)state;
    assert_int_equal(deal_call(w, CLINIC, &d, "lose"), ACCEPTED);
    (void)offer_set(w, &unit, ROLE_CUSTODIAN);
    assert_int_equal(deal_call(w, CLINIC, &d, "note"), ACCEPTED);
    world_free(w);
}

static const char units_yaml[] = "contract: units\n"
                                 "each unit: yes\n"
                                 "roles:\n"
                                 "  shipper: packs\n"
                                 "  clinic: uses\n"
                                 "parties:\n"
                                 "  sender: shipper\n"
                                 "  receiver: clinic\n"
                                 "states:\n"
                                 "  full: { progress: 0 }\n"
                                 "  moved: { progress: 50 }\n"
                                 "  empty: { progress: 100, ends: success }\n"
                                 "actions:\n"
                                 "  finish: { by: receiver, in: [full, moved], to: empty }\n"
                                 "reactions:\n"
                                 "  taken:\n"
                                 "    on: { handover: ownership }\n"
                                 "    in: full\n"
                                 "    to: empty\n";

static enum refusal finish_unit(struct world *w, const struct deal *d, const char *unit)
{
    world_end(w);
    return world_say(w, CLINIC, kit_call(&d->opening, "finish", NULL, 0, unit),
                     w->context.time_ms + 60000);
}

static void of_units_only_those_on_offer_cannot_end(void **state)
{
    struct world *w = world_of(4);
    struct deal d = deal_of_range(w, units_yaml, 4);
    struct asset_set unit = custody_one(PREFIX "00002");
    (void)state;
    (void)offer_set(w, &unit, ROLE_CUSTODIAN);
    assert_int_equal(finish_unit(w, &d, PREFIX "00001"), ACCEPTED);
    assert_int_equal(finish_unit(w, &d, PREFIX "00002"), REFUSED_OFFER_OPEN);
    deal_said(w, PREFIX "00002");
    assert_int_equal(finish_unit(w, &d, PREFIX "00003"), ACCEPTED);
    world_free(w);
}

/* Nobody signed it, so nobody can be refused for it: sold while it is on offer to a carrier, it is done. */
static void a_reaction_ends_what_is_on_offer(void **state)
{
    struct world *w = world_of(4);
    struct deal d = deal_of_range(w, units_yaml, 4);
    (void)state;
    custody_stow(w, PALLET, 0, 2);
    struct asset_set pallet = custody_one(PALLET);
    (void)offer_set(w, &pallet, ROLE_CUSTODIAN);
    struct asset_set unit = custody_one(PREFIX "00002");
    (void)offer_set(w, &unit, ROLE_CUSTODIAN);
    struct hash o = offer_set(w, &pallet, ROLE_OWNER);
    accept_set(w, &pallet, &o, ROLE_OWNER);
    o = offer_set(w, &unit, ROLE_OWNER);
    accept_set(w, &unit, &o, ROLE_OWNER);
    assert_string_equal(deal_state(w, &d, PREFIX "00000"), "empty");
    assert_string_equal(deal_state(w, &d, PREFIX "00001"), "empty");
    assert_string_equal(deal_state(w, &d, PREFIX "00002"), "empty");
    assert_string_equal(deal_state(w, &d, PREFIX "00003"), "full");
    world_free(w);
}

/* The logger is on a unit; the pallet it stands on changes hands while it is too warm. */
static void seconds_are_charged_to_who_holds_the_pallet(void **state)
{
    struct world *w = world_of(2);
    struct kit_opening k = deal_draft(w, world_contract());
    int warm[60], cold[60];
    (void)state;
    k.asset = PREFIX "00000";
    (void)deal_open(w, &k);
    custody_stow(w, PALLET, 0, 2);
    (void)custody_do(w, FARM, kit_attach(world_kid(w, LOGGER), PREFIX "00000", false), MINUTES(5));
    for (size_t i = 0; i < 60; i++) {
        warm[i] = 900;
        cold[i] = 450;
    }
    world_block(w, MINUTES(261));
    struct asset_set pallet = custody_one(PALLET);
    struct hash o =
        custody_do(w, FARM, custody_offer(w, &pallet, CARRIER, ROLE_CUSTODIAN), MINUTES(259));
    world_block(w, MINUTES(262));
    (void)custody_do(w, CARRIER, custody_answer(CUSTODY_ACCEPT, &pallet, &o, ROLE_CUSTODIAN),
                     MINUTES(262));
    world_block(w, MINUTES(400));
    assert_int_equal(world_say(w, LOGGER, kit_temperatures(cold, 60, 60000), MINUTES(239)),
                     ACCEPTED);
    assert_int_equal(world_say(w, LOGGER, kit_temperatures(warm, 60, 60000), MINUTES(299)),
                     ACCEPTED);
    assert_int_equal(world_say(w, LOGGER, kit_temperatures(cold, 60, 60000), MINUTES(359)),
                     ACCEPTED);
    assert_int_equal(world_count(w, "charged " PREFIX "00000 0 farm 1320 +240m"), 1);
    assert_int_equal(world_count(w, "charged " PREFIX "00000 0 carrier 2280 +240m"), 1);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_units_change_hands_in_one_statement),
        cmocka_unit_test(a_list_of_many_names_is_too_much_to_hash),
        cmocka_unit_test(a_pallet_takes_its_units_along),
        cmocka_unit_test(boxes_in_boxes_go_along),
        cmocka_unit_test(a_pallet_that_is_not_taken_keeps_its_units_where_they_are),
        cmocka_unit_test(what_is_missing_stays_where_it_was),
        cmocka_unit_test(counts_alone_are_told),
        cmocka_unit_test(when_all_are_missing_nothing_passes),
        cmocka_unit_test(only_what_was_offered_can_be_missing),
        cmocka_unit_test(what_is_missing_is_not_looked_at),
        cmocka_unit_test(a_missing_pallet_keeps_its_units),
        cmocka_unit_test(one_of_ten_thousand_is_missing),
        cmocka_unit_test(a_contract_of_units_on_a_pallet_reacts_once),
        cmocka_unit_test(a_contract_does_not_end_while_its_goods_are_on_offer),
        cmocka_unit_test(a_call_that_stays_in_its_end_is_no_ending),
        cmocka_unit_test(of_units_only_those_on_offer_cannot_end),
        cmocka_unit_test(a_reaction_ends_what_is_on_offer),
        cmocka_unit_test(seconds_are_charged_to_who_holds_the_pallet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
