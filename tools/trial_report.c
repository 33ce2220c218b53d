#include "tools/trial_report.h"

#include "common/instant.h"
#include "common/json.h"
#include "contracts/property.h"
#include "tools/trial_plot.h"
#include "tools/trial_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULE_WIDTH     20
#define SEVERITY_WIDTH 10
#define FROM_WIDTH     18
#define LASTED_WIDTH   18
#define WORST_WIDTH    12
#define TEXT           256

/* One side of the comparison: the proposed contract, or those the ledger had. */
struct side {
    const struct trial_report *r;
    const struct trial_findings *found;
    bool proposed;
};

static const struct contract_definition *definition_of(const struct side *s,
                                                       const struct trial_excursion *x)
{
    const struct trial_replay *p = s->r->replay;
    if (s->proposed)
        return hash_equal(&x->of.opening, &p->opening) ? s->r->definition : NULL;
    for (size_t i = 0; i < p->contract_count; i++)
        if (hash_equal(&p->contracts[i].opening, &x->of.opening))
            return p->contracts[i].definition;
    return NULL;
}

static const struct contract_rule *rule_of(const struct side *s, const struct trial_excursion *x)
{
    const struct contract_definition *d = definition_of(s, x);
    return d != NULL && x->of.rule < d->rule_count ? &d->rules[x->of.rule] : NULL;
}

/* What is shown: this asset's excursions. */
static bool concerns(const struct side *s, const struct trial_excursion *x)
{
    return x->opened && strcmp(x->asset, s->r->replay->claim.asset) == 0 &&
           (!s->proposed || hash_equal(&x->of.opening, &s->r->replay->opening));
}

static size_t count(const struct side *s, enum verdict_severity *ret_worst)
{
    size_t n = 0;
    *ret_worst = VERDICT_NONE;
    for (size_t i = 0; i < s->found->count; i++) {
        const struct contract_rule *rule = rule_of(s, &s->found->items[i]);
        if (!concerns(s, &s->found->items[i]))
            continue;
        n++;
        if (rule != NULL && rule->severity > *ret_worst)
            *ret_worst = rule->severity;
    }
    return n;
}

static struct side proposed(const struct trial_report *r)
{
    return (struct side){ r, &r->replay->t->found, true };
}

static struct side recorded(const struct trial_report *r)
{
    return (struct side){ r, &r->replay->recorded, false };
}

bool trial_report_breaches(const struct trial_report *r)
{
    enum verdict_severity worst;
    struct side s = proposed(r);
    return count(&s, &worst) > 0;
}

/* ------------------------------------------------------------------ words */

static const char *minute_text(uint64_t time_ms, char text[TEXT])
{
    struct instant_parts p = instant_to_parts(time_ms);
    (void)snprintf(text, TEXT, "%04d-%02d-%02d %02d:%02d", p.year, p.month, p.day, p.hour,
                   p.minute);
    return text;
}

/* "1 h 20 min 5 s" */
static const char *span_text(uint64_t seconds, char text[TEXT])
{
    static const struct {
        uint64_t seconds;
        const char *unit;
    } units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        uint64_t n = seconds / units[i].seconds;
        seconds %= units[i].seconds;
        if (n > 0 || (i == 3 && len == 0))
            len += (size_t)snprintf(text + len, TEXT - len, "%s%" PRIu64 " %s", len == 0 ? "" : " ",
                                    n, units[i].unit);
    }
    return text;
}

/* Columns are counted in characters, not bytes. */
static void print_cell(const char *text, int width)
{
    int seen = 0;
    for (const char *at = text; *at != '\0'; at++)
        seen += ((unsigned char)*at & 0xc0) != 0x80;
    (void)printf("%s%*s", text, seen < width ? width - seen : 1, "");
}

static void print_shares(const struct side *s, const struct trial_excursion *x)
{
    char name[CMD_HOME_NAME_SIZE], text[TEXT];
    for (size_t i = 0; i < x->share_count; i++)
        (void)printf("%s%s %s", i == 0 ? "" : ", ",
                     x->shares[i].held
                         ? cmd_home_member_name(s->r->home, &x->shares[i].member, name)
                         : "nobody",
                     span_text(x->shares[i].seconds, text));
    (void)printf("\n");
}

