/* Labels of two layers: who seals them, and what a revealed code shows in which order. */
#include "tests/unit/support_deal.h"
#include "tests/unit/support_fate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CODE "K7QX-99TB-2M"

static void seal(struct world *w, enum world_key who, const char *name)
{
    (void)fate_do(w, who, fate_seal(name, CODE), w->context.time_ms + 1000);
}

/* The last thing that was told. */
static void revealed(struct world *w, enum world_key who, const char *name, const char *code,
                     enum event_reveal expected)
{
    char text[WORLD_TEXT];
    (void)fate_do(w, who, fate_reveal(name, code), w->context.time_ms + 1000);
    (void)snprintf(text, sizeof text, "revealed %s %d # at", name, expected);
    assert_int_equal(w->caused, 1);
    if (strncmp(w->events[w->event_count - 1].text, text, strlen(text)) != 0)
        fail_msg("%s, not %s", w->events[w->event_count - 1].text, text);
}

/* Sealed by the farm and at the clinic, for whom it was meant. */
static void deliver(struct world *w, const char *name)
{
    seal(w, FARM, name);
    fate_hand_over(w, name, FARM, CLINIC, ROLE_CUSTODIAN);
}

/* ------------------------------------------------------------------ sealing */

static void its_custodian_seals_a_label_once(void **state)
{
    struct world *w = *state;
    struct state_asset a;
    struct hash expected = label_commitment(slice_text(FATE_FIRST), slice_text(CODE));
    fate_refused(w, LOGGER, fate_seal(FATE_FIRST, CODE), MINUTES(2), REFUSED_NOT_ALLOWED);
    fate_refused(w, AUDITOR, fate_seal(FATE_FIRST, CODE), MINUTES(2), REFUSED_NOT_ALLOWED);
    fate_refused(w, FARM, fate_seal(FATE_NONE, CODE), MINUTES(2), REFUSED_UNKNOWN_ASSET);
    fate_refused(w, CARRIER, fate_seal(FATE_FIRST, CODE), MINUTES(2), REFUSED_NOT_HOLDER);
    assert_string_equal(w->detail, FATE_FIRST);
    (void)fate_do(w, FARM, fate_seal(FATE_FIRST, CODE), MINUTES(3));
    assert_true(world_has(w, "label_sealed " FATE_FIRST " at +3m"));
    assert_true(world_asset(w, FATE_FIRST, &a) && a.goods.has_label && !a.goods.has_reveal);
    assert_true(hash_equal(&a.goods.label, &expected));
    fate_refused(w, FARM, fate_seal(FATE_FIRST, "another code"), MINUTES(4), REFUSED_EXISTS);
    (void)fate_do(w, FARM, fate_dispose(FATE_OTHER, DISPOSITION_DESTROY), MINUTES(5));
    fate_refused(w, FARM, fate_seal(FATE_OTHER, CODE), MINUTES(6), REFUSED_ENDED);
    fate_refused(w, CARRIER, fate_seal(FATE_OTHER, CODE), MINUTES(6), REFUSED_ENDED);
}

/* One commitment each, in the order of the set. */
static void a_box_of_labels_is_sealed_at_once(void **state)
{
    static const char *const names[] = { FATE_FIRST, FATE_OTHER };
    uint8_t memory[128];
    struct buf b = buf_fixed(memory, sizeof memory);
    struct world *w = *state;
    struct statement s = fate_seal(FATE_FIRST, CODE);
    cbor_put_array(&b, 2);
    for (size_t i = 0; i < 2; i++) {
        struct hash c = label_commitment(slice_text(names[i]), slice_text(names[i]));
        cbor_put_bytes(&b, hash_slice(&c));
    }
    s.as.label_seal.assets = custody_list(2, names);
    s.as.label_seal.commitments = buf_slice(&b);
    (void)fate_do(w, FARM, s, MINUTES(2));
    fate_hand_over(w, FATE_FIRST, FARM, CLINIC, ROLE_CUSTODIAN);
    fate_hand_over(w, FATE_OTHER, FARM, CLINIC, ROLE_CUSTODIAN);
    revealed(w, CLINIC, FATE_FIRST, FATE_OTHER, REVEAL_MISMATCH);
    revealed(w, CLINIC, FATE_FIRST, FATE_FIRST, REVEAL_AUTHENTIC_OPENED);
    revealed(w, CLINIC, FATE_OTHER, FATE_OTHER, REVEAL_AUTHENTIC_OPENED);
}

static void one_that_cannot_keeps_all_unsealed(void **state)
{
    static const char *const names[] = { FATE_FIRST, FATE_OTHER };
    uint8_t memory[128];
    struct buf b = buf_fixed(memory, sizeof memory);
    struct world *w = *state;
    struct state_asset a;
    struct statement s = fate_seal(FATE_FIRST, CODE);
    struct hash c = label_commitment(slice_text(FATE_FIRST), slice_text(CODE));
    cbor_put_array(&b, 2);
    cbor_put_bytes(&b, hash_slice(&c));
    cbor_put_bytes(&b, hash_slice(&c));
    seal(w, FARM, FATE_OTHER);
    s.as.label_seal.assets = custody_list(2, names);
    s.as.label_seal.commitments = buf_slice(&b);
    fate_refused(w, FARM, s, MINUTES(9), REFUSED_EXISTS);
    assert_string_equal(w->detail, FATE_OTHER);
    assert_true(world_asset(w, FATE_FIRST, &a));
    assert_false(a.goods.has_label);
}

