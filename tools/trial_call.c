/* Steps that call a contract's actions and attach documents. */
#include "tools/trial_step.h"

#include <stdlib.h>
#include <string.h>

/* The actions every contract has, and their arguments. */
static const struct built_in {
    const char *action, *name;
    enum contract_type type;
} built_in[] = {
    { "acknowledge", "rule", CONTRACT_TEXT },      { "acknowledge", "from", CONTRACT_TIME },
    { "acknowledge", "device", CONTRACT_PARTY },   { "acknowledge", "meaning", CONTRACT_TEXT },
    { "acknowledge", "comment", CONTRACT_TEXT },   { "add back", "budget", CONTRACT_TEXT },
    { "add back", "time", CONTRACT_QUANTITY },     { "add back", "meaning", CONTRACT_TEXT },
    { "add back", "reason", CONTRACT_TEXT },       { "undo add back", "call", CONTRACT_HASH },
    { "undo add back", "meaning", CONTRACT_TEXT }, { "undo add back", "reason", CONTRACT_TEXT },
};

struct argument {
    struct slice name;
    const struct yaml_node *node; /* NULL: the excursion's own */
};

struct calling {
    const struct yaml_node *step, *with;
    const struct trial_opening *opening;
    const char *action;
    const struct trial_excursion *excursion; /* the one to acknowledge; NULL: none */
    size_t count;
    struct argument arguments[CALL_ARGUMENTS_MAX];
};

static int by_name(const void *a, const void *b)
{
    const struct argument *x = a, *y = b;
    if (x->name.len != y->name.len)
        return x->name.len < y->name.len ? -1 : 1;
    return slice_compare(x->name, y->name);
}

/* What nobody declares is refused by the ledger, which a test may want to see: it goes as it looks. */
static enum contract_type guess(const struct yaml_node *node)
{
    struct quantity q;
    if (node->kind == YAML_LIST)
        return CONTRACT_LIST;
    if (node->quoted || node->kind != YAML_SCALAR || !quantity_parse(node->text, &q, NULL))
        return CONTRACT_TEXT;
    return q.unit[0] == '\0' && q.exponent == 0 ? CONTRACT_INT : CONTRACT_QUANTITY;
}

static enum contract_type type_of(const struct calling *k, const struct argument *a,
                                  enum contract_type *ret_scalar)
{
    const struct contract_definition *d = &k->opening->contract->definition;
    unsigned index;
    *ret_scalar = CONTRACT_TEXT;
    for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++)
        if (strcmp(built_in[i].action, k->action) == 0 &&
            slice_equal(slice_text(built_in[i].name), a->name))
            return built_in[i].type;
    if (definition_find_action(d, slice_text(k->action), &index))
        for (size_t i = 0; i < d->actions[index].param_count; i++) {
            const struct contract_param *p = &d->params[d->actions[index].param + i];
            if (slice_equal(p->name, a->name)) {
                *ret_scalar = p->kind.scalar;
                return p->kind.type;
            }
        }
    return guess(a->node);
}

/* `acknowledge` names an excursion by start and device; a test may leave both to us. */
static void find_excursion(struct trial_case *c, struct calling *k)
{
    const struct yaml_node *rule = k->with == NULL ? NULL : yaml_get(k->with, "rule");
    const struct yaml_node *from = k->with == NULL ? NULL : yaml_get(k->with, "from");
    struct trial_instant instant;
    unsigned index;
    if (strcmp(k->action, "acknowledge") != 0 || rule == NULL || rule->kind != YAML_SCALAR ||
        !definition_find_rule(&k->opening->contract->definition, slice_text(rule->text), &index))
        return;
    bool timed = from != NULL && from->kind == YAML_SCALAR &&
                 trial_value_time(from->text, c->t->now_ms, &instant, NULL);
    for (size_t i = 0; k->excursion == NULL && i < c->t->found.count; i++) {
        const struct trial_excursion *x = &c->t->found.items[i];
        if (x->opened && !x->acknowledged && x->of.rule == index &&
            hash_equal(&x->of.opening, &k->opening->hash) &&
            (!timed || trial_value_same_time(&instant, x->of.from_ms)))
            k->excursion = x;
    }
}

