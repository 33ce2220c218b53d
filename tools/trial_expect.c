/* What a test expects of the ledger, compared with what is there. */
#include "tools/trial_expect.h"

#include "common/state_value.h"
#include "tools/trial_step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROPERTY "property "

bool trial_expect_is(const struct yaml_node *node, const char *word)
{
    return node->kind == YAML_SCALAR && strcmp(node->text, word) == 0;
}

/* `expected` is told as the test has it. */
void trial_expect_differs(struct trial_expecting *e, const struct yaml_node *node, const char *what,
                          const char *found)
{
    trial_case_differs(e->c, node, "%s: expected %.90s, found %.90s", what,
                       node->kind == YAML_SCALAR ? node->text : "something else", found);
}

/* ------------------------------------------------------------------ the contract itself */

static bool expect_status(struct trial_expecting *e, const struct yaml_node *node)
{
    static const char *const names[] = { "waiting", "in force", "lapsed", "finished", "replaced" };
    struct state_key key = state_key_hash(TABLE_INSTANCE, &e->opening->hash);
    struct slice value;
    struct state_instance v;
    bool known = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        known = known || trial_expect_is(node, names[i]);
    if (!known)
        return trial_case_refuse(
            e->c, node, "status: expected waiting, in force, lapsed, finished or replaced");
    if (!trial_get(e->c->t, &key, &value) || !state_instance_take(value, &v) ||
        (size_t)v.status >= sizeof names / sizeof *names)
        return trial_case_refuse(e->c, node, "status: the ledger's entry is malformed");
    if (!trial_expect_is(node, names[v.status]))
        trial_expect_differs(e, node, "status", names[v.status]);
    return true;
}

/* State table 20: [start, ended / null, ending, by / null]. */
static bool expect_ending(struct trial_expecting *e, const struct yaml_node *node)
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
    if (!trial_expect_is(node, "no") && !trial_expect_is(node, "success") &&
        !trial_expect_is(node, "failure"))
        return trial_case_refuse(e->c, node, "ended: expected no, success or failure");
    if (!trial_expect_is(node, names[ending]))
        trial_expect_differs(e, node, "ended", names[ending]);
    return true;
}

static bool expect_state(struct trial_expecting *e, const struct yaml_node *node)
{
    const struct contract_definition *d = &e->opening->contract->definition;
    unsigned wanted;
    char found[TRIAL_TEXT_SIZE];
    if (node->kind != YAML_SCALAR || !definition_find_state(d, slice_text(node->text), &wanted))
        return trial_case_refuse(e->c, node, "state: expected a state of the contract");
    if (!e->has_flow) {
        trial_expect_differs(e, node, "state", "none: the contract never came into force");
        return true;
    }
    struct slice name = d->states[e->flow.state].name;
    (void)snprintf(found, sizeof found, "%.*s", (int)name.len, (const char *)name.data);
    if (e->flow.state != wanted)
        trial_expect_differs(e, node, "state", found);
    return true;
}

static void show_value(struct trial_expecting *e, const struct contract_value *v, char *text,
                       size_t size)
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

static bool expect_property(struct trial_expecting *e, const struct yaml_node *key,
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
        trial_expect_differs(e, node, key->text, "none: the contract never came into force");
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
        trial_expect_differs(e, node, key->text, text);
    return true;
}

static bool expect_documents(struct trial_expecting *e, const struct yaml_node *node)
{
    const struct contract_definition *d = &e->opening->contract->definition;
    uint64_t wanted = 0;
    char text[TRIAL_TEXT_SIZE] = "none";
    size_t len = 0;
    unsigned index;
    for (size_t i = 0; node->kind == YAML_LIST && i < node->count; i++) {
        if (node->values[i]->kind != YAML_SCALAR ||
            !definition_find_document(d, slice_text(node->values[i]->text), &index))
            return trial_case_refuse(e->c, node->values[i], "the contract has no such document");
        wanted |= UINT64_C(1) << index;
    }
    if (node->kind != YAML_LIST && !trial_expect_is(node, "none"))
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

static bool expect_holder(struct trial_expecting *e, const struct yaml_node *node, bool owner)
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
        trial_expect_differs(e, node, owner ? "owner" : "custodian",
                             found != NULL ? found->name : "nobody");
    return true;
}

/* ------------------------------------------------------------------ the whole */

/* The unit's own, or what all units have while they have none of their own. */
static bool load_flow(struct trial_expecting *e, const struct yaml_node *node)
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

static bool expect_key(struct trial_expecting *e, const struct yaml_node *key,
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
        return trial_expect_worst(e, node);
    if (strcmp(what, "excursions") == 0 || strcmp(what, "unacknowledged excursions") == 0 ||
        strcmp(what, "uncertain excursions") == 0)
        return trial_expect_count(e, node, what);
    if (strncmp(what, TRIAL_EXPECT_EXCURSION, strlen(TRIAL_EXPECT_EXCURSION)) == 0)
        return trial_expect_excursions_of(e, key, node);
    if (strncmp(what, PROPERTY, strlen(PROPERTY)) == 0)
        return expect_property(e, key, node);
    return trial_case_refuse(e->c, key, "nothing here is called \"%.60s\"", what);
}

static bool expect_keys(struct trial_expecting *e)
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
    struct trial_expecting *e = calloc(1, sizeof *e);
    if (e == NULL)
        return err_set(&c->err, ERR_IO, "out of memory");
    e->c = c;
    e->all = step;
    bool good = expect_keys(e);
    free(e);
    return good;
}
