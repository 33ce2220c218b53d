/* Opening of a contract: who, what, which goods, and whether it all fits. */
#include "node/goods.h"
#include "node/rules_govern.h"

#include <string.h>

#include "common/hex.h"

/* ------------------------------------------------------------------ what the statement says */

/* Every party is an active member or an enrolled key. */
static bool parties_known(struct execution *x, const struct open *o)
{
    struct kid kids[OPEN_PARTIES_MAX];
    size_t n = open_parties(o, kids);
    for (size_t i = 0; i < n; i++) {
        enum key_class class;
        if (!instance_class(x, &kids[i], &class))
            return false;
    }
    return true;
}

/* Whose goods they are, or who holds them, is a party: nobody else's contract may judge them. */
static bool is_of_a_party(const struct state_asset *a, const struct kid *members, size_t n)
{
    return (a->has_owner && rules_names_kid(members, n, &a->owner)) ||
           (a->has_custodian && rules_names_kid(members, n, &a->custodian));
}

static enum refusal check_assets(struct execution *x, const struct asset_set *assets,
                                 const struct kid *members, size_t n)
{
    struct asset_iter it = asset_set_begin(assets);
    while (asset_set_next(&it)) {
        struct state_asset a;
        enum refusal code = goods_load(x, slice_of(it.name, it.name_len), &a);
        if (code == REFUSED_UNKNOWN_ASSET)
            execution_explain(x, "%s", it.name);
        if (code != ACCEPTED)
            return code;
        if (!is_of_a_party(&a, members, n)) {
            execution_explain(x, "%s: neither its owner nor its custodian is a party", it.name);
            return REFUSED_NOT_A_PARTY;
        }
    }
    return ACCEPTED;
}

/* Asked of the ledger itself: the cache may remember it from a block that was never decided. */
static enum refusal check_definition_known(struct execution *x, const struct open *o)
{
    struct state_key key = state_key_hash(TABLE_DEFINITION, &o->definition);
    struct slice value;
    if (o->compiled.len > 0 || execution_get(x, &key, &value))
        return ACCEPTED;
    execution_explain(x, "the ledger has no such contract");
    return REFUSED_UNKNOWN_CONTRACT;
}

/* Any contract may be opened, or the members approved this one. */
static bool is_open_to_all(struct execution *x, const struct hash *definition)
{
    struct state_key key = state_key_hash(TABLE_APPROVED, definition);
    struct slice value;
    return x->context.rules < EXECUTE_RULES_GOVERN || govern_constitution(x).open_definitions ||
           execution_get(x, &key, &value);
}

static enum refusal check_open(struct execution *x, const struct speaker *by)
{
    const struct open *o = &by->st->as.open;
    struct kid members[OPEN_PARTIES_MAX];
    if (!execution_speaks_for_member(by))
        return REFUSED_NOT_ALLOWED;
    if (o->expires_ms <= x->context.time_ms)
        return REFUSED_EXPIRED;
    if (!parties_known(x, o))
        return REFUSED_UNKNOWN_MEMBER;
    size_t n = rules_member_parties(x, o->parties, members);
    if (!rules_names_kid(members, n, &by->key.member))
        return REFUSED_NOT_A_PARTY;
    if (o->compiled.len > 0) {
        struct hash named = definition_hash(o->compiled);
        if (!hash_equal(&named, &o->definition)) {
            execution_explain(x, "the definition is not the one it is named by");
            return REFUSED_UNKNOWN_CONTRACT;
        }
    }
    if (!is_open_to_all(x, &o->definition))
        return REFUSED_NOT_APPROVED;
    enum refusal code = check_assets(x, &o->assets, members, n);
    return code == ACCEPTED ? check_definition_known(x, o) : code;
}

/* ------------------------------------------------------------------ whether it fits the definition */

static const char *rank_words(enum contract_rank rank)
{
    switch (rank) {
    case CONTRACT_MEMBER: return "a member";
    case CONTRACT_DEVICE: return "a device";
    case CONTRACT_OPERATOR: return "an operator";
    case CONTRACT_ORACLE: return "an oracle";
    case CONTRACT_ANY_RANK: break;
    }
    return "anybody";
}

