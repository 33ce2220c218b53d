/* What a test expects of the ledger, compared with what is there. */
#include "tools/trial_case.h"

#include "common/state_value.h"
#include "contracts/flow.h"
#include "contracts/property.h"
#include "contracts/verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXCURSION_OF "excursion of "
#define PROPERTY     "property "

struct expecting {
    struct trial_case *c;
    const struct yaml_node *all;    /* the whole map */
    struct trial_opening *opening;  /* NULL: none was opened */
    char asset[ASSET_NAME_MAX + 1]; /* of `unit:`; "" for all of them */
    bool has_flow;
    struct flow_state flow;
};

static bool is(const struct yaml_node *node, const char *word)
{
    return node->kind == YAML_SCALAR && strcmp(node->text, word) == 0;
}

/* `expected` is told as the test has it. */
static void differs(struct expecting *e, const struct yaml_node *node, const char *what,
                    const char *found)
{
    trial_case_differs(e->c, node, "%s: expected %.90s, found %.90s", what,
                       node->kind == YAML_SCALAR ? node->text : "something else", found);
}

/* ------------------------------------------------------------------ excursions */

/* Whether this is one of those the expectation is about. */
static bool concerns(const struct expecting *e, const struct trial_excursion *x)
{
    return x->opened && hash_equal(&x->of.opening, &e->opening->hash) &&
           (e->asset[0] == '\0' || strcmp(e->asset, x->asset) == 0);
}

static const struct contract_rule *rule_of(const struct expecting *e, uint64_t rule)
{
    const struct contract_definition *d = &e->opening->contract->definition;
    return rule < d->rule_count ? &d->rules[rule] : NULL;
}

static const char *name_of(struct expecting *e, const struct trial_share *s)
{
    const struct trial_person *who = s->held ? trial_find_kid(e->c->t, &s->member) : NULL;
    return who != NULL ? who->name : s->held ? "a stranger" : "nobody";
}

static bool expect_time(struct expecting *e, const struct yaml_node *node, const char *what,
                        bool there, uint64_t time_ms)
{
    struct trial_instant instant;
    char text[TRIAL_TEXT_SIZE];
    if (node->kind != YAML_SCALAR)
        return trial_case_refuse(e->c, node, "%s: expected a time such as 10:00", what);
    if (!trial_value_time(node->text, e->c->t->now_ms, &instant, &e->c->err))
        return trial_case_blame(e->c, node);
    if (!there)
        differs(e, node, what, "none yet");
    else if (!trial_value_same_time(&instant, time_ms))
        differs(e, node, what, trial_value_show_time(time_ms, text));
    return true;
}

static bool expect_amount(struct expecting *e, const struct yaml_node *node, const char *what,
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
        differs(e, node, what, "none yet");
    else if (quantity_compare(value, exponent, q.mantissa, q.exponent) != 0)
        differs(e, node, what, trial_value_show(value, exponent, unit, text));
    return true;
}