static bool has_value(const struct contract_rule *rule)
{
    return rule != NULL && rule->watch != CONTRACT_SILENCE &&
           property_by_id(rule->property) != NULL;
}

static void print_excursion(const struct side *s, const struct trial_excursion *x)
{
    const struct contract_rule *rule = rule_of(s, x);
    char text[TEXT], value[TRIAL_TEXT_SIZE];
    (void)snprintf(text, sizeof text, "rule %" PRIu64, x->of.rule);
    if (rule != NULL)
        (void)snprintf(text, sizeof text, "%.*s", (int)rule->name.len,
                       (const char *)rule->name.data);
    (void)printf("  ");
    print_cell(text, RULE_WIDTH);
    print_cell(rule != NULL ? verdict_severity_name(rule->severity) : "", SEVERITY_WIDTH);
    print_cell(minute_text(x->of.from_ms, text), FROM_WIDTH);
    print_cell(x->ended ? span_text(x->to_ms / 1000 - x->of.from_ms / 1000, text) : "not ended",
               LASTED_WIDTH);
    print_cell(x->ended && has_value(rule)
                   ? trial_value_show(x->peak, x->peak_exponent,
                                      property_by_id(rule->property)->unit, value)
                   : "",
               WORST_WIDTH);
    print_shares(s, x);
}

static void print_side(const struct side *s)
{
    enum verdict_severity worst;
    size_t n = count(s, &worst);
    if (n > 0) {
        (void)printf("  ");
        print_cell("RULE", RULE_WIDTH);
        print_cell("SEVERITY", SEVERITY_WIDTH);
        print_cell("FROM (UTC)", FROM_WIDTH);
        print_cell("LASTED", LASTED_WIDTH);
        print_cell("WORST", WORST_WIDTH);
        (void)printf("CHARGED TO\n");
    }
    for (size_t i = 0; i < s->found->count; i++)
        if (concerns(s, &s->found->items[i]))
            print_excursion(s, &s->found->items[i]);
    (void)printf("  %zu excursion%s, worst severity %s\n", n, n == 1 ? "" : "s",
                 verdict_severity_name(worst));
}

/* ------------------------------------------------------------------ plots */

struct plotting {
    struct series *series;
    uint16_t property;
    bool any;
    uint64_t first_ms, last_ms;
};

static void find_span(void *ctx, uint16_t property, uint64_t time_ms, int64_t mantissa,
                      int exponent)
{
    struct plotting *p = ctx;
    (void)property;
    (void)mantissa;
    (void)exponent;
    p->first_ms = !p->any || time_ms < p->first_ms ? time_ms : p->first_ms;
    p->last_ms = !p->any || time_ms > p->last_ms ? time_ms : p->last_ms;
    p->any = true;
}

static void add_sample(void *ctx, uint16_t property, uint64_t time_ms, int64_t mantissa,
                       int exponent)
{
    struct plotting *p = ctx;
    if (property == p->property)
        series_add(p->series, time_ms, mantissa, exponent);
}

static void print_plot(const struct trial_report *r, struct plotting *span,
                       const struct contract_rule *rule)
{
    char line[TRIAL_PLOT_SIZE], marks[TRIAL_PLOT_WIDTH + 1];
    char low[TRIAL_TEXT_SIZE], high[TRIAL_TEXT_SIZE];
    const struct property *p = property_by_id(rule->property);
    struct series_value min, max;
    struct series *series = span->series;
    bool above = rule->op == CONTRACT_ABOVE || rule->op == CONTRACT_AT_LEAST;
    span->property = rule->property;
    series_begin(series, span->first_ms, span->last_ms, TRIAL_PLOT_WIDTH);
    trial_replay_samples(r->replay, add_sample, span);
    if (p == NULL || !series_range(series, &min, &max) || !trial_plot_line(series, above, line))
        return;
    trial_plot_marks(series, rule->property, r->definition, r->terms, marks);
    (void)printf("\n%s, %s to %s\n  %s\n", p->name,
                 trial_value_show(min.mantissa, min.exponent, p->unit, low),
                 trial_value_show(max.mantissa, max.exponent, p->unit, high), line);
    if (marks[0] != '\0')
        (void)printf("  %s  beyond a bound\n", marks);
}

