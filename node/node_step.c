#include "node/node_step.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_MARGIN 4096 /* header and heads of a block, generously */

struct node_core {
    struct node_core_options options;
    struct chain *chain; /* borrowed */
    struct pool *pool;
    struct execution *execution;
    struct consensus consensus;
    struct execute_result result;
    uint64_t last_block_ms; /* steady */
    uint64_t held_until_ms; /* steady: when a held statement is let go; 0 = none is held */
    bool failed;
    bool pending; /* statements that a full block left behind */

    /* of the block being made; all as long as the pool may be */
    bool *gone;
    size_t offered;
    struct slice *statements;
    struct hash *hashes;
    struct node_refused *refused;
    size_t statement_count, refused_count;
    struct buf block, seals;
};

struct node_core *node_core_new(const struct node_core_options *options, struct chain *chain,
                                struct err *err)
{
    struct node_core *core = calloc(1, sizeof *core);
    if (core == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return NULL;
    }
    core->options = *options;
    core->chain = chain;
    core->pool = pool_new();
    core->execution = execution_new();
    core->gone = calloc(POOL_MAX, sizeof core->gone[0]);
    core->statements = calloc(BLOCK_STATEMENTS_MAX, sizeof core->statements[0]);
    core->hashes = calloc(BLOCK_STATEMENTS_MAX, sizeof core->hashes[0]);
    core->refused = calloc(POOL_MAX, sizeof core->refused[0]);
    core->block = buf_heap(BLOCK_SIZE_MAX);
    core->seals = buf_heap(AUTHORITY_MAX * (SEAL_SIZE_MAX + 8));
    if (core->pool == NULL || core->execution == NULL || core->gone == NULL ||
        core->statements == NULL || core->hashes == NULL || core->refused == NULL) {
        node_core_free(core);
        (void)err_set(err, ERR_IO, "out of memory");
        return NULL;
    }
    if (!consensus_begin(&core->consensus, &chain->set, &options->authority)) {
        node_core_free(core);
        (void)err_set(err, ERR_INPUT, "this node's key is not an authority of the ledger");
        return NULL;
    }
    return core;
}

void node_core_free(struct node_core *core)
{
    if (core == NULL)
        return;
    pool_free(core->pool);
    execution_free(core->execution);
    free(core->gone);
    free(core->statements);
    free(core->hashes);
    free(core->refused);
    buf_free(&core->block);
    buf_free(&core->seals);
    crypto_wipe(&core->options.authority, sizeof core->options.authority);
    crypto_wipe(&core->consensus.key, sizeof core->consensus.key);
    free(core);
}

enum pool_answer node_core_add(struct node_core *core, struct parcel *parcel)
{
    enum pool_answer answer = pool_add(core->pool, parcel);
    if (answer == POOL_TAKEN)
        core->pending = true;
    return answer;
}

bool node_core_has(const struct node_core *core, const struct hash *statement)
{
    return pool_has(core->pool, statement);
}

size_t node_core_waiting(const struct node_core *core)
{
    return pool_count(core->pool);
}

/* ------------------------------------------------------------------ choosing statements */

/* True while the statement may still wait; then the core wakes when it no longer may. */
static bool hold(struct node_core *core, const struct parcel *p, uint64_t steady_ms)
{
    uint64_t until = p->arrived_ms + POOL_HOLD_MS;
    if (steady_ms >= until)
        return false;
    if (core->held_until_ms == 0 || until < core->held_until_ms)
        core->held_until_ms = until;
    return true;
}

/* A statement beyond the next seq waits a while for those before it. */
static bool waits_for_others(struct node_core *core, const struct parcel *p, uint64_t steady_ms)
{
    return p->st.link.seq > execute_last_seq(core->execution, &p->st.kid) + 1 &&
           hold(core, p, steady_ms);
}

/* Another statement with a seq of this very block is evidence of a clone: it waits for the next block. */
static bool comes_twice(struct node_core *core, const struct parcel *p)
{
    return execute_last_seq(core->execution, &p->st.kid) >= p->st.link.seq &&
           execute_has_heard(core->execution, &p->st.kid, p->st.link.seq);
}

static void refuse(struct node_core *core, const struct parcel *p, enum refusal code)
{
    core->refused[core->refused_count++] = (struct node_refused){ p->st.hash, p->st.kid, code };
}

/* Executes what the pool offers, until the block is full. */
static void fill_block(struct node_core *core, uint64_t steady_ms)
{
    struct parcel *const *parcels = pool_order(core->pool, &core->offered);
    size_t bytes = BLOCK_MARGIN;
    bool below = false;
    core->statement_count = core->refused_count = 0;
    core->held_until_ms = 0;
    core->pending = false;
    memset(core->gone, 0, core->offered * sizeof core->gone[0]);
    for (size_t i = 0; i < core->offered; i++) {
        const struct parcel *p = parcels[i];
        if (core->statement_count == BLOCK_STATEMENTS_MAX || bytes + p->len + 8 > BLOCK_SIZE_MAX) {
            core->pending = true;
            return;
        }
        if (waits_for_others(core, p, steady_ms))
            continue;
        if (comes_twice(core, p)) {
            below = true;
            continue;
        }
        enum refusal code = execute_statement(core->execution, &p->st);
        /* A revoked key fills its gaps from above: the lower ones wait for the blocks to come. */
        if (code == REFUSED_REVOKED && hold(core, p, steady_ms)) {
            below = true;
            continue;
        }
        if (code == REFUSED_BUSY) {
            core->pending = true;
            return;
        }
        core->gone[i] = true;
        if (!refusal_is_recorded(code)) {
            refuse(core, p, code);
            continue;
        }
        core->statements[core->statement_count] = slice_of(p->bytes, p->len);
        core->hashes[core->statement_count++] = p->st.hash;
        bytes += p->len + 8;
    }
    core->pending = below && core->statement_count > 0; /* what entered may have made way */
}

