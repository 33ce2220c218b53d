/* Covered codes of labels: committed to on the ledger, and revealed. */
#include "node/goods.h"
#include "node/instance.h"

/* ------------------------------------------------------------------ sealing */

static enum refusal check_seal(struct execution *x, const struct speaker *by, struct slice name)
{
    struct state_asset a;
    enum refusal code = goods_load(x, name, &a);
    if (code == ACCEPTED)
        code = goods_check_holder(by, &a);
    return code == ACCEPTED && a.goods.has_label ? REFUSED_EXISTS : code;
}

enum refusal rules_label_seal(struct execution *x, const struct speaker *by)
{
    const struct label_seal *s = &by->st->as.label_seal;
    if (!execution_speaks_for_member(by))
        return REFUSED_NOT_ALLOWED;
    struct asset_iter it = asset_set_begin(&s->assets);
    while (asset_set_next(&it)) {
        enum refusal code = check_seal(x, by, slice_of(it.name, it.name_len));
        if (code != ACCEPTED) {
            execution_explain(x, "%s", it.name);
            return code;
        }
    }
    struct cbor_reader r = cbor_reader(s->commitments);
    (void)cbor_take_array(&r);
    it = asset_set_begin(&s->assets);
    while (asset_set_next(&it)) {
        struct slice name = slice_of(it.name, it.name_len);
        struct state_asset a;
        if (!execution_asset(x, name, &a))
            continue;
        a.goods.has_label = true;
        cbor_take_fixed(&r, a.goods.label.bytes, HASH_SIZE);
        execution_store_asset(x, name, &a);
    }
    (void)execution_emit(x, EVENT_LABEL_SEALED, s->assets.raw, by->st->link.time_ms, 0);
    return ACCEPTED;
}

/* ------------------------------------------------------------------ revealing */

/* A contract with no states knows of no delivery: it does not say that goods are still on their way. */
static bool contract_goes_on(struct execution *x, const struct hash *opening, struct slice name)
{
    struct instance_life life;
    struct flow_state state;
    const struct contract_bound *c = contract_cache_find(x, opening);
    if (c == NULL || c->definition.state_count == 0 || !instance_load_life(x, opening, &life) ||
        life.ended || life.replaced)
        return false;
    return !c->definition.each_unit || !instance_load_flow(x, c, name, &state) ||
           c->definition.states[state.state].ending == CONTRACT_GOES_ON;
}

static bool is_under_contract(struct execution *x, struct slice name)
{
    struct state_key key = state_key_text(TABLE_CONTRACTS, name);
    struct slice value;
    bool found = false;
    if (!execution_get(x, &key, &value))
        return false;
    struct cbor_reader r = cbor_reader(value);
    for (size_t n = cbor_take_array(&r); n > 0 && !found; n--) {
        struct hash opening;
        cbor_take_fixed(&r, opening.bytes, HASH_SIZE);
        found = !r.failed && contract_goes_on(x, &opening, name);
    }
    return found;
}

/* Nobody for whom they were meant has them yet. */
static bool is_on_its_way(struct execution *x, struct slice name, const struct state_asset *a)
{
    if (a->goods.end == GOODS_DISPENSED)
        return false;
    if (a->has_offer || a->goods.container.len > 0)
        return true;
    struct kid maker = goods_maker(x, a);
    return (a->has_custodian && kid_equal(&a->custodian, &maker)) || is_under_contract(x, name);
}

static enum event_reveal reveal(struct execution *x, const struct speaker *by,
                                struct state_asset *a)
{
    const struct label_reveal *r = &by->st->as.label_reveal;
    struct hash commitment = label_commitment(r->asset, r->code);
    if (!hash_equal(&commitment, &a->goods.label))
        return REVEAL_MISMATCH;
    if (a->goods.has_reveal)
        return REVEAL_ALREADY_OPENED;
    enum event_reveal result =
        is_on_its_way(x, r->asset, a) ? REVEAL_TAMPER : REVEAL_AUTHENTIC_OPENED;
    a->goods.has_reveal = true;
    a->goods.reveal = by->st->hash;
    execution_store_asset(x, r->asset, a);
    return result;
}

/* Whoever holds the goods may look under the cover: any key may say what was there. */
enum refusal rules_label_reveal(struct execution *x, const struct speaker *by)
{
    const struct label_reveal *r = &by->st->as.label_reveal;
    struct state_asset a;
    enum refusal code = goods_load(x, r->asset, &a);
    if (code == ACCEPTED && !a.goods.has_label)
        code = REFUSED_NO_LABEL;
    if (code != ACCEPTED) {
        execution_explain(x, "%.*s", (int)r->asset.len, (const char *)r->asset.data);
        return code;
    }
    enum event_reveal result = reveal(x, by, &a);
    struct buf *data = execution_emit(x, EVENT_REVEALED, execution_subject_asset(x, r->asset),
                                      by->st->link.time_ms, 2);
    cbor_put_uint(data, result);
    cbor_put_bytes(data, hash_slice(&by->st->hash));
    return ACCEPTED;
}
