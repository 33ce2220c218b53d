/*
 * The engine against a reference too slow and too plain to be wrong: it paints every second of a journey
 * with the reading that holds in it, then reads the excursions and charges off the picture.
 *
 * usage: test_judge_reference [SEQUENCES [SEED]]
 */
#include "contracts/charge.h"
#include "contracts/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support_contract.h"

#define START    UINT64_C(1767258000) /* seconds */
#define LENGTH   (SAMPLES * 25 + 20)  /* seconds a journey can last, the last hold included */
#define SAMPLES  60
#define RULES    6
#define MEMBERS  4 /* the last is nobody */
#define RUNS     100
#define LATENESS 7

static unsigned long sequences = 20000;
static uint64_t first_seed = 1;

struct excursion {
    int from, to, broken; /* seconds after START */
    int64_t peak;         /* thousandths */
};

struct result {
    size_t count[RULES];
    struct excursion excursions[RULES][RUNS];
    uint64_t seconds[RULES][MEMBERS];
};

struct sample {
    int at, property;
    int64_t milli; /* thousandths, whole in tenths */
    bool present, fault, stale;
};

struct rule {
    int property, op, lasting, duration;
    int64_t bound; /* thousandths */
};

struct journey {
    int gap, sample_count, handover_count, rule_count;
    struct sample samples[SAMPLES];
    struct rule rules[RULES];
    struct {
        int at, member;
    } handovers[5];
};

static int pick(uint64_t *seed, int from, int to)
{
    return from + (int)(support_contract_random(seed) % (uint64_t)(to - from + 1));
}

static void make_journey(uint64_t *seed, struct journey *j)
{
    memset(j, 0, sizeof *j);
    j->gap = pick(seed, 3, 20);
    j->rule_count = pick(seed, 1, RULES);
    for (int i = 0; i < j->rule_count; i++)
        j->rules[i] = (struct rule){ .property = pick(seed, 1, 2),
                                     .op = pick(seed, 0, 3),
                                     .lasting = pick(seed, 0, 2),
                                     .duration = pick(seed, 1, 40),
                                     .bound = pick(seed, 70, 90) * 100 };
    int at = 0;
    j->sample_count = pick(seed, 0, SAMPLES);
    int64_t level = 8000;
    for (int i = 0; i < j->sample_count; i++) {
        struct sample *s = &j->samples[i];
        at += pick(seed, 0, 9) == 0 ? pick(seed, 5, 25) : pick(seed, 0, 5);
        level += pick(seed, -6, 6) * 100 + (8000 - level) / 1000 * 100;
        *s = (struct sample){ .at = at, .property = pick(seed, 1, 2), .milli = level };
        s->present = pick(seed, 0, 15) != 0;
        s->fault = s->property == 1 && pick(seed, 0, 15) == 0;
        s->stale = pick(seed, 0, 15) == 0;
    }
    j->handover_count = pick(seed, 0, 5);
    int when = -20;
    for (int i = 0; i < j->handover_count; i++) {
        when += pick(seed, 0, 120);
        j->handovers[i].at = when;
        j->handovers[i].member = pick(seed, 0, MEMBERS - 1);
    }
}

/* ------------------------------------------------------------------ the reference */

static bool is_out(const struct rule *r, int64_t milli)
{
    bool answers[] = { milli > r->bound, milli >= r->bound, milli < r->bound, milli <= r->bound };
    return answers[r->op];
}

static int64_t farther(const struct rule *r, int64_t a, int64_t b)
{
    return (r->op < 2) == (a > b) ? a : b;
}

/* picture[t] = index of the sample that holds in second t, or -1. */
static void paint(const struct journey *j, int property, int picture[LENGTH])
{
    int last = -1; /* the time up to which samples are judged */
    for (int t = 0; t < LENGTH; t++)
        picture[t] = -1;
    for (int i = 0; i < j->sample_count; i++) {
        const struct sample *s = &j->samples[i];
        if (s->property != property || !s->present || s->fault || s->stale || s->at <= last)
            continue;
        last = s->at;
        for (int t = s->at; t < s->at + j->gap; t++) /* the one before it ends no later */
            picture[t] = i;
    }
}

static int custodian_at(const struct journey *j, int t)
{
    int member = MEMBERS - 1;
    for (int i = 0; i < j->handover_count; i++)
        if (j->handovers[i].at <= t)
            member = j->handovers[i].member;
    return member;
}