/* ------------------------------------------------------------------ revealing */

static void the_first_reveal_after_delivery_is_authentic(void **state)
{
    struct world *w = *state;
    struct state_asset a;
    deliver(w, FATE_FIRST);
    revealed(w, AUDITOR, FATE_FIRST, "no such code", REVEAL_MISMATCH);
    assert_true(world_asset(w, FATE_FIRST, &a));
    assert_false(a.goods.has_reveal);
    revealed(w, AUDITOR, FATE_FIRST, CODE, REVEAL_AUTHENTIC_OPENED);
    struct hash first = w->last;
    revealed(w, CLINIC, FATE_FIRST, CODE, REVEAL_ALREADY_OPENED);
    revealed(w, LOGGER, FATE_FIRST, "no such code", REVEAL_MISMATCH);
    assert_true(world_asset(w, FATE_FIRST, &a) && a.goods.has_reveal);
    assert_true(hash_equal(&a.goods.reveal, &first));
}

static void a_code_of_another_unit_is_none(void **state)
{
    struct world *w = *state;
    deliver(w, FATE_FIRST);
    (void)fate_do(w, FARM, fate_seal(FATE_OTHER, "Z9PP-41XY-7C"), w->context.time_ms + 1000);
    fate_hand_over(w, FATE_OTHER, FARM, CLINIC, ROLE_CUSTODIAN);
    revealed(w, CLINIC, FATE_OTHER, CODE, REVEAL_MISMATCH);
    revealed(w, CLINIC, FATE_FIRST, "Z9PP-41XY-7C", REVEAL_MISMATCH);
    revealed(w, CLINIC, FATE_OTHER, "Z9PP-41XY-7C", REVEAL_AUTHENTIC_OPENED);
    revealed(w, CLINIC, FATE_FIRST, CODE, REVEAL_AUTHENTIC_OPENED);
}

static void there_must_be_a_label_to_reveal(void **state)
{
    struct world *w = *state;
    fate_refused(w, CLINIC, fate_reveal(FATE_NONE, CODE), MINUTES(2), REFUSED_UNKNOWN_ASSET);
    assert_string_equal(w->detail, FATE_NONE);
    fate_refused(w, CLINIC, fate_reveal(FATE_FIRST, CODE), MINUTES(2), REFUSED_NO_LABEL);
    assert_string_equal(w->detail, FATE_FIRST);
}

static void with_its_maker_it_was_not_delivered(void **state)
{
    struct world *w = *state;
    struct state_asset a;
    seal(w, FARM, FATE_FIRST);
    revealed(w, CLINIC, FATE_FIRST, CODE, REVEAL_TAMPER);
    assert_true(world_asset(w, FATE_FIRST, &a) && a.goods.has_reveal);
    fate_hand_over(w, FATE_FIRST, FARM, CLINIC, ROLE_CUSTODIAN);
    revealed(w, CLINIC, FATE_FIRST, CODE, REVEAL_ALREADY_OPENED); /* nothing makes it whole again */
}

static void on_offer_it_is_on_its_way(void **state)
{
    struct world *w = *state;
    struct asset_set set = custody_one(FATE_FIRST);
    deliver(w, FATE_FIRST);
    (void)fate_do(w, CLINIC, custody_offer(w, &set, CARRIER, ROLE_CUSTODIAN),
                  w->context.time_ms + 1000);
    revealed(w, CLINIC, FATE_FIRST, CODE, REVEAL_TAMPER);
}

/* Who owns it changes nothing about where it is. */
static void for_sale_it_is_not_on_its_way(void **state)
{
    struct world *w = *state;
    struct asset_set set = custody_one(FATE_FIRST);
    deliver(w, FATE_FIRST);
    (void)fate_do(w, FARM, custody_offer(w, &set, CARRIER, ROLE_OWNER), w->context.time_ms + 1000);
    revealed(w, CLINIC, FATE_FIRST, CODE, REVEAL_AUTHENTIC_OPENED);
}

static void in_a_box_it_is_on_its_way(void **state)
{
    struct world *w = *state;
    (void)fate_do(w, CLINIC, fate_commission(FATE_PALLET, NULL, 0), MINUTES(2));
    deliver(w, FATE_FIRST);
    (void)fate_do(w, CLINIC, fate_pack(FATE_PALLET, FATE_FIRST, false), w->context.time_ms + 1000);
    revealed(w, CLINIC, FATE_FIRST, CODE, REVEAL_TAMPER);
}

