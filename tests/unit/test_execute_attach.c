/* What a reading speaks for: the asset that its device was on when each row was measured. */
#include "tests/unit/support_judging.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OTHER "01/09506000134352/21/OTHER"
#define THIRD "01/09506000134352/21/THIRD"

/* Gap 30 min, lateness 24 h: nothing is too late here. */
static const char warm_yaml[] =
    "contract: test\nversion: 1\nsummary: For tests.\n"
    "roles:\n  shipper: packs the goods\n  clinic: receives them\n"
    "parties:\n  sender: shipper\n  receiver: clinic\n"
    "maximum gap: 30 min\nlateness: 24 h\nwatch:\n"
    "  too warm:\n    when: temperature > 8 °C\n    for: 10 min\n    severity: high\n";

static int setup(void **state)
{
    struct world *w = judging_world();
    judging_say(w, FARM, kit_commission(OTHER), MINUTES(0));
    judging_say(w, FARM, kit_commission(THIRD), MINUTES(0));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

static void attach(struct world *w, const char *asset, unsigned minute)
{
    judging_say(w, FARM, kit_attach(world_kid(w, LOGGER), asset, false), MINUTES(minute));
}

static void detach(struct world *w, const char *asset, unsigned minute)
{
    judging_say(w, FARM, kit_attach(world_kid(w, LOGGER), asset, true), MINUTES(minute));
}

static bool past(struct world *w, struct state_attachments *ret)
{
    static uint8_t memory[4096];
    struct state_key key = state_key_kid(TABLE_ATTACHED_BEFORE, world_kid(w, LOGGER));
    struct slice value;
    world_end(w);
    if (!memory_state_get(w->state, state_key_slice(&key), &value))
        return false;
    assert_true(value.len <= sizeof memory);
    memcpy(memory, value.data, value.len);
    return state_attachments_take(slice_of(memory, value.len), ret);
}

static struct judging_letter warm(struct world *w, unsigned first, unsigned count, int centi)
{
    int values[600];
    for (unsigned i = 0; i < count; i++)
        values[i] = centi;
    return judging_sign(w, LOGGER, judging_minutes(values, count), MINUTES(first + count - 1));
}

/* ------------------------------------------------------------------ whose a row is */

static void a_late_pack_goes_to_the_asset_the_device_was_on(void **state)
{
    struct world *w = *state;
    struct judging_letter late = warm(w, 20, 11, 450);
    detach(w, UNIT, 60);
    attach(w, OTHER, 90);
    assert_int_equal(judging_post(w, &late), ACCEPTED);
    assert_true(world_has(w, "recorded " UNIT " logger +20m +30m"));
    assert_int_equal(world_count(w, "recorded"), 1);
}

static void a_pack_that_straddles_two_attachments_is_split(void **state)
{
    struct world *w = *state;
    struct hash opening = judging_open_at(w, warm_yaml, MINUTES(10));
    world_block(w, MINUTES(95));
    detach(w, UNIT, 60);
    attach(w, OTHER, 90);
    judging_report_flat(w, LOGGER, 50, 51, 900); /* 50 … 100 */
    assert_true(world_has(w, "recorded " UNIT " logger +50m +59m"));
    assert_true(world_has(w, "recorded " OTHER " logger +90m +100m"));
    assert_int_equal(world_count(w, "recorded"), 2); /* minutes 60 … 89 speak of nothing */
    /* ten rows, the last of which holds: broken, and not for longer than the hold */
    world_block(w, MINUTES(24 * 60 + 200));
    assert_true(judging_book_bytes(w, &opening).len > 0);
    assert_true(world_has(w, "excursion_opened " UNIT " 0 +50m # logger at +60m"));
    assert_true(world_has(w, "excursion_closed " UNIT " 0 +50m +89m"));
}

static void rows_of_no_attachment_are_the_keys_own(void **state)
{
    struct world *w = *state;
    detach(w, UNIT, 30);
    judging_report_flat(w, LOGGER, 30, 5, 450);
    attach(w, OTHER, 60);
    judging_report_flat(w, LOGGER, 50, 10, 450); /* 50 … 59, said once it was attached */
    assert_true(world_has(w, "recorded logger logger +30m +34m"));
    assert_true(world_has(w, "recorded logger logger +50m +59m"));
    assert_int_equal(world_count(w, "recorded"), 2);
}

/* Left and come back to: one event, one judgement, of all its rows. */
static void an_asset_that_was_come_back_to_gets_all_its_rows(void **state)
{
    struct world *w = *state;
    struct hash opening = judging_open_at(w, warm_yaml, MINUTES(10));
    world_block(w, MINUTES(70));
    detach(w, UNIT, 30);
    attach(w, OTHER, 32);
    detach(w, OTHER, 34);
    attach(w, UNIT, 36);
    judging_report_flat(w, LOGGER, 28, 15, 900); /* 28 … 42 */
    assert_true(world_has(w, "recorded " UNIT " logger +28m +42m"));
    assert_true(world_has(w, "recorded " OTHER " logger +32m +33m"));
    assert_int_equal(world_count(w, "recorded"), 2);
    assert_true(world_has(w, "excursion_opened " UNIT " 0 +28m # logger at +38m"));
    assert_true(judging_book_bytes(w, &opening).len > 0);
    assert_int_equal(world_count(w, "not_judged"), 0);
}

/* The same numbers are judged for two assets, each in the order of its own. */
static void late_packs_of_both_assets_find_their_places(void **state)
{
    struct world *w = *state;
    (void)judging_open_at(w, warm_yaml, MINUTES(10));
    world_block(w, MINUTES(100));
    struct judging_letter a = warm(w, 20, 10, 900), b = warm(w, 30, 10, 450);
    struct judging_letter c = warm(w, 60, 10, 450);
    detach(w, UNIT, 50);
    attach(w, OTHER, 50);
    assert_int_equal(judging_post(w, &c), ACCEPTED);
    assert_int_equal(judging_post(w, &b), ACCEPTED);
    assert_int_equal(judging_post(w, &a), ACCEPTED);
    assert_true(world_has(w, "recorded " OTHER " logger +60m +69m"));
    assert_int_equal(world_count(w, "recorded " UNIT), 2);
    assert_true(world_has(w, "excursion_closed " UNIT " 0 +20m +30m"));
    assert_int_equal(world_count(w, "not_judged"), 0);
}

/* ------------------------------------------------------------------ what is kept */

static void a_detachment_keeps_when_it_was_on_what(void **state)
{
    struct world *w = *state;
    struct state_attachments p = { .count = 0 };
    assert_false(past(w, &p));
    detach(w, UNIT, 30);
    assert_true(past(w, &p));
    assert_int_equal(p.count, 1);
    assert_true(slice_equal(p.items[0].asset, slice_text(UNIT)));
    assert_int_equal(p.items[0].from_ms, MINUTES(0));
    assert_int_equal(p.items[0].to_ms, MINUTES(30));
}

/* Signed before the last one was over: it begins where that ended, as a device speaks for one at a time. */
static void an_attachment_begins_after_the_last_one(void **state)
{
    struct world *w = *state;
    detach(w, UNIT, 30);
    attach(w, OTHER, 20);
    judging_report_flat(w, LOGGER, 25, 11, 450); /* 25 … 35 */
    assert_true(world_has(w, "recorded " UNIT " logger +25m +29m"));
    assert_true(world_has(w, "recorded " OTHER " logger +30m +35m"));
}

/* Signed before it began: it never was. */
static void an_attachment_of_no_time_is_not_kept(void **state)
{
    struct world *w = *state;
    struct state_attachments p = { .count = 0 };
    detach(w, UNIT, 30);
    attach(w, OTHER, 40);
    detach(w, OTHER, 35);
    assert_true(past(w, &p));
    assert_int_equal(p.count, 1);
    judging_report_flat(w, LOGGER, 40, 3, 450);
    assert_true(world_has(w, "recorded logger logger +40m +42m"));
}

static void the_seventeenth_lets_the_oldest_go(void **state)
{
    struct world *w = *state;
    struct state_attachments p = { .count = 0 };
    detach(w, UNIT, 10);
    for (unsigned i = 1; i <= STATE_ATTACHMENTS_MAX; i++) {
        attach(w, i % 2 == 0 ? OTHER : THIRD, 10 * i);
        detach(w, i % 2 == 0 ? OTHER : THIRD, 10 * i + 10);
    }
    assert_true(past(w, &p));
    assert_int_equal(p.count, STATE_ATTACHMENTS_MAX);
    assert_int_equal(p.items[0].from_ms, MINUTES(10));
    assert_int_equal(p.items[STATE_ATTACHMENTS_MAX - 1].to_ms, MINUTES(170));
    judging_report_flat(w, LOGGER, 1, 5, 450); /* of the one that was let go */
    assert_true(world_has(w, "recorded logger logger +1m +5m"));
}

static void others_may_not_attach_or_detach(void **state)
{
    struct world *w = *state;
    const struct kid *logger = world_kid(w, LOGGER);
    assert_int_equal(world_say(w, CARRIER, kit_attach(logger, UNIT, true), MINUTES(2)),
                     REFUSED_NOT_YOUR_KEY);
    assert_int_equal(world_say(w, FARM, kit_attach(logger, OTHER, true), MINUTES(2)),
                     REFUSED_ATTACHED_ELSEWHERE);
    assert_int_equal(world_say(w, FARM, kit_attach(logger, OTHER, false), MINUTES(2)),
                     REFUSED_ATTACHED_ELSEWHERE);
    detach(w, UNIT, 3);
    assert_int_equal(world_say(w, FARM, kit_attach(logger, UNIT, true), MINUTES(4)),
                     REFUSED_ATTACHED_ELSEWHERE);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_late_pack_goes_to_the_asset_the_device_was_on),
        CASE(a_pack_that_straddles_two_attachments_is_split),
        CASE(rows_of_no_attachment_are_the_keys_own),
        CASE(an_asset_that_was_come_back_to_gets_all_its_rows),
        CASE(late_packs_of_both_assets_find_their_places),
        CASE(a_detachment_keeps_when_it_was_on_what),
        CASE(an_attachment_begins_after_the_last_one),
        CASE(an_attachment_of_no_time_is_not_kept),
        CASE(the_seventeenth_lets_the_oldest_go),
        CASE(others_may_not_attach_or_detach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