static void refer_rule(const struct journey *j, int index, struct result *res)
{
    const struct rule *r = &j->rules[index];
    int picture[LENGTH];
    int total = 0;
    paint(j, r->property, picture);
    for (int t = 0; t < LENGTH; t++) {
        if (picture[t] < 0 || !is_out(r, j->samples[picture[t]].milli))
            continue;
        struct excursion e = { .from = t, .peak = j->samples[picture[t]].milli };
        while (t < LENGTH && picture[t] >= 0 && is_out(r, j->samples[picture[t]].milli))
            e.peak = farther(r, e.peak, j->samples[picture[t++]].milli);
        e.to = t;
        int length = e.to - e.from;
        int needed = r->lasting == 0 ? 0 : r->lasting == 1 ? r->duration : r->duration - total;
        total += length;
        bool open = length >= needed;
        e.broken = e.from + (needed > 0 ? needed : 0);
        if (open)
            res->excursions[index][res->count[index]++] = e;
        for (int k = e.from; (open || r->lasting == 2) && k < e.to; k++)
            res->seconds[index][custodian_at(j, k)]++;
    }
}

/* ------------------------------------------------------------------ the engine */

static void write_contract(const struct journey *j, char *yaml, size_t size)
{
    static const char *const ops[] = { ">", ">=", "<", "<=" };
    size_t n = (size_t)snprintf(yaml, size,
                                "contract: random\nmaximum gap: %d s\nlateness: %d s\nwatch:\n",
                                j->gap, LATENESS);
    for (int i = 0; i < j->rule_count; i++) {
        const struct rule *r = &j->rules[i];
        n += (size_t)snprintf(yaml + n, size - n, "  rule %d:\n    when: %s %s %d.%d %s\n", i,
                              r->property == 1 ? "temperature" : "humidity", ops[r->op],
                              (int)(r->bound / 1000), (int)(r->bound / 100 % 10),
                              r->property == 1 ? "°C" : "%RH");
        if (r->lasting != 0)
            n += (size_t)snprintf(yaml + n, size - n, "    %s: %d s\n",
                                  r->lasting == 1 ? "for" : "total", r->duration);
        n += (size_t)snprintf(yaml + n, size - n, "    severity: low\n");
    }
    assert_true(n < size);
}

struct engine {
    const struct journey *j;
    struct support_contract c;
    struct judge_state state;
    struct judge_findings found;
    struct charge_holder custody[5];
    bool open[RULES];
};

static int seconds_of(uint64_t ms)
{
    assert_int_equal(ms % 1000, 0);
    return (int)(ms / 1000 - START);
}

static int64_t milli_of(int64_t mantissa, int exponent)
{
    for (; exponent > -3; exponent--)
        mantissa *= 10;
    for (; exponent < -3; exponent++)
        mantissa /= 10;
    return mantissa;
}

static void take_charge(struct engine *e, const struct judge_finding *f, struct result *res)
{
    struct charge_shares shares;
    struct err err = { 0 };
    if (!charge_split(e->custody, (size_t)e->j->handover_count, f->from_ms, f->to_ms, &shares,
                      &err))
        fail_msg("%s", err.msg);
    for (size_t i = 0; i < shares.count; i++) {
        int member = shares.items[i].held ? shares.items[i].member[7] : MEMBERS - 1;
        res->seconds[f->rule][member] += shares.items[i].seconds;
    }
}

static void take_findings(struct engine *e, struct result *res)
{
    for (size_t i = 0; i < e->found.count; i++) {
        const struct judge_finding *f = &e->found.items[i];
        struct excursion *x = &res->excursions[f->rule][res->count[f->rule]];
        switch (f->kind) {
        case JUDGE_OPENED:
            assert_false(e->open[f->rule]);
            e->open[f->rule] = true;
            *x = (struct excursion){ .from = seconds_of(f->from_ms),
                                     .broken = seconds_of(f->to_ms) };
            break;
        case JUDGE_CLOSED:
            assert_true(e->open[f->rule]);
            e->open[f->rule] = false;
            assert_int_equal(x->from, seconds_of(f->from_ms));
            x->to = seconds_of(f->to_ms);
            x->peak = milli_of(f->peak, f->peak_exponent);
            assert_true(++res->count[f->rule] < RUNS);
            break;
        case JUDGE_CHARGE: take_charge(e, f, res); break;
        }
    }
}

static void through_bytes(struct engine *e)
{
    uint8_t bytes[JUDGE_MAX_STATE_BYTES];
    uint8_t again[JUDGE_MAX_STATE_BYTES];
    struct buf b = buf_fixed(bytes, sizeof bytes);
    struct buf b2 = buf_fixed(again, sizeof again);
    struct err err = { 0 };
    judge_state_encode(&e->c.def, &e->state, &b);
    if (b.failed || !judge_state_decode(&e->c.def, buf_slice(&b), &e->state, &err))
        fail_msg("%s", err.msg);
    judge_state_encode(&e->c.def, &e->state, &b2);
    assert_true(slice_equal(buf_slice(&b), buf_slice(&b2)));
}