static void show_shares(struct expecting *e, const struct trial_excursion *x, char *text,
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

static bool share_is(struct expecting *e, const struct trial_share *s,
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
static bool expect_charged(struct expecting *e, const struct yaml_node *node,
                           const struct trial_excursion *x)
{
    bool same = node->kind == YAML_MAP && node->count == x->share_count, good;
    char text[TRIAL_TEXT_SIZE];
    if (node->kind != YAML_MAP)
        return trial_case_refuse(e->c, node, "charged: expected a map of companies to durations");
    for (size_t i = 0; i < node->count; i++)
        if (trial_find(e->c->t, node->keys[i]->text) == NULL && !is(node->keys[i], "nobody"))
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
    trial_case_differs(e->c, node, "charged: expected otherwise, found %s", text);
    return true;
}

static bool expect_flag(struct expecting *e, const struct yaml_node *node, const char *what,
                        bool value)
{
    if (!is(node, "yes") && !is(node, "no"))
        return trial_case_refuse(e->c, node, "%s: expected yes or no", what);
    if (is(node, "yes") != value)
        differs(e, node, what, value ? "yes" : "no");
    return true;
}

static bool expect_part(struct expecting *e, const struct yaml_node *key,
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

static bool expect_one(struct expecting *e, const struct yaml_node *node,
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
static bool compare_excursions(struct expecting *e, const struct yaml_node *key,
                               const struct yaml_node *node,
                               const struct trial_excursion *const *list, size_t n)
{
    size_t wanted = is(node, "none") ? 0 : node->kind == YAML_LIST ? node->count : 1;
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

static bool expect_excursions_of(struct expecting *e, const struct yaml_node *key,
                                 const struct yaml_node *node)
{
    const struct trial *t = e->c->t;
    unsigned rule;
    size_t n = 0;
    if (!definition_find_rule(&e->opening->contract->definition,
                              slice_text(key->text + strlen(EXCURSION_OF)), &rule))
        return trial_case_refuse(e->c, key, "the contract has no rule \"%.60s\"",
                                 key->text + strlen(EXCURSION_OF));
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

static bool expect_count(struct expecting *e, const struct yaml_node *node, const char *what)
{
    const struct trial *t = e->c->t;
    unsigned long n = 0, wanted;
    char text[TRIAL_TEXT_SIZE], *end = NULL;
    for (size_t i = 0; i < t->found.count; i++) {
        const struct trial_excursion *x = &t->found.items[i];
        if (concerns(e, x) &&
            (strcmp(what, "excursions") == 0 ||
             (strncmp(what, "unack", 5) == 0 ? !x->acknowledged : x->ended && !x->certain)))
            n++;
    }
    wanted = node->kind == YAML_SCALAR ? strtoul(node->text, &end, 10) : 0;
    if (node->kind != YAML_SCALAR || node->text[0] == '\0' || *end != '\0')
        return trial_case_refuse(e->c, node, "%s: expected a number", what);
    (void)snprintf(text, sizeof text, "%lu", n);
    if (n != wanted)
        differs(e, node, what, text);
    return true;
}

static bool expect_worst(struct expecting *e, const struct yaml_node *node)
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
        differs(e, node, "worst severity", verdict_severity_name(worst));
    return true;
}

/* ------------------------------------------------------------------ the contract itself */

static bool expect_status(struct expecting *e, const struct yaml_node *node)
{
    static const char *const names[] = { "waiting", "in force", "lapsed", "finished", "replaced" };
    struct state_key key = state_key_hash(TABLE_INSTANCE, &e->opening->hash);
    struct slice value;
    struct state_instance v;
    bool known = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        known = known || is(node, names[i]);
    if (!known)
        return trial_case_refuse(
            e->c, node, "status: expected waiting, in force, lapsed, finished or replaced");
    if (!trial_get(e->c->t, &key, &value) || !state_instance_take(value, &v) ||
        (size_t)v.status >= sizeof names / sizeof *names)
        return trial_case_refuse(e->c, node, "status: the ledger's entry is malformed");
    if (!is(node, names[v.status]))
        differs(e, node, "status", names[v.status]);
    return true;
}

/* State table 20: [start, ended / null, ending, by / null]. */
static bool expect_ending(struct expecting *e, const struct yaml_node *node)
{
    static const char *const names[] = { "no", "success", "failure" };
    struct state_key key = state_key_hash(TABLE_LIFE, &e->opening->hash);
    struct slice value;
    uint64_t ending = 0;
    if (trial_get(e->c->t, &key, &value)) {
        struct cbor_reader r = cbor_reader(value);
        (void)cbor_take_array(&r);
        (void)cbor_take_item(&r);
        (void)cbor_take_item(&r);
        ending = cbor_take_uint_max(&r, 2);
    }
    if (!is(node, "no") && !is(node, "success") && !is(node, "failure"))
        return trial_case_refuse(e->c, node, "ended: expected no, success or failure");
    if (!is(node, names[ending]))
        differs(e, node, "ended", names[ending]);
    return true;
}

static bool expect_state(struct expecting *e, const struct yaml_node *node)
{
    const struct contract_definition *d = &e->opening->contract->definition;
    unsigned wanted;
    char found[TRIAL_TEXT_SIZE];
    if (node->kind != YAML_SCALAR || !definition_find_state(d, slice_text(node->text), &wanted))
        return trial_case_refuse(e->c, node, "state: expected a state of the contract");
    if (!e->has_flow) {
        differs(e, node, "state", "none: the contract never came into force");
        return true;
    }
    struct slice name = d->states[e->flow.state].name;
    (void)snprintf(found, sizeof found, "%.*s", (int)name.len, (const char *)name.data);
    if (e->flow.state != wanted)
        differs(e, node, "state", found);
    return true;
}

static void show_value(struct expecting *e, const struct contract_value *v, char *text, size_t size)
{
    const struct trial_person *who = NULL;
    struct kid kid;
    if (v->type == CONTRACT_PARTY && v->text.len == KID_SIZE) {
        memcpy(kid.bytes, v->text.data, KID_SIZE);
        who = trial_find_kid(e->c->t, &kid);
    }
    if (who != NULL)
        (void)snprintf(text, size, "%.100s", who->name);
    else if (v->type == CONTRACT_TIME && v->number >= 0)
        (void)trial_value_show_time((uint64_t)v->number, text);
    else
        value_show(v, text, size);
}

static bool expect_property(struct expecting *e, const struct yaml_node *key,
                            const struct yaml_node *node)
{
    const struct contract_definition *d = &e->opening->contract->definition;
    struct trial_names names = trial_case_names(e->c);
    struct contract_value wanted;
    struct trial_instant instant = { .ms = 0 };
    char text[TRIAL_TEXT_SIZE];
    unsigned field;
    if (!definition_find_field(d, slice_text(key->text + strlen(PROPERTY)), &field))
        return trial_case_refuse(e->c, key, "the contract has no property \"%.60s\"",
                                 key->text + strlen(PROPERTY));
    const struct value_kind *kind = &d->fields[field].kind;
    struct buf *memory = &e->c->bufs[0];
    buf_clear(memory);
    if (!trial_value_put(node, kind->type, kind->scalar, &names, memory, &e->c->err))
        return trial_case_blame(e->c, node);
    struct cbor_reader r = cbor_reader(buf_slice(memory));
    if (!value_take(&r, kind, d->choices, &wanted, &e->c->err))
        return trial_case_blame(e->c, node);
    const struct contract_value *found = &e->flow.fields[field];
    if (!e->has_flow) {
        differs(e, node, key->text, "none: the contract never came into force");
        return true;
    }
    bool same = wanted.type == CONTRACT_NOTHING || found->type == CONTRACT_NOTHING
                    ? wanted.type == found->type
                    : value_compare(&wanted, found) == 0;
    if (wanted.type == CONTRACT_TIME && found->type == CONTRACT_TIME &&
        trial_value_time(node->text, e->c->t->now_ms, &instant, NULL))
        same = trial_value_same_time(&instant, (uint64_t)found->number);
    show_value(e, found, text, sizeof text);
    if (!same)
        differs(e, node, key->text, text);
    return true;
}

static bool expect_documents(struct expecting *e, const struct yaml_node *node)
{
    const struct contract_definition *d = &e->opening->contract->definition;
    uint64_t wanted = 0;
    char text[TRIAL_TEXT_SIZE] = "none";
    size_t len = 0;
    unsigned index;
    for (size_t i = 0; node->kind == YAML_LIST && i < node->count; i++) {
        if (!definition_find_document(d, slice_text(node->values[i]->text), &index))
            return trial_case_refuse(e->c, node->values[i], "the contract has no such document");
        wanted |= UINT64_C(1) << index;
    }
    if (node->kind != YAML_LIST && !is(node, "none"))
        return trial_case_refuse(e->c, node, "documents: expected a list of names, or none");
    for (size_t i = 0; i < d->document_count && len < sizeof text; i++)
        if (e->has_flow && (e->flow.documents >> i & 1) != 0)
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s", len == 0 ? "" : ", ",
                                    (int)d->documents[i].name.len,
                                    (const char *)d->documents[i].name.data);
    if (wanted != (e->has_flow ? e->flow.documents : 0))
        trial_case_differs(e->c, node, "documents: expected otherwise, found %s", text);
    return true;
}

static bool expect_holder(struct expecting *e, const struct yaml_node *node, bool owner)
{
    char unit[ASSET_NAME_MAX + 1];
    struct state_asset a;
    struct slice value;
    trial_case_unit(1, unit);
    struct state_key key =
        state_key_text(TABLE_ASSET, slice_text(e->asset[0] != '\0' ? e->asset : unit));
    const struct trial_person *who =
        node->kind == YAML_SCALAR ? trial_find(e->c->t, node->text) : NULL;
    if (who == NULL)
        return trial_case_refuse(e->c, node, "expected someone under `people`");
    if (!trial_get(e->c->t, &key, &value) || !state_asset_take(value, &a))
        return trial_case_refuse(e->c, node, "the ledger's entry of the goods is malformed");
    const struct trial_person *found = trial_find_kid(e->c->t, owner ? &a.owner : &a.custodian);
    if (found != who)
        differs(e, node, owner ? "owner" : "custodian", found != NULL ? found->name : "nobody");
    return true;
}

/* ------------------------------------------------------------------ the whole */

/* The unit's own, or what all units have while they have none of their own. */
static bool load_flow(struct expecting *e, const struct yaml_node *node)
{
    const struct contract_definition *d = &e->opening->contract->definition;
    char unit[ASSET_NAME_MAX + 1];
    struct slice value;
    trial_case_unit(1, unit);
    struct slice asset = slice_text(!d->each_unit ? "" : e->asset[0] != '\0' ? e->asset : unit);
    struct state_key own = state_key_flow(&e->opening->hash, asset);
    struct state_key shared = state_key_flow(&e->opening->hash, slice_text(""));
    e->has_flow = d->state_count > 0 &&
                  (trial_get(e->c->t, &own, &value) || trial_get(e->c->t, &shared, &value));
    return !e->has_flow || flow_state_decode(d, value, &e->flow, &e->c->err) ||
           trial_case_blame(e->c, node);
}

static bool expect_key(struct expecting *e, const struct yaml_node *key,
                       const struct yaml_node *node)
{
    const char *what = key->text;
    if (strcmp(what, "of") == 0 || strcmp(what, "unit") == 0)
        return true;
    if (strcmp(what, "custodian") == 0 || strcmp(what, "owner") == 0)
        return expect_holder(e, node, what[0] == 'o');
    if (e->opening == NULL)
        return trial_case_refuse(e->c, key, "no contract was opened yet");
    if (strcmp(what, "state") == 0)
        return expect_state(e, node);
    if (strcmp(what, "status") == 0)
        return expect_status(e, node);
    if (strcmp(what, "ended") == 0)
        return expect_ending(e, node);
    if (strcmp(what, "documents") == 0)
        return expect_documents(e, node);
    if (strcmp(what, "worst severity") == 0)
        return expect_worst(e, node);
    if (strcmp(what, "excursions") == 0 || strcmp(what, "unacknowledged excursions") == 0 ||
        strcmp(what, "uncertain excursions") == 0)
        return expect_count(e, node, what);
    if (strncmp(what, EXCURSION_OF, strlen(EXCURSION_OF)) == 0)
        return expect_excursions_of(e, key, node);
    if (strncmp(what, PROPERTY, strlen(PROPERTY)) == 0)
        return expect_property(e, key, node);
    return trial_case_refuse(e->c, key, "nothing here is called \"%.60s\"", what);
}

static bool expect_keys(struct expecting *e)
{
    unsigned number;
    const struct yaml_node *unit = yaml_get(e->all, "unit");
    if ((e->c->opening_count > 0 || yaml_get(e->all, "of") != NULL) &&
        !trial_case_opening(e->c, e->all, "of", &e->opening))
        return false;
    if (unit != NULL) {
        if (!trial_case_unit_number(e->c, unit, &number))
            return false;
        trial_case_unit(number, e->asset);
    }
    if (e->opening != NULL && !load_flow(e, e->all))
        return false;
    for (size_t i = 0; i < e->all->count; i++)
        if (!expect_key(e, e->all->keys[i], e->all->values[i]))
            return false;
    return true;
}

bool trial_expect_all(struct trial_case *c, const struct yaml_node *step)
{
    if (step->kind != YAML_MAP)
        return trial_case_refuse(c, step, "expect: expected a map such as { excursions: 1 }");
    if (!trial_settle(c->t, &c->err))
        return trial_case_blame(c, step);
    struct expecting *e = calloc(1, sizeof *e);
    if (e == NULL)
        return err_set(&c->err, ERR_IO, "out of memory");
    e->c = c;
    e->all = step;
    bool good = expect_keys(e);
    free(e);
    return good;
}
