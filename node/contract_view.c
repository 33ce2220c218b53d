#include "node/contract_view.h"

#include "common/state_value.h"

#include <stdlib.h>

static bool get_state(void *ctx, struct slice key, struct buf *value)
{
    struct contract_view *v = ctx;
    return v->store != NULL && store_state_get(v->store, key, value, NULL);
}

/* No timer ever runs in a block that is never made. */
static size_t none_due(void *ctx, uint64_t time_ms, struct state_key *ret_keys, size_t max)
{
    (void)ctx;
    (void)time_ms;
    (void)ret_keys;
    (void)max;
    return 0;
}

struct contract_view *contract_view_new(void)
{
    struct contract_view *v = calloc(1, sizeof *v);
    if (v == NULL)
        return NULL;
    v->x = execution_new();
    if (v->x == NULL) {
        free(v);
        return NULL;
    }
    return v;
}

void contract_view_free(struct contract_view *v)
{
    if (v == NULL)
        return;
    execution_free(v->x);
    free(v);
}

bool contract_view_load(struct store *s, const struct hash *opening, struct contract_view *v,
                        struct err *err)
{
    v->state = (struct state_view){ v, get_state, none_due };
    v->store = s;
    v->opening = *opening;
    if (!store_head(s, &v->head, NULL, err))
        return false;
    struct execute_context context = { .ledger = v->head.ledger,
                                       .rules = RULES_VERSION,
                                       .height = v->head.height + 1,
                                       .time_ms = v->head.time_ms,
                                       .parent_hash = header_hash(&v->head) };
    execute_begin(v->x, &v->state, &context);
    if (!contract_probe_status(v->x, opening, &v->instance))
        return err_set(err, ERR_NOT_FOUND, "the ledger has no such contract");
    v->has_leaf = store_find_statement(s, opening, &v->leaf, NULL);
    v->contract = contract_cache_find(v->x, opening);
    v->began = instance_load_life(v->x, opening, &v->life);
    return true;
}

bool contract_view_flow(struct contract_view *v, struct slice asset)
{
    return v->contract != NULL && instance_load_flow(v->x, v->contract, asset, &v->flow);
}

bool contract_view_book(struct contract_view *v, struct slice asset)
{
    v->x->statement_steps = 0;
    return v->contract != NULL && judging_load_book(v->x, v->contract, asset, &v->book);
}

const char *contract_view_status(const struct contract_view *v)
{
    switch (v->instance.status) {
    case INSTANCE_WAITING: return "waiting";
    case INSTANCE_IN_FORCE: return "in force";
    case INSTANCE_LAPSED: return "lapsed";
    case INSTANCE_FINISHED: return "finished";
    case INSTANCE_REPLACED: return "replaced";
    }
    return "unknown";
}

bool contract_view_definition(struct contract_view *v, struct buf *out)
{
    struct state_key key = state_key_hash(TABLE_DEFINITION, &v->instance.definition);
    struct slice value;
    if (!execution_get(v->x, &key, &value))
        return false;
    struct cbor_reader r = cbor_reader(value);
    struct slice compiled = cbor_take_bytes(&r, 1, DEFINITION_MAX_BYTES);
    if (!cbor_done(&r))
        return false;
    buf_add_slice(out, compiled);
    return !out->failed;
}