/* The same value at an exponent of its own. */
static void feed(struct engine *e, const struct sample *s, uint64_t *seed, struct result *res)
{
    struct judge_reading r = { .property = (uint16_t)s->property,
                               .present = s->present,
                               .time_ms = (START + (uint64_t)s->at) * 1000,
                               .exponent = -pick(seed, 1, 5) };
    r.mantissa = s->fault ? -127000 : s->milli;
    for (int x = -3; x > r.exponent; x--)
        r.mantissa *= 10;
    for (int x = -3; x < r.exponent; x++)
        r.mantissa /= 10;
    if (s->stale) { /* a sample from the past, loud enough to be noticed if it were judged */
        size_t slot = 0;
        while (slot < e->c.def.property_count && e->c.def.properties[slot] != r.property)
            slot++;
        if (slot == e->c.def.property_count || !e->state.streams[slot].live)
            return;
        r.time_ms = e->state.streams[slot].last_ms - (uint64_t)pick(seed, 0, 3000);
        r.mantissa *= 100;
        enum judge_result got = judge_sample(&e->c.def, &e->c.terms, &e->state, &r, &e->found);
        assert_true(got == JUDGE_NOT_JUDGED || got == JUDGE_NOT_DATA);
        assert_int_equal(e->found.count, 0);
        return;
    }
    if (pick(seed, 0, 1) == 0) { /* a timer may fire first: silence ends runs just the same */
        uint64_t now_ms = r.time_ms - 1 + LATENESS * 1000;
        judge_expire(&e->c.def, &e->c.terms, &e->state, now_ms, &e->found);
        take_findings(e, res);
    }
    (void)judge_sample(&e->c.def, &e->c.terms, &e->state, &r, &e->found);
    take_findings(e, res);
}

static void run_engine(struct engine *e, const struct journey *j, uint64_t *seed,
                       struct result *res)
{
    char yaml[2000];
    memset(e, 0, sizeof *e);
    e->j = j;
    write_contract(j, yaml, sizeof yaml);
    support_contract_make(yaml, &e->c);
    for (int i = 0; i < j->handover_count; i++) {
        struct charge_holder *h = &e->custody[i];
        h->time_ms = (uint64_t)((int64_t)START + j->handovers[i].at) * 1000;
        h->held = j->handovers[i].member < MEMBERS - 1;
        h->member[7] = h->held ? (uint8_t)j->handovers[i].member : 0;
    }
    for (int i = 0; i < j->sample_count; i++) {
        feed(e, &j->samples[i], seed, res);
        through_bytes(e);
    }
    judge_expire(&e->c.def, &e->c.terms, &e->state, (START + 100000) * 1000, &e->found);
    take_findings(e, res);
    assert_int_equal(judge_deadline(&e->c.def, &e->c.terms, &e->state), 0);
}

static bool rule_is_same(const struct result *a, const struct result *b, int k)
{
    if (a->count[k] != b->count[k])
        return false;
    for (size_t i = 0; i < a->count[k]; i++) {
        const struct excursion *x = &a->excursions[k][i];
        const struct excursion *y = &b->excursions[k][i];
        if (x->from != y->from || x->to != y->to || x->broken != y->broken || x->peak != y->peak)
            return false;
    }
    return memcmp(a->seconds[k], b->seconds[k], sizeof a->seconds[k]) == 0;
}

static void test_the_engine_agrees_with_the_reference(void **state)
{
    (void)state;
    static struct journey j;
    static struct engine engine;
    static struct result expected;
    static struct result got;
    unsigned long excursions = 0;
    for (unsigned long i = 0; i < sequences; i++) {
        uint64_t seed = (first_seed + i) * UINT64_C(0x9E3779B97F4A7C15) | 1;
        make_journey(&seed, &j);
        memset(&expected, 0, sizeof expected);
        memset(&got, 0, sizeof got);
        for (int k = 0; k < j.rule_count; k++) {
            refer_rule(&j, k, &expected);
            excursions += expected.count[k];
        }
        run_engine(&engine, &j, &seed, &got);
        for (int k = 0; k < j.rule_count; k++) {
            bool same = rule_is_same(&expected, &got, k);
            if (!same)
                fail_msg("seed %lu, rule %d: the engine differs from the reference",
                         (unsigned long)(first_seed + i), k);
        }
    }
    assert_true(sequences < 1000 || excursions > sequences); /* it was not about nothing */
}

int main(int argc, char **argv)
{
    if (argc > 1)
        sequences = strtoul(argv[1], NULL, 10);
    if (argc > 2)
        first_seed = strtoull(argv[2], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_engine_agrees_with_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
