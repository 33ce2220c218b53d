/* What a test expects of excursions: how many, how bad, from when to when, and whose. */
#include "contracts/property.h"
#include "contracts/verdict.h"
#include "tools/trial_expect.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether this is one of those the expectation is about. */
static bool concerns(const struct trial_expecting *e, const struct trial_excursion *x)
{
    return x->opened && hash_equal(&x->of.opening, &e->opening->hash) &&
           (e->asset[0] == '\0' || strcmp(e->asset, x->asset) == 0);
}

static const struct contract_rule *rule_of(const struct trial_expecting *e, uint64_t rule)
{
    const struct contract_definition *d = &e->opening->contract->definition;
    return rule < d->rule_count ? &d->rules[rule] : NULL;
}

static const char *name_of(struct trial_expecting *e, const struct trial_share *s)
{
    const struct trial_person *who = s->held ? trial_find_kid(e->c->t, &s->member) : NULL;
    return who != NULL ? who->name : s->held ? "a stranger" : "nobody";
}

static bool expect_time(struct trial_expecting *e, const struct yaml_node *node, const char *what,
                        bool there, uint64_t time_ms)
{
    struct trial_instant instant;
    char text[TRIAL_TEXT_SIZE];
    if (node->kind != YAML_SCALAR)
        return trial_case_refuse(e->c, node, "%s: expected a time such as 10:00", what);
    if (!trial_value_time(node->text, e->c->t->now_ms, &instant, &e->c->err))
        return trial_case_blame(e->c, node);
    if (!there)
        trial_expect_differs(e, node, what, "none yet");
    else if (!trial_value_same_time(&instant, time_ms))
        trial_expect_differs(e, node, what, trial_value_show_time(time_ms, text));
    return true;
}

static bool expect_amount(struct trial_expecting *e, const struct yaml_node *node, const char *what,
                          const struct trial_excursion *x)
{
    const struct contract_rule *rule = rule_of(e, x->of.rule);
    const struct property *p = rule == NULL ? NULL : property_by_id(rule->property);
    const char *unit = p == NULL ? "" : p->unit;
    bool mean = strcmp(what, "mean") == 0;
    int64_t value = mean ? x->mean : x->peak;
    int exponent = mean ? x->mean_exponent : x->peak_exponent;
    struct quantity q;
    char text[TRIAL_TEXT_SIZE];
    if (node->kind != YAML_SCALAR || !trial_value_quantity(node->text, unit, false, &q, &e->c->err))
        return trial_case_refuse(e->c, node, "%s: expected a quantity in %s", what, unit);
    if (!x->ended)
        trial_expect_differs(e, node, what, "none yet");
    else if (quantity_compare(value, exponent, q.mantissa, q.exponent) != 0)
        trial_expect_differs(e, node, what, trial_value_show(value, exponent, unit, text));
    return true;
}

static void show_shares(struct trial_expecting *e, const struct trial_excursion *x, char *text,
                        size_t size)
{
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < x->share_count && len < size; i++)
        len += (size_t)snprintf(text + len, size - len, "%s%s: %" PRIu64 " s", i == 0 ? "" : ", ",
                                name_of(e, &x->shares[i]), x->shares[i].seconds);
    if (x->share_count == 0)
        (void)snprintf(text, size, "nobody charged");
}

static void show_expected(const struct yaml_node *charged, char *text, size_t size)
{
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < charged->count && len < size; i++)
        len += (size_t)snprintf(
            text + len, size - len, "%s%s: %s", i == 0 ? "" : ", ", charged->keys[i]->text,
            charged->values[i]->kind == YAML_SCALAR ? charged->values[i]->text : "?");
    if (charged->count == 0)
        (void)snprintf(text, size, "nobody charged");
}

static bool share_is(struct trial_expecting *e, const struct trial_share *s,
                     const struct yaml_node *charged, bool *ret_good)
{
    *ret_good = false;
    for (size_t i = 0; i < charged->count; i++) {
        const struct yaml_node *node = charged->values[i];
        uint64_t ms;
        if (strcmp(charged->keys[i]->text, name_of(e, s)) != 0)
            continue;
        if (node->kind != YAML_SCALAR || !quantity_parse_duration_ms(node->text, &ms, NULL))
            return trial_case_refuse(e->c, node, "charged: expected a duration such as \"20 min\"");
        *ret_good = ms == s->seconds * 1000;
    }
    return true;
}

