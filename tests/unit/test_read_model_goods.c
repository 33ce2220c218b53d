/* The read model's tables about goods, from events as the rules tell them and from such as no rule would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node/read_model_parts.h"
#include "node/read_model_trace.h"
#include "tests/support/ledger_kit.h"
#include "tests/unit/support_goods.h"
#include "tests/unit/support_ledger.h"
#include "tests/unit/support_rows.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE 60000
#define AT(m)  (LEDGER_T0 + (uint64_t)(m)*MINUTE)
#define PREFIX "01/09506000134352/21/R"

static void expect(bool good, const struct err *err)
{
    if (!good)
        fail_msg("%s", err->msg);
}

/* ------------------------------------------------------------------ the story by its tables */

static void test_views_of_the_story(void **state)
{
    (void)state;
    struct support_goods *g = support_goods_new();
    struct store *s = g->node.store;
    assert_int_equal(rows_number(s, "SELECT count(*) FROM makings WHERE kind = 'commission'"), 3);
    rows_expect(s, "SELECT last FROM making_outputs WHERE count = 3000", GOODS_BARS "3000");
    rows_expect(s, "SELECT first FROM making_inputs", GOODS_BEANS "1");
    assert_int_equal(
        rows_number(s, "SELECT made FROM lots WHERE lot = '01/09506000134369/10/BAR1'"), 3000);
    assert_int_equal(rows_number(s, "SELECT count(*) FROM goods WHERE ended = 'used up'"), 2);
    rows_expect(s, "SELECT asset FROM goods WHERE ended = 'dispensed'", GOODS_BARS "0001");
    assert_int_equal(rows_number(s, "SELECT count(*) FROM goods WHERE container IS NOT NULL"), 46);
    assert_int_equal(rows_number(s, "SELECT count(*) FROM packings"), 48);
    assert_int_equal(rows_number(s, "SELECT count(*) FROM packings WHERE until_ms IS NOT NULL"), 2);
    rows_expect(s, "SELECT asset FROM holds WHERE kind = 'recall' AND until_ms IS NULL",
                "01/09506000134352/10/BEANS");
    rows_expect(s, "SELECT finding FROM findings WHERE withdrawn_ms IS NULL", "AFTER_END");
    assert_int_equal(rows_number(s, "SELECT count(*) FROM handovers WHERE answer = 'accepted'"), 3);
    assert_int_equal(rows_number(s, "SELECT count(*) FROM handover_bindings WHERE seal = 'broken'"),
                     3);
    assert_int_equal(rows_number(s, "SELECT count(*) FROM certificates WHERE member <> ''"), 2);
    rows_expect(s, "SELECT action FROM dispositions WHERE count = 1 ORDER BY leaf DESC", "recall");
    /* the bars are the maker's, whose the beans were; the pallet went to the shop */
    assert_int_equal(rows_number(s, "SELECT count(DISTINCT owner) FROM goods WHERE made_by <> ''"),
                     1);
    assert_int_equal(rows_number(s,
                                 "SELECT count(*) FROM custody_intervals WHERE asset = '" GOODS_BARS
                                 "0002' AND role = 'custodian'"),
                     2);
    support_goods_free(g);
}

/* ------------------------------------------------------------------ numbers that do not follow */

static bool count_sets(void *ctx, const struct trace_set *set)
{
    int64_t *count = ctx;
    *count += set->run.count;
    return true;
}

/* One of the names was only ever scanned before: its number is not among the others'. */
static void commission_around_a_ghost(struct ledger *l)
{
    uint8_t memory[128];
    struct buf set = buf_fixed(memory, sizeof memory);
    struct statement s = { .kind = KIND_SCAN };
    s.as.scan.assets = asset_set_one(PREFIX "0003", &set);
    (void)ledger_add(l, &l->farm, AT(1), s);
    ledger_event(l, EVENT_SCANNED, PREFIX "0003", AT(1), "kn", &l->farm.kid);
    buf_clear(&set);
    s = (struct statement){ .kind = KIND_COMMISSION };
    s.as.commission.assets = asset_set_range(PREFIX, "0001", 5, &set);
    s.as.commission.lot = slice_text("L7");
    (void)ledger_add(l, &l->farm, AT(2), s);
    ledger_event_raw(l, EVENT_COMMISSIONED, s.as.commission.assets.raw, AT(2), "k", &l->farm.kid);
    ledger_seal(l, AT(3));
}