/* Even with its maker: a pharmacy of its own. */
static void dispensed_it_has_arrived(void **state)
{
    struct world *w = *state;
    seal(w, FARM, FATE_FIRST);
    (void)fate_do(w, FARM, fate_dispose(FATE_FIRST, DISPOSITION_DISPENSE),
                  w->context.time_ms + 1000);
    revealed(w, CLINIC, FATE_FIRST, CODE, REVEAL_AUTHENTIC_OPENED);
    revealed(w, CLINIC, FATE_FIRST, CODE, REVEAL_ALREADY_OPENED);
}

static const char shipping_yaml[] = "contract: shipping\n"
                                    "roles:\n"
                                    "  shipper: packs\n"
                                    "  clinic: uses\n"
                                    "parties:\n"
                                    "  sender: shipper\n"
                                    "  receiver: clinic\n"
                                    "states:\n"
                                    "  on the way: { progress: 0 }\n"
                                    "  there: { progress: 100, ends: success }\n"
                                    "  lost: { progress: 0, ends: failure }\n"
                                    "actions:\n"
                                    "  finish: { by: receiver, in: on the way, to: there }\n"
                                    "  give up: { by: receiver, in: on the way, to: lost }\n";

static void under_a_contract_it_is_on_its_way(void **state)
{
    struct world *w = *state;
    (void)fate_do(w, FARM, fate_commission(KIT_UNIT, NULL, 0), MINUTES(2));
    seal(w, FARM, KIT_UNIT);
    (void)deal_open_yaml(w, shipping_yaml);
    fate_hand_over(w, KIT_UNIT, FARM, CLINIC, ROLE_CUSTODIAN);
    revealed(w, CLINIC, KIT_UNIT, CODE, REVEAL_TAMPER);
}

static void after_its_contract_it_has_arrived(void **state)
{
    static const char *const ends[] = { "finish", "give up" };
    for (size_t i = 0; i < 2; i++) {
        struct world *w = fate_world();
        (void)fate_do(w, FARM, fate_commission(KIT_UNIT, NULL, 0), MINUTES(2));
        seal(w, FARM, KIT_UNIT);
        struct deal d = deal_open_yaml(w, shipping_yaml);
        fate_hand_over(w, KIT_UNIT, FARM, CLINIC, ROLE_CUSTODIAN);
        assert_int_equal(deal_call(w, CLINIC, &d, ends[i]), ACCEPTED);
        revealed(w, CLINIC, KIT_UNIT, CODE, REVEAL_AUTHENTIC_OPENED);
        world_free(w);
    }
    (void)state;
}

/* A contract of conditions alone ends for nobody: it says nothing of delivery. */
static void a_contract_without_states_knows_no_delivery(void **state)
{
    struct world *w = *state;
    (void)fate_do(w, FARM, fate_commission(KIT_UNIT, NULL, 0), MINUTES(2));
    seal(w, FARM, KIT_UNIT);
    struct kit_opening o = deal_draft(w, world_contract());
    (void)deal_open(w, &o);
    fate_hand_over(w, KIT_UNIT, FARM, CLINIC, ROLE_CUSTODIAN);
    revealed(w, CLINIC, KIT_UNIT, CODE, REVEAL_AUTHENTIC_OPENED);
}

static void each_unit_arrives_by_itself(void **state)
{
    static char yaml[1024];
    struct world *w = *state;
    uint8_t memory[256];
    struct buf b = buf_fixed(memory, sizeof memory);
    (void)snprintf(yaml, sizeof yaml, "contract: shipping\neach unit: yes\n%s",
                   strstr(shipping_yaml, "roles:"));
    seal(w, FARM, FATE_FIRST);
    seal(w, FARM, FATE_OTHER);
    struct kit_opening o = deal_draft(w, deal_compile(yaml));
    o.asset = NULL;
    o.assets = asset_set_range(FATE_GTIN "/21/A", "1", 2, &b);
    struct deal d = deal_open(w, &o);
    fate_hand_over(w, FATE_FIRST, FARM, CLINIC, ROLE_CUSTODIAN);
    fate_hand_over(w, FATE_OTHER, FARM, CLINIC, ROLE_CUSTODIAN);
    (void)fate_do(w, CLINIC, kit_call(&d.opening, "finish", NULL, 0, FATE_FIRST),
                  w->context.time_ms + 1000);
    revealed(w, CLINIC, FATE_OTHER, CODE, REVEAL_TAMPER);
    revealed(w, CLINIC, FATE_FIRST, CODE, REVEAL_AUTHENTIC_OPENED);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, fate_set_up, fate_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(its_custodian_seals_a_label_once),
        CASE(a_box_of_labels_is_sealed_at_once),
        CASE(one_that_cannot_keeps_all_unsealed),
        CASE(the_first_reveal_after_delivery_is_authentic),
        CASE(a_code_of_another_unit_is_none),
        CASE(there_must_be_a_label_to_reveal),
        CASE(with_its_maker_it_was_not_delivered),
        CASE(on_offer_it_is_on_its_way),
        CASE(for_sale_it_is_not_on_its_way),
        CASE(in_a_box_it_is_on_its_way),
        CASE(dispensed_it_has_arrived),
        CASE(under_a_contract_it_is_on_its_way),
        CASE(after_its_contract_it_has_arrived),
        CASE(a_contract_without_states_knows_no_delivery),
        CASE(each_unit_arrives_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