static bool collect(struct trial_case *c, struct calling *k)
{
    bool from = false, device = false;
    if (k->with != NULL && k->with->kind != YAML_MAP)
        return trial_case_refuse(c, k->with, "with: expected a map of arguments");
    for (size_t i = 0; k->with != NULL && i < k->with->count; i++) {
        if (k->count == CALL_ARGUMENTS_MAX - 2)
            return trial_case_refuse(c, k->with, "with: more than %d arguments",
                                     CALL_ARGUMENTS_MAX - 2);
        const char *name = k->with->keys[i]->text;
        from = from || strcmp(name, "from") == 0;
        device = device || strcmp(name, "device") == 0;
        k->arguments[k->count++] = (struct argument){ slice_text(name), k->with->values[i] };
    }
    if (k->excursion != NULL && !from)
        k->arguments[k->count++].name = slice_text("from");
    if (k->excursion != NULL && !device)
        k->arguments[k->count++].name = slice_text("device");
    qsort(k->arguments, k->count, sizeof k->arguments[0], by_name);
    return true;
}

static bool put_arguments(struct trial_case *c, struct calling *k, struct buf *out)
{
    struct trial_names names = trial_case_names(c);
    cbor_put_map(out, k->count);
    for (size_t i = 0; i < k->count; i++) {
        const struct argument *a = &k->arguments[i];
        enum contract_type scalar, type;
        cbor_put_text(out, a->name);
        if (k->excursion != NULL && slice_equal(a->name, slice_text("from"))) {
            cbor_put_uint(out, k->excursion->of.from_ms);
            continue;
        }
        if (a->node == NULL) {
            kid_put(out, &k->excursion->of.device);
            continue;
        }
        type = type_of(k, a, &scalar);
        if (!trial_value_put(a->node, type, scalar, &names, out, &c->err)) {
            (void)err_wrap(&c->err, "%.*s", (int)a->name.len, (const char *)a->name.data);
            return trial_case_blame(c, a->node);
        }
    }
    return true;
}

bool trial_call_take(struct trial_case *c, const struct yaml_node *step)
{
    static const char *const known[] = { "by", "action", "with", "on", "units", NULL };
    struct statement draft = { .kind = KIND_CALL };
    struct calling k = { .step = step };
    struct trial_person *by;
    struct trial_opening *opening;
    if (!trial_case_check_keys(c, step, known) || !trial_case_person(c, step, "by", &by) ||
        !trial_case_opening(c, step, "on", &opening) ||
        !trial_case_text(c, step, "action", &k.action))
        return false;
    if (k.action == NULL)
        return trial_case_refuse(c, step, "action: expected the name of an action");
    if (!trial_settle(c->t, &c->err)) /* so that excursions are known */
        return trial_case_blame(c, step);
    k.with = yaml_get(step, "with");
    k.opening = opening;
    find_excursion(c, &k);
    draft.as.call.opening = opening->hash;
    draft.as.call.action = slice_text(k.action);
    draft.as.call.has_assets = yaml_get(step, "units") != NULL;
    if (!collect(c, &k) || !put_arguments(c, &k, &c->bufs[0]) ||
        !trial_case_units(c, step, &c->bufs[1], &draft.as.call.assets))
        return false;
    draft.as.call.arguments = buf_slice(&c->bufs[0]);
    return trial_case_say(c, step, by, draft);
}

bool trial_call_document(struct trial_case *c, const struct yaml_node *step)
{
    static const char *const known[] = { "by", "name", "text", "hash", "on", "units", NULL };
    struct statement draft = { .kind = KIND_DOCUMENT };
    struct document *d = &draft.as.document;
    struct trial_person *by;
    struct trial_opening *opening;
    struct trial_names names = trial_case_names(c);
    const char *name, *text;
    if (!trial_case_check_keys(c, step, known) || !trial_case_person(c, step, "by", &by) ||
        !trial_case_opening(c, step, "on", &opening) || !trial_case_text(c, step, "name", &name) ||
        !trial_case_text(c, step, "text", &text))
        return false;
    if (name == NULL)
        return trial_case_refuse(c, step, "name: expected the name of a document");
    d->opening = opening->hash;
    d->name = slice_text(name);
    d->hash = crypto_sha256(slice_text(text != NULL ? text : name));
    d->size = strlen(text != NULL ? text : name);
    if (yaml_get(step, "hash") != NULL) {
        if (!trial_value_put(yaml_get(step, "hash"), CONTRACT_HASH, CONTRACT_NOTHING, &names,
                             &c->bufs[0], &c->err))
            return trial_case_blame(c, yaml_get(step, "hash"));
        struct cbor_reader r = cbor_reader(buf_slice(&c->bufs[0]));
        cbor_take_fixed(&r, d->hash.bytes, HASH_SIZE);
    }
    d->has_assets = yaml_get(step, "units") != NULL;
    return trial_case_units(c, step, &c->bufs[1], &d->assets) && trial_case_say(c, step, by, draft);
}
