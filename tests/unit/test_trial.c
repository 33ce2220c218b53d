#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/state_value.h"
#include "tools/trial_value.h"

#include <stdlib.h>
#include <string.h>

#define UNIT "01/09506000134352/21/T1"

static void expect(bool good, const struct err *err)
{
    if (!good)
        fail_msg("%s", err->msg);
}

/* ------------------------------------------------------------------ state */

static void test_state_keeps_the_last_value_of_each_key(void **state)
{
    (void)state;
    struct trial_state *s = trial_state_new();
    struct slice value;
    for (uint64_t round = 0; round < 3; round++)
        for (uint64_t i = 0; i < 500; i++) { /* in no order */
            struct state_key key = state_key_block(i * 7919 % 500);
            uint64_t v = round * 1000 + i * 7919 % 500;
            assert_true(trial_state_set(s, state_key_slice(&key), slice_of(&v, sizeof v)));
        }
    for (uint64_t i = 0; i < 500; i += 2) {
        struct state_key key = state_key_block(i);
        assert_true(trial_state_set(s, state_key_slice(&key), slice_of("", 0)));
    }
    for (uint64_t i = 0; i < 500; i++) {
        struct state_key key = state_key_block(i);
        uint64_t v = 2000 + i;
        assert_int_equal(trial_state_get(s, &key, &value), i % 2 == 1);
        assert_true(i % 2 == 0 || slice_equal(value, slice_of(&v, sizeof v)));
    }
    trial_state_free(s);
}

static void test_state_tells_due_timers_in_their_order(void **state)
{
    (void)state;
    static const struct {
        uint64_t time_ms, what;
        const char *id;
    } timers[] = { { 70000, 1, "b" }, { 5, 2, "a" },      { 5, 1, "zz" },
                   { 5, 1, "a" },     { 70000, 1, "aa" }, { 70001, 1, "a" } };
    static const size_t order[] = { 3, 2, 1, 4, 0 };
    struct trial_state *s = trial_state_new();
    struct state_key plain = state_key_plain(TABLE_SETS), keys[8];
    uint64_t next;
    assert_true(trial_state_set(s, state_key_slice(&plain), slice_text("x")));
    assert_false(trial_state_next_timer(s, &next));
    for (size_t i = 0; i < 6; i++) {
        struct state_key key =
            state_key_timer(timers[i].time_ms, timers[i].what, slice_text(timers[i].id));
        assert_true(trial_state_set(s, state_key_slice(&key), slice_text("x")));
    }
    struct state_view view = trial_state_view(s);
    assert_true(trial_state_next_timer(s, &next));
    assert_int_equal(next, 5);
    assert_int_equal(view.due(view.ctx, 4, keys, 8), 0);
    assert_int_equal(view.due(view.ctx, 70000, keys, 2), 2);
    assert_int_equal(view.due(view.ctx, 70000, keys, 8), 5);
    for (size_t i = 0; i < 5; i++) {
        struct state_key key = state_key_timer(timers[order[i]].time_ms, timers[order[i]].what,
                                               slice_text(timers[order[i]].id));
        assert_true(slice_equal(state_key_slice(&keys[i]), state_key_slice(&key)));
    }
    trial_state_free(s);
}

/* ------------------------------------------------------------------ the ledger */

static struct statement commission(struct buf *memory)
{
    struct statement s = { .kind = KIND_COMMISSION };
    buf_clear(memory);
    s.as.commission.assets = asset_set_one(UNIT, memory);
    return s;
}

static struct trial_person *add(struct trial *t, const char *name, struct err *err)
{
    return trial_add(t, &(struct trial_who){ .name = name, .class = CLASS_MEMBER }, err);
}

static void test_people_are_who_they_say(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct trial *t = trial_new(TRIAL_START_MS), *again = trial_new(TRIAL_START_MS);
    struct kid other = { { 1, 2, 3 } };
    struct trial_person *farm = add(t, "Farm A", &err);
    struct trial_person *logger =
        trial_add(t,
                  &(struct trial_who){
                      .name = "logger", .class = CLASS_DEVICE, .company = farm, .kid = &other },
                  &err);
    assert_non_null(farm);
    assert_non_null(logger);
    assert_ptr_equal(trial_find(t, "Farm A"), farm);
    assert_ptr_equal(trial_find_kid(t, &other), logger);
    assert_true(kid_equal(&logger->member, &farm->key.kid));
    assert_null(add(t, "Farm A", &err));
    assert_non_null(strstr(err.msg, "two of the name"));
    struct trial_person *same = add(again, "Farm A", &err);
    assert_true(kid_equal(&same->key.kid, &farm->key.kid));
    trial_free(t);
    trial_free(again);
}