/* One for each property that a rule watches. */
static void print_plots(const struct trial_report *r)
{
    const struct contract_definition *d = r->definition;
    struct plotting span = { .series = malloc(sizeof *span.series) };
    if (span.series == NULL)
        return;
    trial_replay_samples(r->replay, find_span, &span);
    for (size_t i = 0; span.any && i < d->rule_count; i++) {
        bool again = d->rules[i].property == 0 || d->rules[i].watch != CONTRACT_BOUND;
        for (size_t k = 0; k < i; k++)
            again = again || (d->rules[k].property == d->rules[i].property &&
                              d->rules[k].watch == CONTRACT_BOUND);
        if (!again)
            print_plot(r, &span, &d->rules[i]);
    }
    free(span.series);
}

/* ------------------------------------------------------------------ the whole */

static void print_contracts(const struct trial_replay *p)
{
    (void)printf("\nthe ledger found");
    for (size_t i = 0; i < p->contract_count; i++)
        if (p->contracts[i].definition != NULL)
            (void)printf("%s %.*s", i == 0 ? ", under" : ",",
                         (int)p->contracts[i].definition->name.len,
                         (const char *)p->contracts[i].definition->name.data);
    (void)printf("%s\n", p->contract_count == 0 ? ", under no contract" : "");
}

/* Seconds of a rule's excursions that have ended, and how many there are. */
static uint64_t seconds_of(const struct side *s, struct slice name, size_t *ret_count)
{
    uint64_t seconds = 0;
    *ret_count = 0;
    for (size_t i = 0; i < s->found->count; i++) {
        const struct trial_excursion *x = &s->found->items[i];
        const struct contract_rule *rule = rule_of(s, x);
        if (!concerns(s, x) || rule == NULL || !slice_equal(rule->name, name))
            continue;
        seconds += x->ended ? x->to_ms / 1000 - x->of.from_ms / 1000 : 0;
        (*ret_count)++;
    }
    return seconds;
}

/* Whether an earlier excursion of this or the other side has the rule's name, so that it was told. */
static bool told(const struct side *s, size_t end, struct slice name)
{
    for (size_t i = 0; i < end; i++) {
        const struct contract_rule *rule = rule_of(s, &s->found->items[i]);
        if (concerns(s, &s->found->items[i]) && rule != NULL && slice_equal(rule->name, name))
            return true;
    }
    return false;
}

static size_t print_differences_of(const struct side *s, const struct side *now,
                                   const struct side *then)
{
    char a[TEXT], b[TEXT];
    size_t told_count = 0, n, m;
    for (size_t i = 0; i < s->found->count; i++) {
        const struct contract_rule *rule = rule_of(s, &s->found->items[i]);
        if (!concerns(s, &s->found->items[i]) || rule == NULL || told(s, i, rule->name) ||
            (!s->proposed && told(now, now->found->count, rule->name)))
            continue;
        uint64_t here = seconds_of(now, rule->name, &n), there = seconds_of(then, rule->name, &m);
        if (here == there && n == m)
            continue;
        (void)printf("  %.*s: %zu excursion%s, %s; the ledger: %zu, %s\n", (int)rule->name.len,
                     (const char *)rule->name.data, n, n == 1 ? "" : "s", span_text(here, a), m,
                     span_text(there, b));
        told_count++;
    }
    return told_count;
}

static void print_differences(const struct side *now, const struct side *then)
{
    (void)printf("\ndifferences\n");
    size_t n = print_differences_of(now, now, then) + print_differences_of(then, now, then);
    if (n == 0)
        (void)printf("  none\n");
}