/* Exactly these, each with these seconds. */
static bool expect_charged(struct trial_expecting *e, const struct yaml_node *node,
                           const struct trial_excursion *x)
{
    bool same = node->kind == YAML_MAP && node->count == x->share_count, good;
    char text[TRIAL_TEXT_SIZE], wanted[TRIAL_TEXT_SIZE];
    if (node->kind != YAML_MAP)
        return trial_case_refuse(e->c, node, "charged: expected a map of companies to durations");
    for (size_t i = 0; i < node->count; i++)
        if (trial_find(e->c->t, node->keys[i]->text) == NULL &&
            !trial_expect_is(node->keys[i], "nobody"))
            return trial_case_refuse(e->c, node->keys[i],
                                     "charged: expected someone under `people`, found \"%.60s\"",
                                     node->keys[i]->text);
    for (size_t i = 0; i < x->share_count; i++) {
        if (!share_is(e, &x->shares[i], node, &good))
            return false;
        same = same && good;
    }
    if (same)
        return true;
    show_shares(e, x, text, sizeof text);
    show_expected(node, wanted, sizeof wanted);
    trial_case_differs(e->c, node, "charged: expected %s, found %s", wanted, text);
    return true;
}

static bool expect_flag(struct trial_expecting *e, const struct yaml_node *node, const char *what,
                        bool value)
{
    if (!trial_expect_is(node, "yes") && !trial_expect_is(node, "no"))
        return trial_case_refuse(e->c, node, "%s: expected yes or no", what);
    if (trial_expect_is(node, "yes") != value)
        trial_expect_differs(e, node, what, value ? "yes" : "no");
    return true;
}

static bool expect_part(struct trial_expecting *e, const struct yaml_node *key,
                        const struct yaml_node *node, const struct trial_excursion *x)
{
    const char *what = key->text;
    if (strcmp(what, "from") == 0)
        return expect_time(e, node, what, true, x->of.from_ms);
    if (strcmp(what, "to") == 0)
        return expect_time(e, node, what, x->ended, x->to_ms);
    if (strcmp(what, "broken") == 0)
        return expect_time(e, node, what, true, x->broken_ms);
    if (strcmp(what, "peak") == 0 || strcmp(what, "mean") == 0)
        return expect_amount(e, node, what, x);
    if (strcmp(what, "charged") == 0)
        return expect_charged(e, node, x);
    if (strcmp(what, "open") == 0)
        return expect_flag(e, node, what, !x->ended);
    if (strcmp(what, "certain") == 0)
        return expect_flag(e, node, what, x->certain);
    if (strcmp(what, "acknowledged") == 0)
        return expect_flag(e, node, what, x->acknowledged);
    return trial_case_refuse(e->c, key, "an excursion has no \"%.60s\"", what);
}

static bool expect_one(struct trial_expecting *e, const struct yaml_node *node,
                       const struct trial_excursion *x)
{
    if (node->kind != YAML_MAP)
        return trial_case_refuse(e->c, node, "expected { from: …, to: …, peak: …, charged: … }");
    for (size_t i = 0; i < node->count; i++)
        if (!expect_part(e, node->keys[i], node->values[i], x))
            return false;
    return true;
}

static int by_start(const void *a, const void *b)
{
    const struct trial_excursion *const *x = a, *const *y = b;
    if ((*x)->of.from_ms != (*y)->of.from_ms)
        return (*x)->of.from_ms < (*y)->of.from_ms ? -1 : 1;
    int order = strcmp((*x)->asset, (*y)->asset);
    return order != 0 ? order : kid_compare(&(*x)->of.device, &(*y)->of.device);
}