/* A kid that the opening gives a role: known, and of the kind that the role is for. */
static enum refusal check_rank(struct execution *x, const struct contract_role *role,
                               struct slice raw)
{
    struct kid kid;
    enum key_class class;
    memcpy(kid.bytes, raw.data, KID_SIZE);
    if (!instance_class(x, &kid, &class)) {
        execution_explain(x, "a holder of %.*s is not on the ledger", RULES_SHOW(role->name));
        return REFUSED_UNKNOWN_MEMBER;
    }
    if (role->rank == CONTRACT_ANY_RANK || (int)role->rank == (int)class)
        return ACCEPTED;
    execution_explain(x, "%.*s must be %s", RULES_SHOW(role->name), rank_words(role->rank));
    return REFUSED_BAD_TERMS;
}

static enum refusal check_parties(struct execution *x, const struct contract_bound *c)
{
    const struct contract_definition *d = &c->definition;
    for (size_t i = 0; i < d->party_count; i++) {
        if (c->parties[i].len != KID_SIZE)
            continue;
        enum refusal code = check_rank(x, &d->roles[d->parties[i].role], c->parties[i]);
        if (code != ACCEPTED)
            return code;
    }
    return ACCEPTED;
}

static enum refusal check_holders(struct execution *x, const struct contract_bound *c)
{
    struct cbor_reader r = cbor_reader(c->holders);
    for (size_t n = cbor_take_map(&r); n > 0; n--) {
        struct slice name = cbor_take_text(&r, 1, NAME_MAX_BYTES);
        unsigned role;
        if (!definition_find_role(&c->definition, name, &role)) {
            execution_explain(x, "the contract has no role \"%.*s\"", RULES_SHOW(name));
            return REFUSED_BAD_TERMS;
        }
        for (size_t k = cbor_take_array(&r); k > 0; k--) {
            struct slice kid = cbor_take_bytes(&r, KID_SIZE, KID_SIZE);
            enum refusal code = kid.len == KID_SIZE && execution_step(x, 1)
                                    ? check_rank(x, &c->definition.roles[role], kid)
                                    : REFUSED_STEPS;
            if (code != ACCEPTED)
                return code;
        }
    }
    return ACCEPTED;
}

/* A contract that a term names is one that the ledger has, and that has not come to nothing. */
static enum refusal check_named(struct execution *x, const struct contract_bound *c)
{
    for (size_t i = 0; i < c->definition.term_count; i++) {
        struct hash named;
        struct state_instance v;
        if (!instance_hash_of(&c->terms.values[i], &named))
            continue;
        if (instance_load(x, &named, &v) && v.status != INSTANCE_LAPSED &&
            !hash_equal(&named, &c->opening))
            continue;
        execution_explain(x, "term \"%.*s\": the ledger has no such contract",
                          RULES_SHOW(c->definition.terms[i].name));
        return REFUSED_BAD_TERMS;
    }
    return ACCEPTED;
}

/* A party that a term names holds the role that the term's kind asks for. */
static enum refusal check_role_of(struct execution *x, const struct contract_bound *c,
                                  const struct contract_term *term, struct slice kid)
{
    char hex[2 * KID_SIZE + 1] = "";
    if (!execution_step(x, 1))
        return REFUSED_STEPS;
    if (instance_holds(x, c, (unsigned)term->kind.role, kid))
        return ACCEPTED;
    if (kid.len == KID_SIZE)
        hex_encode(kid, hex);
    execution_explain(x, "term \"%.*s\": %s does not hold the role \"%.*s\"",
                      RULES_SHOW(term->name), hex,
                      RULES_SHOW(c->definition.roles[term->kind.role].name));
    return REFUSED_BAD_TERMS;
}

