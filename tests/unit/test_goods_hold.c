/* What holds goods back, however many makings lie between: and that looking for it costs little, or ends soon. */
#include "tests/unit/support_making.h"

#include "node/execution.h"
#include "node/goods.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define BEANS_A  MAKING_BEAN "A"
#define BEANS_B  MAKING_BEAN "B"
#define LOT_A    "01/09506000134369/10/LA"
#define LOT_B    "01/09506000134369/10/LB"
#define LOT_BARS "01/09506000134376/10/BARS"
#define PASTE    MAKING_GTIN "/21/"

/* The farm has beans of two lots, and from each, over paste and mass, bars: PASTE a, PASTE ma, BAR a. */
static int setup(void **state)
{
    struct world *w = world_new();
    *state = w;
    (void)custody_do(w, FARM, making_commission(BEANS_A, "10 t", "LA"), MINUTES(1));
    (void)custody_do(w, FARM, making_commission(BEANS_B, "10 t", "LB"), MINUTES(1));
    (void)custody_do(w, FARM, making_of(MAKE_TRANSFORM, BEANS_A, "1 t", PASTE "a", "900 kg"),
                     MINUTES(2));
    (void)custody_do(w, FARM, making_of(MAKE_TRANSFORM, BEANS_B, "1 t", PASTE "b", "900 kg"),
                     MINUTES(2));
    (void)custody_do(w, FARM, making_of(MAKE_TRANSFORM, PASTE "a", NULL, PASTE "ma", "800 kg"),
                     MINUTES(3));
    (void)custody_do(w, FARM, making_of(MAKE_TRANSFORM, PASTE "b", NULL, PASTE "mb", "800 kg"),
                     MINUTES(3));
    struct statement s = making_begin(MAKE_TRANSFORM);
    making_add_input(&s, PASTE "ma", "1 kg");
    making_add_output(&s, MAKING_BAR "a0 " MAKING_BAR "a1", "100 g", "BARS");
    (void)custody_do(w, FARM, s, MINUTES(4));
    s = making_begin(MAKE_TRANSFORM);
    making_add_input(&s, PASTE "mb", "1 kg");
    making_add_output(&s, MAKING_BAR "b0", "100 g", "BARS2");
    (void)custody_do(w, FARM, s, MINUTES(4));
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

/* What an offer of it comes to; an offer that stands is cancelled. */
static enum refusal offer(struct world *w, enum world_key from, const char *name, enum world_key to)
{
    struct asset_set one = custody_one(name);
    world_end(w);
    enum refusal code = world_say(w, from, custody_offer(w, &one, to, ROLE_CUSTODIAN), MINUTES(9));
    struct hash said = w->last;
    world_end(w);
    if (code != ACCEPTED)
        return code;
    (void)custody_do(w, from, custody_answer(CUSTODY_CANCEL, &one, &said, ROLE_CUSTODIAN),
                     MINUTES(9));
    return code;
}

static void judge(struct world *w, enum world_key by, enum disposition_action action,
                  const char *name)
{
    (void)custody_do(w, by, making_disposition(action, name), MINUTES(8));
}

/* ------------------------------------------------------------------ recalls */

static void a_recalled_lot_reaches_what_was_made_of_it(void **state)
{
    struct world *w = *state;
    assert_int_equal(offer(w, FARM, MAKING_BAR "a0", CLINIC), ACCEPTED);
    judge(w, FARM, DISPOSITION_RECALL, LOT_A);
    assert_int_equal(offer(w, FARM, MAKING_BAR "a0", CLINIC), REFUSED_RECALLED);
    assert_string_equal(w->detail, MAKING_BAR "a0, which comes from " BEANS_A);
    assert_int_equal(offer(w, FARM, PASTE "ma", CLINIC), REFUSED_RECALLED);
    assert_int_equal(offer(w, FARM, BEANS_A, CLINIC), REFUSED_RECALLED);
    assert_string_equal(w->detail, BEANS_A);
    assert_int_equal(offer(w, FARM, MAKING_BAR "b0", CLINIC), ACCEPTED);
    assert_int_equal(offer(w, FARM, BEANS_B, CLINIC), ACCEPTED);
    custody_refused(w, FARM, making_of(MAKE_TRANSFORM, PASTE "ma", "1 kg", MAKING_BAR "c", "1 kg"),
                    REFUSED_RECALLED);
    judge(w, FARM, DISPOSITION_END_RECALL, LOT_A);
    assert_int_equal(offer(w, FARM, MAKING_BAR "a0", CLINIC), ACCEPTED);
    assert_int_equal(offer(w, FARM, BEANS_A, CLINIC), ACCEPTED);
}

static void a_recalled_name_reaches_what_was_made_of_it(void **state)
{
    struct world *w = *state;
    judge(w, FARM, DISPOSITION_RECALL, PASTE "a");
    assert_int_equal(offer(w, FARM, MAKING_BAR "a1", CLINIC), REFUSED_RECALLED);
    assert_string_equal(w->detail, MAKING_BAR "a1, which comes from " PASTE "a");
    assert_int_equal(offer(w, FARM, BEANS_A, CLINIC),
                     ACCEPTED); /* what it was made of is not meant */
    assert_int_equal(offer(w, FARM, MAKING_BAR "b0", CLINIC), ACCEPTED);
    judge(w, FARM, DISPOSITION_END_RECALL, PASTE "a");
    judge(w, FARM, DISPOSITION_RECALL, MAKING_BAR "a1");
    assert_int_equal(offer(w, FARM, MAKING_BAR "a1", CLINIC), REFUSED_RECALLED);
    assert_int_equal(offer(w, FARM, MAKING_BAR "a0", CLINIC), ACCEPTED); /* nor its brother */
}

/* A lot that came out beside another: of one making, and yet not meant. */
static void a_recalled_lot_is_not_its_neighbour(void **state)
{
    struct world *w = *state;
    struct statement s = making_begin(MAKE_TRANSFORM);
    making_add_input(&s, BEANS_B, "2 t");
    making_add_output(&s, PASTE "x", "500 kg", "X");
    making_add_output(&s, PASTE "y", "500 kg", "Y");
    (void)custody_do(w, FARM, s, MINUTES(5));
    (void)custody_do(w, FARM, making_of(MAKE_TRANSFORM, PASTE "x", "1 kg", MAKING_BAR "x", "1 kg"),
                     MINUTES(6));
    (void)custody_do(w, FARM, making_of(MAKE_TRANSFORM, PASTE "y", "1 kg", MAKING_BAR "y", "1 kg"),
                     MINUTES(6));
    judge(w, FARM, DISPOSITION_RECALL, MAKING_GTIN "/10/X");
    assert_int_equal(offer(w, FARM, MAKING_BAR "x", CLINIC), REFUSED_RECALLED);
    assert_int_equal(offer(w, FARM, MAKING_BAR "y", CLINIC), ACCEPTED);
    assert_int_equal(offer(w, FARM, PASTE "y", CLINIC), ACCEPTED);
}

/* Goods that are recalled may go back to who recalls them, and to nobody else. */
static void recalled_goods_go_back_to_who_recalls(void **state)
{
    struct world *w = *state;
    struct asset_set bar = custody_one(MAKING_BAR "a0");
    struct hash said =
        custody_do(w, FARM, custody_offer(w, &bar, CLINIC, ROLE_CUSTODIAN), MINUTES(5));
    (void)custody_do(w, CLINIC, custody_answer(CUSTODY_ACCEPT, &bar, &said, ROLE_CUSTODIAN),
                     MINUTES(6));
    judge(w, FARM, DISPOSITION_RECALL, LOT_A);
    assert_int_equal(offer(w, CLINIC, MAKING_BAR "a0", CARRIER), REFUSED_RECALLED);
    assert_int_equal(offer(w, CLINIC, MAKING_BAR "a0", FARM), ACCEPTED);
    judge(w, FARM, DISPOSITION_RECALL, MAKING_BAR "a0");
    assert_int_equal(offer(w, CLINIC, MAKING_BAR "a0", FARM), ACCEPTED);
    custody_recall(w, BEANS_A, CARRIER); /* another's as well */
    assert_int_equal(offer(w, CLINIC, MAKING_BAR "a0", FARM), REFUSED_RECALLED);
    custody_refused(w, CLINIC, making_disposition(DISPOSITION_DISPENSE, MAKING_BAR "a0"),
                    REFUSED_RECALLED);
}

/* What one offer found clean says nothing of the next: one is to who recalls, then one to another. */
static void nothing_is_remembered_from_one_to_the_next(void **state)
{
    struct world *w = *state;
    struct asset_set a0 = custody_one(MAKING_BAR "a0"), a1 = custody_one(MAKING_BAR "a1");
    struct hash said =
        custody_do(w, FARM, custody_offer(w, &a0, CLINIC, ROLE_CUSTODIAN), MINUTES(5));
    (void)custody_do(w, CLINIC, custody_answer(CUSTODY_ACCEPT, &a0, &said, ROLE_CUSTODIAN),
                     MINUTES(5));
    judge(w, FARM, DISPOSITION_RECALL, LOT_A);
    world_block(w, MINUTES(6));
    assert_int_equal(world_say(w, CLINIC, custody_offer(w, &a0, FARM, ROLE_CUSTODIAN), MINUTES(6)),
                     ACCEPTED);
    assert_int_equal(world_say(w, FARM, custody_offer(w, &a1, CARRIER, ROLE_CUSTODIAN), MINUTES(6)),
                     REFUSED_RECALLED);
    world_end(w);
    judge(w, FARM, DISPOSITION_END_RECALL, LOT_A);
    world_block(w, MINUTES(7)); /* and all of it within one block */
    assert_int_equal(world_say(w, FARM, custody_offer(w, &a1, CARRIER, ROLE_CUSTODIAN), MINUTES(7)),
                     ACCEPTED);
    said = w->last;
    assert_int_equal(
        world_say(w, FARM, custody_answer(CUSTODY_CANCEL, &a1, &said, ROLE_CUSTODIAN), MINUTES(7)),
        ACCEPTED);
    assert_int_equal(
        world_say(w, FARM, making_disposition(DISPOSITION_RECALL, PASTE "ma"), MINUTES(7)),
        ACCEPTED);
    assert_int_equal(world_say(w, FARM, custody_offer(w, &a1, CARRIER, ROLE_CUSTODIAN), MINUTES(7)),
                     REFUSED_RECALLED);
}

static enum refusal ask(struct world *w, const char *name, const struct kid *to)
{
    struct state_asset a;
    assert_true(execution_asset(w->execution, slice_text(name), &a));
    return goods_check_holds(w->execution, slice_text(name), &a, to);
}

/* Nor within one statement: what is clean for one receiver, and a walk that ended before its end. */
static void what_was_found_is_for_one_receiver(void **state)
{
    struct world *w = *state;
    judge(w, FARM, DISPOSITION_RECALL, LOT_A);
    world_block(w, MINUTES(9));
    assert_int_equal(world_say(w, FARM, kit_product("09506000134352"), MINUTES(9)), ACCEPTED);
    assert_int_equal(ask(w, MAKING_BAR "a0", world_kid(w, FARM)), ACCEPTED);
    assert_int_equal(ask(w, MAKING_BAR "a0", world_kid(w, CLINIC)), REFUSED_RECALLED);
    assert_int_equal(ask(w, MAKING_BAR "a0", world_kid(w, CLINIC)), REFUSED_RECALLED);
    assert_int_equal(ask(w, MAKING_BAR "a0", NULL), REFUSED_RECALLED);
    assert_int_equal(ask(w, MAKING_BAR "a1", world_kid(w, FARM)), ACCEPTED);
    assert_int_equal(ask(w, MAKING_BAR "a1", NULL), REFUSED_RECALLED);
    assert_int_equal(ask(w, MAKING_BAR "b0", NULL), ACCEPTED);
}

static bool has_hold(struct world *w, const char *name)
{
    struct state_key key = state_key_text(TABLE_HOLD, slice_text(name));
    struct slice value;
    world_end(w);
    return memory_state_get(w->state, state_key_slice(&key), &value);
}

static void what_holds_no_more_is_not_kept(void **state)
{
    struct world *w = *state;
    judge(w, FARM, DISPOSITION_RECALL, LOT_A);
    judge(w, FARM, DISPOSITION_QUARANTINE, LOT_A);
    judge(w, FARM, DISPOSITION_END_RECALL, LOT_A);
    assert_true(has_hold(w, LOT_A));
    judge(w, FARM, DISPOSITION_RELEASE, LOT_A);
    assert_false(has_hold(w, LOT_A));
}

/* ------------------------------------------------------------------ quarantine */

static void a_quarantine_holds_its_name_and_its_lot(void **state)
{
    struct world *w = *state;
    judge(w, FARM, DISPOSITION_QUARANTINE, LOT_BARS);
    assert_int_equal(offer(w, FARM, MAKING_BAR "a0", CLINIC), REFUSED_QUARANTINED);
    assert_int_equal(offer(w, FARM, MAKING_BAR "a1", FARM), REFUSED_BAD_REQUEST);
    assert_int_equal(offer(w, FARM, MAKING_BAR "b0", CLINIC), ACCEPTED);
    judge(w, FARM, DISPOSITION_RELEASE, LOT_BARS);
    assert_int_equal(offer(w, FARM, MAKING_BAR "a0", CLINIC), ACCEPTED);
    judge(w, FARM, DISPOSITION_QUARANTINE, LOT_A); /* it does not reach what was made of them */
    assert_int_equal(offer(w, FARM, MAKING_BAR "a0", CLINIC), ACCEPTED);
    assert_int_equal(offer(w, FARM, BEANS_A, CLINIC), REFUSED_QUARANTINED);
    /* in quarantine is said before recalled, whichever of the two names it is */
    judge(w, FARM, DISPOSITION_RECALL, BEANS_A);
    assert_int_equal(offer(w, FARM, BEANS_A, CLINIC), REFUSED_QUARANTINED);
    judge(w, FARM, DISPOSITION_RELEASE, LOT_A);
    assert_int_equal(offer(w, FARM, BEANS_A, CLINIC), REFUSED_RECALLED);
}

/* Rejected goods go back to their maker only. */
static void rejected_goods_go_back_to_their_maker(void **state)
{
    struct world *w = *state;
    struct asset_set bar = custody_one(MAKING_BAR "a0");
    struct hash said =
        custody_do(w, FARM, custody_offer(w, &bar, CLINIC, ROLE_CUSTODIAN), MINUTES(5));
    (void)custody_do(w, CLINIC, custody_answer(CUSTODY_ACCEPT, &bar, &said, ROLE_CUSTODIAN),
                     MINUTES(6));
    judge(w, CLINIC, DISPOSITION_QUARANTINE, MAKING_BAR "a0");
    assert_int_equal(offer(w, CLINIC, MAKING_BAR "a0", FARM), REFUSED_QUARANTINED);
    judge(w, CLINIC, DISPOSITION_REJECT, MAKING_BAR "a0");
    assert_int_equal(offer(w, CLINIC, MAKING_BAR "a0", CARRIER), REFUSED_QUARANTINED);
    assert_int_equal(offer(w, CLINIC, MAKING_BAR "a0", FARM), ACCEPTED);
}

/* An asset without an origin, of a block of earlier rules, is its owner's making. */
static void goods_of_earlier_rules_have_no_descent(void **state)
{
    struct world *w = *state;
    making_rules(w, 2);
    (void)custody_do(w, FARM, making_commission(MAKING_BAR "old", NULL, "BARS"), MINUTES(5));
    judge(w, FARM, DISPOSITION_QUARANTINE, LOT_BARS);
    assert_int_equal(offer(w, FARM, MAKING_BAR "old", CLINIC), ACCEPTED); /* of no lot */
    judge(w, FARM, DISPOSITION_QUARANTINE, MAKING_BAR "old");
    assert_int_equal(offer(w, FARM, MAKING_BAR "old", CLINIC), REFUSED_QUARANTINED);
}

/* ------------------------------------------------------------------ cost */

static double milliseconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Offers a set, says what that took, and takes it back. */
static enum refusal measure(struct world *w, const char *set, const char *what, uint64_t *ret_steps)
{
    struct asset_set s = making_set(set);
    struct statement st = custody_offer(w, &s, CLINIC, ROLE_CUSTODIAN);
    struct buf out = buf_heap(STATEMENT_MAX);
    world_end(w);
    world_block(w, MINUTES(50));
    (void)kit_sign(&w->by[FARM], st, MINUTES(50), &out);
    double before = milliseconds();
    enum refusal code = world_say_bytes(w, buf_slice(&out));
    double ms = milliseconds() - before;
    buf_free(&out);
    *ret_steps = making_steps(w);
    print_message("%s: %s, %llu steps, %.1f ms\n", what, refusal_name(code),
                  (unsigned long long)*ret_steps, ms);
    assert_true(ms < 1000); /* it is a tenth of that and less */
    struct hash said = w->last;
    world_end(w);
    if (code == ACCEPTED)
        (void)custody_do(w, FARM, custody_answer(CUSTODY_CANCEL, &s, &said, ROLE_CUSTODIAN),
                         MINUTES(50));
    return code;
}

/* Ten thousand bars of one making: their descent is walked once. */
static void ten_thousand_of_one_making_cost_little(void **state)
{
    struct world *w = *state;
    uint64_t steps;
    struct statement s = making_begin(MAKE_TRANSFORM);
    making_add_input(&s, BEANS_A, "1 t");
    making_add_input(&s, PASTE "mb", "1 kg");
    making_add_output(&s, MAKING_BAR "|00000|10000", "100 g", "TEN");
    (void)custody_do(w, FARM, s, MINUTES(5));
    assert_int_equal(measure(w, MAKING_BAR "|00000|10000", "of one making", &steps), ACCEPTED);
    assert_in_range(steps, 10000, 200000);
    judge(w, FARM, DISPOSITION_RECALL, LOT_A);
    assert_int_equal(measure(w, MAKING_BAR "|00000|10000", "of one making, recalled", &steps),
                     REFUSED_RECALLED);
}

/* ------------------------------------------------------------------ cost, by descents that are put into the state */

static struct hash numbered(unsigned kind, unsigned number)
{
    const unsigned both[2] = { kind, number };
    return crypto_sha256(slice_of(both, sizeof both));
}

static void keep_making(struct world *w, const struct hash *id, const struct asset_set *inputs)
{
    uint8_t memory[STATE_MAKING_BYTES_MAX + 1024];
    struct buf value = buf_fixed(memory, sizeof memory);
    struct state_key key = state_key_hash(TABLE_MAKING, id);
    struct state_making m = { .kind = MAKING_TRANSFORM,
                              .member = *world_kid(w, FARM),
                              .output_count = 1,
                              .outputs = { { .lot = slice_text("DEEP") } },
                              .input_count = inputs != NULL ? 1 : 0 };
    if (inputs != NULL)
        m.inputs = inputs->raw;
    state_making_put(&value, &m);
    assert_false(value.failed);
    memory_state_set(w->state, state_key_slice(&key), buf_slice(&value));
}

static void keep_asset(struct world *w, const char *name, const struct hash *origin)
{
    struct state_asset a = { .has_custodian = true,
                             .has_owner = true,
                             .custodian = *world_kid(w, FARM),
                             .owner = *world_kid(w, FARM) };
    a.goods.has_origin = true;
    a.goods.origin = *origin;
    custody_store(w, name, &a);
}

static const char *deep_name(unsigned level, unsigned number)
{
    static char name[ASSET_NAME_MAX + 1];
    (void)snprintf(name, sizeof name, "%s%u-%05u", level == 0 ? MAKING_BAR : PASTE, level, number);
    return name;
}

/* Level by level, each thing from one of the level below, by a making of its own. */
static void dig(struct world *w, unsigned width, unsigned depth)
{
    world_end(w);
    for (unsigned level = 0; level <= depth; level++)
        for (unsigned i = 0; i < width; i++) {
            struct hash id = numbered(level, i);
            struct asset_set below = custody_one(deep_name(level + 1, i));
            keep_asset(w, deep_name(level, i), &id);
            keep_making(w, &id, level < depth ? &below : NULL);
        }
}

/* Units that share nothing, with a long descent each: it is too much, and that is found out soon. */
static void ten_thousand_deep_descents_end_soon(void **state)
{
    struct world *w = *state;
    uint64_t steps;
    dig(w, 10000, 3);
    assert_int_equal(measure(w, MAKING_BAR "0-|00000|10000", "of their own descents", &steps),
                     REFUSED_STEPS);
    assert_int_equal(measure(w, MAKING_BAR "0-|00000|1000", "a tenth of them", &steps), ACCEPTED);
}

/* One unit with as long a descent as there may be. */
static void the_deepest_descent_can_be_handed_over(void **state)
{
    struct world *w = *state;
    uint64_t steps;
    dig(w, 1, GOODS_MAKINGS_MAX - 1);
    assert_int_equal(measure(w, MAKING_BAR "0-00000 " MAKING_BAR "a0", "the deepest", &steps),
                     ACCEPTED);
    assert_true(steps <= EXECUTE_STEPS_STATEMENT / 4);
    /* what is made of it would be deeper still; of what lies one below, as deep */
    custody_refused(w, FARM,
                    making_of(MAKE_TRANSFORM, MAKING_BAR "0-00000", NULL, MAKING_BAR "c", NULL),
                    REFUSED_GENEALOGY);
    (void)custody_do(w, FARM,
                     making_of(MAKE_TRANSFORM, deep_name(1, 0), NULL, MAKING_BAR "c", NULL),
                     MINUTES(51));
    assert_int_equal(measure(w, MAKING_BAR "c", "as deep", &steps), ACCEPTED);
    custody_recall(w, deep_name(GOODS_MAKINGS_MAX - 1, 0), CARRIER);
    assert_int_equal(measure(w, MAKING_BAR "c", "recalled at its end", &steps), REFUSED_RECALLED);
}

/* Ten thousand things from ten thousand things, over and over: each of them has a name to be looked up. */
static void what_is_too_wide_to_be_followed_is_not_made(void **state)
{
    struct world *w = *state;
    uint64_t steps;
    char range[ASSET_NAME_MAX];
    world_end(w);
    for (unsigned level = 3; level <= 3; level--) {
        struct hash id = numbered(200, level);
        (void)snprintf(range, sizeof range, PASTE "%u-|00000|10000", level + 1);
        struct asset_set below = making_set(range);
        keep_making(w, &id, level < 3 ? &below : NULL);
        for (unsigned i = 0; i < (level == 0 ? 1 : 10000); i++)
            keep_asset(w, deep_name(level, i), &id);
    }
    assert_int_equal(measure(w, deep_name(0, 0), "the widest", &steps), ACCEPTED);
    custody_refused(w, FARM, making_of(MAKE_TRANSFORM, deep_name(0, 0), NULL, MAKING_BAR "c", NULL),
                    REFUSED_GENEALOGY);
    (void)custody_do(w, FARM,
                     making_of(MAKE_TRANSFORM, deep_name(1, 0), NULL, MAKING_BAR "c", NULL),
                     MINUTES(51));
}

/* Two makings of as many words as there may be, whose goods take turns: none is read ten thousand times for nothing. */
static void long_makings_that_take_turns_end_soon(void **state)
{
    char name[16];
    struct world *w = *state;
    uint64_t steps;
    struct buf list = buf_heap(1 << 20);
    struct hash id[2] = { numbered(100, 0), numbered(100, 1) };
    world_end(w);
    cbor_put_array(&list, 2);
    cbor_put_text(&list, slice_text(PASTE));
    cbor_put_array(&list, 8000);
    for (unsigned i = 0; i < 8000; i++) {
        (void)snprintf(name, sizeof name, "%04u", i);
        cbor_put_text(&list, slice_text(name));
    }
    struct cbor_reader r = cbor_reader(buf_slice(&list));
    struct asset_set inputs = asset_set_take(&r);
    assert_true(cbor_done(&r));
    for (unsigned i = 0; i < 2; i++)
        keep_making(w, &id[i], &inputs);
    for (unsigned i = 0; i < 10000; i++)
        keep_asset(w, deep_name(0, i), &id[i % 2]);
    assert_int_equal(measure(w, MAKING_BAR "0-|00000|10000", "long makings", &steps),
                     REFUSED_STEPS);
    buf_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_recalled_lot_reaches_what_was_made_of_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_recalled_name_reaches_what_was_made_of_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_recalled_lot_is_not_its_neighbour, setup, teardown),
        cmocka_unit_test_setup_teardown(recalled_goods_go_back_to_who_recalls, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_remembered_from_one_to_the_next, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_was_found_is_for_one_receiver, setup, teardown),
        cmocka_unit_test_setup_teardown(what_holds_no_more_is_not_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_quarantine_holds_its_name_and_its_lot, setup, teardown),
        cmocka_unit_test_setup_teardown(rejected_goods_go_back_to_their_maker, setup, teardown),
        cmocka_unit_test_setup_teardown(goods_of_earlier_rules_have_no_descent, setup, teardown),
        cmocka_unit_test_setup_teardown(ten_thousand_of_one_making_cost_little, setup, teardown),
        cmocka_unit_test_setup_teardown(ten_thousand_deep_descents_end_soon, setup, teardown),
        cmocka_unit_test_setup_teardown(the_deepest_descent_can_be_handed_over, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_too_wide_to_be_followed_is_not_made, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(long_makings_that_take_turns_end_soon, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