static void test_a_refusal_is_a_result_with_its_words(void **state)
{
    (void)state;
    uint8_t bytes[128];
    struct err err = { 0 };
    struct buf memory = buf_fixed(bytes, sizeof bytes);
    struct trial *t = trial_new(TRIAL_START_MS);
    struct trial_person *farm = add(t, "Farm A", &err);
    expect(trial_say(t, farm, commission(&memory), &err), &err);
    assert_int_equal(t->last.code, ACCEPTED);
    expect(trial_say(t, farm, commission(&memory), &err), &err);
    assert_int_equal(t->last.code, REFUSED_EXISTS);
    expect(trial_settle(t, &err), &err);
    assert_string_equal(t->last.words, UNIT);
    struct state_key key = state_key_text(TABLE_ASSET, slice_text(UNIT));
    struct slice value;
    struct state_asset a;
    assert_true(trial_get(t, &key, &value) && state_asset_take(value, &a));
    assert_true(kid_equal(&a.custodian, &farm->key.kid));
    trial_free(t);
}

static void test_the_clock_moves_one_way(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct trial *t = trial_new(TRIAL_START_MS);
    expect(trial_advance(t, TRIAL_START_MS + 5000, &err), &err);
    assert_int_equal(t->now_ms, TRIAL_START_MS + 5000);
    expect(trial_advance(t, TRIAL_START_MS + 4001, &err), &err);
    assert_int_equal(t->now_ms, TRIAL_START_MS + 5000);
    assert_false(trial_advance(t, TRIAL_START_MS + 4000, &err));
    trial_free(t);
}

/* A block's statements share its time; another block of the same moment comes a millisecond later. */
static void test_blocks_of_a_moment(void **state)
{
    (void)state;
    uint8_t bytes[128];
    struct err err = { 0 };
    struct buf memory = buf_fixed(bytes, sizeof bytes);
    struct trial *t = trial_new(TRIAL_START_MS);
    struct trial_person *farm = add(t, "Farm A", &err);
    expect(trial_say(t, farm, commission(&memory), &err), &err);
    expect(trial_say(t, farm, commission(&memory), &err), &err);
    assert_int_equal(t->now_ms, TRIAL_START_MS);
    expect(trial_settle(t, &err), &err);
    expect(trial_say(t, farm, commission(&memory), &err), &err);
    assert_int_equal(t->now_ms, TRIAL_START_MS + 1);
    trial_free(t);
}

/* ------------------------------------------------------------------ excursions */

static void note(struct trial_findings *f, enum event_what what, struct buf *data)
{
    uint8_t bytes[64];
    struct buf subject = buf_fixed(bytes, sizeof bytes);
    cbor_put_text(&subject, slice_text(UNIT));
    struct event e = {
        .what = what, .subject = buf_slice(&subject), .time_ms = 120000, .data = buf_slice(data)
    };
    assert_true(trial_findings_note(f, &e));
    buf_clear(data);
}

/* What names the excursion, after the rule. */
static void put_name(struct buf *data)
{
    static const uint8_t zeros[HASH_SIZE];
    cbor_put_uint(data, 60000);
    cbor_put_bytes(data, slice_of(zeros, HASH_SIZE));
    cbor_put_bytes(data, slice_of(zeros, KID_SIZE));
}

static void charge(struct trial_findings *f, const struct kid *member, uint64_t seconds)
{
    uint8_t bytes[128];
    struct buf data = buf_fixed(bytes, sizeof bytes);
    cbor_put_array(&data, 6);
    cbor_put_uint(&data, 3);
    if (member != NULL)
        kid_put(&data, member);
    else
        cbor_put_null(&data);
    cbor_put_uint(&data, seconds);
    put_name(&data);
    note(f, EVENT_CHARGED, &data);
}

static void revise(struct trial_findings *f, bool all)
{
    uint8_t bytes[128];
    struct buf data = buf_fixed(bytes, sizeof bytes);
    cbor_put_array(&data, 5);
    cbor_put_uint(&data, 3);
    put_name(&data);
    cbor_put_bool(&data, all);
    note(f, EVENT_REVISION, &data);
}