static void test_a_set_around_a_ghost(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(false);
    struct store *s = l->store;
    struct hash before, after;
    int64_t outputs = 0;
    commission_around_a_ghost(l);
    assert_int_equal(rows_number(s, "SELECT count(*) FROM making_outputs"), 3); /* 1-2, 3, 4-5 */
    expect(trace_outputs(s, 1, count_sets, &outputs, &err), &err);
    assert_int_equal(outputs, 5);
    assert_int_equal(rows_number(s, "SELECT made FROM lots"), 5);
    assert_int_equal(rows_number(s, "SELECT count(*) FROM asset_history WHERE what = 2"), 5);
    assert_int_equal(
        rows_number(s, "SELECT n FROM asset_history WHERE what = 2 AND asset LIKE '%0003'"), 1);
    assert_int_equal(rows_number(s, "SELECT count(*) FROM goods WHERE custodian <> ''"), 5);
    assert_int_equal(rows_number(s, "SELECT count(*) FROM custody_intervals"), 10);
    expect(read_model_digest(s, &before, &err), &err);
    expect(read_model_rebuild(s, &err), &err);
    expect(read_model_digest(s, &after, &err), &err);
    assert_true(hash_equal(&before, &after));
    ledger_free(l);
}

/* ------------------------------------------------------------------ misfits */

/* Events that no rule of ours tells, or of another shape: kept as history, and nothing else is made of them. */
static void test_misfits_are_history_only(void **state)
{
    (void)state;
    static const enum event_what whats[] = {
        EVENT_RECEIVED,
        EVENT_NOT_RECEIVED,
        EVENT_BOUND,
        EVENT_PACKED,
        EVENT_UNPACKED,
        EVENT_MADE,
        EVENT_USED,
        EVENT_DISPOSITION,
        EVENT_DISPUTED,
        EVENT_CERTIFIED,
        EVENT_CERTIFICATE_REVOKED,
        EVENT_CORRECTED,
        EVENT_FINDING,
        EVENT_REVEALED,
        EVENT_OFFERED,
        EVENT_PASSED,
        EVENT_COMMISSIONED,
    };
    struct ledger *l = ledger_new(false);
    struct hash other = { { 5 } };
    commission_around_a_ghost(l);
    struct statement s = kit_party(&l->farm.kid);
    (void)ledger_add(l, &l->farm, AT(4), s);
    for (size_t i = 0; i < sizeof whats / sizeof whats[0]; i++) {
        ledger_event(l, whats[i], PREFIX "0001", AT(4), "tt", "mis", "fit");
        ledger_event_bytes(l, whats[i], hash_slice(&other), AT(4), "tt", "mis", "fit");
    }
    /* well shaped, of statements that are not what they say */
    ledger_event(l, EVENT_MADE, PREFIX "0001", AT(4), "uhu", UINT64_C(2), &other, UINT64_C(9));
    ledger_event(l, EVENT_USED, PREFIX "0001", AT(4), "uhnnn", UINT64_C(2), &other);
    ledger_event(l, EVENT_UNPACKED, PREFIX "0001", AT(4), "t", PREFIX "0002");
    ledger_event(l, EVENT_DISPOSITION, PREFIX "0001", AT(4), "uhknn", UINT64_C(99), &other,
                 &l->farm.kid);
    ledger_event(l, EVENT_DISPOSITION, PREFIX "0001", AT(4), "uhknn", UINT64_C(1), &other,
                 &l->farm.kid);
    ledger_seal(l, AT(5));
    struct store *store = l->store;
    assert_int_equal(
        rows_number(store, "SELECT count(*) FROM asset_history WHERE time_ms > 1780293780000"),
        (int64_t)(sizeof whats / sizeof whats[0]) + 5);
    assert_int_equal(rows_number(store, "SELECT count(*) FROM goods WHERE ended IS NOT NULL"), 0);
    assert_int_equal(rows_number(store, "SELECT count(*) FROM makings"), 1);
    assert_int_equal(rows_number(store, "SELECT count(*) FROM holds"), 0);
    assert_int_equal(rows_number(store, "SELECT count(*) FROM findings"), 0);
    assert_int_equal(rows_number(store, "SELECT count(*) FROM corrections"), 0);
    ledger_free(l);
}

/* ------------------------------------------------------------------ runs */

static void test_runs_settle(void **state)
{
    (void)state;
    struct trace_runs r = { .count = 0 };
    trace_runs_settle(&r);
    assert_int_equal(r.count, 0);
    trace_runs_add(&r, 50, 10);
    trace_runs_add(&r, 1, 10);
    trace_runs_add(&r, 11, 2);  /* touches */
    trace_runs_add(&r, 55, 2);  /* inside */
    trace_runs_add(&r, 58, 10); /* overlaps */
    trace_runs_settle(&r);
    assert_int_equal(r.count, 2);
    assert_int_equal(r.at[0].first, 1);
    assert_int_equal(r.at[0].count, 12);
    assert_int_equal(r.at[1].first, 50);
    assert_int_equal(r.at[1].count, 18);
    trace_runs_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views_of_the_story),
        cmocka_unit_test(test_a_set_around_a_ghost),
        cmocka_unit_test(test_misfits_are_history_only),
        cmocka_unit_test(test_runs_settle),
    };
    return cmocka_run_group_tests_name("read_model_goods", tests, NULL, NULL);
}