static enum refusal check_term_roles(struct execution *x, const struct contract_bound *c)
{
    for (size_t i = 0; i < c->definition.term_count; i++) {
        const struct contract_term *term = &c->definition.terms[i];
        const struct contract_value *value = &c->terms.values[i];
        bool list = term->kind.type == CONTRACT_LIST && term->kind.scalar == CONTRACT_PARTY;
        if (term->kind.role < 0 || (term->kind.type != CONTRACT_PARTY && !list))
            continue;
        struct cbor_reader items;
        struct contract_value party = *value;
        enum refusal code = ACCEPTED;
        for (size_t n = list ? value_list_begin(value, &items) : 1; n > 0; n--) {
            if (list)
                party = value_list_next(&items, CONTRACT_PARTY);
            code = check_role_of(x, c, term, party.text);
            if (code != ACCEPTED)
                return code;
        }
    }
    return ACCEPTED;
}

static enum refusal check_bound(struct execution *x, const struct speaker *by,
                                const struct contract_bound *c)
{
    const struct contract_definition *d = &c->definition;
    enum refusal code = check_parties(x, c);
    if (code == ACCEPTED && c->holders.len > 0)
        code = check_holders(x, c);
    if (code == ACCEPTED)
        code = check_named(x, c);
    if (code == ACCEPTED && x->context.rules >= EXECUTE_RULES_GOODS)
        code = check_term_roles(x, c);
    if (code != ACCEPTED)
        return code;
    if (d->has_opener && !instance_holds(x, c, d->opener, kid_slice(&by->st->kid))) {
        execution_explain(x, "only a holder of %.*s may open it",
                          RULES_SHOW(d->roles[d->opener].name));
        return REFUSED_NOT_ALLOWED;
    }
    return rules_check_replaces(x, c);
}

/* ------------------------------------------------------------------ the statement */

static void keep_opening(struct execution *x, const struct speaker *by)
{
    const struct open *o = &by->st->as.open;
    struct state_key key = state_key_hash(TABLE_OPENING, &by->st->hash);
    kept_opening_put(execution_value(x), o, &by->key.member);
    execution_store(x, &key);
    if (o->compiled.len > 0) {
        key = state_key_hash(TABLE_DEFINITION, &o->definition);
        cbor_put_bytes(execution_value(x), o->compiled);
        execution_store(x, &key);
    }
}

static enum refusal bind(struct execution *x, const struct speaker *by,
                         const struct contract_bound **ret_contract)
{
    enum contract_cache_fault fault;
    struct err err = { .msg = "" };
    const struct contract_bound *c = contract_cache_bind(x, &by->st->hash, &fault, &err);
    if (c == NULL) {
        execution_explain(x, "%s", err.msg);
        return fault == CONTRACT_CACHE_TERMS ? REFUSED_BAD_TERMS : REFUSED_UNKNOWN_CONTRACT;
    }
    *ret_contract = c;
    contract_cache_hold(x, c);
    enum refusal code = check_bound(x, by, c);
    contract_cache_release(x, c);
    return code;
}

/* What is kept before it is checked is taken back with the refusal. */
enum refusal rules_open(struct execution *x, const struct speaker *by)
{
    const struct open *o = &by->st->as.open;
    const struct contract_bound *c = NULL;
    struct kid members[OPEN_PARTIES_MAX];
    enum refusal code = check_open(x, by);
    if (code != ACCEPTED)
        return code;
    bool complete = rules_member_parties(x, o->parties, members) == 1;
    struct state_instance v = { .definition = o->definition,
                                .status = complete ? INSTANCE_IN_FORCE : INSTANCE_WAITING,
                                .agreed_count = 1,
                                .agreed = { by->key.member } };
    keep_opening(x, by);
    instance_store(x, &by->st->hash, &v);
    code = bind(x, by, &c);
    if (code != ACCEPTED)
        return code;
    cbor_put_bytes(execution_emit(x, EVENT_OPENED, o->assets.raw, by->st->link.time_ms, 1),
                   hash_slice(&by->st->hash));
    if (complete)
        return rules_enter_force(x, c, by->st->link.time_ms);
    struct state_key timer =
        state_key_timer(o->expires_ms, TIMER_OPENING_LAPSES, hash_slice(&by->st->hash));
    cbor_put_bool(execution_value(x), true);
    execution_store(x, &timer);
    return ACCEPTED;
}