/* ------------------------------------------------------------------ sealing */

/* Runs consensus on the block until it asks for nothing more; one authority decides at once. */
static bool seal(struct node_core *core, const struct header *h)
{
    struct consensus_actions actions;
    struct consensus_event event = { .kind = CONSENSUS_PROPOSAL, .header = *h };
    consensus_step(&core->consensus, &event, &actions);
    while (actions.count > 0) {
        switch (actions.at[0]) {
        case CONSENSUS_SEND_PREPARE:
            event = (struct consensus_event){ .kind = CONSENSUS_PREPARE,
                                              .authority = core->options.authority.kid,
                                              .block = header_hash(h) };
            break;
        case CONSENSUS_SEND_SEAL:
            event = (struct consensus_event){ .kind = CONSENSUS_SEAL,
                                              .seal = consensus_own_seal(&core->consensus) };
            break;
        case CONSENSUS_DECIDED: return true;
        }
        consensus_step(&core->consensus, &event, &actions);
    }
    return false;
}

static void put_block(struct node_core *core, const struct header *h)
{
    buf_clear(&core->block);
    block_put_head(&core->block, h, core->statement_count);
    for (size_t i = 0; i < core->statement_count; i++)
        block_put_statement(&core->block, core->statements[i]);
    buf_clear(&core->seals);
    consensus_put_seals(&core->consensus, &core->seals);
}

static bool finish_block(struct node_core *core, const struct execute_context *context,
                         struct node_actions *actions)
{
    struct header h;
    struct chain_block block = { core->options.authority.kid, core->hashes, core->statement_count };
    if (!chain_try(core->chain, context, &block, &core->result, &h))
        return false;
    bool decided = seal(core, &h);
    assert(decided); /* the one authority is this node: node_core_new() made sure */
    put_block(core, &h);
    actions->store = true;
    actions->commit = (struct commit){ .header = h,
                                       .seals = buf_slice(&core->seals),
                                       .block = buf_slice(&core->block),
                                       .statement_count = core->statement_count,
                                       .statements = core->statements,
                                       .statement_hashes = core->hashes,
                                       .outcome_count = core->result.outcome_count,
                                       .outcomes = core->result.outcomes,
                                       .write_count = core->result.write_count,
                                       .writes = core->result.writes };
    return !core->block.failed && !core->seals.failed;
}

/* ------------------------------------------------------------------ stepping */

static bool timer_due(const struct node_core *core, uint64_t clock_ms)
{
    struct state_key key;
    return timers_due(core->chain->timers, clock_ms, &key, 1) > 0;
}

static bool empty_due(const struct node_core *core, uint64_t steady_ms)
{
    return core->options.empty_ms != 0 && steady_ms >= core->last_block_ms + core->options.empty_ms;
}

bool node_step(struct node_core *core, uint64_t clock_ms, uint64_t steady_ms,
               struct node_actions *ret_actions)
{
    *ret_actions = (struct node_actions){ .store = false };
    if (core->failed)
        return false;
    if (core->last_block_ms == 0)
        core->last_block_ms = steady_ms;
    if (steady_ms < core->last_block_ms + core->options.period_ms)
        return true;
    bool must = timer_due(core, clock_ms) || empty_due(core, steady_ms);
    bool released = core->held_until_ms != 0 && steady_ms >= core->held_until_ms;
    if (!core->pending && !released && !must)
        return true;
    struct execute_context context = chain_next(core->chain, clock_ms);
    execute_begin(core->execution, &core->chain->view, &context);
    fill_block(core, steady_ms);
    ret_actions->refused_count = core->refused_count;
    ret_actions->refused = core->refused;
    if (core->statement_count == 0 && !must) {
        pool_drop(core->pool, core->gone, core->offered);
        return true;
    }
    core->last_block_ms = steady_ms;
    return execute_end(core->execution, &core->result) && finish_block(core, &context, ret_actions);
}

void node_core_stored(struct node_core *core)
{
    core->failed = !chain_keep(core->chain);
    pool_drop(core->pool, core->gone, core->offered);
}

uint64_t node_core_wait_ms(const struct node_core *core, uint64_t steady_ms)
{
    uint64_t at = UINT64_MAX;
    if (core->pending)
        at = core->last_block_ms + core->options.period_ms;
    if (core->held_until_ms != 0 && core->held_until_ms < at)
        at = core->held_until_ms;
    if (core->options.empty_ms != 0 && core->last_block_ms + core->options.empty_ms < at)
        at = core->last_block_ms + core->options.empty_ms;
    if (at == UINT64_MAX)
        return UINT64_MAX;
    return at > steady_ms ? at - steady_ms : 0;
}
