/* Who holds which role of a contract, and who may do what. */
#include "node/instance_parts.h"

#include <string.h>

struct key_facts {
    bool known;
    bool has_names;      /* it was enrolled with names as rights: it holds no other roles */
    struct slice rights; /* raw array */
    enum key_class class;
    struct kid member;
};

static bool has_names(struct slice rights)
{
    struct cbor_reader r = cbor_reader(rights);
    return rights.len > 0 && cbor_peek(&r) == CBOR_ARRAY && cbor_take_array(&r) > 0 &&
           cbor_peek(&r) == CBOR_TEXT;
}

static struct key_facts look_up(struct execution *x, struct slice kid)
{
    struct key_facts k = { .known = false };
    struct state_key_record record;
    struct slice value;
    struct kid id;
    if (kid.len != KID_SIZE)
        return k;
    memcpy(id.bytes, kid.data, KID_SIZE);
    struct state_key key = state_key_kid(TABLE_KEY, &id);
    (void)execution_step(x, 1);
    if (!execution_get(x, &key, &value) || !state_key_record_take(value, &record))
        return k;
    return (struct key_facts){ .known = true,
                               .has_names = has_names(record.rights),
                               .rights = record.rights,
                               .class = record.class,
                               .member = record.member };
}

static bool names_right(const struct key_facts *k, struct slice name)
{
    struct cbor_reader r = cbor_reader(k->rights);
    for (size_t n = cbor_take_array(&r); n > 0; n--)
        if (slice_equal(cbor_take_text(&r, 0, NAME_MAX_BYTES), name) && !r.failed)
            return true;
    return false;
}

/* May this key have the role at all, and does it have its member's? role < 0: no role is asked for. */
static bool is_permitted(const struct contract_bound *c, const struct key_facts *k, int role,
                         bool *ret_for_member)
{
    bool named = role >= 0 && k->has_names && names_right(k, c->definition.roles[role].name);
    *ret_for_member = k->known && (k->class == CLASS_MEMBER || k->class == CLASS_OPERATOR || named);
    return !k->has_names || named;
}

/* ------------------------------------------------------------------ roles */

static bool is_listed(const struct contract_bound *c, struct slice role_name, struct slice kid)
{
    if (c->holders.len == 0)
        return false;
    struct cbor_reader r = cbor_reader(c->holders);
    for (size_t n = cbor_take_map(&r); n > 0 && !r.failed; n--) {
        bool here = slice_equal(cbor_take_text(&r, 1, NAME_MAX_BYTES), role_name);
        for (size_t k = cbor_take_array(&r); k > 0 && !r.failed; k--)
            if (slice_equal(cbor_take_bytes(&r, KID_SIZE, KID_SIZE), kid) && here && !r.failed)
                return true;
    }
    return false;
}

static bool is_given(const struct contract_bound *c, unsigned role, struct slice kid)
{
    for (size_t i = 0; i < c->definition.party_count; i++)
        if (c->definition.parties[i].role == role && slice_equal(c->parties[i], kid))
            return true;
    return is_listed(c, c->definition.roles[role].name, kid);
}

bool instance_holds(struct execution *x, const struct contract_bound *contract, unsigned role,
                    struct slice kid)
{
    struct key_facts k = look_up(x, kid);
    bool for_member;
    if (role >= contract->definition.role_count ||
        !is_permitted(contract, &k, (int)role, &for_member))
        return false;
    return is_given(contract, role, kid) ||
           (for_member && is_given(contract, role, kid_slice(&k.member)));
}

/* ------------------------------------------------------------------ callers */

bool instance_caller(const struct speaker *by, struct flow_caller *ret_caller)
{
    bool for_member = execution_speaks_for_member(by);
    if (!for_member && by->key.class != CLASS_DEVICE && by->key.class != CLASS_ORACLE)
        return false;
    /* a sensor or an oracle is not its company, unless a role it was enrolled for says so */
    for_member = for_member || has_names(by->key.rights);
    *ret_caller =
        (struct flow_caller){ .kid = kid_slice(&by->st->kid),
                              .member = kid_slice(for_member ? &by->key.member : &by->st->kid) };
    return true;
}

/* The key itself, or its member where it speaks for it. */
static bool is_meant(const struct key_facts *k, const struct flow_caller *caller, struct slice who,
                     bool for_member)
{
    return who.len == KID_SIZE && (slice_equal(caller->kid, who) ||
                                   (for_member && slice_equal(kid_slice(&k->member), who)));
}

static bool may_as_party(const struct contract_bound *c, const struct key_facts *k,
                         const struct contract_callers *callers, const struct flow_caller *caller)
{
    for (unsigned i = 0; i < c->definition.party_count; i++) {
        bool for_member;
        if ((callers->parties >> i & 1) != 0 &&
            is_permitted(c, k, (int)c->definition.parties[i].role, &for_member) &&
            is_meant(k, caller, c->parties[i], for_member))
            return true;
    }
    return false;
}

static bool may_as_field(const struct contract_bound *c, const struct key_facts *k,
                         const struct contract_value *fields,
                         const struct contract_callers *callers, const struct flow_caller *caller)
{
    for (unsigned i = 0; fields != NULL && i < c->definition.field_count; i++) {
        bool for_member;
        if ((callers->fields >> i & 1) != 0 && fields[i].type == CONTRACT_PARTY &&
            is_permitted(c, k, c->definition.fields[i].kind.role, &for_member) &&
            is_meant(k, caller, fields[i].text, for_member))
            return true;
    }
    return false;
}

bool instance_may(struct execution *x, const struct contract_bound *contract,
                  const struct contract_value *fields, const struct contract_callers *callers,
                  const struct flow_caller *caller)
{
    if (caller->instance.len > 0) {
        for (unsigned i = 0; i < contract->definition.term_count; i++)
            if ((callers->instance_terms >> i & 1) != 0 &&
                contract->terms.values[i].type == CONTRACT_INSTANCE &&
                slice_equal(contract->terms.values[i].text, caller->instance))
                return true;
        for (unsigned i = 0; fields != NULL && i < contract->definition.field_count; i++)
            if ((callers->fields >> i & 1) != 0 && fields[i].type == CONTRACT_INSTANCE &&
                slice_equal(fields[i].text, caller->instance))
                return true;
        return false;
    }
    struct key_facts k = look_up(x, caller->kid);
    for (unsigned i = 0; i < contract->definition.role_count; i++)
        if ((callers->roles >> i & 1) != 0 && instance_holds(x, contract, i, caller->kid))
            return true;
    return may_as_party(contract, &k, callers, caller) ||
           may_as_field(contract, &k, fields, callers, caller);
}

bool instance_class(struct execution *x, const struct kid *kid, enum key_class *ret_class)
{
    struct key_facts k = look_up(x, kid_slice(kid));
    if (k.known)
        *ret_class = k.class;
    else if (execution_member_active(x, kid))
        *ret_class = CLASS_MEMBER;
    else
        return false;
    return true;
}
