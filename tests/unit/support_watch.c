#include "tests/unit/support_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/reading.h"

static struct book *book_of(void *ctx)
{
    return &((struct support_watch *)ctx)->book;
}

void support_watch_begin(struct support_watch *s)
{
    memset(s, 0, sizeof *s);
    s->definition.property_count = 1;
    s->definition.properties[0] = PROPERTY_TEMPERATURE;
    s->terms.maximum_gap_ms = 30 * SUPPORT_WATCH_MINUTE;
    s->terms.lateness_ms = 60 * SUPPORT_WATCH_MINUTE;
    s->terms.calibrated_until_ms = UINT64_MAX;
    s->watch = (struct watch){ .definition = &s->definition,
                               .terms = &s->terms,
                               .state = watch_state_new(),
                               .device = { 1 },
                               .keeps_holds = true,
                               .start_ms = SUPPORT_WATCH_START,
                               .book = book_of,
                               .ctx = s,
                               .findings = &s->findings };
    assert_non_null(s->watch.state);
}

void support_watch_end(struct support_watch *s)
{
    watch_state_free(s->watch.state);
    s->watch.state = NULL;
}

struct contract_rule *support_watch_rule(struct support_watch *s, enum contract_watch watch,
                                         enum contract_lasting lasting, int64_t bound,
                                         uint64_t minutes)
{
    size_t i = s->definition.rule_count++;
    s->definition.rules[i] = (struct contract_rule){ .watch = watch,
                                                     .property = PROPERTY_TEMPERATURE,
                                                     .lasting = lasting,
                                                     .severity = VERDICT_HIGH };
    s->terms.limits[i] = (struct contract_limit){ .bound = bound,
                                                  .exponent = -1,
                                                  .duration_ms = minutes * SUPPORT_WATCH_MINUTE };
    return &s->definition.rules[i];
}

/* Minutes after the start, with a fraction only when there is one. */
static void add_time(char *text, size_t size, uint64_t time_ms)
{
    int64_t ms = (int64_t)(time_ms - SUPPORT_WATCH_START);
    int64_t minute = (int64_t)SUPPORT_WATCH_MINUTE;
    size_t n = strlen(text);
    if (ms % minute == 0)
        (void)snprintf(text + n, size - n, "%lld", (long long)(ms / minute));
    else
        (void)snprintf(text + n, size - n, "%lld:%lld", (long long)(ms / minute),
                       (long long)(ms % minute));
}

void support_watch_take(struct support_watch *s)
{
    static const char *const kinds[] = { "opened", "closed", "charge", "revised" };
    for (size_t i = 0; i < s->findings.count; i++) {
        const struct watch_finding *f = &s->findings.items[i];
        size_t n = strlen(s->told);
        (void)snprintf(s->told + n, sizeof s->told - n, "%s %u ", kinds[f->kind],
                       (unsigned)f->stretch.rule);
        add_time(s->told, sizeof s->told, f->stretch.from_ms);
        if (f->kind == WATCH_OPENED || f->stretch.open) {
            (void)strncat(s->told, " at ", 5);
            add_time(s->told, sizeof s->told, f->stretch.broken_ms);
        } else {
            (void)strncat(s->told, "-", 2);
            add_time(s->told, sizeof s->told, f->stretch.to_ms);
        }
        (void)strncat(s->told, "; ", 3);
        assert_true(strlen(s->told) + 100 < sizeof s->told);
    }
    s->findings.count = 0;
}

enum watch_result support_watch_sample(struct support_watch *s, uint64_t time_ms, int64_t tenths)
{
    const struct watch_reading reading = { .property = PROPERTY_TEMPERATURE,
                                           .present = tenths != SUPPORT_WATCH_ABSENT,
                                           .exponent = -1,
                                           .time_ms = time_ms,
                                           .mantissa = tenths };
    enum watch_result result = watch_sample(&s->watch, &reading);
    support_watch_take(s);
    return result;
}

void support_watch_say(struct support_watch *s, uint64_t seq, const int64_t (*samples)[2],
                       size_t count)
{
    watch_begin(&s->watch, seq, s->gaps, s->gap_count);
    support_watch_take(s);
    for (size_t i = 0; i < count; i++)
        (void)support_watch_sample(
            s, (uint64_t)((int64_t)SUPPORT_WATCH_START + samples[i][0] * 60000), samples[i][1]);
    watch_end(&s->watch);
    support_watch_take(s);
}

bool support_watch_withdraw(struct support_watch *s, uint64_t from, uint64_t last, uint64_t to)
{
    const struct watch_span span = { SUPPORT_WATCH_START + from * SUPPORT_WATCH_MINUTE,
                                     SUPPORT_WATCH_START + last * SUPPORT_WATCH_MINUTE,
                                     SUPPORT_WATCH_START + to * SUPPORT_WATCH_MINUTE };
    bool whole = watch_withdraw(&s->watch, &span);
    support_watch_take(s);
    return whole;
}

void support_watch_expire(struct support_watch *s, uint64_t minute)
{
    watch_expire(&s->watch, SUPPORT_WATCH_START + minute * SUPPORT_WATCH_MINUTE);
    support_watch_take(s);
}

void support_watch_expect(struct support_watch *s, const char *told)
{
    char found[sizeof s->told];
    memcpy(found, s->told, sizeof found);
    memset(s->told, 0, sizeof s->told);
    assert_string_equal(found, told);
}
