#include "common/constitution.h"

#include "common/header.h"

struct constitution constitution_default(void)
{
    static const enum govern_action weighty[] = { ACTION_ADD_MEMBER, ACTION_REMOVE_MEMBER,
                                                  ACTION_RULES_VERSION, ACTION_AMEND,
                                                  ACTION_RECOVER_MEMBER };
    struct constitution c = { .rules = RULES_VERSION,
                              .otherwise = { 1, 2, true },
                              .open_definitions = true,
                              .open_sponsoring = true };
    for (size_t i = 0; i < sizeof weighty / sizeof weighty[0]; i++)
        c.actions[weighty[i]] =
            (struct constitution_rule){ .there = true, .threshold = { 2, 3, false } };
    return c;
}

/* ------------------------------------------------------------------ encoding */

static void put_threshold(struct buf *out, const struct constitution_threshold *t)
{
    cbor_put_uint(out, t->n);
    cbor_put_uint(out, t->d);
    cbor_put_bool(out, t->strict);
}

static void put_rule(struct buf *out, const struct constitution_rule *rule)
{
    bool veto = rule->veto_count > 0 || rule->operator_only;
    cbor_put_array(out, 3 + (size_t)veto + (size_t)rule->operator_only);
    put_threshold(out, &rule->threshold);
    if (veto) {
        cbor_put_array(out, rule->veto_count);
        for (size_t i = 0; i < rule->veto_count; i++)
            kid_put(out, &rule->veto[i]);
    }
    if (rule->operator_only)
        cbor_put_bool(out, true);
}

void constitution_put(struct buf *out, const struct constitution *c)
{
    size_t rules = 0;
    for (size_t i = 1; i <= ACTION_LAST; i++)
        rules += (size_t)c->actions[i].there;
    cbor_put_map(out, 5);
    cbor_put_int(out, 1);
    cbor_put_uint(out, c->rules);
    cbor_put_int(out, 2);
    cbor_put_map(out, rules);
    for (size_t i = 1; i <= ACTION_LAST; i++) {
        if (!c->actions[i].there)
            continue;
        cbor_put_uint(out, i);
        put_rule(out, &c->actions[i]);
    }
    cbor_put_int(out, 3);
    cbor_put_array(out, 3);
    put_threshold(out, &c->otherwise);
    cbor_put_int(out, 4);
    cbor_put_bool(out, c->open_definitions);
    cbor_put_int(out, 5);
    cbor_put_bool(out, c->open_sponsoring);
}

/* ------------------------------------------------------------------ decoding */

/* One that can be reached, and not by nobody. */
static void take_threshold(struct cbor_reader *r, struct constitution_threshold *t)
{
    t->n = cbor_take_uint_max(r, CONSTITUTION_PART_MAX);
    t->d = cbor_take_uint_max(r, CONSTITUTION_PART_MAX);
    t->strict = cbor_take_bool(r);
    if (t->strict ? t->n >= t->d : t->n == 0 || t->n > t->d)
        cbor_fail(r);
}

static void take_veto(struct cbor_reader *r, struct constitution_rule *rule)
{
    rule->veto_count = cbor_take_array(r);
    if (rule->veto_count > CONSTITUTION_VETO_MAX) {
        cbor_fail(r);
        return;
    }
    for (size_t i = 0; i < rule->veto_count && !r->failed; i++) {
        rule->veto[i] = kid_take(r);
        if (i > 0 && kid_compare(&rule->veto[i - 1], &rule->veto[i]) >= 0)
            cbor_fail(r);
    }
}

static void take_rule(struct cbor_reader *r, struct constitution_rule *rule)
{
    size_t n = cbor_take_array(r);
    if (n < 3 || n > 5)
        cbor_fail(r);
    rule->there = true;
    take_threshold(r, &rule->threshold);
    if (n >= 4)
        take_veto(r, rule);
    rule->operator_only = n == 5 && cbor_take_bool(r);
    if (n == 4 ? rule->veto_count == 0 : n == 5 && !rule->operator_only)
        cbor_fail(r);
}

static void take_rules(struct cbor_reader *r, struct constitution *c)
{
    for (size_t n = cbor_take_map(r); n > 0 && !r->failed; n--) {
        int64_t action = cbor_take_int_in(r, ACTION_ADD_MEMBER, ACTION_LAST);
        if (!r->failed)
            take_rule(r, &c->actions[action]);
    }
}

bool constitution_decode(struct slice bytes, struct constitution *ret_constitution, struct err *err)
{
    struct constitution c = { .rules = 0 };
    if (bytes.len > CONSTITUTION_SIZE_MAX)
        return err_set(err, ERR_INPUT, "constitution: %zu bytes, more than the %d allowed",
                       bytes.len, CONSTITUTION_SIZE_MAX);
    if (!cbor_scan(bytes, err))
        return err_wrap(err, "constitution");
    struct cbor_reader r = cbor_reader(bytes);
    if (cbor_take_map(&r) != 5)
        cbor_fail(&r);
    (void)cbor_take_int_in(&r, 1, 1);
    c.rules = (uint64_t)cbor_take_int_in(&r, 1, UINT16_MAX);
    (void)cbor_take_int_in(&r, 2, 2);
    take_rules(&r, &c);
    (void)cbor_take_int_in(&r, 3, 3);
    cbor_take_array_of(&r, 3);
    take_threshold(&r, &c.otherwise);
    (void)cbor_take_int_in(&r, 4, 4);
    c.open_definitions = cbor_take_bool(&r);
    (void)cbor_take_int_in(&r, 5, 5);
    c.open_sponsoring = cbor_take_bool(&r);
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "constitution: byte %zu: not what a constitution says here",
                       r.pos);
    *ret_constitution = c;
    return true;
}

/* ------------------------------------------------------------------ what it asks for */

size_t constitution_needed(const struct constitution *c, enum govern_action action, size_t voters)
{
    const struct constitution_rule *rule = &c->actions[action];
    const struct constitution_threshold *t = rule->there ? &rule->threshold : &c->otherwise;
    uint64_t parts = t->n * voters;
    uint64_t least = t->strict ? parts / t->d + 1 : (parts + t->d - 1) / t->d;
    return least == 0 ? 1 : (size_t)least;
}

bool constitution_has_veto(const struct constitution *c, enum govern_action action,
                           const struct kid *member)
{
    const struct constitution_rule *rule = &c->actions[action];
    for (size_t i = 0; i < rule->veto_count; i++)
        if (kid_equal(&rule->veto[i], member))
            return true;
    return false;
}

static const char *const action_names[ACTION_LAST + 1] = {
    "",
    "add-member",
    "remove-member",
    "add-authority",
    "remove-authority",
    "add-operator",
    "remove-operator",
    "add-sponsor",
    "remove-sponsor",
    "approve-definition",
    "withdraw-definition",
    "set-parameter",
    "rules-version",
    "amend",
    "recover-member",
};

const char *constitution_action_name(enum govern_action action)
{
    return (size_t)action <= ACTION_LAST && action > 0 ? action_names[action] : "unknown";
}

enum govern_action constitution_find_action(struct slice name)
{
    for (size_t i = 1; i <= ACTION_LAST; i++)
        if (slice_equal(name, slice_text(action_names[i])))
            return (enum govern_action)i;
    return (enum govern_action)0;
}
