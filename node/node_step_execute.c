/* Executing a block on the head, one at a time. */
#include "node/node_step_parts.h"

#include "common/block.h"

#include <stdlib.h>
#include <string.h>

bool node_core_begin_execution(struct node_core *core, uint64_t time_ms)
{
    core->executed.there = false;
    core->refused_count = 0;
    if (!chain_undo(core->chain)) {
        core->failed = true;
        return false;
    }
    struct execute_context context = chain_next(core->chain, time_ms);
    execute_begin(core->execution, &core->chain->view, &context);
    return true;
}

bool node_core_end_execution(struct node_core *core, uint64_t time_ms, const struct kid *proposer,
                             size_t count)
{
    struct executed *x = &core->executed;
    struct execute_context context = chain_next(core->chain, time_ms);
    struct chain_block block = { *proposer, core->hashes, count };
    if (!execute_end(core->execution, &x->result) ||
        !chain_try(core->chain, &context, &block, &x->result, &x->header)) {
        core->failed = true;
        return false;
    }
    x->there = true;
    x->own = false;
    x->count = count;
    x->block = header_hash(&x->header);
    return true;
}

/* ------------------------------------------------------------------ others' blocks */

/* Statements that do not wait in the pool: decoded here. */
struct decoded {
    struct statement *at;
    size_t count;
};

static bool verify(struct node_core *core, const struct statement *st)
{
    uint8_t pub[PUB_SIZE];
    buf_clear(&core->scratch);
    return execute_key(core->execution, &st->kid, pub) &&
           statement_verify(st, pub, &core->chain->head.ledger, &core->scratch);
}

static const struct statement *find_statement(struct node_core *core, struct slice bytes,
                                              const struct hash *hash, bool sealed,
                                              struct decoded *d)
{
    const struct parcel *p = pool_find(core->pool, hash);
    if (p != NULL)
        return &p->st;
    struct statement *st = &d->at[d->count++];
    if (!statement_decode(bytes, st, NULL) || (!sealed && !verify(core, st)))
        return NULL;
    return st;
}

static bool run_statements(struct node_core *core, struct block *b, bool sealed, struct decoded *d)
{
    for (size_t i = 0; i < b->count; i++) {
        struct slice bytes = block_next(b);
        core->statements[i] = bytes;
        core->hashes[i] = crypto_sha256(bytes);
        const struct statement *st = find_statement(core, bytes, &core->hashes[i], sealed, d);
        if (st == NULL || !refusal_is_recorded(execute_statement(core->execution, st)))
            return false;
    }
    return true;
}

/* What must hold before the rules are asked. */
static bool fits_head(const struct node_core *core, const struct header *h)
{
    const struct chain *c = core->chain;
    return h->height == c->head.height + 1 && hash_equal(&h->prev, &c->head_hash) &&
           hash_equal(&h->ledger, &c->head.ledger) && h->time_ms > c->head.time_ms &&
           h->rules == chain_next_rules(c);
}

bool node_core_execute(struct node_core *core, const struct body *body, bool sealed)
{
    struct block b;
    struct decoded d = { NULL, 0 };
    if (!fits_head(core, &body->header) || !block_decode(buf_slice(&body->bytes), &b, NULL) ||
        !node_core_begin_execution(core, body->header.time_ms))
        return false;
    d.at = malloc((b.count + 1) * sizeof d.at[0]);
    if (d.at == NULL) {
        core->failed = true;
        return false;
    }
    bool ok = run_statements(core, &b, sealed, &d) &&
              node_core_end_execution(core, body->header.time_ms, &body->header.proposer, b.count);
    free(d.at);
    if (ok && hash_equal(&core->executed.block, &body->block))
        return true;
    core->executed.there = false;
    if (!chain_undo(core->chain))
        core->failed = true;
    return false;
}
