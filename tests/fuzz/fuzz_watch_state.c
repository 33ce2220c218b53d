/*
 * A watch's state from anyone, and a journey after it: what decodes encodes back to the same bytes and can
 * be judged with. Input: a 16-bit length, so many bytes of state, then statements of 16 bytes: where in the
 * numbering, when, what is measured, which gaps are open, how block time goes on.
 */
#include "contracts/watch.h"

#include <assert.h>
#include <string.h>

#include "common/reading.h"

#define STATEMENT_SIZE 16
#define FIRST_MS       UINT64_C(1000000)
#define RULES          8

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct contract_definition definition;
static struct contract_terms terms;
static struct watch_findings findings;
static struct book book;

static struct book *book_of(void *ctx)
{
    (void)ctx;
    return &book;
}

static void make_rules(void)
{
    static const enum contract_watch watches[RULES] = {
        CONTRACT_BOUND, CONTRACT_BOUND, CONTRACT_BOUND,   CONTRACT_SILENCE,
        CONTRACT_FAULT, CONTRACT_STUCK, CONTRACT_KINETIC, CONTRACT_KINETIC,
    };
    definition.rule_count = RULES;
    for (size_t i = 0; i < RULES; i++) {
        definition.rules[i] =
            (struct contract_rule){ .watch = watches[i],
                                    .property = PROPERTY_TEMPERATURE,
                                    .op = i % 2 == 0 ? CONTRACT_ABOVE : CONTRACT_AT_MOST,
                                    .lasting = CONTRACT_UNBROKEN,
                                    .severity = VERDICT_HIGH };
        terms.limits[i] = (struct contract_limit){ .bound = 8, .duration_ms = 2400000 };
    }
    definition.rules[1].lasting = CONTRACT_TOTAL;
    definition.rules[1].budget = slice_text("room");
    definition.rules[2].has_until = true;
    definition.rules[2].until_op = CONTRACT_BELOW;
    terms.limits[2].until = 6;
    terms.limits[2].has_sure = true;
    terms.limits[2].sure = 9;
    definition.rules[4].lasting = CONTRACT_INSTANT;
    definition.rules[7].whole_journey = true;
    terms.maximum_gap_ms = 1800000;
    terms.lateness_ms = 3600000;
    terms.calibrated_until_ms = UINT64_MAX;
}

static void check_findings(void)
{
    assert(findings.count <= WATCH_MAX_FINDINGS);
    for (size_t i = 0; i < findings.count; i++) {
        const struct book_stretch *s = &findings.items[i].stretch;
        assert(s->open || s->from_ms < s->to_ms);
    }
}

static void check_same_bytes(struct watch_state *state, struct watch_state *other)
{
    static uint8_t memory[2][WATCH_MAX_STATE_BYTES];
    struct buf a = buf_fixed(memory[0], sizeof memory[0]);
    struct buf b = buf_fixed(memory[1], sizeof memory[1]);
    watch_state_encode(&definition, state, &a);
    bool good = watch_state_decode(&definition, buf_slice(&a), other, NULL);
    watch_state_encode(&definition, other, &b);
    assert(good && !a.failed && slice_equal(buf_slice(&a), buf_slice(&b)));
}

static void play_statement(struct watch *w, const uint8_t *p)
{
    const struct watch_gap gaps[2] = { { p[0] % 64, p[0] % 64 + p[1] % 8U },
                                       { 64 + p[1] % 64, 64 + p[1] % 64 + p[0] % 8U } };
    uint64_t time_ms = FIRST_MS + ((uint64_t)p[2] << 16 | (uint64_t)p[3] << 8) * 16;
    watch_begin(w, p[4], gaps, p[5] % 3);
    check_findings();
    for (size_t i = 6; i < 14; i += 2) {
        struct watch_reading r = { .property =
                                       p[i] % 7 == 0 ? PROPERTY_HUMIDITY : PROPERTY_TEMPERATURE,
                                   .present = p[i] % 5 != 0,
                                   .exponent = p[i] % 11 == 0 ? p[i + 1] % 19 - 9 : -1,
                                   .time_ms = time_ms,
                                   .mantissa = p[i] % 13 == 0 ? INT64_MIN : p[i + 1] };
        (void)watch_sample(w, &r);
        check_findings();
        time_ms += (uint64_t)p[i] * p[i] * 64;
    }
    watch_end(w);
    check_findings();
    w->carried_ms[1] = (int64_t)p[14] * 100000 - 10000000;
    if (p[14] % 4 == 0)
        watch_recount(w);
    check_findings();
    if (p[15] % 4 == 0)
        watch_expire(w, time_ms + (uint64_t)p[15] * 100000);
    check_findings();
    (void)watch_deadline(w);
    const struct watch_span span = { time_ms - p[12] * UINT64_C(60000),
                                     time_ms - p[13] * UINT64_C(30000), time_ms + p[13] };
    if (p[11] % 4 == 0)
        (void)watch_withdraw(w, &span);
    check_findings();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct watch_state *state;
    static struct watch_state *other;
    if (state == NULL) {
        state = watch_state_new();
        other = watch_state_new();
        assert(state != NULL && other != NULL);
    }
    if (size < 2)
        return 0;
    make_rules();
    book.count = book.settled_count = 0;
    size_t len = (size_t)data[0] << 8 | data[1];
    struct slice in = slice_from(slice_of(data, size), 2, size - 2);
    len = len < in.len ? len : in.len;
    struct slice bytes = slice_from(in, 0, len);
    in = slice_from(in, len, in.len - len);
    if (watch_state_decode(&definition, bytes, state, NULL))
        check_same_bytes(state, other);
    else if (!watch_state_decode(&definition, slice_of(NULL, 0), state, NULL))
        assert(!"an empty state decodes");
    struct watch w = { .definition = &definition,
                       .terms = &terms,
                       .state = state,
                       .keeps_holds = true,
                       .start_ms = FIRST_MS,
                       .book = book_of,
                       .findings = &findings };
    for (; in.len >= STATEMENT_SIZE; in = slice_from(in, STATEMENT_SIZE, in.len - STATEMENT_SIZE))
        play_statement(&w, in.data);
    uint64_t used[DEFINITION_MAX_RULES];
    watch_used(&w, used);
    check_same_bytes(state, other);
    return 0;
}
