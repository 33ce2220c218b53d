/* The journey of the demonstration: one excursion from 10:00 to 11:00 that straddles a handover. */
#include "contracts/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "contracts/charge.h"
#include "contracts/compile.h"

#define MINUTE UINT64_C(60000)
#define SIX    UINT64_C(1767247200000) /* 2026-01-01 06:00 UTC, packed by Farm A */

struct journey {
    struct contract_definition def;
    struct contract_terms terms;
    struct judge_state state;
    struct judge_findings found;
    uint8_t bytes[DEFINITION_MAX_BYTES];
    size_t opened[DEFINITION_MAX_RULES];
    struct judge_finding last[DEFINITION_MAX_RULES]; /* closed */
    uint64_t seconds[DEFINITION_MAX_RULES]['C' + 1];
};

static void begin(struct journey *j)
{
    struct yaml_tree tree = { 0 };
    struct err err = { 0 };
    struct slice usual = { NULL, 0 };
    struct buf out = buf_fixed(j->bytes, sizeof j->bytes);
    if (!yaml_load("contracts/library/vaccine-2-8.yaml", &tree, &err) ||
        !compile_contract(&tree, &out, &err) ||
        !definition_decode(buf_slice(&out), &j->def, &err) ||
        !terms_bind(&j->def, usual, &j->terms, &err))
        fail_msg("%s", err.msg);
    yaml_tree_free(&tree);
}

static void take(struct journey *j)
{
    static const struct charge_holder custody[] = {
        { SIX, true, { 'A' } },
        { SIX + 260 * MINUTE, true, { 'B' } }, /* 10:20 */
        { SIX + 760 * MINUTE, true, { 'C' } }, /* 18:40 */
    };
    for (size_t i = 0; i < j->found.count; i++) {
        const struct judge_finding *f = &j->found.items[i];
        struct charge_shares shares = { 0 };
        if (f->kind == JUDGE_OPENED)
            j->opened[f->rule]++;
        if (f->kind == JUDGE_CLOSED)
            j->last[f->rule] = *f;
        if (f->kind != JUDGE_CHARGE)
            continue;
        assert_true(charge_split(custody, 3, f->from_ms, f->to_ms, &shares, NULL));
        for (size_t k = 0; k < shares.count; k++)
            j->seconds[f->rule][shares.items[k].member[0]] += shares.items[k].seconds;
    }
}

static void test_a_day_with_one_warm_hour(void **state)
{
    (void)state;
    static struct journey j;
    begin(&j);
    for (uint64_t m = 0; m < 24 * 60; m++) {
        bool warm = m >= 240 && m < 300;
        uint64_t now = SIX + m * MINUTE;
        struct judge_reading t = { 1, true, -2, now, warm ? 840 + (m == 271 ? 70 : 0) : 512 };
        struct judge_reading h = { 2, true, -2, now, 6150 };
        assert_int_equal(judge_sample(&j.def, &j.terms, &j.state, &t, &j.found), JUDGE_DONE);
        take(&j);
        assert_int_equal(j.opened[0], m >= 250);
        assert_int_equal(judge_sample(&j.def, &j.terms, &j.state, &h, &j.found), JUDGE_DONE);
        take(&j);
    }
    assert_true(slice_equal(j.def.rules[0].name, slice_text("too warm")));
    assert_int_equal(j.opened[0], 1);
    assert_int_equal(j.last[0].from_ms, SIX + 240 * MINUTE);
    assert_int_equal(j.last[0].to_ms, SIX + 300 * MINUTE);
    assert_int_equal(j.last[0].peak, 910);
    assert_int_equal(j.last[0].peak_exponent, -2);
    assert_int_equal(j.seconds[0]['A'], 20 * 60);
    assert_int_equal(j.seconds[0]['B'], 40 * 60);
    assert_int_equal(j.seconds[0]['C'], 0);
    /* One hour of the two-hour budget: used, not broken. */
    assert_true(slice_equal(j.def.rules[2].name, slice_text("warm in all")));
    assert_int_equal(j.opened[1] + j.opened[2] + j.opened[3] + j.opened[4], 0);
    assert_int_equal(j.seconds[2]['A'] + j.seconds[2]['B'], 3600);
    assert_int_equal(judge_deadline(&j.def, &j.terms, &j.state), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_day_with_one_warm_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