static void test_findings_follow_their_revisions(void **state)
{
    (void)state;
    static const struct kid farm = { { 1 } }, carrier = { { 2 } };
    uint8_t bytes[128];
    struct buf data = buf_fixed(bytes, sizeof bytes);
    struct trial_findings f = { 0 };
    cbor_put_array(&data, 4);
    cbor_put_uint(&data, 3);
    put_name(&data);
    note(&f, EVENT_EXCURSION_OPENED, &data);
    charge(&f, &farm, 10);
    charge(&f, &carrier, 5);
    charge(&f, NULL, 7);
    charge(&f, &farm, 20);
    assert_int_equal(f.count, 1);
    const struct trial_excursion *x = &f.items[0];
    assert_true(x->opened && !x->ended);
    assert_int_equal(x->of.rule, 3);
    assert_int_equal(x->broken_ms, 120000);
    assert_string_equal(x->asset, UNIT);
    assert_int_equal(x->share_count, 3);
    assert_int_equal(x->shares[0].seconds, 30);
    assert_false(x->shares[2].held);
    revise(&f, false);
    assert_true(x->opened);
    assert_int_equal(x->share_count, 0);
    charge(&f, &farm, 1);
    assert_int_equal(x->shares[0].seconds, 1);
    revise(&f, true);
    assert_false(x->opened);
    assert_int_equal(x->share_count, 0);
    assert_int_equal(f.count, 1);
    trial_findings_free(&f);
}

/* ------------------------------------------------------------------ times and values as people write them */

static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t ms;
        bool fine;
    } good[] = {
        { "10:00", 36000000, false },
        { "00:00:30", 30000, false },
        { "10:00:00.250", 36000250, true },
        { "day 2 00:01", 86460000, false },
        { "+30 min", 1800000 + 7, false },
        { "+ 30 min", 1800000 + 7, false },
        { "2026-06-01T01:00:00Z", 3600000, false },
    };
    static const char *const bad[] = { "",          "10",       "24:00",  "10:60",
                                       "10:0",      "10:00:60", "10:00x", "day 0 10:00",
                                       "day 10:00", "+30",      "-1 min", "10:00:00.2" };
    struct trial_instant i;
    struct err err = { 0 };
    char text[TRIAL_TEXT_SIZE];
    for (size_t k = 0; k < sizeof good / sizeof *good; k++) {
        expect(trial_value_time(good[k].text, TRIAL_START_MS + 7, &i, &err), &err);
        assert_int_equal(i.ms - TRIAL_START_MS, good[k].ms);
        assert_int_equal(i.fine, good[k].fine);
    }
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        if (trial_value_time(bad[k], TRIAL_START_MS, &i, &err))
            fail_msg("%s is no time", bad[k]);
    i = (struct trial_instant){ 5000, false };
    assert_true(trial_value_same_time(&i, 5999));
    assert_false(trial_value_same_time(&i, 6000));
    i.fine = true;
    assert_false(trial_value_same_time(&i, 5001));
    assert_string_equal(trial_value_show_time(TRIAL_START_MS + 36000000, text), "10:00");
    assert_string_equal(trial_value_show_time(TRIAL_START_MS + 86400000 + 61001, text),
                        "day 2 00:01:01.001");
}

static void test_quantities(void **state)
{
    (void)state;
    struct quantity q;
    struct err err = { 0 };
    char text[TRIAL_TEXT_SIZE];
    expect(trial_value_quantity("EUR 12.50", "EUR", false, &q, &err), &err);
    assert_int_equal(quantity_compare(q.mantissa, q.exponent, 1250, -2), 0);
    expect(trial_value_quantity("12.50 EUR", "EUR", false, &q, &err), &err);
    assert_string_equal(q.unit, "EUR");
    expect(trial_value_quantity("9", "Cel", true, &q, &err), &err);
    assert_string_equal(q.unit, "Cel");
    assert_false(trial_value_quantity("9", "Cel", false, &q, &err));
    assert_false(trial_value_quantity("9 %", "Cel", true, &q, &err));
    assert_false(trial_value_quantity("EUR", "EUR", true, &q, &err));
    assert_string_equal(trial_value_show(910, -2, "Cel", text), "9.1 °C");
    assert_string_equal(trial_value_show(1250, -2, "EUR", text), "EUR 12.50");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state_keeps_the_last_value_of_each_key),
        cmocka_unit_test(test_state_tells_due_timers_in_their_order),
        cmocka_unit_test(test_people_are_who_they_say),
        cmocka_unit_test(test_a_refusal_is_a_result_with_its_words),
        cmocka_unit_test(test_the_clock_moves_one_way),
        cmocka_unit_test(test_blocks_of_a_moment),
        cmocka_unit_test(test_findings_follow_their_revisions),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_quantities),
    };
    assert_true(crypto_init());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