void trial_report_print(const struct trial_report *r)
{
    const struct trial_replay *p = r->replay;
    const struct contract_definition *d = r->definition;
    struct side now = proposed(r), then = recorded(r);
    char from[TEXT], to[TEXT], start[TEXT];
    (void)printf("%.*s version %u, tried on %s\n", (int)d->name.len, (const char *)d->name.data,
                 d->version, p->claim.asset);
    (void)printf("  %s to %s UTC, in force from %s, %" PRIu64 " values\n",
                 minute_text(p->items[0].block_ms, from), minute_text(p->claim.head.time_ms, to),
                 minute_text(p->start_ms, start), p->readings);
    (void)printf("  %s\n", r->home->has_identity
                               ? "proof ok"
                               : "UNPROVEN: checked only against the identity the trace itself "
                                 "brings; pin one (--identity FILE)");
    if (p->refused > 0)
        (void)printf("  %" PRIu64 " of its statements are refused here, the first: %s\n",
                     p->refused, p->refusal);
    if (p->not_judged > 0)
        (void)printf("  %" PRIu64 " statements came too late to be judged\n", p->not_judged);
    print_plots(r);
    (void)printf("\n%.*s would have found\n", (int)d->name.len, (const char *)d->name.data);
    print_side(&now);
    print_contracts(p);
    print_side(&then);
    print_differences(&now, &then);
}

/* ------------------------------------------------------------------ JSON */

static void put_time(struct json_doc *into, const char *key, uint64_t time_ms)
{
    char text[INSTANT_TEXT_SIZE];
    instant_format(time_ms, text);
    json_doc_put_text(into, key, text);
}

static void put_charged(const struct side *s, const struct trial_excursion *x,
                        struct json_doc *list)
{
    char name[CMD_HOME_NAME_SIZE];
    for (size_t i = 0; i < x->share_count; i++) {
        const struct trial_share *share = &x->shares[i];
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_int(one, "seconds", (int64_t)share->seconds);
        if (!share->held) {
            json_doc_put_null(one, "member");
            continue;
        }
        struct json_doc *member = json_doc_put_object(one, "member");
        json_doc_put_hex(member, "kid", kid_slice(&share->member));
        json_doc_put_text(member, "name", cmd_home_member_name(s->r->home, &share->member, name));
    }
}

static void put_excursion(const struct side *s, const struct trial_excursion *x,
                          struct json_doc *one)
{
    const struct contract_rule *rule = rule_of(s, x);
    json_doc_put_int(one, "rule", (int64_t)x->of.rule);
    json_doc_put_hex(one, "opening", hash_slice(&x->of.opening));
    json_doc_put_hex(one, "device", kid_slice(&x->of.device));
    if (rule != NULL) {
        json_doc_put_slice(one, "name", rule->name);
        json_doc_put_text(one, "severity", verdict_severity_name(rule->severity));
    }
    put_time(one, "from", x->of.from_ms);
    put_time(one, "broken", x->broken_ms);
    if (x->ended) {
        put_time(one, "to", x->to_ms);
        json_doc_put_bool(one, "certain", x->certain);
    }
    if (x->ended && has_value(rule)) {
        json_doc_put_decimal(one, "peak", x->peak, x->peak_exponent);
        json_doc_put_decimal(one, "mean", x->mean, x->mean_exponent);
    }
    put_charged(s, x, json_doc_put_array(one, "charged"));
}

static void put_side(const struct side *s, struct json_doc *doc)
{
    enum verdict_severity worst;
    struct json_doc *list = json_doc_put_array(doc, "excursions");
    (void)count(s, &worst);
    json_doc_put_text(doc, "worst_severity", verdict_severity_name(worst));
    for (size_t i = 0; i < s->found->count; i++)
        if (concerns(s, &s->found->items[i]))
            put_excursion(s, &s->found->items[i], json_doc_put_object(list, NULL));
}

struct json_doc *trial_report_json(const struct trial_report *r)
{
    const struct trial_replay *p = r->replay;
    struct side now = proposed(r), then = recorded(r);
    struct json_doc *doc = json_doc_object();
    json_doc_put_text(doc, "asset", p->claim.asset);
    json_doc_put_slice(doc, "contract", r->definition->name);
    json_doc_put_int(doc, "version", r->definition->version);
    json_doc_put_bool(doc, "identity_pinned", r->home->has_identity);
    put_time(doc, "in_force_from", p->start_ms);
    json_doc_put_int(doc, "values", (int64_t)p->readings);
    json_doc_put_int(doc, "refused", (int64_t)p->refused);
    json_doc_put_int(doc, "not_judged", (int64_t)p->not_judged);
    put_side(&now, json_doc_put_object(doc, "proposed"));
    put_side(&then, json_doc_put_object(doc, "recorded"));
    return doc;
}