/* A map, a list of maps, or `none`; in the order of their starts. */
static bool compare_excursions(struct trial_expecting *e, const struct yaml_node *key,
                               const struct yaml_node *node,
                               const struct trial_excursion *const *list, size_t n)
{
    size_t wanted = trial_expect_is(node, "none") ? 0 : node->kind == YAML_LIST ? node->count : 1;
    if (n != wanted) {
        char from[TRIAL_TEXT_SIZE] = "";
        if (n > 0)
            (void)trial_value_show_time(list[0]->of.from_ms, from);
        trial_case_differs(e->c, key, "%s: expected %zu, found %zu%s%s", key->text, wanted, n,
                           n > 0 ? ", the first from " : "", from);
        return true;
    }
    for (size_t i = 0; i < wanted; i++)
        if (!expect_one(e, node->kind == YAML_LIST ? node->values[i] : node, list[i]))
            return false;
    return true;
}

bool trial_expect_excursions_of(struct trial_expecting *e, const struct yaml_node *key,
                                const struct yaml_node *node)
{
    const struct trial *t = e->c->t;
    unsigned rule;
    size_t n = 0;
    if (!definition_find_rule(&e->opening->contract->definition,
                              slice_text(key->text + strlen(TRIAL_EXPECT_EXCURSION)), &rule))
        return trial_case_refuse(e->c, key, "the contract has no rule \"%.60s\"",
                                 key->text + strlen(TRIAL_EXPECT_EXCURSION));
    const struct trial_excursion **list = calloc(t->found.count + 1, sizeof *list);
    if (list == NULL)
        return err_set(&e->c->err, ERR_IO, "out of memory");
    for (size_t i = 0; i < t->found.count; i++)
        if (concerns(e, &t->found.items[i]) && t->found.items[i].of.rule == rule)
            list[n++] = &t->found.items[i];
    qsort(list, n, sizeof *list, by_start);
    bool good = compare_excursions(e, key, node, list, n);
    free(list);
    return good;
}

/* Whether it is one of "excursions", "unacknowledged excursions" or "uncertain excursions". */
static bool is_counted(const struct trial_expecting *e, const struct trial_excursion *x,
                       const char *what)
{
    if (!concerns(e, x))
        return false;
    if (strcmp(what, "excursions") == 0)
        return true;
    return strncmp(what, "unack", 5) == 0 ? !x->acknowledged : x->ended && !x->certain;
}

bool trial_expect_count(struct trial_expecting *e, const struct yaml_node *node, const char *what)
{
    const struct trial_findings *found = &e->c->t->found;
    char text[TRIAL_TEXT_SIZE] = "", from[TRIAL_TEXT_SIZE], *end = NULL;
    unsigned long n = 0, wanted = node->kind == YAML_SCALAR ? strtoul(node->text, &end, 10) : 0;
    size_t len = 0;
    if (node->kind != YAML_SCALAR || node->text[0] == '\0' || *end != '\0')
        return trial_case_refuse(e->c, node, "%s: expected a number", what);
    for (size_t i = 0; i < found->count; i++) {
        const struct trial_excursion *x = &found->items[i];
        const struct contract_rule *rule = rule_of(e, x->of.rule);
        if (!is_counted(e, x, what) || rule == NULL)
            continue;
        if (len < sizeof text)
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s from %s",
                                    n == 0 ? ": " : ", ", (int)rule->name.len,
                                    (const char *)rule->name.data,
                                    trial_value_show_time(x->of.from_ms, from));
        n++;
    }
    if (n != wanted)
        trial_case_differs(e->c, node, "%s: expected %lu, found %lu%s", what, wanted, n, text);
    return true;
}

bool trial_expect_worst(struct trial_expecting *e, const struct yaml_node *node)
{
    const struct trial *t = e->c->t;
    enum verdict_severity worst = VERDICT_NONE, wanted;
    if (node->kind != YAML_SCALAR || !verdict_severity_parse(slice_text(node->text), &wanted))
        return trial_case_refuse(e->c, node,
                                 "worst severity: expected none, low, medium, high or critical");
    for (size_t i = 0; i < t->found.count; i++) {
        const struct contract_rule *rule = rule_of(e, t->found.items[i].of.rule);
        if (concerns(e, &t->found.items[i]) && rule != NULL && rule->severity > worst)
            worst = rule->severity;
    }
    if (worst != wanted)
        trial_expect_differs(e, node, "worst severity", verdict_severity_name(worst));
    return true;
}
